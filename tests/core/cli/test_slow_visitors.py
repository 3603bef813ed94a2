"""Visitors who send a byte now and then keep nobody else waiting. With real sockets, against a process of eight threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parlour.cli.patient import PACE, Paced
from parlour.cli.server import THREADS
from parlour.settings import Settings
from parlour.testing import databases
from tests.core.cli.process import environment, running

# gunicorn's own worker in the place of ours.
PLAIN = (
    "from gunicorn.workers.gthread import ThreadWorker; from parlour.cli import server, main;"
    " server.PatientWorker = ThreadWorker; main()"
)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """How requests come in does not depend on the kind of database."""
    with databases.fresh("sqlite", tmp_path) as made:
        yield made.settings


@contextmanager
def dripping(port: int, begun: bytes) -> Iterator[None]:
    """Many connections that begin a request and go on with a byte a second, or end when the site closes them."""
    end = threading.Event()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _number in range(THREADS * 3)]
    for each in sockets:
        each.sendall(begun)

    def drip() -> None:
        while not end.wait(1.0):
            for each in sockets:
                try:
                    each.send(b"x")
                except OSError:
                    continue

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        for each in sockets:
            each.close()


def answered(port: int, seconds: float) -> bool:
    """Whether an ordinary visitor gets an answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as visitor:
        visitor.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try:
            return visitor.recv(15) == b"HTTP/1.1 200 OK"
        except TimeoutError:
            return False


HEAD = b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
SMALL = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
LARGE = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"


def test_slow_heads_and_bodies_keep_nobody_waiting(settings: Settings) -> None:
    with running("serve", "--port", "0", "--workers", "1", environ=environment(settings)) as site:
        port = int(site.line().rpartition(":")[2])
        for begun in (HEAD, SMALL, LARGE):
            with dripping(port, begun):
                time.sleep(1.5)
                for _number in range(5):
                    assert answered(port, 60), begun
        # A request in two pieces is one request, and a kept connection takes several.
        with socket.create_connection(("127.0.0.1", port), timeout=60) as visitor:
            for _number in range(2):
                visitor.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
                time.sleep(0.2)
                visitor.sendall(b"alhost\r\n\r\n")
                assert b'{"alive":true}' in whole(visitor)
            # What is far too large is refused by its head alone.
            visitor.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n")
            assert visitor.recv(12) == b"HTTP/1.1 413"
        assert site.end() == 0


def whole(visitor: socket.socket) -> bytes:
    came = b""
    while not came.endswith(b"}"):
        came += visitor.recv(4096)
    return came


class Clocked:
    """A socket on which so many bytes come each second, of a clock that stands still otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pace: int):
        self.pace, self.at = pace, 1000.0
        monkeypatch.setattr("parlour.cli.patient.time.monotonic", lambda: self.at)

    def settimeout(self, seconds: float | None) -> None:
        pass

    def recv(self, size: int) -> bytes:
        self.at += 1
        return b"x" * min(self.pace, size)


@pytest.mark.parametrize(
    ("pace", "taken"), [(20, False), (PACE // 2, False), (PACE, True), (20 * PACE, True)]
)
def test_a_large_body_comes_at_the_pace_or_is_given_up(
    monkeypatch: pytest.MonkeyPatch, pace: int, taken: bool
) -> None:
    """However much was announced. It may have been held back for an hour before a thread reads it."""
    sock = Clocked(monkeypatch, pace)
    paced = Paced(sock)  # type: ignore[arg-type]
    paced.expect()
    sock.at += 3600
    came = 0
    try:
        while came < 5_000_000:
            came += len(paced.recv(1 << 20))
    except ConnectionResetError:
        assert came < 100_000
    assert (came >= 5_000_000) is taken


def test_without_patience_they_do(settings: Settings) -> None:
    """The control: the same visitors before gunicorn's own worker."""
    with running("serve", "--port", "0", "--workers", "1", environ=environment(settings), code=PLAIN) as site:
        port = int(site.line().rpartition(":")[2])
        assert answered(port, 60)
        with dripping(port, HEAD):
            time.sleep(1.5)
            assert not answered(port, 3)
