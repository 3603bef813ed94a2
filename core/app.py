"""The site, put together: read `INCLUDES` from top to bottom.

Everything is declared first and committed once, so that two parts which claim the same route or view clash
loudly. A plugin that cannot be taken in is put aside with its reason, and the site is put together without it.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from pyramid.config import Configurator
from pyramid.router import Router
from sqlalchemy import Engine

from parlour.db.engine import make_engine, reader
from parlour.plugin.registry import Plugins, boot
from parlour.settings import Settings, load
from parlour.web.api import for_programs
from parlour.web.contexts import OrganisationContext
from parlour.web.plugin_views import PluginFault, commit

INCLUDES = (
    # What a request is and how it ends.
    "parlour.web.requests",
    "parlour.web.addresses",
    "parlour.web.embedded",
    "parlour.web.limits",
    "parlour.web.transactions",
    "parlour.web.logs",
    "parlour.web.headers",
    "parlour.web.health",
    "parlour.web.metrics",
    "parlour.web.flash",
    # What pages are made of.
    "parlour.web.rendering",
    "parlour.web.static",
    "parlour.web.shell",
    "parlour.web.errors",
    # Who may come in, and through which doors.
    "parlour.web.gate",
    "parlour.access",
    # The core's own pages.
    "parlour.web.pages",
    "parlour.records.pages",
    "parlour.records.importing.views",
    "parlour.records.file_views",
    "parlour.jobs.views",
    # What programs ask.
    "parlour.web.api",
    # Everything else.
    "parlour.web.plugin_views",
)


def main(global_config: Any = None, **given: Any) -> Router:
    """The WSGI application. `given` are settings that win over PARLOUR_* variables and parlour.toml."""
    return make_app(load(**given))


def make_app(settings: Settings, *, engine: Engine | None = None) -> Router:
    """The WSGI application for these settings; loads the plugins of this process.

    `engine` is given by tests and tools that have one already.
    """
    engine = engine or make_engine(settings.database_url)
    plugins = boot(settings, engine=engine)
    while True:
        try:
            with _without_source_lines():
                return _assemble(settings, engine, plugins)
        except PluginFault as wrong:
            plugins.set_aside(wrong.plugin, wrong.fault)


@contextmanager
def _without_source_lines() -> Iterator[None]:
    """Spare Pyramid the text of the lines on which views are declared; file and number are enough for its messages.

    For each of them `inspect` goes through all modules of the process, which took a twelfth of the whole start.
    """
    whole = inspect.getframeinfo

    def frame_info(frame: FrameType, context: int = 1) -> inspect.Traceback:
        code = frame.f_code
        return inspect.Traceback(code.co_filename, frame.f_lineno, code.co_name, [""], 0)

    inspect.getframeinfo = frame_info  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getframeinfo = whole
        linecache.clearcache()


def _assemble(settings: Settings, engine: Engine, plugins: Plugins) -> Router:
    config = Configurator(
        autocommit=False, root_factory=OrganisationContext, package="parlour", introspection=True
    )
    config.registry["parlour.settings"] = settings
    config.registry["parlour.engine"] = engine
    config.registry["parlour.reader"] = reader(engine)
    # Cookies vouch for nothing in the API, so nobody can be tricked into calling it.
    config.set_default_csrf_options(require_csrf=True, callback=lambda request: not for_programs(request))
    for part in INCLUDES:
        config.include(part)
    commit(config, plugins)
    app: Router = config.make_wsgi_app()
    return app
