"""A salon that is written again from rows is the salon that Parlour's own functions furnish."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, select

from parlour.access.models import Organisation, Role, Rule
from parlour.db.base import now
from parlour.db.engine import make_engine
from parlour.hooks import hookimpl
from parlour.plugin import lifecycle
from parlour.plugin.registry import Plugins, current
from parlour.testing import databases, people, salons

Rows = dict[str, list[dict[str, Any]]]


def jasmine(kind: str, folder: Path, plugins: Plugins) -> tuple[Organisation, Rows]:
    """The salon in a new database, and every row there, by table."""
    with databases.fresh(kind, folder) as database:
        engine = make_engine(database.settings.database_url)
        owner = make_engine(database.settings.owner_database_url)
        try:
            made = salons.jasmine(engine, plugins)
            tables = MetaData()
            tables.reflect(owner)
            with owner.connect() as connection:
                return made, {
                    table.name: sorted(map(dict, connection.execute(select(table)).mappings()), key=repr)
                    for table in tables.sorted_tables
                }
        finally:
            engine.dispose()
            owner.dispose()


def granted(engine: Engine, organisation: Organisation) -> list[tuple[Any, ...]]:
    """What each role of a salon may do, by the role's own name."""
    with people.trusted(engine, organisation) as session:
        asked = select(Role.code, Rule.permission, Rule.kind, Rule.source, Rule.number).join(
            Role, Role.id == Rule.role_id, isouter=True
        )
        return sorted(tuple(map(str, row)) for row in session.execute(asked))


def without_moments(rows: Rows) -> Rows:
    return {
        table: [
            {name: value for name, value in row.items() if not isinstance(value, datetime)} for row in some
        ]
        for table, some in rows.items()
    }


@pytest.fixture
def enabled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plugins that are switched on from now on, by name."""
    seen: list[str] = []
    enable = lifecycle.enable
    monkeypatch.setattr(
        lifecycle, "enable", lambda session, name: (seen.append(name), enable(session, name))[1]
    )
    monkeypatch.setattr(salons, "_furnished", {})
    return seen


def test_written_again_it_has_the_same_rows_and_later_moments(
    database_kind: str, plugins: Plugins, tmp_path: Path, enabled: list[str]
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first, furnished = jasmine(database_kind, folders[0], plugins)
    assert enabled == list(plugins.order)
    second, again = jasmine(database_kind, folders[1], plugins)
    assert enabled == list(plugins.order)
    assert without_moments(again) == without_moments(furnished)
    assert first.created_at < second.created_at < now()


def test_rules_lead_to_the_roles_of_their_own_salon_whichever_stands_there_before(
    database_kind: str, plugins: Plugins, tmp_path: Path, enabled: list[str]
) -> None:
    orders = [(salons.jasmine, salons.orchid), (salons.orchid, salons.jasmine)]
    found = []
    for number, order in enumerate(orders):
        folder = tmp_path / str(number)
        folder.mkdir()
        with databases.fresh(database_kind, folder) as database:
            engine = make_engine(database.settings.database_url)
            made = [furnish(engine, plugins) for furnish in order]
            found.append({each.name: granted(engine, each) for each in made})
            engine.dispose()
    assert enabled == list(plugins.order) * 2
    assert found[0] == found[1]
    assert len(found[0]["Orchid"]) > 50


def test_it_is_furnished_each_time_where_a_plugin_does_something_of_its_own(
    database_kind: str, plugins: Plugins, tmp_path: Path, enabled: list[str]
) -> None:
    class Hooks:
        @hookimpl
        def plugin_enabled(self, session: Any, plugin: str) -> None:
            pass

    hooks = Hooks()
    current().pm.register(hooks, name="core:salon")
    try:
        for number in ("first", "second"):
            folder = tmp_path / number
            folder.mkdir()
            jasmine(database_kind, folder, plugins)
    finally:
        current().pm.unregister(hooks)
    assert enabled == list(plugins.order) * 2
