"""The benchmark runs, and its two sides do the same work: it compares their answers itself, and here their rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from benchmarks import tasks
from benchmarks.raw import tasks as raw
from benchmarks.salon import Salon, furnish, write_csv
from parlour.db.base import METADATA
from parlour.plugin.registry import Plugins
from parlour.testing.databases import Database

PARLOUR = str(Path(sys.executable).with_name("parlour"))
TABLES = ("contacts_contact", "contacts_phone", "contacts_email", "contacts_name_key", "core_change")
# What tells two makings of the same client apart.
NUMBERS = frozenset({"id", "owner_id", "contact_id", "change_set_id", "row_id", "created_at", "updated_at"})


def test_the_benchmark_measures_every_task_on_both_sides(tmp_path: Path) -> None:
    command = [PARLOUR, "bench", "--size", "tiny", "--rounds", "1", "--json", "--database", "sqlite"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    measured = [task["task"] for task in said["tasks"]]
    assert measured[0].startswith("list: ")
    assert measured[-3:] == ["export to csv", "create", "import a csv"]
    assert all(task["ratio"] > 0 and task["target"] > 0 for task in said["tasks"])
    assert said["switch"]["ms"] > 0
    assert any("contacts_contact" in line for plan in said["list_plans"].values() for line in plan)
    assert all(one["ratio"] > 0 for one in said["slots"])


def test_the_benchmark_leaves_a_database_in_use_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'salon.sqlite'}"
    environment = {"PARLOUR_DATABASE_URL": url, "PARLOUR_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for arguments in (["db", "upgrade"], ["orgs", "add", "Jasmine", "--region", "RU"]):
        subprocess.run([PARLOUR, *arguments], env=environment, cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(
        [PARLOUR, "bench", "--size", "tiny", "--database", url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "empty database" in done.stderr


def test_both_sides_write_the_same_rows(database: Database, plugins: Plugins) -> None:
    salon = furnish(database.settings, 0)
    try:
        clients = salon.take(3)

        def imported(side: Any) -> Callable[[], int]:
            file = salon.folder / "clients.csv"
            write_csv(file, clients)
            return lambda: int(side.import_file(salon, file))

        ways = {
            "ours": (lambda: tasks.create(salon, clients), lambda: raw.create(salon, clients)),
            "imports": (imported(tasks), imported(raw)),
        }
        for name, (ours, by_hand) in ways.items():
            made = []
            for side in (ours, by_hand):
                assert side() == len(clients)
                made.append(_taken_out(salon))
            assert made[0] == made[1], name
            assert all(made[0].values()), name
    finally:
        salon.dispose()


def _taken_out(salon: Salon) -> dict[str, list[dict[str, Any]]]:
    """What stands in the tables, without numbers and moments; they are empty afterwards."""
    with salon.plain.begin() as connection:
        found = {}
        for name in TABLES:
            rows = connection.execute(select(METADATA.tables[name])).mappings()
            found[name] = sorted(
                ({column: row[column] for column in row if column not in NUMBERS} for row in rows), key=repr
            )
        for name in reversed(TABLES):
            connection.execute(text(f"DELETE FROM {name}"))
    return found
