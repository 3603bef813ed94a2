"""Migrations that die, wait, or do not fit: one clear message, and nothing half-done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from parlour.errors import Refusal
from parlour.migrations import heads, ledger, runner
from parlour.migrations.lock import alone, owner_engine
from parlour.plugin.registry import boot
from parlour.settings import Settings
from parlour.testing.databases import Database
from tests.support.distributions import FIRST, MODELS, write_plugin

SECOND = """
    import sqlalchemy as sa
    from alembic import op

    revision = "{name}_0002"
    down_revision = "{name}_0001"
    {more}

    def upgrade():
        op.create_table("{name}_other", sa.Column("id", sa.Integer, primary_key=True))
        op.execute("INSERT INTO {name}_thing (organisation_id, title) VALUES (1, 'from the migration')")
        {fault}

    def downgrade():
        op.drop_table("{name}_other")
"""


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """`put("alpha", fault=...)` makes a plugin with migrations that can be found; it is gone after the test."""
    folder = tmp_path / "thrown"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def write(
        name: str, *, second: bool = False, fault: str = "", more: str = "", requires: tuple[str, ...] = ()
    ) -> Path:
        files = {
            "models.py": MODELS.format(name=name),
            "migrations/versions/0001.py": FIRST.format(name=name),
        }
        if second:
            files["migrations/versions/0002.py"] = SECOND.format(name=name, fault=fault, more=more)
        return write_plugin(folder, name, files, requires=requires)

    yield write
    for name in [name for name in sys.modules if name.startswith("thrown_")]:
        del sys.modules[name]


@pytest.fixture
def looking(database: Database) -> Iterator[Engine]:
    engine = owner_engine(database.settings.owner_database_url)
    yield engine
    engine.dispose()


def stand(engine: Engine, owner: str) -> tuple[str | None, set[str]]:
    with engine.connect() as connection:
        names = {name for name in inspect(connection).get_table_names() if name.startswith(f"{owner}_")}
        return heads.current(connection, owner), names


@pytest.mark.parametrize(
    "fault", ["raise RuntimeError('out of milk')", 'op.execute("SELECT * FROM nowhere")']
)
def test_a_migration_that_dies_half_way_leaves_the_database_at_the_revision_before(
    put: Callable[..., Path], settings: Settings, looking: Engine, fault: str
) -> None:
    put("alpha", second=True, fault=fault)
    with pytest.raises(
        Refusal, match=r"alpha_0002 of alpha failed and was taken back whole\. .*(milk|nowhere)"
    ):
        runner.upgrade(settings, only=["alpha"])
    assert stand(looking, "alpha") == ("alpha_0001", {"alpha_thing"})
    with looking.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alpha_thing")).scalar_one() == 0
        assert ledger.read(connection)["alpha"].ledger == {
            "tables": ["alpha_thing"],
            "head": "alpha_0001",
            "requires": [],
        }
    plugins = boot(settings, engine=looking)
    assert "Run: parlour db upgrade" in str(plugins.quarantined["alpha"])
    assert "database at alpha_0001, code at alpha_0002" in str(plugins.quarantined["alpha"])
    assert "contacts" in plugins.loaded


def test_a_repaired_migration_goes_on_where_it_stopped(
    put: Callable[..., Path], settings: Settings, looking: Engine
) -> None:
    put("alpha", second=True, fault="1 / 0")
    with pytest.raises(Refusal, match="ZeroDivisionError"):
        runner.upgrade(settings, only=["alpha"])
    put("alpha", second=True)
    assert [step.revision for step in runner.upgrade(settings)] == ["alpha_0002"]
    assert stand(looking, "alpha") == ("alpha_0002", {"alpha_thing", "alpha_other"})
    with looking.connect() as connection:
        assert ledger.read(connection)["alpha"].ledger["tables"] == ["alpha_thing", "alpha_other"]


def test_a_plugin_that_fails_on_a_new_database_is_tried_again(
    put: Callable[..., Path], empty_database: Database
) -> None:
    place = put("alpha")
    first = place / "migrations/versions/0001.py"
    sound = first.read_text()
    first.write_text(sound.replace("def upgrade():", "def upgrade():\n    1 / 0"))
    with pytest.raises(Refusal, match="alpha_0001 of alpha failed"):
        runner.upgrade(empty_database.settings)
    notes = {item.owner: item for item in runner.status(empty_database.settings)}
    assert notes["contacts"].up_to_date
    assert notes["alpha"].pending == ("alpha_0001",)
    first.write_text(sound)
    assert [step.revision for step in runner.upgrade(empty_database.settings)] == ["alpha_0001"]


def test_others_go_on_and_what_stands_on_it_does_not(
    put: Callable[..., Path], settings: Settings, looking: Engine
) -> None:
    put("alpha", second=True, fault="1 / 0")
    put("beta", requires=("alpha",))
    put("gamma")
    with pytest.raises(Refusal, match="alpha_0002"):
        runner.upgrade(settings, only=["alpha", "beta", "gamma"])
    assert stand(looking, "gamma")[0] == "gamma_0001"
    assert stand(looking, "beta")[0] is None


def test_a_plugin_whose_tables_are_newer_than_its_code_is_put_aside(
    put: Callable[..., Path], settings: Settings, looking: Engine
) -> None:
    place = put("alpha", second=True)
    runner.upgrade(settings, only=["alpha"])
    (place / "migrations/versions/0002.py").unlink()
    plugins = boot(settings, engine=looking)
    assert "newer than its code" in str(plugins.quarantined["alpha"])
    with pytest.raises(Refusal, match="which only a newer version knows"):
        runner.upgrade(settings)


def test_a_plugin_that_is_not_installed_is_available_and_not_loaded(
    put: Callable[..., Path], settings: Settings, looking: Engine
) -> None:
    put("alpha")
    put("beta", requires=("alpha",))
    assert runner.upgrade(settings) == [], "a plugin found later is installed only when asked for"
    plugins = boot(settings, engine=looking)
    assert sorted(plugins.available) == ["alpha", "beta"]
    assert runner.upgrade(settings, only=["beta"]) == [
        runner.Step("alpha", "alpha_0001"),
        runner.Step("beta", "beta_0001"),
    ]


def test_a_revision_may_want_another_plugin_at_a_revision_of_its_own(
    put: Callable[..., Path], settings: Settings, looking: Engine
) -> None:
    put("alpha", second=True, more='requires = {"contacts": "contacts_0099"}')
    with pytest.raises(
        Refusal, match=r"alpha_0002 of alpha needs contacts at contacts_0099; it is at contacts_0003"
    ):
        runner.upgrade(settings, only=["alpha"])
    assert stand(looking, "alpha")[0] == "alpha_0001"


@pytest.mark.parametrize(
    ("file", "content"),
    [("0002.py", "revision ="), ("0002.py", "down_revision = None"), ("0003.py", 'revision = "alpha_0003"')],
)
def test_migrations_that_cannot_be_read_put_the_plugin_aside(
    put: Callable[..., Path], settings: Settings, looking: Engine, file: str, content: str
) -> None:
    place = put("alpha")
    runner.upgrade(settings, only=["alpha"])
    (place / "migrations/versions" / file).write_text(content)
    assert "migrations cannot be read" in str(boot(settings, engine=looking).quarantined["alpha"])


def test_two_upgrades_at_once_run_each_revision_once(empty_database: Database) -> None:
    """Two processes on one empty database: both succeed, and each revision was run by one of them."""
    script = dedent(
        """
        import sys, time
        from pathlib import Path
        from parlour.migrations import runner
        from parlour.settings import load
        site, owner, folder, begin = sys.argv[1:5]
        settings = load({}, Path(folder), data=folder, database_url=site, owner_database_url=owner, secret="x")
        while time.time() < float(begin):
            time.sleep(0.001)
        print(",".join(step.revision for step in runner.upgrade(settings)))
        """
    )
    given = empty_database.settings
    arguments = [given.database_url, given.owner_database_url, str(given.data), str(time.time() + 3)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _number in range(3)
    ]
    said: list[str] = []
    for process in running:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        said += [revision for revision in out.strip().split(",") if revision]
    assert len(said) == len(set(said))
    assert {"core_0001", "contacts_0001"} <= set(said)


def test_an_upgrade_gives_up_when_somebody_else_does_not_end(database: Database) -> None:
    """SQLite has no such lock: there the write lock of each revision's transaction is enough."""
    first, second = (owner_engine(database.settings.owner_database_url) for _number in range(2))
    try:
        with alone(first):
            if database.kind == "postgresql":
                with pytest.raises(Refusal, match="Somebody else is upgrading"), alone(second, wait=0.2):
                    pass
            else:
                with alone(second, wait=0.2):
                    pass
        with alone(second, wait=0.2):
            pass
    finally:
        first.dispose()
        second.dispose()


