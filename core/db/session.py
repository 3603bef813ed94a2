"""Sessions that belong to one organisation, and the guards that keep them there.

Layers, from the outside in: a session without a scope refuses every statement; a scoped one adds the
organisation to every ORM statement; the flush guard stamps new rows and refuses foreign ones; statements that
would pass by these (Core tables, text, inserts, bulk methods) are refused; composite foreign keys and
row-level security hold in the database itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection, Dialect, Engine, Result, event
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.orm import ORMExecuteState, SessionTransaction, with_loader_criteria
from sqlalchemy.orm import Session as OrmSession

from parlour.db.base import Scoped, SystemBase
from parlour.db.bulk import insert_all, put_waiting
from parlour.errors import ScopeMissing

log = structlog.get_logger(__name__)

# Execution options by which our own code names what it does. Nothing outside core/db and core/records sets
# them.
SYSTEM = "parlour_system"  # the statement is on tables that belong to no organisation
WRITE_PATH = "parlour_write_path"  # the statement comes from the one write path of records
RAW = "parlour_raw"  # a Core statement that carries the organisation in its own WHERE
KEPT = "parlour_kept"  # the statement is made once and run again and again, with parameters


@dataclass(frozen=True)
class Scope:
    """Whose data a session sees, and for whom it acts. `user_id` None is Parlour itself (jobs, command line)."""

    organisation_id: int
    user_id: int | None = None
    role_ids: tuple[int, ...] = ()
    branch_id: int | None = None
    # Nothing is filtered by access rules: jobs and the operator's command line.
    trusted: bool = False
    # What a token is narrowed to, see `access.scopes`; None for who is not narrowed.
    scopes: frozenset[str] | None = None
    # Nothing may be written: somebody looks at the site as another.
    read_only: bool = False
    # How a change came in: "form", "api", "import", "job", "cli"; kept in the history.
    via: str = "form"
    cache: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Session(OrmSession):
    """A session that enters one organisation at most once and stays there for life."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._scope: Scope | None = None
        self._system = 0

    @property
    def scope(self) -> Scope:
        """The scope, or ScopeMissing: there is no default organisation."""
        if self._scope is None:
            raise ScopeMissing("This session has entered no organisation.")
        return self._scope

    @property
    def scoped(self) -> bool:
        return self._scope is not None

    def enter(self, scope: Scope) -> None:
        """Bind the session to an organisation; a second, different one is refused."""
        if self._scope is not None and self._scope.organisation_id != scope.organisation_id:
            raise ScopeMissing("A session belongs to one organisation for life; open another session.")
        if self._scope is None and any(isinstance(row, Scoped) for row in self):
            raise ScopeMissing("This session already holds scoped rows.")
        told = self._scope is not None
        self._scope = scope
        if self.in_transaction() and not told:
            _tell_database(self, self.connection())

    def begin_nested(self) -> SessionTransaction:
        """A savepoint; what waits to be put in belongs before it."""
        put_waiting(self)
        return super().begin_nested()

    if not TYPE_CHECKING:  # the types are those of SQLAlchemy

        def execute(self, statement: Any, params: Any = None, **more: Any) -> Any:
            """As SQLAlchemy does it; a statement that is made once goes the short way to the database, see `_Made`."""
            if more or not statement.get_execution_options().get(KEPT) or self.info.get("across"):
                return super().execute(statement, params, **more)
            put_waiting(self)
            if self.autoflush:
                self.flush()
            return _made(statement, self.get_bind().dialect).run(self.connection(), self.scope, params or {})

    def raw(self, statement: Any, params: Any = None) -> Any:
        """Run a Core statement that names the organisation itself; the caller answers for that."""
        return self.execute(statement, params, execution_options={RAW: True})

    def _refuse_bulk(self, *_args: Any, **_kwargs: Any) -> Any:
        raise ScopeMissing("Bulk methods pass by the guards; use records.write or add().")

    bulk_save_objects = _refuse_bulk
    bulk_insert_mappings = _refuse_bulk
    bulk_update_mappings = _refuse_bulk


