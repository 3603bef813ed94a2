"""Texts to be translated: collected from the code, kept up to date in `.po` files, and judged.

    python -m parlour.testing.messages            bring every .po file of this repository up to date
    python -m parlour.testing.messages --check    only say what is missing or wrong; exits 1 if anything is
    ... --package FOLDER NAME                     the same for the package of a vendor's plugin NAME

Each owner has one domain: the core and its themes share `parlour`, a plugin's is called like the plugin.
References name the file and not the line, so that a `.po` file changes only when a text does.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from parlour.i18n import LOCALES

SOURCE_LOCALE = "en"
# The positions of the texts among the arguments; `plural` is Localizer.plural.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "ngettext": (1, 2), "plural": (1, 2)}
METHODS = {".py": "python", ".jinja2": "jinja2.ext:babel_extract"}
# Nobody who uses Parlour reads what these say.
LEFT_OUT = frozenset({"__pycache__", "migrations", "testing", "tests", "static", "locale"})
NEEDLESS_HEADERS = (
    b'"Project-Id-Version:',
    b'"Report-Msgid-Bugs-To:',
    b'"POT-Creation-Date:',
    b'"PO-Revision-Date:',
    b'"Last-Translator:',
    b'"Language-Team:',
    b'"Generated-By:',
)
PLACEHOLDER = re.compile(r"\$(?:\{([a-z_][a-z0-9_]*)\}|([a-z_][a-z0-9_]*))", re.IGNORECASE)


@dataclass(frozen=True)
class Domain:
    """The texts of one owner. References are relative to `base`; `locale` holds <locale>/LC_MESSAGES/<name>.po."""

    name: str
    base: Path
    folders: tuple[Path, ...]
    locale: Path

    def po(self, locale: str) -> Path:
        return self.locale / locale / "LC_MESSAGES" / f"{self.name}.po"

    def files(self) -> Iterator[Path]:
        """Every file that may hold texts, in a fixed order."""
        for folder in self.folders:
            for file in sorted(folder.rglob("*")):
                if file.suffix in METHODS and not LEFT_OUT & set(file.relative_to(folder).parts[:-1]):
                    yield file


def of_package(folder: Path, name: str) -> Domain:
    """The domain of one plugin whose package lies in `folder`."""
    return Domain(name, folder.parent, (folder,), folder / "locale")


def of_repository(root: Path) -> list[Domain]:
    """The core with the themes, and every plugin that ships with Parlour."""
    found = [Domain("parlour", root, (root / "core", root / "themes"), root / "core" / "locale")]
    for folder in sorted((root / "plugins").iterdir()):
        if (folder / "__init__.py").is_file():
            found.append(Domain(folder.name, root, (folder,), folder / "locale"))
    return found


def extract(domain: Domain) -> Catalog:
    """All texts of a domain as they stand in its code. A broken file raises SyntaxError or TemplateSyntaxError."""
    catalog = Catalog(domain=domain.name, project=domain.name, charset="utf-8")
    for file in domain.files():
        found = extract_from_file(
            METHODS[file.suffix],
            str(file),
            keywords=KEYWORDS,
            comment_tags=("translators:",),
            # A template that cannot be read must not pass for one without texts.
            options={"silent": "false"} if file.suffix == ".jinja2" else {"encoding": "utf-8"},
            strip_comment_tags=True,
        )
        place = file.relative_to(domain.base).as_posix()
        for line, text, comments, context in found:
            if text:
                catalog.add(text, None, [(place, line)], auto_comments=comments, context=context)
    return catalog


def read(file: Path, locale: str) -> Catalog:
    """A `.po` file; an empty catalogue when there is none."""
    if not file.exists():
        return Catalog(locale=locale, charset="utf-8")
    with file.open("rb") as source:
        return read_po(source, locale=locale)


def updated(domain: Domain, locale: str, known: Catalog | None = None) -> Catalog:
    """The domain's translations with the texts that its code has now.

    A new text takes its translation from `known`. Nothing is guessed: a text that changed is to be translated again.
    """
    catalog = read(domain.po(locale), locale)
    catalog.update(extract(domain), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    for message in catalog:
        if known is not None and message.id and _untranslated(message):
            there = known.get(message.id, message.context)
            if there is not None and not _untranslated(there):
                message.string = there.string
    return catalog


def render(catalog: Catalog) -> bytes:
    """The text of a `.po` file, without what would change with every run or that nobody fills in."""
    out = io.BytesIO()
    catalog.header_comment = "# Collected by `make messages`; the translations are written by people."
    catalog.fuzzy = False
    write_po(out, catalog, width=0, include_lineno=False)
    return b"".join(line for line in out.getvalue().splitlines(True) if not line.startswith(NEEDLESS_HEADERS))


def update(domain: Domain, locale: str, known: Catalog | None = None) -> bool:
    """Bring one `.po` file up to date; True when it changed."""
    file = domain.po(locale)
    before = file.read_bytes() if file.exists() else b""
    after = render(updated(domain, locale, known))
    if after == before:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(after)
    return True


def faults(domain: Domain, locale: str, same: Collection[str] = ()) -> list[str]:
    """Everything that is wrong with a domain's translation into one language, a line each.

    `same` lists texts that read alike in both languages.
    """
    place = f"{domain.name}/{locale}"
    catalog, template = read(domain.po(locale), locale), extract(domain)
    there = {_key(item): item for item in [*catalog, *catalog.obsolete.values()] if item.id}
    wanted = {_key(item) for item in template if item.id}
    out = [f"{place}: not collected: {key[0]!r}" for key in wanted - there.keys()]
    out += [f"{place}: obsolete: {key[0]!r}" for key in there.keys() - wanted]
    for key, item in there.items():
        if key in wanted:
            out += [f"{place}: {fault}: {key[0]!r}" for fault in _message_faults(item, same)]
    return sorted(out)


def _message_faults(message: Message, same: Collection[str]) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    if _untranslated(message):
        yield "missing"
        return
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    for text in _strings(message):
        if text in sources and text not in same and not _wordless(text):
            yield "equal to its source"
        if placeholders(text) != placeholders(sources[-1]):
            yield f"other placeholders in {text!r}"
        elif placeholders(text) and not Template(text).is_valid():
            yield f"a stray $ in {text!r}"
        if _edges(text) != _edges(sources[-1]):
            yield f"other space at an end of {text!r}"


def placeholders(text: str) -> set[str]:
    """The names that a text wants filled in."""
    return {braced or bare for braced, bare in PLACEHOLDER.findall(text.replace("$$", ""))}


def _wordless(text: str) -> bool:
    """Whether there is nothing to translate between the placeholders."""
    return not any(letter.isalpha() for letter in PLACEHOLDER.sub("", text))


def _edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def _untranslated(message: Message) -> bool:
    strings = _strings(message)
    return not strings or not all(strings)


def _strings(message: Message) -> list[str]:
    """The translations of a text: one, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _key(message: Message) -> tuple[str, str]:
    return (message.id if isinstance(message.id, str) else message.id[0]), message.context or ""


