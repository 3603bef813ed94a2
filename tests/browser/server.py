"""Parlour as a process of its own, as a salon runs it: gunicorn, threads, the relay beside them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parlour.settings import Settings, load

ADDRESS = re.compile(r"http://localhost:\d+")


def settings_of(folder: Path) -> Settings:
    """Settings of a site on SQLite whose data lie in `folder`, whatever this machine's own Parlour uses."""
    url = f"sqlite:///{folder / 'parlour.sqlite'}"
    return load({}, folder, data=folder, database_url=url, owner_database_url=url)


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[str]:
    """Run a `parlour` command that serves, with `folder` as its data, and say at which address it answers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLOUR_")}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from parlour.cli import main; main()", *arguments],
            env={**kept, "PARLOUR_DATA": str(folder), "PYTHONUNBUFFERED": "1"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield _address(process, folder)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[str], folder: Path) -> str:
    """The address that the process prints once it listens; it prints nothing when it cannot."""
    assert process.stdout is not None
    for line in process.stdout:
        found = ADDRESS.search(line)
        if found:
            return found[0]
    raise RuntimeError(f"parlour did not start: {(folder / 'server.log').read_text()[-2000:]}")
