"""Handing a test's PostgreSQL database on to the next test, emptied.

Copying a template writes about a thousand files and dropping the copy waits for a checkpoint; together that took longer
than most tests. A database whose tables are still the template's, but for some that a test has added, is emptied instead. One
that is altered otherwise (migrations, switches of the installation, grants) is dropped.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import chain

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from parlour.testing import postgresql

# Template -> databases that are as good as a new copy of it.
_free: dict[str, list[str]] = defaultdict(list)
# A connection to each of them, which knows their tables by now, and how often they were handed on.
_kept: dict[str, Connection] = {}
_times: Counter[str] = Counter()
# What was deleted stays in the files, and a server that tidies up by itself comes too late or never.
_SWEPT = 20

# Everything about the tables that a test may have changed.
_SHAPE = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
    SELECT concat_ws(' ', relname, relkind, relrowsecurity, relowner, relacl::text) AS line FROM pg_class
     WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, atttypmod, attnotnull)
      FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname, contype, convalidated) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', tablename, policyname, roles::text, cmd, qual) FROM pg_policies WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', name, state, version, ledger::text) FROM core_plugin
) AS lines
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_VERSIONS = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'alembic\\_version\\_%' ORDER BY relname"
# Keys between the tables would ask for an order; a superuser may leave them aside for a moment.
# A table whose file is empty has never had a row; opening each of those took longer than emptying the others.
_EMPTY = """
DO $$
DECLARE one record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT relname FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                  AND relname <> 'core_plugin' AND relname NOT LIKE 'alembic\\_version\\_%'
                  AND (pg_stat_file(pg_relation_filepath(oid))).size > 0
    LOOP
        EXECUTE format('DELETE FROM %I', one.relname);
    END LOOP;
    FOR one IN SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP
        PERFORM setval(format('public.%I', one.sequencename), one.start_value, false);
    END LOOP;
END $$
"""


def take(template: str) -> str | None:
    """A database that is as good as a new copy of the template, or None."""
    return _free[template].pop() if _free[template] and _shape_of(template) else None


def give_back(name: str, template: str) -> None:
    """Empty a database for the next test, or drop it when it is not the template's copy any more."""
    try:
        if name not in _kept:
            _kept[name] = _engine(name).connect()
        connection = _kept[name]
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        if _may_empty() and _is_copy(connection, template):
            connection.execute(text(_EMPTY))
            _times[name] += 1
            if _times[name] % _SWEPT == 0:
                connection.execute(text("VACUUM"))
            _free[template].append(name)
            return
    except SQLAlchemyError:
        pass  # whatever a test did to it, the next one gets another
    _drop(name)


def drop_all() -> None:
    """Called once per test process, after the last test."""
    for name in chain.from_iterable(_free.values()):
        _drop(name)
    _free.clear()


def _drop(name: str) -> None:
    connection = _kept.pop(name, None)
    if connection is not None:
        connection.invalidate()
        connection.close()
    postgresql.drop(name)


def _is_copy(connection: Connection, template: str) -> bool:
    """Whether the tables are the template's, once those are gone that a test has added."""
    shape, tables = _shape_of(template)
    if _shape(connection) == shape:
        return True
    added = [f'"{name}"' for name in _tables(connection) - tables]
    if not added:
        return False
    connection.execute(text(f"DROP TABLE {', '.join(added)} CASCADE"))
    return _shape(connection) == shape


@cache
def _shape_of(template: str) -> tuple[str, frozenset[str]]:
    engine = _engine(template)
    try:
        with engine.connect() as connection:
            return _shape(connection), _tables(connection)
    finally:
        # A database that somebody is connected to cannot be copied.
        engine.dispose()


def _tables(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(text(_TABLES)).scalars())


def _shape(connection: Connection) -> str:
    shape = str(connection.execute(text(_SHAPE)).scalar_one())
    tables = connection.execute(text(_VERSIONS)).scalars().all()
    if not tables:
        return shape
    # In one question: there is one such table for each plugin.
    each = (f"SELECT '{table}', version_num FROM \"{table}\"" for table in tables)
    versions = connection.execute(text(" UNION ALL ".join(each)))
    return f"{shape} {sorted(map(tuple, versions))}"


@cache
def _may_empty() -> bool:
    server = postgresql.server()
    assert server is not None
    with server.connect() as connection:
        asked = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(connection.execute(asked).scalar_one())


def _engine(name: str) -> Engine:
    server = postgresql.server()
    assert server is not None
    return create_engine(
        server.url.set(database=name),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"options": "-c synchronous_commit=off"},
    )
