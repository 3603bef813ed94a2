"""The guides as HTML, and everything in them that a program can check:

links and anchors lead somewhere, every command and option exists, every setting exists, every import in an example can be
imported. `python docs/build.py` writes build/docs; `--check` only checks.
"""

from __future__ import annotations

import argparse
import ast
import html
import importlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import click
from markdown_it import MarkdownIt
from markdown_it.token import Token

from parlour.cli.root import parlour
from parlour.settings import Settings

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SECTIONS = {"user": "For salons", "operator": "For operators", "vendor": "For vendors"}
# What the tests of Parlour read; every other PARLOUR_ name is a setting.
TEST_VARIABLES = {
    "PARLOUR_TEST_DATABASES",
    "PARLOUR_TEST_POSTGRESQL",
    "PARLOUR_TEST_NO_SKIPS",
    "PARLOUR_TEST_EXAMPLES",
}
SETTINGS = {f"PARLOUR_{item.name.upper()}" for item in fields(Settings) if item.name != "sources"}
_VARIABLE = re.compile(r"\bPARLOUR_[A-Z_]+\b")
_END_OF_COMMAND = {"|", ">", ">>", "&&", "||", ";", "#", "<"}
_markdown = MarkdownIt("commonmark").enable("table")


@dataclass
class Page:
    """One Markdown file. `name` is its path below docs/ without the ending."""

    name: str
    file: Path
    tokens: list[Token]
    anchors: set[str] = field(default_factory=set)

    @property
    def title(self) -> str:
        heading = next((token for token in self.tokens if token.type == "inline"), None)
        return _plain(heading) if heading else self.name

    @property
    def section(self) -> str:
        return self.name.partition("/")[0] if "/" in self.name else ""


def pages(folder: Path = DOCS) -> dict[str, Page]:
    """Every page below a folder by name, with an anchor for every heading."""
    found = {}
    for file in sorted(folder.rglob("*.md")):
        name = file.relative_to(folder).with_suffix("").as_posix()
        page = Page(name, file, _markdown.parse(file.read_text("utf-8")))
        for opening, inline in zip(page.tokens, page.tokens[1:], strict=False):
            if opening.type == "heading_open":
                anchor = _slug(_plain(inline))
                opening.attrSet("id", anchor)
                page.anchors.add(anchor)
        found[name] = page
    return found


def faults(found: dict[str, Page]) -> list[str]:
    """Everything wrong in the pages, a line each."""
    out = []
    for page in found.values():
        for check in (_links, _commands, _variables, _examples):
            out += [f"{page.file.relative_to(ROOT)}: {fault}" for fault in check(page, found)]
    return out


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-")


def _inner(page: Page) -> Iterator[Token]:
    for token in page.tokens:
        yield token
        yield from token.children or ()


# ---- checks


def _links(page: Page, found: dict[str, Page]) -> Iterator[str]:
    for token in _inner(page):
        target = token.attrGet("href" if token.type == "link_open" else "src")
        if token.type not in ("link_open", "image") or re.match(r"[a-z]+:", str(target)):
            continue
        path, _hash, anchor = unquote(str(target)).partition("#")
        file = (page.file.parent / path).resolve() if path else page.file.resolve()
        there = next((other for other in found.values() if other.file.resolve() == file), None)
        if there is None and not file.exists():
            yield f"the link {target} leads nowhere"
        elif anchor and (there is None or anchor not in there.anchors):
            yield f"the link {target} names a heading that does not exist"


def _written_commands(page: Page) -> Iterator[list[str]]:
    """Every command of ours in the page, split into words up to a pipe or a comment."""
    for token in _inner(page):
        if token.type == "fence" and token.info in ("", "sh", "console"):
            lines = token.content.replace("\\\n", " ").splitlines()
        elif token.type == "code_inline":
            lines = [token.content]
        else:
            continue
        for line in lines:
            words = line.removeprefix("$ ").split()
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words.pop(0)
            if len(words) > 1 and words[0] in ("parlour", "make"):
                try:
                    words = shlex.split(" ".join(words), comments=True)
                except ValueError:
                    words = [*words, "(unbalanced quotes)"]
                end = next((place for place, word in enumerate(words) if word in _END_OF_COMMAND), None)
                yield words[:end]


