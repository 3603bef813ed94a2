"""A web site of the salon's own, beside the demo and on another origin, for plugins that show something on other people's pages.

A plugin's `demo.py` may bring `sample_site(session, site, own)`: the pages of that site by path, given both addresses, each with
the headers that it goes out with. The first plugin that brings one gets the site.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sqlalchemy import Engine

from parlour.access.organisations import all_organisations
from parlour.db.session import Scope, open_session
from parlour.plugin.registry import current


@dataclass(frozen=True)
class Page:
    """What one address of the sample site answers."""

    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


def sample_site(engine: Engine, site: str, own: str) -> Mapping[str, Page] | None:
    """The pages of the salon's web site at `own` for a salon served at `site`; None when no plugin brings any."""
    for item in current().loaded.values():
        make = getattr(item.module("demo"), "sample_site", None)
        if make is None:
            continue
        with open_session(engine) as session:
            session.enter(Scope(all_organisations(session)[0].id))
            pages: Mapping[str, Page] = make(session, site, own)
            session.commit()
        return pages
    return None


def serve(listener: socket.socket, pages: Mapping[str, Page]) -> None:
    """Answer on a socket for as long as the process lives."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            body = (page.html if page else "").encode()
            self.send_response(200 if page else 404)
            for name, value in (page.headers if page else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(listener.getsockname()[:2], Answer, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    threading.Thread(target=server.serve_forever, name="sample-site", daemon=True).start()
