"""Install, uninstall and purge from the command line, with a plugin that comes and goes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from parlour.migrations.lock import owner_engine
from parlour.plugin.mapping import discard
from parlour.testing.databases import Database
from tests.core.cli.conftest import Parlour
from tests.support.distributions import FIRST, MODELS, write_plugin

ACCESS = """
    PERMISSIONS = {"alpha:thing:read": "See things"}
    GRANTS = {"receptionist": ["alpha:thing:read"]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "thrown"
    place.mkdir()
    files = {"models.py": MODELS.format(name="alpha"), "access.py": ACCESS}
    write_plugin(place, "alpha", {**files, "migrations/versions/0001.py": FIRST.format(name="alpha")})
    files = {"models.py": MODELS.format(name="beta")}
    first = FIRST.format(name="beta").replace(
        'sa.Column("title"',
        'sa.Column("alpha_id", BigId, sa.ForeignKey("alpha_thing.id")), sa.Column("title"',
    )
    write_plugin(place, "beta", {**files, "migrations/versions/0001.py": first}, requires=("alpha",))
    return place


@pytest.fixture
def run(parlour: Parlour, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parlour]:
    """Run `parlour` where the plugins of the folder can be found; every command loads the plugins anew."""
    # Whoever loads all plugins after a test still finds those of its folder; so the next one begins with none.
    _forget()
    monkeypatch.syspath_prepend(str(folder))
    yield parlour
    _forget()


def _forget() -> None:
    for name in ("beta", "alpha"):
        discard(name, f"thrown_{name}")
        sys.modules.pop(f"thrown_{name}", None)


def names(database: Database) -> set[str]:
    engine = owner_engine(database.settings.owner_database_url)
    with engine.connect() as connection:
        found = set(inspect(connection).get_table_names())
    engine.dispose()
    return found


def test_the_whole_life_of_a_plugin(database: Database, run: Parlour, folder: Path) -> None:
    assert run("orgs", "add", "Jasmine").code == 0
    states = {row["name"]: row["state"] for row in run("plugins", "list", "--json").json}
    assert (states["alpha"], states["beta"], states["contacts"]) == ("available", "available", "loaded")
    refused = run("plugins", "enable", "alpha")
    assert refused.code == 2
    assert "parlour plugins install alpha" in refused.err

    assert "alpha_0001, beta_0001" in run("plugins", "install", "beta").out
    assert run("plugins", "enable", "beta").out == "Switched on: alpha, beta.\n"
    engine = owner_engine(database.settings.owner_database_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alpha_thing (organisation_id, title) VALUES (1, 'Ваза')"))

    refused = run("plugins", "uninstall", "alpha")
    assert refused.code == 2
    assert "beta" in refused.err
    refused = run("plugins", "purge", "alpha", "--yes-drop", "alpha")
    assert refused.code == 2
    assert "cannot be purged while these plugins need it: beta" in refused.err
    assert "alpha_thing" in names(database)

    assert run("plugins", "uninstall", "beta").code == 0
    states = {row["name"]: row["state"] for row in run("plugins", "list", "--json").json}
    assert (states["alpha"], states["beta"]) == ("loaded", "available")
    assert "beta_thing" in names(database), "uninstalling leaves the tables"
    refused = run("plugins", "purge", "alpha", "--yes-drop", "alpha")
    assert "beta_thing.alpha_id" in refused.err, "a table that refers to it stands in the way"

    assert run("plugins", "install", "beta").code == 0
    assert run("plugins", "list", "--json").out.count('"loaded"') >= 3, "its data are back"
    assert run("plugins", "purge", "beta", "--yes-drop", "beta").code == 0
    assert "beta_thing" not in names(database)

    plan = run("plugins", "purge", "alpha", "--dry-run", "--json").json
    assert plan["tables"] == {"alpha_thing": 1}
    unsure = run("plugins", "purge", "alpha")
    assert unsure.code == 2
    assert "--yes-drop alpha" in unsure.err
    wrong = run("plugins", "purge", "alpha", "--yes-drop", "alpa")
    assert wrong.code == 2
    assert "nothing was dropped" in wrong.err
    assert "alpha_thing" in names(database)

    done = run("plugins", "purge", "alpha", "--yes-drop", "alpha", "--json").json
    exported = json.loads((Path(done["export"]) / "alpha_thing.json").read_text("utf-8"))
    assert [row["title"] for row in exported] == ["Ваза"]
    kept = json.loads((Path(done["export"]) / "core_rule.source.json").read_text("utf-8"))
    assert [row["permission"] for row in kept] == ["alpha:thing:read"]
    assert not {"alpha_thing", "alembic_version_alpha"} & names(database)
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM core_rule WHERE source = 'alpha'")).scalar_one()
            == 0
        )
        on = connection.execute(text("SELECT name FROM core_organisation_plugin")).scalars().all()
        assert not {"alpha", "beta"} & set(on)
    engine.dispose()
    assert run("db", "status").code == 0
    assert run("plugins", "install", "alpha").code == 0, "and it can come again"


def test_a_plugin_whose_package_is_gone_can_be_purged(database: Database, run: Parlour, folder: Path) -> None:
    assert run("plugins", "install", "alpha").code == 0
    for place in folder.glob("thrown_alpha*"):
        shutil.rmtree(place)
    listed = {row["name"]: row for row in run("plugins", "list", "--json").json}
    assert listed["alpha"]["state"] == "quarantined"
    assert "package is gone" in listed["alpha"]["reason"]
    assert listed["contacts"]["state"] == "loaded"
    assert run("plugins", "purge", "alpha", "--yes-drop", "alpha").code == 0
    assert not {"alpha_thing", "alembic_version_alpha"} & names(database)
    assert "alpha" not in {row["name"] for row in run("plugins", "list", "--json").json}


def test_an_export_that_fails_drops_nothing(database: Database, run: Parlour, folder: Path) -> None:
    assert run("plugins", "install", "alpha").code == 0
    (database.settings.data / "exports").write_text("a file where the folder should be")
    refused = run("plugins", "purge", "alpha", "--yes-drop", "alpha")
    assert refused.code == 2
    assert "nothing was dropped" in refused.err
    assert "alpha_thing" in names(database)
