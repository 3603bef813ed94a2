"""What hangs on a row comes as JSON, and is what the columns hold."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import JSON, BigInteger, Boolean, Date, Engine, Numeric, String, literal, select, type_coerce
from sqlalchemy.types import TypeEngine

from parlour.db.base import Moment
from parlour.db.several import decoder
from parlour.plugins.contacts.models import Contact
from parlour.records import attached
from parlour.records.declare import Spec, record_base
from parlour.records.kinds import DateKind, Kind, MoneyKind, TextKind
from parlour.records.registry import Field
from parlour.records.values import Money

TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = some.one_of(
    some.tuples(some.just(String()), TEXT),
    some.tuples(some.just(BigInteger()), some.integers(-(2**63), 2**63 - 1)),
    some.tuples(some.just(Boolean()), some.booleans()),
    some.tuples(some.just(Date()), some.dates()),
    some.tuples(some.just(Moment()), some.datetimes(timezones=some.just(UTC))),
)


@given(VALUES)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_in_json_is_what_the_column_gives(engine: Engine, found: tuple[TypeEngine[Any], Any]) -> None:
    kind, value = found
    with engine.connect() as connection:
        array = attached._array(engine.dialect.name, [literal(value, kind)])
        brought = connection.scalar(select(type_coerce(array, JSON)))
        plain = connection.scalar(select(literal(value, kind)))
    decode = decoder(kind, engine.dialect)
    assert (decode(brought[0]) if decode else brought[0]) == plain == value


def test_lines_of_several_columns_become_their_values(engine: Engine) -> None:
    def inner(name: str, kind: Kind) -> Field:
        return Field(name, kind, name, "core", "column", None, name)

    lines = (inner("price", MoneyKind()), inner("since", DateKind()), inner("note", TextKind()))
    cls = SimpleNamespace(
        price_amount=SimpleNamespace(type=BigInteger()),
        price_currency=SimpleNamespace(type=String(3)),
        since=SimpleNamespace(type=Date()),
        note=SimpleNamespace(type=String()),
    )
    part = Field("prices", Kind(), "Prices", "core", "part", cls, "prices", lines=lines)
    read = attached.reader(part, engine.dialect)
    assert read([[1250, "RUB", "2026-05-04", None], [None, None, None, "free"]]) == [
        {"price": Money(Decimal("12.50"), "RUB"), "since": date(2026, 5, 4), "note": None},
        {"price": None, "since": None, "note": "free"},
    ]
    assert read(None) == []


class Fraction(Kind):
    def columns(self) -> list[tuple[str, TypeEngine[Any]]]:
        return [("", Numeric())]


def test_a_part_with_a_column_that_json_would_round_is_refused() -> None:
    base = record_base("attached")
    share = Spec(Fraction(), "Share", {})
    with pytest.raises(ValueError, match="share"):
        type(
            "Line",
            (base,),
            {"share": share},
            name="attached.line",
            part_of=Contact,
            field="shares",
            title="Shares",
        )
