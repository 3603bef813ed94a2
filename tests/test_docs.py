"""The guides say what the code does: hooks, commands, settings and links are compared with it."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from parlour.cli.root import COMMANDS, parlour
from parlour.hooks import KINDS

ROOT = Path(__file__).parents[1]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parlour_docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


docs = _load()


def test_every_link_command_setting_and_example_is_right() -> None:
    assert docs.faults(docs.pages()) == []


def test_the_pages_are_built_and_reach_each_other(tmp_path: Path) -> None:
    found = docs.pages()
    docs.build(tmp_path / "out", found)
    for name in found:
        page = (tmp_path / "out" / f"{name}.html").read_text("utf-8")
        for target in re.findall(r'href="([^":#]+)["#]', page):
            assert (tmp_path / "out" / name).parent.joinpath(target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize(
    "text",
    [
        "[gone](gone.md)",
        "[gone](#gone)",
        "`parlour fly`",
        "`parlour db upgrade --fast`",
        "`make coffee`",
        "`PARLOUR_COFFEE`",
        "```python\nfrom parlour.i18n import nothing\n```",
        "```python\ndef (\n```",
        "![gone](gone.png)",
    ],
)
def test_a_guide_that_is_wrong_is_found_out(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "ROOT", ROOT)
    (tmp_path / "page.md").write_text(f"# Page\n\n{text}\n", "utf-8")
    page = docs.pages(tmp_path)["page"]
    checks = (docs._links, docs._commands, docs._variables, docs._examples)
    assert [fault for check in checks for fault in check(page, {"page": page})]


def _signature(function: ast.stmt) -> str:
    """A function's name, arguments and answer on one line, however it was broken."""
    assert isinstance(function, ast.FunctionDef)
    assert function.returns is not None
    return f"{function.name}({ast.unparse(function.args)}) -> {ast.unparse(function.returns)}"


def test_every_hook_is_documented_under_its_kind_with_its_exact_signature() -> None:
    tree = ast.parse((ROOT / "core" / "hooks.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    wanted = {name: (kind, _signature(functions[name])) for name, kind in KINDS.items()}
    text = (ROOT / "docs" / "vendor" / "hooks.md").read_text("utf-8")
    documented = {}
    for kind, section in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        for name, code in re.findall(
            r"^### (\w+)\n\n```python\n(.*?)\n```", section, re.MULTILINE | re.DOTALL
        ):
            documented[name] = (kind.lower(), _signature(ast.parse(code).body[0]))
    assert documented == wanted


@pytest.mark.parametrize(
    "specs", sorted(ROOT.glob("plugins/*/hookspecs.py")), ids=lambda file: file.parent.name
)
def test_every_hook_that_a_plugin_offers_is_documented_with_its_exact_signature(specs: Path) -> None:
    tree = ast.parse(specs.read_text("utf-8"))
    text = (ROOT / "docs" / "vendor" / f"{specs.parent.name}.md").read_text("utf-8")
    documented = [
        _signature(node)
        for code in re.findall(r"```python\n(.*?)\n```", text, re.DOTALL)
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.returns is not None
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert _signature(node) in documented


def test_every_hook_has_a_test_of_its_name() -> None:
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    offered = [
        node.name
        for file in ROOT.glob("plugins/*/hookspecs.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ]
    missing = [name for name in [*KINDS, *offered] if not re.search(rf"def test_hook_{name}\b", tests)]
    assert not missing, f"write test_hook_<name> for {missing}"


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "operator" / "settings.md").read_text("utf-8")
    assert not [name for name in docs.SETTINGS if f"`{name}`" not in text]


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "operator" / "commands.md").read_text("utf-8")
    missing = []
    for name in COMMANDS:
        command = parlour.get_command(click.Context(parlour), name)
        names = (
            [f"{name} {inner}" for inner in command.commands] if isinstance(command, click.Group) else [name]
        )
        missing += [full for full in names if f"`parlour {full}" not in text]
    assert not missing


def test_the_readme_names_targets_and_commands_that_exist() -> None:
    for name in ("README", "CONTRIBUTING", "ARCHITECTURE"):
        page = docs.pages(ROOT.joinpath("docs"))["index"]
        page.file = ROOT / f"{name}.md"
        page.tokens = docs._markdown.parse(page.file.read_text("utf-8"))
        assert not list(docs._commands(page, {}))
        assert not list(docs._variables(page, {}))
