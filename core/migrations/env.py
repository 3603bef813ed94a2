"""Alembic's environment for every owner. The runner brings the connection, its transaction and the owner's
name.
"""

from __future__ import annotations

from alembic import context

from parlour.migrations.compare import context_options

_given = context.config.attributes
if "connection" not in _given:
    raise SystemExit(
        "Run `parlour db upgrade` instead of alembic: each plugin has a version table of its own."
    )

context.configure(connection=_given["connection"], **context_options(_given["owner"]))
with context.begin_transaction():
    context.run_migrations()
