"""Several questions in one journey to the database.

A journey and the work around a statement cost more than most questions do. Each question becomes one column with an array in
JSON, which the database puts together; `ask` gives its rows as if it had been asked alone. Questions are ORM statements and stay
within the organisation as every other one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Text, bindparam, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from parlour.db.session import KEPT, Session

Decoder = Callable[[Any], Any]


class Several:
    """Questions by name, with parameters in place of all that differs from one time to the next: it is made once and kept."""

    def __init__(self, **questions: Any):
        self.questions = questions
        self._made: dict[str, tuple[Any, list[list[tuple[int, Decoder]]]]] = {}

    def ask(self, session: Session, **parameters: Any) -> dict[str, Sequence[Sequence[Any]]]:
        """The rows of each question, in its order."""
        dialect = session.get_bind().dialect
        if dialect.name not in self._made:
            self._made[dialect.name] = self._make(dialect)
        statement, decoders = self._made[dialect.name]
        answer = session.execute(statement, parameters).one()
        found: dict[str, Sequence[Sequence[Any]]] = {}
        for name, rows, some in zip(self.questions, answer, decoders, strict=True):
            for row in rows or () if some else ():
                for at, decode in some:
                    if row[at] is not None:
                        row[at] = decode(row[at])
            found[name] = rows or ()
        return found

    def _make(self, dialect: Dialect) -> tuple[Any, list[list[tuple[int, Decoder]]]]:
        postgresql = dialect.name == "postgresql"
        build = func.json_build_array if postgresql else func.json_array
        gather = func.json_agg if postgresql else func.json_group_array
        columns, decoders = [], []
        for question in self.questions.values():
            found = list(question.selected_columns)
            if _plain(question, found):
                lines = gather(build(*found), type_=JSON)
                columns.append(
                    question.with_only_columns(lines, maintain_column_froms=True).scalar_subquery()
                )
            else:
                rows = question.subquery()
                lines = gather(build(*rows.c), type_=JSON)
                columns.append(select(lines).select_from(rows).scalar_subquery())
            kinds = [decoder(column.type, dialect) for column in found]
            decoders.append([(at, decode) for at, decode in enumerate(kinds) if decode is not None])
        return kept(select(*columns)), decoders


def _plain(question: Any, columns: Sequence[Any]) -> bool:
    """Whether rows may be gathered where they are found: columns alone, in no order. A short statement is sent sooner."""
    narrowed = question._order_by_clauses or question._limit_clause is not None or question._distinct
    return not narrowed and all(getattr(column, "table", None) is not None for column in columns)


class Numbers(TypeDecorator[Sequence[int]]):
    """A list of whole numbers as one parameter."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class among(FunctionElement[bool]):
    """Whether a column has one of some numbers, given here or as the parameter of a name. However many there are, the statement
    stays the same, so that the database needs to understand it once.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, numbers: str | Sequence[int]):
        given = (
            bindparam(numbers, type_=Numbers())
            if isinstance(numbers, str)
            else bindparam(None, list(numbers), type_=Numbers(), unique=True)
        )
        super().__init__(column, given)


@compiles(among)
def _among(element: Any, compiler: Any, **more: Any) -> str:
    column, numbers = (compiler.process(one, **more) for one in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY ({numbers})"
    return f"{column} IN (SELECT value FROM json_each({numbers}))"


def kept(statement: Any) -> Any:
    """A statement that is made once and run again and again, with parameters: what it is within the organisation is kept too."""
    return statement.execution_options(**{KEPT: True})


def decoder(kind: TypeEngine[Any], dialect: Dialect) -> Decoder | None:
    """What SQLAlchemy does with a value of the column, after days and moments are what the driver would have given."""
    process = kind.dialect_impl(dialect).result_processor(dialect, None)
    if dialect.name != "postgresql" or kind.python_type not in (date, datetime):
        return process
    parse: Callable[[str], Any] = kind.python_type.fromisoformat
    return parse if process is None else lambda text: process(parse(text))
