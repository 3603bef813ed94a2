"""Backups one after the other, from the command line."""

from __future__ import annotations

import time
from pathlib import Path

from tests.core.cli.conftest import Parlour


def test_backups_follow_each_other_into_a_folder_and_on_to_another_place(
    parlour: Parlour, tmp_path: Path
) -> None:
    parlour("orgs", "add", "Jasmine")
    folder, elsewhere = tmp_path / "backups", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    for number in range(3):
        (folder / f"parlour-2020010{number}T000000Z.parlour").write_text("old")
    (folder / "notes.txt").write_text("mine")
    said = parlour("db", "backup", folder, "--then", f"cp -t {elsewhere}", "--keep", 2, "--json")
    assert said.json[0]["removed"] == 2
    made = Path(said.json[0]["file"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "notes.txt",
        "parlour-20200102T000000Z.parlour",
        made.name,
    ]
    assert (elsewhere / made.name).read_bytes() == made.read_bytes()
    assert made.stat().st_mode & 0o077 == 0
    time.sleep(1.1)  # the next name
    said = parlour("db", "backup", folder, "--then", "false", "--keep", 1)
    assert said.code == 2
    assert "the command after it ended with 1" in said.err
    assert len(list(folder.glob("*.parlour"))) == 3, "nothing is removed before the new one is elsewhere"
    assert parlour("db", "backup", tmp_path / "x.zip", "--keep", 1).code == 2
    assert not (tmp_path / "x.zip").exists()
    assert parlour("db", "drill", made, "--json").json[0]["rows"] > 10
