"""`parlour` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from parlour.settings import Settings

# The command as pip installs it: what starts itself anew must know its own name.
PARLOUR = Path(sys.executable).with_name("parlour")


class Running:
    """A `parlour` process and the lines it has printed."""

    def __init__(
        self,
        *arguments: str,
        environ: dict[str, str] | None = None,
        cwd: Path | None = None,
        code: str | None = None,
    ):
        self.process = subprocess.Popen(
            [str(PARLOUR) if code is None else sys.executable, *(["-c", code] if code else []), *arguments],
            env={**os.environ, **(environ or {})},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._complaints: list[str] = []
        Thread(target=self._read, daemon=True).start()
        # A pipe that nobody empties would stop the process at some thousand lines of its log.
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._complaints.append(line)

    @property
    def complaints(self) -> str:
        """All that it has written to standard error, once it has ended."""
        self._listener.join(10)
        return "".join(self._complaints)

    def line(self, seconds: float = 60) -> str:
        """The next line on standard output."""
        try:
            return self._lines.get(timeout=seconds)
        except Empty:
            self.process.kill()
            pytest.fail(f"nothing was printed in {seconds} s: {self.complaints[-2000:]}")

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def running(
    *arguments: str,
    environ: dict[str, str] | None = None,
    cwd: Path | None = None,
    code: str | None = None,
) -> Iterator[Running]:
    """The process for the length of the block; `code` runs in the place of the installed command."""
    process = Running(*arguments, environ=environ, cwd=cwd, code=code)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait()


def environment(settings: Settings) -> dict[str, str]:
    return {
        "PARLOUR_DATABASE_URL": settings.database_url,
        "PARLOUR_OWNER_DATABASE_URL": settings.owner_database_url,
        "PARLOUR_DATA": str(settings.data),
        "PARLOUR_SECRET": settings.secret,
        "PARLOUR_BROKER_URL": "",
    }
