"""The columns of a file of visits that are no fields of a visit, and what stands in their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parlour.i18n import _
from parlour.plugins.bookings.models import MAX_MINUTES
from parlour.plugins.schedule.kinds import clock
from parlour.records import declare
from parlour.records.registry import Field
from parlour.records.values import key_of

_APART = re.compile(r"\s*[;\n]\s*")


@dataclass(frozen=True)
class Part:
    """A service of a visit as a file tells it. `name` is there when the catalogue does not know it; None is what was not said."""

    item: int | None
    name: str | None
    staff: int | None
    resource: int | None
    minutes: int | None
    price: Any


def _column(name: str, spec: Any) -> Field:
    return declare.input_field("bookings", name, spec)


COLUMNS = (
    _column(
        "client_code",
        declare.text(
            _("Number of the client"),
            max_length=60,
            aliases=("код клиента", "номер клиента", "id клиента", "client id", "customer id"),
        ),
    ),
    _column("time", clock(_("Time"), aliases=("время", "время начала", "start time"))),
    _column(
        "service",
        declare.text(
            _("Services"),
            max_length=2000,
            multiline=True,
            aliases=("услуга", "услуги", "service", "services", "treatment"),
        ),
    ),
    _column(
        "staff",
        declare.text(
            _("Specialists"),
            max_length=1000,
            aliases=(
                "мастер",
                "мастера",
                "сотрудник",
                "специалист",
                "исполнитель",
                "employee",
                "specialist",
                "staff",
            ),
        ),
    ),
    _column(
        "resource",
        declare.text(
            _("Rooms and equipment"),
            max_length=1000,
            aliases=("кабинет", "ресурс", "помещение", "room", "resource"),
        ),
    ),
    _column(
        "minutes",
        declare.integer(
            _("Duration, minutes"),
            minimum=1,
            maximum=MAX_MINUTES,
            aliases=("длительность", "продолжительность", "duration", "minutes"),
        ),
    ),
    _column(
        "price",
        declare.money(
            _("Price"), aliases=("цена", "стоимость", "сумма", "итого", "price", "amount", "total")
        ),
    ),
)


def split(text: str | None) -> list[str]:
    return [part for part in _APART.split((text or "").strip()) if part]


def at_commas(names: Sequence[str]) -> list[str]:
    """What a cell without semicolons may mean besides."""
    return [part.strip() for part in names[0].split(",") if part.strip()] if len(names) == 1 else []


def services_in(names: list[str], known: Mapping[str, list[int]]) -> list[str]:
    """The services in a cell: with semicolons between them, or with commas where each part is one."""
    apart = at_commas(names)
    whole = len(names) != 1 or key_of(names[0]) in known
    return names if whole or not all(key_of(part) in known for part in apart) else apart


def nth(found: Sequence[Any], at: int) -> Any:
    """The one at a place; who is named once does all of it."""
    if len(found) == 1:
        return found[0]
    return found[at] if at < len(found) else None
