"""A process of the site that waits for slow visitors without giving them a thread.

gunicorn's threads read requests while they come, so that eight visitors who send a byte now and then keep all eight
threads of a process. Here the loop collects a request until its head and a small body are whole, and only then a
thread works on it. Large bodies are read in threads, against the clock and in half of them at most.
"""

from __future__ import annotations

import functools
import re
import selectors
import socket
import struct
import time
from collections import deque
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

# Seconds for a head and a small body to come in, and for the next bytes of a large one.
WHOLE, NEXT = 10.0, 10.0
# Bytes: the longest head, the largest body that the loop collects, and what a large body must bring each second.
HEAD, SMALL, PACE = 64 * 1024, 64 * 1024, 4 * 1024
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
# Of unknown length, or held back until we ask for it.
_LATER = re.compile(rb"^(transfer-encoding|expect):", re.IGNORECASE | re.MULTILINE)
# Seconds without progress after which a visitor who does not read our answer is given up.
UNREAD = struct.pack("ll", 30, 0)


class Coming(TConn):  # type: ignore[misc]
    """A connection, and what has come of its next request."""

    def __init__(self, *given: Any):
        super().__init__(*given)
        self.initialized = True
        self.paced = Paced(self.sock)
        self.parser = http.get_parser(self.cfg, self.paced, self.client)
        self.begin()

    def begin(self) -> None:
        """Wait for the next request."""
        self.came = bytearray()
        self.until = time.monotonic() + WHOLE

    def take(self) -> bool | None:
        """Take what is there: True when a thread can go on, None to wait for more, False when the visitor has gone."""
        try:
            piece = self.sock.recv(HEAD)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return False
        if not piece:
            return False
        self.came += piece
        end = self.came.find(b"\r\n\r\n")
        if end < 0:
            # The parser says what is wrong with a head that does not end.
            return True if len(self.came) > HEAD else None
        head = bytes(self.came[: end + 2])
        length = _LENGTH.search(head)
        body = int(length[1]) if length else 0
        if body > SMALL or _LATER.search(head):
            self.paced.expect()
            return True
        return True if len(self.came) >= end + 4 + body else None


class Paced:
    """A socket for the parser: reading from it ends when the other side takes too long."""

    def __init__(self, sock: socket.socket):
        self._socket = sock
        self._until: float | None = None
        self.large = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def expect(self) -> None:
        """A large body comes. Its time begins when a thread reads it, however long it has been held back."""
        self.large, self._until = True, None

    def recv(self, size: int) -> bytes:
        left = self._left() if self.large else NEXT
        if left <= 0:
            raise ConnectionResetError("the body came too slowly")
        self._socket.settimeout(min(left, NEXT))
        try:
            piece = self._socket.recv(size)
        except TimeoutError as error:
            raise ConnectionResetError("the body came too slowly") from error
        finally:
            self._socket.settimeout(None)
        if self._until is not None:
            # Time is given for what has come, not for what was announced: a large number costs nobody anything.
            self._until += len(piece) / PACE
        return piece

    def _left(self) -> float:
        moment = time.monotonic()
        if self._until is None:
            self._until = moment + WHOLE
        return self._until - moment


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which get requests that are there already."""

    def __init__(self, *given: Any, **more: Any):
        super().__init__(*given, **more)
        self.coming: set[Coming] = set()
        self._large = 0
        self._waiting: deque[Coming] = deque()

    def accept(self, listener: Any) -> None:
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, UNREAD)
        self.nr_conns += 1
        self._await(Coming(self.cfg, sock, client, listener.getsockname()))

    def on_client_socket_readable(self, conn: Coming, client: Any) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        conn.begin()
        self._await(conn)

    def _await(self, conn: Coming) -> None:
        conn.sock.setblocking(False)
        self.coming.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, functools.partial(self._more, conn))

    def _more(self, conn: Coming, _client: Any = None) -> None:
        whole = conn.take()
        if whole is None:
            return
        self._leave(conn)
        if not whole:
            self._drop(conn)
            return
        conn.parser.unreader.unread(bytes(conn.came))
        if conn.paced.large and self._large >= max(1, self.cfg.threads // 2):
            self._waiting.append(conn)
            return
        self.enqueue_req(conn)

    def enqueue_req(self, conn: Coming) -> None:
        self._large += conn.paced.large
        super().enqueue_req(conn)

    def finish_request(self, conn: Coming, fs: Any) -> None:
        if conn.paced.large:
            conn.paced.large = False
            self._large -= 1
            if self._waiting:
                self.enqueue_req(self._waiting.popleft())
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close who took too long; in a process that is to end, also who has not begun."""
        moment = time.monotonic()
        begun = WHOLE if self.alive else STOP_KEEPALIVE_LINGER
        for conn in list(self.coming):
            if conn.until < moment or (not conn.came and conn.until - WHOLE + begun < moment):
                self._leave(conn)
                self._drop(conn)

    def _leave(self, conn: Coming) -> None:
        self.coming.discard(conn)
        self.poller.unregister(conn.sock)

    def _drop(self, conn: Coming) -> None:
        self.nr_conns -= 1
        conn.close()