def insert_rows(session: OrmSession, cls: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows of a scoped class that is no record, in one statement; the organisation is stamped here.

    `add()` would cost a statement per row on SQLite, where new numbers cannot be told apart in a batch.
    """
    assert isinstance(session, Session)
    if _is_record(cls) or not issubclass(cls, Scoped):
        raise ScopeMissing(f"{cls.__name__} cannot be inserted like this; records go through records.write.")
    stamped = [{**row, "organisation_id": session.scope.organisation_id} for row in rows]
    insert_stamped(session, cls, stamped)


def insert_stamped(session: Session, cls: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that carry their organisation already; for the write path of records."""
    if session.scope.read_only:
        raise ScopeMissing(_READ_ONLY)
    insert_all(session, cls.__table__, rows, {WRITE_PATH: True})


@contextmanager
def system(session: OrmSession) -> Iterator[None]:
    """Within this block the session may touch tables that belong to no organisation. For named functions of
    the core only.
    """
    assert isinstance(session, Session)
    session._system += 1
    try:
        yield
        session.flush()
    finally:
        session._system -= 1


@contextmanager
def across_organisations(session: OrmSession, reason: str) -> Iterator[None]:
    """The one escape for operators: statements see every organisation, and the log says why.

    On PostgreSQL row-level security still holds, so it needs the owner's connection.
    """
    assert isinstance(session, Session)
    log.warning("across_organisations", reason=reason)
    session.info["across"] = session.info.get("across", 0) + 1
    try:
        yield
    finally:
        session.info["across"] -= 1


def _tell_database(session: Session, connection: Connection) -> None:
    """Tell row-level security whose transaction this is; local to the transaction, so the pool never inherits
    it.
    """
    if session.scoped and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT set_config('parlour.organisation', %s, true)", (str(session.scope.organisation_id),)
        )


@event.listens_for(Session, "after_begin")
def _after_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    # A savepoint is within what was told already; rolling back to it takes nothing of that back.
    if not transaction.nested:
        _tell_database(session, connection)


_READ_ONLY = "This session only looks; somebody sees the site as another."


def _is_record(cls: type) -> bool:
    return getattr(cls, "__record__", None) is not None


@event.listens_for(Session, "do_orm_execute")
def _guard_statement(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, Session)
    options = state.execution_options
    if options.get(SYSTEM):
        return
    put_waiting(session)
    # Naming all mappers of a wide SELECT takes as long as compiling it, so the first one is looked at before.
    first = state.bind_mapper
    if first is not None and issubclass(first.class_, SystemBase):
        if all(issubclass(mapper.class_, SystemBase) for mapper in state.all_mappers):
            if not session._system:
                raise ScopeMissing(
                    f"{first.class_.__name__} is reached through named functions of the core only."
                )
            return
    if session.info.get("across"):
        return
    organisation_id = session.scope.organisation_id
    if session.scope.read_only and not state.is_select:
        raise ScopeMissing(_READ_ONLY)
    if not state.is_orm_statement or state.is_from_statement:
        if not (options.get(RAW) or options.get(WRITE_PATH)):
            raise ScopeMissing(
                "Only ORM statements carry the organisation; a Core or text statement was given."
            )
        return
    if state.is_insert or state.is_update or state.is_delete:
        if options.get(WRITE_PATH):
            return
        if any(_is_record(mapper.class_) for mapper in state.all_mappers):
            raise ScopeMissing("Records are changed through records.write only.")
        if state.is_insert or isinstance(state.parameters, Sequence):
            raise ScopeMissing("Bulk statements pass by the guards; use add() or an update with a WHERE.")
    narrow = _narrowed_once if options.get(KEPT) else _narrowed
    state.statement = narrow(state.statement, organisation_id)


