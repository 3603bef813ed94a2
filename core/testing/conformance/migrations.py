"""Migrations: up, down and up again, and what they make is what the models say."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from parlour.db.rls import POLICY
from parlour.migrations import heads, ledger, runner
from parlour.migrations.compare import differences
from parlour.migrations.lock import owner_engine
from parlour.plugin import mapping
from parlour.plugin.registry import Loaded
from parlour.testing.conformance.subject import Subject
from parlour.testing.databases import Database


class MigrationChecks(Subject):
    """The plugin's revisions, run on a database of their own."""

    def test_its_revisions_form_one_line_and_carry_its_name(self, folder: Path) -> None:
        assert not [item.id for item in heads.revisions(folder) if not item.id.startswith(f"{self.plugin}_")]

    def test_its_migrations_import_no_models(self, folder: Path) -> None:
        for item in heads.revisions(folder):
            source = item.file.read_text("utf-8")
            assert ".models" not in source, (
                f"{item.file.name} would change its meaning with the models: spell them out"
            )

    def test_its_tables_go_up_down_and_up(self, empty_database: Database, loaded: Loaded) -> None:
        settings = empty_database.settings
        runner.upgrade(settings, only={self.plugin})
        engine = owner_engine(settings.owner_database_url)
        try:
            self._equal_models(engine)
            first = self._own(engine)
            runner.downgrade(settings, self.plugin)
            assert not self._own(engine), "downgrade() leaves tables behind"
            runner.upgrade(settings, only={self.plugin})
            self._equal_models(engine)
            assert self._own(engine) == first
            self._guarded(engine)
        finally:
            engine.dispose()

    def _own(self, engine: Engine) -> set[str]:
        with engine.connect() as connection:
            inspect(connection).clear_cache()
            return {name for name in ledger.tables_now(connection) if name.startswith(f"{self.plugin}_")}

    def _equal_models(self, engine: Engine) -> None:
        with engine.connect() as connection:
            found = differences(connection, self.plugin)
        assert not found, (
            f"models and migrations differ; parlour db revision {self.plugin} -m ... writes this: {found}"
        )

    def _guarded(self, engine: Engine) -> None:
        """Row-level security holds on every table that belongs to organisations."""
        if engine.dialect.name != "postgresql":
            return
        wanted = {table.name for table in mapping.tables(self.plugin) if table.info.get("scoped")}
        with engine.connect() as connection:
            guarded = set(
                connection.execute(
                    text(
                        "SELECT p.tablename FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename "
                        "WHERE p.policyname = :policy AND c.relrowsecurity"
                    ),
                    {"policy": POLICY},
                ).scalars()
            )
        assert wanted <= guarded, f"call operations.scope() for these: {sorted(wanted - guarded)}"
