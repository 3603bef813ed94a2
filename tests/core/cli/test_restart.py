"""A restart while people work: no request fails. Several processes behind one address agree with each other."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from parlour.settings import Settings
from parlour.testing import databases
from tests.core.cli.process import PARLOUR, Running, environment, running

# The process that prints its address is another one after a restart.
CHILDREN = "/proc/{0}/task/{0}/children"


class Visitors:
    """Threads that ask for a page again and again, some over a kept connection, some over a new one each time."""

    def __init__(self, port: int, path: str = "/setup", count: int = 3):
        self.port, self.path = port, path
        self.answers = 0
        self.failures: list[str] = []
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(count)
        ]

    def _ask(self, keep: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._end.is_set():
            try:
                if connection is None or not keep:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
                connection.request("GET", self.path)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or not body:
                    self.failures.append(f"{answer.status}")
                if answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection = None
            self.answers += 1
            # The processes that start meanwhile want the machine too.
            time.sleep(0.02)

    def more(self, count: int, seconds: float = 120) -> None:
        """Wait until so many more answers have come."""
        target, until = self.answers + count, time.monotonic() + seconds
        while self.answers < target:
            assert time.monotonic() < until, f"only {self.answers} of {target} answers"
            time.sleep(0.02)

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(60)


def children(process: int) -> set[int]:
    try:
        return {int(each) for each in Path(CHILDREN.format(process)).read_text().split()}
    except FileNotFoundError:
        return set()


def wait_for(true: Callable[[], object], what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """How processes come and go does not depend on the kind of database."""
    with databases.fresh("sqlite", tmp_path) as made:
        yield made.settings


@contextmanager
def site(settings: Settings, **more: str) -> Iterator[tuple[Running, int]]:
    """A site of two processes, and its port."""
    arguments = ("serve", "--port", "0", "--workers", "2")
    with running(*arguments, environ=environment(settings) | more, cwd=settings.data) as process:
        port = int(process.line().rpartition(":")[2])
        wait_for(lambda: len(children(process.process.pid)) == 2, "the start of both processes")
        yield process, port


def test_a_new_program_that_cannot_start_leaves_the_old_one_at_work(settings: Settings) -> None:
    with site(settings) as (process, port), Visitors(port) as visitors:
        before = children(process.process.pid)
        # What a new program reads when it starts, and a running one does not.
        (settings.data / "parlour.toml").write_text("nonsense = 1\n")
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(children(process.process.pid)) == 3, "the start of the new program")
        wait_for(lambda: children(process.process.pid) == before, "its end")
        visitors.more(10)
    assert visitors.failures == []


def test_a_new_program_takes_over_without_a_failed_request(settings: Settings) -> None:
    """The control comes last: the same visitors notice when processes are killed."""
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(f"{settings.data}/systemd")
    told.setblocking(False)
    with told, site(settings, NOTIFY_SOCKET=f"{settings.data}/systemd") as (process, port):
        with Visitors(port) as visitors:
            visitors.more(10)
            before = children(process.process.pid)
            process.process.send_signal(signal.SIGHUP)
            assert process.line(120) == f"Parlour is at http://localhost:{port}"
            (successor,) = children(process.process.pid) - before
            assert process.process.wait(120) == 0
            visitors.more(10)
        assert visitors.failures == []
        said = []
        with suppress(BlockingIOError):
            while True:
                said.append(told.recv(4096).decode())
        assert f"MAINPID={successor}" in said, "systemd must know whom to watch from now on"
        with Visitors(port) as visitors:
            visitors.more(10)
            for each in (successor, *children(successor)):
                os.kill(each, signal.SIGKILL)
            visitors.more(10)
        assert visitors.failures


def test_a_socket_that_somebody_else_holds_outlives_a_restart(settings: Settings) -> None:
    """As systemd does it: the socket is made by others, `systemctl restart` ends one program and starts another."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]

        def start() -> subprocess.Popen[bytes]:
            arguments = ["/bin/sh", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "{PARLOUR}" serve --workers 1']
            return subprocess.Popen(
                arguments,
                env={**os.environ, **environment(settings)},
                stdout=subprocess.DEVNULL,
                preexec_fn=lambda: os.dup2(held.fileno(), 3),
                close_fds=False,
            )

        first = start()
        with Visitors(port) as visitors:
            visitors.more(10)
            first.send_signal(signal.SIGTERM)
            assert first.wait(60) == 0
            second = start()
            visitors.more(10)
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
    assert visitors.failures == []
