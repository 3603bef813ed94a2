"""Words that a person would read and that no translator ever sees, found in templates, Python and scripts."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

# What a screen reader or a tooltip speaks.
SPOKEN = frozenset(
    {"title", "alt", "placeholder", "aria-label", "aria-description", "aria-roledescription", "label"}
)
SPOKEN_PREFIX = "data-confirm"
# Names of keys, code and samples of it stay as they are in every language.
VERBATIM = frozenset({"kbd", "code", "samp", "script", "style"})
TRANSLATE = frozenset({"_", "ngettext", "plural"})
ERRORS = frozenset({"Refusal", "NotAllowed", "NotFound", "Conflict", "Invalid", "ParlourError"})
TITLES = frozenset({"title", "plural", "summary", "hint", "text", "placeholder"})
# `{% block body_class %}plain{% endblock %}` and `{% block wide %}wide{% endblock %}` fill an attribute of another
# template.
_CODE = re.compile(
    r"\{% block (?:\w*class %\}.*?|(\w+) %\}\1)\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL
)
# What macros write inside of tags: attributes, and ids that begin with a word.
_ATTRIBUTES = re.compile(
    r"""[\w:-]+="[^"]*"|[\w-]+-\ufffc|\bdata-[\w-]+|\b(?:required|autofocus|disabled|checked|hidden|readonly|multiple|selected)\b"""
)
_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
_SPOKEN_STRING = re.compile(r"""(["'`])[A-Z][a-z]+ [^"'`\n]*\1""")
_SENTENCE = re.compile(r"[A-Z][a-z]+")


def in_template(file: Path, same: Collection[str] = ()) -> list[str]:
    """Bare words in a Jinja template: text, spoken attributes, strings in expressions that begin with a capital.

    `same` lists texts that read alike in every language.
    """
    source = file.read_text("utf-8")
    reader = _Words()
    reader.feed(_CODE.sub(lambda found: "\ufffc" + "\n" * found.group().count("\n"), source))
    reader.close()
    tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(source)
    found = [*reader.found, *_constants(tree, False)]
    return [f"{file}:{line}: {text!r}" for line, text in found if text.strip(" ·:,.") not in same]


def in_script(file: Path) -> list[str]:
    """Sentences in a script: it takes its words from the page, which brings them translated."""
    source = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), file.read_text("utf-8"))
    return [
        f"{file}:{source.count(chr(10), 0, found.start()) + 1}: {found.group()}"
        for found in _SPOKEN_STRING.finditer(source)
    ]


def in_python(file: Path) -> list[str]:
    """Refusals and titles given as plain strings, and texts wrapped in a way that cannot be collected."""
    out = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Call):
            out += [f"{file}:{node.lineno}: {fault}" for fault in _call_faults(node)]
    return out


def _call_faults(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    first = call.args[0] if call.args else None
    if name == "_" and isinstance(first, ast.JoinedStr | ast.BinOp | ast.Call):
        yield f"_({ast.unparse(first)}) cannot be collected: write the text, with ${{name}} and a mapping"
    elif name in ERRORS and _is_text(first):
        yield f"{name} is given a bare text"
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg in TITLES and isinstance(value, ast.Constant) and _SENTENCE.match(str(value.value)):
            yield f"{keyword.arg}={value.value!r} is a bare text"


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _constants(node: nodes.Node, wrapped: bool) -> Iterator[tuple[int, str]]:
    if (
        isinstance(node, nodes.Const)
        and isinstance(node.value, str)
        and not wrapped
        and _SENTENCE.match(node.value)
    ):
        yield node.lineno, node.value
    if isinstance(node, nodes.Compare):  # a word that is compared is not shown
        return
    for child in node.iter_child_nodes():
        inside = (
            isinstance(node, nodes.Call)
            and isinstance(node.node, nodes.Name | nodes.Getattr)
            and _name(node) in TRANSLATE
        )
        yield from _constants(child, wrapped or inside)


def _name(call: nodes.Call) -> str:
    return str(call.node.name if isinstance(call.node, nodes.Name) else getattr(call.node, "attr", ""))


class _Words(HTMLParser):
    """Collects words outside of verbatim elements and of elements marked translate="no"."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._quiet: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._quiet or tag in VERBATIM or given.get("translate") == "no":
            self._quiet.append(tag)
        for name, value in attrs:
            spoken = name in SPOKEN or name.startswith(SPOKEN_PREFIX)
            if spoken or (tag == "input" and name == "value" and given.get("type") in ("submit", "button")):
                self._note(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._quiet:
            del self._quiet[len(self._quiet) - 1 - self._quiet[::-1].index(tag) :]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        quiet = list(self._quiet)
        self.handle_starttag(tag, attrs)
        self._quiet = quiet

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self._note(data)

    def _note(self, text: str) -> None:
        text = _ATTRIBUTES.sub("", text)
        if any(letter.isalpha() for letter in text):
            self.found.append((self.getpos()[0], " ".join(text.replace("\ufffc", " ").split())))
