"""Each owner's migrations go up, down and up again, and end at exactly what its models say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, text

from parlour.migrations import heads, ledger, runner
from parlour.migrations.compare import differences
from parlour.migrations.heads import CORE
from parlour.migrations.lock import owner_engine
from parlour.plugin.registry import Plugins
from parlour.testing.databases import Database


def tables(database: Database) -> dict[str, Any]:
    """Columns, keys and indexes of every table, for comparison."""
    engine = owner_engine(database.settings.owner_database_url)
    with engine.connect() as connection:
        found = inspect(connection)
        shape = {
            name: (
                sorted(
                    (column["name"], str(column["type"]), column["nullable"])
                    for column in found.get_columns(name)
                ),
                sorted(
                    (index["name"], index["column_names"], index["unique"])
                    for index in found.get_indexes(name)
                ),
                sorted(str(key) for key in found.get_foreign_keys(name)),
                sorted(str(key) for key in found.get_unique_constraints(name)),
            )
            for name in ledger.tables_now(connection)
        }
    engine.dispose()
    return shape


def found_differences(database: Database, owner: str) -> list[Any]:
    engine = owner_engine(database.settings.owner_database_url)
    try:
        with engine.connect() as connection:
            return differences(connection, owner)
    finally:
        engine.dispose()


def test_migrated_tables_equal_the_models(database: Database, plugins: Plugins) -> None:
    for owner in [CORE, *plugins.order]:
        assert found_differences(database, owner) == [], owner


def test_a_difference_would_be_seen(database: Database, plugins: Plugins) -> None:
    """The control: a column, an index and a table too many or too few."""
    engine = owner_engine(database.settings.owner_database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE core_branch ADD COLUMN surplus INTEGER"))
        connection.execute(text("DROP INDEX ix_core_job_due"))
        connection.execute(text("CREATE TABLE core_surplus (id INTEGER)"))
    engine.dispose()
    seen = str(found_differences(database, CORE))
    assert "surplus" in seen
    assert "ix_core_job_due" in seen
    assert "core_surplus" in seen


def test_up_down_up(database: Database, plugins: Plugins) -> None:
    before = tables(database)
    owners = [CORE, *plugins.order]
    for owner in reversed(owners):
        runner.downgrade(database.settings, owner)
    engine = owner_engine(database.settings.owner_database_url)
    with engine.connect() as connection:
        assert ledger.tables_now(connection) == set()
    engine.dispose()
    runner.upgrade(database.settings)
    assert tables(database) == before
    assert all(item.up_to_date for item in runner.status(database.settings))


def test_upgrading_again_does_nothing(database: Database) -> None:
    assert runner.upgrade(database.settings) == []


def test_a_new_database_gets_every_plugin_that_is_there(empty_database: Database, plugins: Plugins) -> None:
    before = {item.owner: item for item in runner.status(empty_database.settings)}
    assert before[CORE].pending
    assert not before[CORE].up_to_date
    done = runner.upgrade(empty_database.settings)
    assert done[0].owner == CORE
    assert {step.owner for step in done} >= set(plugins.order)
    engine = owner_engine(empty_database.settings.owner_database_url)
    with engine.connect() as connection:
        rows = ledger.read(connection)
    engine.dispose()
    assert set(rows) == set(plugins.order)
    assert rows["contacts"].ledger["head"] == "contacts_0003"
    assert "contacts_contact" in rows["contacts"].ledger["tables"]
    assert rows["contacts"].version == plugins.manifests["contacts"].version


def test_every_scoped_table_is_protected_and_the_site_may_not_touch_what_is_the_owners(
    database: Database, plugins: Plugins
) -> None:
    if database.kind != "postgresql":
        return  # SQLite has no roles
    from parlour.db.base import METADATA

    engine = owner_engine(database.settings.owner_database_url)
    with engine.connect() as connection:
        protected = set(
            connection.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity")).scalars()
        )
        mine = {name for name in METADATA.tables if METADATA.tables[name].info.get("scoped")}
        there = ledger.tables_now(connection)
        assert protected == mine & there
        written = connection.execute(
            text(
                "SELECT table_name FROM information_schema.role_table_grants "
                "WHERE grantee = 'parlour_test_site' AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')"
            )
        ).scalars()
        refused = {"core_plugin", *(heads.version_table(owner) for owner in [CORE, *plugins.order])}
        assert not refused & set(written)
    engine.dispose()
