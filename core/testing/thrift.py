"""What tests need not pay for each time: strong hashes, coloured tracebacks, templates and statements compiled anew,
garbage looked for among all that lasts as long as the process.

Nothing of it changes what Parlour answers. A process that a test starts pays for all of it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from jinja2 import Environment
from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache
from webtest import TestApp

from parlour.access import passwords

# Statements of a whole run.
_STATEMENTS: LRUCache[Any, Any] = LRUCache(4000)
_dialects: dict[str, Dialect] = {}


@contextmanager
def spared() -> Iterator[None]:
    """All of it but the statements, for as long as tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=16, parallelism=1))
        # The parser in C, for the forms of every page that is looked at.
        patch.setattr(TestApp, "__init__", partialmethod(TestApp.__init__, parser_features="lxml"))
        patch.setattr(Environment, "compile", _compiled_once(Environment.compile))
        usual = gc.get_threshold()
        gc.set_threshold(10_000, 20, 20)
        yield
        gc.set_threshold(*usual)


# What the code of a template depends on beside its source; another environment's code would say its texts otherwise.
_SYNTAX = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
    "comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix",
    "trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline",
    "optimized", "finalize", "autoescape", "is_async",
)  # fmt: skip


def _compiled_once(compiled: Any) -> Any:
    """Every site that a test puts together has the same templates, in environments that compile alike."""
    known: dict[Any, Any] = {}

    def compile_(self: Environment, source: Any, name: Any = None, filename: Any = None, *more: Any) -> Any:
        if filename is None or more:
            return compiled(self, source, name, filename, *more)
        key = (source, name, filename, tuple(self.extensions), *(getattr(self, each) for each in _SYNTAX))
        if key not in known:
            known[key] = compiled(self, source, name, filename)
        return known[key]

    return compile_


def plain_logs() -> None:
    """Logs as they are before anybody sets them up, without the pictures that `rich` draws of a traceback."""
    structlog.reset_defaults()
    shown = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], shown])


def share_statements(engine: Engine) -> None:
    """Statements are compiled once per process and kind of database, not once per engine: the cache asks for the
    same dialect.
    """
    dialect = _dialects.get(engine.dialect.name)
    if dialect is None:
        engine.connect().close()  # the first connection tells a dialect about its server
        dialect = _dialects.setdefault(engine.dialect.name, engine.dialect)
    engine.dialect = engine.pool._dialect = dialect
    engine.update_execution_options(compiled_cache=_STATEMENTS)
