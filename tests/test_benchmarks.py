"""The benchmark runs, and its two sides do the same work: it compares their answers itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PARLOUR = str(Path(sys.executable).with_name("parlour"))


def test_the_benchmark_measures_every_task_on_both_sides(tmp_path: Path) -> None:
    command = [PARLOUR, "bench", "--size", "tiny", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [task["task"] for task in said["tasks"]] == [
        "list, part of a name",
        "export to csv",
        "create",
        "import a csv",
    ]
    assert all(task["ratio"] > 0 and task["rows"] > 0 for task in said["tasks"])
    assert any("contacts_contact" in line for line in said["list_plan"])


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
