"""The server: gunicorn with threads over `parlour.app`, and in each of its processes the relay that does the
jobs. Several processes are forked from one in which the site is put together, and so share its memory.

A restart loses no request. SIGHUP (or SIGUSR2) starts the program anew beside the old one, on the same socket; when it
can be visited it tells the old one to finish what it has and end, and when it cannot start, the old one goes on. A
socket that systemd holds outlives both.
"""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gunicorn import systemd
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from parlour.cli.patient import PatientWorker
from parlour.cli.root import REFUSED, say
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.settings import Settings

if TYPE_CHECKING:
    from pyramid.router import Router

THREADS = 8
# Seconds for requests that are under way when a process is told to end.
GRACE = 30


def run(
    settings: Settings,
    listener: socket.socket | None,
    *,
    workers: int,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve on a socket of `listen`, or on one that was handed to this process, until told to end.

    `announce` is called once, with the site's URL, when it can be visited.
    """
    options = {
        "workers": workers,
        "worker_class": PatientWorker,
        "threads": THREADS,
        "timeout": 120,
        "graceful_timeout": GRACE,
        "keepalive": 5,
        # Filters travel in addresses.
        "limit_request_line": 8190,
        "loglevel": "warning",
        # Whether the browser came by https is the proxy's to say, and a stranger's only without one.
        "forwarded_allow_ips": "*" if settings.trusted_proxies else "",
        "proc_name": "parlour",
        # A door to the processes that nobody here uses.
        "control_socket_disable": True,
        "post_worker_init": _begin(settings, workers, announce or _say),
        "worker_exit": _end,
    }
    if settings.metrics_token or settings.metrics_networks:
        _count_in_files(options)
    # One process alone has nobody to share with: the site is put together in it, and who watches over it stays small.
    shared = put_together(settings) if workers > 1 else None
    if listener is not None:
        # Handed over for good: gunicorn makes a socket of its own of it and closes this one.
        options["bind"] = f"fd://{listener.detach()}"
    # Collecting garbage writes to every object that it looks at, and so would copy what the processes share.
    gc.freeze()
    Site(settings, options, shared).run()


class Site(BaseApplication):  # type: ignore[misc]
    """The site as gunicorn wants it; `shared` is given where it is put together already."""

    def __init__(self, settings: Settings, options: dict[str, Any], shared: Router | None):
        self.settings = settings
        self.options = options
        self.shared = shared
        super().__init__()

    def run(self) -> None:
        Supervisor(self).run()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Called in each process. One that cannot put the site together says why and ends."""
        if self.shared is not None:
            return self.shared
        try:
            return put_together(self.settings)
        except Exception as error:
            say(error)
            sys.exit(Supervisor.APP_LOAD_ERROR)


def put_together(settings: Settings) -> Router:
    """The site over a database that was looked at and, where it was empty, has got its tables.

    Raises Refusal for a database that this code must not touch.
    """
    # Nearly all that is made now stays for good; looking it through again and again took a sixth of the time.
    gc.disable()
    try:
        site = _put_together(settings)
        gc.freeze()
    finally:
        gc.enable()
    return site


def _put_together(settings: Settings) -> Router:
    from parlour.app import make_app
    from parlour.cli.common import make_first_tables, refuse_unfit
    from parlour.db.engine import make_engine
    from parlour.jobs.fit import remember_heads

    engine = make_engine(settings.database_url)
    try:
        make_first_tables(settings, engine)
        refuse_unfit(engine)
        site = make_app(settings, engine=engine)
        remember_heads()
    finally:
        engine.dispose()  # each process has connections of its own
    return site


class Supervisor(Arbiter):  # type: ignore[misc]
    """Watches over the processes. gunicorn's own SIGHUP ends the old processes before the new ones can answer, and keeps
    the code that it began with.
    """

    def handle_hup(self) -> None:
        self.handle_usr2()

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        # The process that could not load the site has said why.
        super().halt(reason, REFUSED if exit_status == self.APP_LOAD_ERROR else exit_status)


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything else is done: who comes early waits. Raises Refusal when it is taken, or when the
    host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a name at all
        listener.close()
        of_port = isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES)
        values = {"host": host, "port": port, "why": getattr(error, "strerror", None) or str(error)}
        if of_port and not isinstance(error, socket.gaierror):
            said = _(
                "Parlour cannot listen on ${host}:${port}: ${why}. Choose another one with --port.",
                mapping=values,
            )
        else:
            said = _(
                "Parlour cannot listen on ${host}:${port}: ${why}. Choose an address of this machine with --host, "
                "or 0.0.0.0 for all of them.",
                mapping=values,
            )
        raise Refusal(said) from error
    listener.set_inheritable(True)
    return listener


def handed_over() -> bool:
    """Whether this process was started with the socket to serve on: by its predecessor, or by systemd."""
    return "GUNICORN_FD" in os.environ or os.environ.get("LISTEN_PID") == str(os.getpid())


def _begin(settings: Settings, workers: int, announce: Callable[[str], None]) -> Callable[[Any], None]:
    """What each process does once the site is put together; the first one says that it can be visited, the last one lets
    the predecessor of all of them end.
    """

    def begin(worker: Any) -> None:
        from parlour.jobs.relay import POLL, start_embedded

        # Who waits for a page already is answered first.
        worker.parlour_relay = start_embedded(settings, after=POLL)
        if worker.age == 1:
            announce(_url_of(worker.sockets[0]))
        predecessor = os.environ.get("GUNICORN_PID")
        if predecessor and worker.age >= workers:
            systemd.sd_notify(f"MAINPID={worker.ppid}", worker.log)
            with suppress(ProcessLookupError):
                os.kill(int(predecessor), signal.SIGTERM)

    return begin


def _url_of(listener: Any) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::', '::1') else host}:{port}"


def _end(_server: Any, worker: Any) -> None:
    """What each process does when its last response has gone out."""
    site = getattr(worker, "wsgi", None)
    if site is not None:
        from parlour.access.accesslog import write_all

        write_all(site.registry)
    relay = getattr(worker, "parlour_relay", None)
    if relay is not None:
        relay.stop(5.0)


def _count_in_files(options: dict[str, Any]) -> None:
    """Make the folder in which the processes count for /metrics, before the first of them counts."""
    folder = tempfile.mkdtemp(prefix="parlour-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    options["child_exit"] = _forget_figures
    options["on_exit"] = lambda _server: shutil.rmtree(folder, ignore_errors=True)


def _forget_figures(_server: Any, worker: Any) -> None:
    """Memory and connections of a process that has ended are nobody's any more; what it has counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _say(url: str) -> None:
    print(f"Parlour is at {url}", flush=True)  # noqa: T201  (the answer of the command)
