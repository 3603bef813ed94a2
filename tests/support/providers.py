"""A real server of somebody else's, in the test's own process: it keeps what it is asked and answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """`status` and `body` are what it answers; `silent` keeps the answer back until `release` is set, `hang_up` loses the
    connection instead of answering, `twice` answers two times, `endless` never stops.
    """

    port: int = 0
    status: int = 200
    body: str = '{"status": "OK", "messages": [{"id": 77}]}'
    location: str = ""
    silent: bool = False
    hang_up: bool = False
    twice: bool = False
    endless: bool = False
    asked: list[Asked] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            provider.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            if provider.silent:
                provider.release.wait(60)
            if provider.hang_up:
                self.connection.close()
                return
            said = provider.body.encode()
            for _time in range(2 if provider.twice else 1):
                self.send_response(provider.status)
                if provider.location:
                    self.send_header("Location", provider.location)
                if not provider.endless:
                    self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
            while provider.endless and not provider.release.is_set():
                try:
                    self.wfile.write(b"x" * 10_000)
                except OSError:
                    return

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_words: Any) -> None:
            """Tests look at what was asked, not at a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    # It looks so often whether it shall end.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.release.set()
        server.shutdown()
        server.server_close()