def _main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m parlour.testing.messages", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--check", action="store_true", help="change nothing, say what is wrong")
    parser.add_argument("--package", nargs=2, metavar=("FOLDER", "NAME"), help="a plugin of your own")
    parser.add_argument(
        "--same", type=Path, help="a file of texts that read alike in both languages, one a line"
    )
    given = parser.parse_args(arguments)
    if given.package:
        domains = [of_package(Path(given.package[0]).resolve(), given.package[1])]
    else:
        domains = of_repository(Path.cwd())
        given.same = given.same or Path("tests/same_in_both_languages.txt")
    same = allowed(given.same)
    wrong = 0
    for locale in LOCALES:
        if locale == SOURCE_LOCALE:
            continue
        known: Catalog | None = None
        for domain in domains:
            if not given.check:
                changed = update(domain, locale, known)
                missing = sum(
                    bool(item.id) and _untranslated(item) for item in read(domain.po(locale), locale)
                )
                state = "brought up to date" if changed else "up to date"
                print(f"{domain.po(locale)}: {state}, {missing} to be translated")
            else:
                found = faults(domain, locale, same)
                wrong += len(found)
                for line in found:
                    print(line)
            known = known or read(domain.po(locale), locale)
    return 1 if wrong else 0


def allowed(file: Path | None) -> frozenset[str]:
    """The texts listed in a file, one a line; lines that begin with # are comments."""
    if file is None or not file.exists():
        return frozenset()
    lines = file.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    sys.exit(_main())
