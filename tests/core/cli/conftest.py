"""Running the `parlour` command against a test's own database, within this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parlour.cli.root import run
from parlour.plugin.registry import Plugins, boot
from parlour.settings import Settings
from parlour.testing.databases import Database


@dataclass
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Parlour = Callable[..., Said]


def use_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.chdir(settings.data)
    monkeypatch.setenv("PARLOUR_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PARLOUR_OWNER_DATABASE_URL", settings.owner_database_url)
    monkeypatch.setenv("PARLOUR_DATA", str(settings.data))
    monkeypatch.setenv("PARLOUR_SECRET", "only-for-tests")
    monkeypatch.delenv("PARLOUR_BROKER_URL", raising=False)


@pytest.fixture
def parlour(
    database: Database, plugins: Plugins, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Parlour]:
    """`parlour("orgs", "list")` on a migrated database without rows."""
    use_environment(monkeypatch, database.settings)
    yield runner(monkeypatch, capsys)
    boot()


@pytest.fixture
def parlour_empty(
    empty_database: Database,
    plugins: Plugins,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Parlour]:
    """`parlour("db", "upgrade")` on a database without tables."""
    use_environment(monkeypatch, empty_database.settings)
    yield runner(monkeypatch, capsys)
    boot()


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Parlour:
    def call(*arguments: str | Path, given: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
