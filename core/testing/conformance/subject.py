"""The plugin under test, and what all groups of checks want to know of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from parlour.db.session import Session
from parlour.plugin.discovery import folder_of
from parlour.plugin.registry import Loaded, Plugins
from parlour.records.registry import RecordType, all_records
from parlour.testing import samples


class Subject:
    """Base of the groups. `plugin` is the name that the distribution advertises."""

    plugin: ClassVar[str]
    # Texts that read alike in English and in a translation (names of products, for example).
    same_in_both_languages: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def loaded(self, plugins: Plugins) -> Loaded:
        """The plugin as this process loaded it; a test that asks for it fails with the reason when it did not."""
        if self.plugin in plugins.quarantined:
            pytest.fail(f"{self.plugin} is in quarantine: {plugins.quarantined[self.plugin]}")
        if self.plugin not in plugins.loaded:
            pytest.fail(f"No distribution offers a plugin {self.plugin}; is it installed with pip?")
        return plugins.loaded[self.plugin]

    @pytest.fixture
    def folder(self, loaded: Loaded) -> Path:
        """Where the plugin's package lies."""
        return folder_of(loaded.package)

    def records(self) -> list[RecordType]:
        """The plugin's own records."""
        return [record for record in all_records() if record.plugin == self.plugin]

    def values(self, session: Session, record: RecordType, number: int) -> dict[str, Any]:
        """Values for a new row; override where a record wants more than made-up ones."""
        return samples.values_for(session, record, number)


def modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file of a package with its syntax tree."""
    for file in sorted(folder.rglob("*.py")):
        yield file, ast.parse(file.read_text("utf-8"), str(file))


def imports(tree: ast.Module) -> Iterator[str]:
    """The full names of the modules that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
