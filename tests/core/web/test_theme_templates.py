"""What holds for every template and script of the theme: no inline code, no unknown icon, no word left unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from parlour.web import icons

THEME = Path(__file__).parents[3] / "themes/default"
TEMPLATES = sorted(path.relative_to(THEME / "templates") for path in (THEME / "templates").rglob("*.jinja2"))
SCRIPTS = sorted((THEME / "static").glob("*.js"))
ENVIRONMENT = Environment(loader=FileSystemLoader(THEME / "templates"), autoescape=True)


def source_of(template: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", (THEME / "templates" / template).read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_template_has_no_inline_code(template: Path) -> None:
    source = source_of(template)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    assert not re.search(r"<style\b", source)
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", source)
    assert "javascript:" not in source


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_template_never_trusts_text(template: Path) -> None:
    source = source_of(template)
    assert not re.search(r"\|\s*safe\b", source)
    assert "autoescape" not in source


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_template_compiles(template: Path) -> None:
    ENVIRONMENT.get_template(template.as_posix())


PAGES = [path for path in TEMPLATES if len(path.parts) == 1 and path.stem not in ("ui", "charts")]


@pytest.mark.parametrize("template", PAGES, ids=str)
def test_a_page_says_what_it_needs(template: Path) -> None:
    assert re.match(r"\{#.*?\bcontext:.*?#\}", (THEME / "templates" / template).read_text(), re.DOTALL)


def texts(node: nodes.Node) -> Iterator[str]:
    """The texts that an expression may come to; of a dictionary only the values."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
        return
    if isinstance(node, nodes.Pair):
        yield from texts(node.value)
        return
    if isinstance(node, nodes.Getattr | nodes.Compare):
        yield from texts(node.node) if isinstance(node, nodes.Getattr) else ()
        return
    for child in node.iter_child_nodes():
        yield from texts(child)


def icon_names(template: Path) -> set[str]:
    """Every name of an icon that the template writes out."""
    tree = ENVIRONMENT.parse((THEME / "templates" / template).read_text())
    found: set[str] = set()
    for call in tree.find_all(nodes.Call):
        called = call.node.name if isinstance(call.node, nodes.Name) else getattr(call.node, "attr", "")
        place = {"icon": 0, "panel": 1, "menu": 2}.get(called)
        if place is not None and len(call.args) > place:
            found.update(texts(call.args[place]))
        found.update(text for kw in call.kwargs if kw.key == "symbol" for text in texts(kw.value))
    for pair in tree.find_all(nodes.Pair):
        if isinstance(pair.key, nodes.Const) and pair.key.value == "icon":
            found.update(texts(pair.value))
    return found


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_every_icon_of_a_template_exists(template: Path) -> None:
    assert {name for name in icon_names(template) if not icons.exists(name)} == set()


def test_icons_are_found_where_templates_name_them() -> None:
    assert {"search", "plus", "bell", "check", "store"} <= icon_names(Path("layout.jinja2"))
    assert "sprout" in icon_names(Path("today.jinja2"))


def test_an_icon_is_silent_unless_it_stands_alone() -> None:
    assert 'aria-hidden="true"' in icons.icon("phone")
    alone = icons.icon("phone", 20, 'Call "Anna" <1>')
    assert 'role="img" aria-label="Call &#34;Anna&#34; &lt;1&gt;"' in alone
    assert "aria-hidden" not in alone
    assert 'width="20"' in alone


def test_an_icon_that_is_gone_does_not_cost_the_page(caplog: pytest.LogCaptureFixture) -> None:
    assert "<circle" in icons.icon("no-such-icon-anywhere")
    assert "no-such-icon-anywhere" in caplog.text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_code_and_no_style(script: Path) -> None:
    unsafe = r"\beval\(|new Function|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\.style\b|[\"']style[\"']"
    assert re.search(unsafe, script.read_text()) is None


def test_every_word_of_a_script_is_on_the_page() -> None:
    base = source_of(Path("base.jinja2"))
    said = {
        re.sub(r"-(.)", lambda match: match[1].upper(), name) for name in re.findall(r"data-([a-z-]+)=", base)
    }
    wanted: set[str] = set()
    for script in SCRIPTS:
        text = script.read_text()
        wanted.update(re.findall(r'\bword\("(\w+)"', text))
        wanted.update(re.findall(r'emptyWord = "(\w+)"', text))
    assert wanted
    assert wanted <= said


@pytest.mark.parametrize("sheet", sorted((THEME / "static").glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_asks_nobody_else(sheet: Path) -> None:
    text = sheet.read_text()
    assert "@import" not in text
    assert "url(" not in text
    assert text.count("{") == text.count("}")