def _narrowed(statement: Any, organisation_id: int) -> Any:
    """The statement within the organisation, whatever tables it names and how."""
    return statement.options(
        with_loader_criteria(
            Scoped,
            lambda cls: cls.organisation_id == organisation_id,
            include_aliases=True,
            track_closure_variables=True,
        )
    )


# SQLAlchemy works out anew what a statement is for every object that it has not seen, which takes as long as the rest.
_narrowed_once = lru_cache(maxsize=1000)(_narrowed)


class _Made:
    """A SELECT of columns as SQL for one database, with the organisation as a parameter of it.

    For each time that it is run SQLAlchemy would look up what it has made of it, which costs more than most statements do.
    """

    def __init__(self, statement: Any, dialect: Dialect):
        if dialect.paramstyle == "qmark":
            kind: Any = type(dialect)
            dialect = kind(paramstyle="named")
        made: Any = _narrowed(statement, _ANYBODYS).compile(dialect=dialect)
        whole = made.construct_expanded_state({one.key: None for one in made.binds.values() if one.required})
        self.sql, self.given = whole.statement, whole.parameters
        self.own = [name for name, value in self.given.items() if value == _ANYBODYS]
        if not self.own:
            raise ScopeMissing("A statement that is made once reads tables of organisations.")
        bound = {
            name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in made.binds.items()
        }
        bound |= whole.processors
        self.bound = [(name, process) for name, process in bound.items() if process and name in self.given]
        columns = list(statement.selected_columns)
        read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self.read = [(place, process) for place, process in enumerate(read) if process is not None]
        self.rows = SimpleResultMetaData([column.key for column in columns])

    def run(self, connection: Connection, scope: Scope, params: Mapping[str, Any]) -> Result[Any]:
        given = {**self.given, **params}
        for name in self.own:
            given[name] = scope.organisation_id
        for name, process in self.bound:
            given[name] = process(given[name])
        found: Any = connection.exec_driver_sql(self.sql, given)
        if self.read:
            found = [list(row) for row in found]
            for row in found:
                for place, process in self.read:
                    row[place] = process(row[place])
        return IteratorResult(self.rows, map(tuple, found))


# No organisation has this number; where it stands in a statement is where the organisation belongs.
_ANYBODYS = -(2**62)
_made = lru_cache(maxsize=1000)(_Made)


@event.listens_for(Session, "before_flush")
def _guard_flush(session: Session, context: Any, instances: Any) -> None:
    put_waiting(session)
    if session.scoped and session.scope.read_only and not session._system:
        raise ScopeMissing(_READ_ONLY)
    for row in (
        list(session.new) + [r for r in session.dirty if session.is_modified(r)] + list(session.deleted)
    ):
        if isinstance(row, SystemBase):
            if not session._system:
                raise ScopeMissing(
                    f"{type(row).__name__} is written through named functions of the core only."
                )
            continue
        if not isinstance(row, Scoped):
            continue
        if _is_record(type(row)):
            raise ScopeMissing(f"{type(row).__name__} is a record; change it through records.write.")
        if session.info.get("across"):
            continue
        organisation_id = session.scope.organisation_id
        if row in session.new and row.organisation_id is None:
            row.organisation_id = organisation_id
        history = _loaded_organisation(row)
        if row.organisation_id != organisation_id or history not in (None, organisation_id):
            raise ScopeMissing(f"{type(row).__name__} belongs to another organisation.")


def _loaded_organisation(row: Any) -> int | None:
    """The organisation the row had when it was read, even if somebody has set another one since."""
    from sqlalchemy import inspect

    history = inspect(row).attrs.organisation_id.history
    return history.deleted[0] if history.deleted else None


def open_session(engine: Engine, scope: Scope | None = None) -> Session:
    """A new session on an engine, inside an organisation when a scope is given."""
    session = Session(engine, expire_on_commit=False)
    if scope is not None:
        session.enter(scope)
    return session
