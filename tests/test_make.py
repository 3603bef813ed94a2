"""A bare machine gets a virtual environment, or one line that says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "make_venv.sh"


def _python(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def _make(tmp_path: Path, wanted: str = "python3") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), str(tmp_path / "made"), wanted],
        env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    _python(tmp_path / "bin", "python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    _python(tmp_path / "bin", "python3.12", f'exec {sys.executable} "$@"')
    done = _make(tmp_path)
    assert done.returncode == 0, done.stderr
    assert os.access(tmp_path / "made" / "bin" / "python", os.X_OK)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac',
            "Parlour needs Python 3.11 or newer, and here is Python 3.9.2",
        ),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
        ('case "$1" in -m) exit 1;; --version) echo Python 3.12.1;; esac', ""),
    ],
)
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, body: str, said: str) -> None:
    _python(tmp_path / "bin", "python3", body)
    (tmp_path / "bin" / "rm").symlink_to("/bin/rm")
    done = _make(tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 1
    assert not (tmp_path / "made").exists()


def test_no_python_at_all_is_said_too(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    done = _make(tmp_path)
    assert (done.returncode, "no Python at all" in done.stderr) == (2, True)