def test_rebuilding_a_table_on_sqlite_keeps_what_refers_to_it(
    put: Callable[..., Path], settings: Settings, looking: Engine, organisation: Any
) -> None:
    """SQLite changes a column by making the table anew; with links enforced meanwhile, their rows would be deleted."""
    place = put("alpha")
    first = place / "migrations/versions/0001.py"
    child = """
    op.create_table(
        "alpha_part",
        sa.Column("id", BigId, primary_key=True),
        sa.Column("thing_id", BigId, sa.ForeignKey("alpha_thing.id", ondelete="CASCADE"), nullable=False),
    )
    op.execute("INSERT INTO alpha_thing (id, organisation_id, title) VALUES (1, 1, 'x')")
    op.execute("INSERT INTO alpha_part (id, thing_id) VALUES (1, 1)")
"""
    first.write_text(first.read_text().replace("    operations.scope", child + "    operations.scope"))
    (place / "migrations/versions/0002.py").write_text(
        dedent(
            """
            import sqlalchemy as sa
            from alembic import op

            revision = "alpha_0002"
            down_revision = "alpha_0001"

            def upgrade():
                with op.batch_alter_table("alpha_thing") as batch:
                    batch.alter_column("title", existing_type=sa.String(), nullable=True)
            """
        )
    )
    runner.upgrade(settings, only=["alpha"])
    with looking.connect() as connection:
        assert connection.execute(text("SELECT thing_id FROM alpha_part")).scalars().all() == [1]