def _commands(page: Page, found: dict[str, Page]) -> Iterator[str]:
    for words in _written_commands(page):
        fault = _make_fault(words) if words[0] == "make" else _parlour_fault(words[1:])
        if fault:
            yield f"`{' '.join(words)}`: {fault}"


def _make_fault(words: list[str]) -> str:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    wanted = [word for word in words[1:] if "=" not in word]
    return "" if set(wanted) <= targets else f"the Makefile has {', '.join(sorted(targets))}"


def _parlour_fault(words: list[str]) -> str:
    command: click.Command = parlour
    context = click.Context(command)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None:
            return f"there is no command {words[0]}"
        command, words = inner, words[1:]
    known = {name for item in command.params for name in item.opts} | {"--help", "-h"}
    unknown = [word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1]
    return ", ".join(f"there is no option {word}" for word in unknown if word not in known)


def _variables(page: Page, found: dict[str, Page]) -> Iterator[str]:
    for name in sorted(set(_VARIABLE.findall(page.file.read_text("utf-8"))) - SETTINGS - TEST_VARIABLES):
        yield f"there is no setting {name}"


def _examples(page: Page, found: dict[str, Page]) -> Iterator[str]:
    for token in page.tokens:
        if token.type != "fence" or token.info != "python":
            continue
        try:
            tree = ast.parse(token.content)
        except SyntaxError as error:
            yield f"an example cannot be read: {error}"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "parlour":
                module = importlib.import_module(node.module)
                for alias in node.names:
                    # A module of a package is an attribute of it only once somebody has imported it.
                    inside = hasattr(module, "__path__") and find_spec(f"{node.module}.{alias.name}")
                    if not hasattr(module, alias.name) and not inside:
                        yield f"an example imports {alias.name} from {node.module}, which has no such thing"


# ---- pages of HTML


def render(page: Page, found: dict[str, Page]) -> str:
    """One page with the list of all pages beside it."""
    up = "../" * page.name.count("/")
    body = _markdown.renderer.render(_with_html_links(page), _markdown.options, {})
    groups = [_group("", [found["index"]], page, up)] if "index" in found else []
    for section, title in SECTIONS.items():
        groups.append(
            _group(title, [other for other in found.values() if other.section == section], page, up)
        )
    title = page.title if page.name == "index" else f"{page.title} · Parlour"
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="stylesheet" href="{up}style.css"></head>\n'
        f"<body>\n<nav>{''.join(groups)}</nav>\n<main>{body}</main>\n</body>\n</html>\n"
    )


def _with_html_links(page: Page) -> list[Token]:
    for token in _inner(page):
        target = str(token.attrGet("href") or "")
        if token.type == "link_open" and not re.match(r"[a-z]+:", target):
            path, mark, anchor = target.partition("#")
            if path.endswith(".md"):
                path = str(PurePosixPath(path).with_suffix(".html"))
            token.attrSet("href", f"{path}{mark}{anchor}")
    return page.tokens


def _group(title: str, listed: list[Page], page: Page, up: str) -> str:
    items = "".join(
        f'<li><a href="{up}{other.name}.html"{" aria-current=page" if other is page else ""}>'
        f"{html.escape(other.title)}</a></li>"
        for other in listed
    )
    return (f"<h2>{html.escape(title)}</h2>" if title else "") + f"<ul>{items}</ul>"


def build(out: Path, found: dict[str, Page]) -> None:
    """Write all pages, pictures and the style sheet below `out`, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    for page in found.values():
        target = out / f"{page.name}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render(page, found), "utf-8")
    for file in [DOCS / "style.css", *DOCS.glob("*.png")]:
        shutil.copyfile(file, out / file.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs")
    given = parser.parse_args()
    found = pages()
    wrong = faults(found)
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong and not given.check:
        build(given.out, found)
        print(f"{len(found)} pages are in {given.out}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
