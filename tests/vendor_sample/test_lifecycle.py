"""The whole life of a vendor's plugin, told by the command line: on, off, uninstalled, back again, purged."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from parlour.testing.databases import Database
from tests.support.commands import Commands, commands

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def forked() -> Iterator[Commands]:
    with commands() as made:
        yield made


@pytest.fixture
def parlour(empty_database: Database, tmp_path: Path, forked: Commands) -> Command:
    """`parlour("plugins", "list")` in a process of its own, on a database of its own."""
    settings = empty_database.settings
    given = {
        "PARLOUR_DATABASE_URL": settings.database_url,
        "PARLOUR_OWNER_DATABASE_URL": settings.owner_database_url,
        "PARLOUR_DATA": str(settings.data),
        "PARLOUR_SECRET": settings.secret,
    }

    def run(*arguments: str, refused: str = "") -> CompletedProcess[str]:
        done = forked.run(*arguments, environ={**os.environ, **given}, cwd=tmp_path)
        assert "Traceback" not in done.stderr, done.stderr
        if refused:
            assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1), done
            assert refused in done.stderr
        else:
            assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def salon(parlour: Command, tmp_path: Path) -> Path:
    """An organisation with one visitor written down; the path of the file they came from."""
    parlour("db", "upgrade")
    parlour("orgs", "add", "Jasmine", "--region", "RU")
    file = tmp_path / "visitors.csv"
    file.write_text("Name,Phone,Fee\nAnna Orlova,8 916 123-45-67,350\n", "utf-8")
    parlour("plugins", "enable", "visitors")
    said = json.loads(parlour("import", "visitors.visitor", str(file), "--json").stdout)
    assert (said["created"], said["problems"]) == (1, [])
    return file


def _exported(parlour: Command, tmp_path: Path) -> Any:
    file = tmp_path / "out.json"
    parlour("export", "visitors.visitor", str(file))
    return json.loads(file.read_text("utf-8"))


def _state(parlour: Command, name: str = "visitors") -> dict[str, Any]:
    rows = json.loads(parlour("plugins", "list", "--json", "--org", "jasmine").stdout)
    return next(row for row in rows if row["name"] == name)


def test_a_plugin_lives_its_life_on_the_command_line(parlour: Command, salon: Path, tmp_path: Path) -> None:
    rows = _exported(parlour, tmp_path)
    assert [(row["name"], row["phone"], row["fee"]["amount"]) for row in rows] == [
        ("Anna Orlova", "+79161234567", "350.00")
    ]

    # Off: it is not there, and nothing is lost.
    parlour("plugins", "disable", "contacts", refused="Visitors")
    parlour("plugins", "disable", "visitors")
    assert _state(parlour)["enabled"] is False
    parlour("export", "visitors.visitor", str(tmp_path / "off.json"), refused="visitors.visitor")
    parlour("plugins", "enable", "visitors")
    assert _exported(parlour, tmp_path) == rows

    # Uninstalled: it is not loaded any more, and the tables stay.
    parlour("plugins", "uninstall", "contacts", refused="visitors")
    parlour("plugins", "uninstall", "visitors")
    assert _state(parlour)["state"] == "available"
    parlour("export", "visitors.visitor", str(tmp_path / "off.json"), refused="visitors.visitor")
    parlour("plugins", "install", "visitors")
    assert _state(parlour)["state"] == "loaded"
    assert _exported(parlour, tmp_path) == rows


def test_only_a_purge_drops_data_and_it_asks_first(parlour: Command, salon: Path, tmp_path: Path) -> None:
    rows = _exported(parlour, tmp_path)
    assert "visitors_visitor" in parlour("plugins", "purge", "visitors", "--dry-run").stdout
    parlour("plugins", "purge", "visitors", refused="--yes-drop visitors")
    parlour("plugins", "purge", "visitors", "--yes-drop", "visitor", refused="nothing was dropped")
    parlour("plugins", "purge", "contacts", "--yes-drop", "contacts", refused="visitors")
    assert _exported(parlour, tmp_path) == rows

    said = json.loads(parlour("plugins", "purge", "visitors", "--yes-drop", "visitors", "--json").stdout)
    assert said["tables"]["visitors_visitor"] == 1
    kept = json.loads((Path(said["export"]) / "visitors_visitor.json").read_text("utf-8"))
    assert [row["name"] for row in kept] == ["Anna Orlova"]
    assert _state(parlour)["state"] == "available"
    assert _state(parlour, "contacts")["enabled"] is True
    status = json.loads(parlour("db", "status", "--json").stdout)
    assert [row["current"] for row in status if row["owner"] == "visitors"] == [None]

    # Installed anew it begins empty and off.
    parlour("plugins", "install", "visitors")
    assert _state(parlour)["enabled"] is False
    parlour("plugins", "enable", "visitors")
    assert _exported(parlour, tmp_path) == []
