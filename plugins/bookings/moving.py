"""Moving in: visits come from another system in one file, each with its services, its client and who did it.

Nothing is refused for lack of time: what has been is as it was, and what is to come was promised. Visits that overlap stand
side by side and are told. Nobody gets a message about a visit that comes from a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.models import Appointment, Line, Service
from parlour.plugins.bookings.moving_columns import COLUMNS, Part, at_commas, nth, services_in, split
from parlour.plugins.bookings.occupied import follow, half_written
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.matching import ContactMatcher
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Resource, Staff
from parlour.records.defaults import defaults_of
from parlour.records.importing.along import Along
from parlour.records.importing.convert import Converted
from parlour.records.importing.matching import KeyMatcher, Values
from parlour.records.query import read
from parlour.records.registry import Field, RecordType, record_type
from parlour.records.values import key_of
from parlour.records.write import Change, write

# How long a service of which nobody says it takes.
USUAL = 60
Rows = Sequence[tuple[Converted, dict[str, Any]]]


class VisitMatcher(KeyMatcher):
    """A visit is known by its number in the other system; without one by when it begins, where all that the row says is there."""

    def __init__(self, record: RecordType):
        super().__init__(record, [record.field("code")])

    def weak_keys(self, values: Values) -> set[str]:
        starts = values.get("starts")
        return {f"@{starts.timestamp():.0f}"} if isinstance(starts, datetime) else set()

    def find(self, session: Session, keys: Iterable[str]) -> set[int]:
        wanted = set(keys)
        moments = [
            datetime.fromtimestamp(int(key[1:]), ZoneInfo("UTC"))
            for key in wanted
            if re.fullmatch(r"@\d+", key)
        ]
        found = super().find(session, wanted)
        if moments:
            begun = select(Appointment.id).where(
                Appointment.starts.in_(moments), Appointment.code.is_(None), Appointment.archived_at.is_(None)
            )
            found |= set(session.scalars(begun))
        return found


class Visits(Along):
    """The columns of a file of visits that are no fields of a visit."""

    resolves = frozenset({"client"})
    kept = "services"

    @classmethod
    def columns(cls) -> Sequence[Field]:
        return COLUMNS

    def __init__(self, session: Session, open: Callable[[], int], *, dry_run: bool):
        super().__init__(session, open, dry_run=dry_run)
        self.present = now()
        self.seen: set[str] = set()
        self.zone = defaults_of(session).zone
        self.zones = {row.id: row.zone for row in session.execute(select(Branch.id, Branch.zone))}

    # ---- what a row says

    def prepare(self, rows: Rows) -> None:
        for row, values in rows:
            self._once(row, values)
            self._when(row, values)
        told = [(row, values) for row, values in rows if values]
        self._whose(told)
        self._what(told)

    def _once(self, row: Converted, values: dict[str, Any]) -> None:
        code = key_of(values.get("code") or "")
        if code and code in self.seen:
            row.problems.append(
                (
                    "code",
                    values["code"],
                    _(
                        "This visit stands in the file already. Put its services into one row, semicolons between them."
                    ),
                )
            )
            values.clear()
        self.seen.add(code)

    def _when(self, row: Converted, values: dict[str, Any]) -> None:
        """Date and time of two columns, on the clock of the branch."""
        starts, at = values.get("starts"), values.pop("time", None)
        if not isinstance(starts, datetime):
            # A date that is none has been told already.
            if values and not row.problems:
                row.problems.append(("starts", "", _("This visit does not say when. Give its date.")))
            values.clear()
            return
        if any(problem[0] == "time" for problem in row.problems):
            values.clear()  # not at midnight instead
            return
        if at is not None:
            starts = starts.replace(hour=at // 60, minute=at % 60)
        zone = self.zones.get(values.get("branch") or 0, self.zone)
        if zone != self.zone and "starts" not in row.absolute:
            starts = starts.replace(tzinfo=ZoneInfo(zone))
        values["starts"] = starts

    def _whose(self, rows: Rows) -> None:
        """The clients: who is there by phone or e-mail with a name that fits, or by a name that only one has; others are made."""
        matcher = ContactMatcher(record_type(Contact))
        cards: list[tuple[Converted, dict[str, Any], dict[str, Any]]] = []
        for row, values in rows:
            given, code = values.get("client"), values.pop("client_code", None)
            if isinstance(given, int):
                continue
            values.pop("client", None)
            card = {
                "name": given,
                "code": code,
                "phones": [{"number": values["phone"]}] if values.get("phone") else [],
                "emails": [{"address": values["email"]}] if values.get("email") else [],
            }
            card = {name: value for name, value in card.items() if value}
            if card:
                cards.append((row, values, {**card, **matcher.spelled(card)}))
        keys = {key for *_rest, card in cards for key in matcher.keys(card) or matcher.weak_keys(card)}
        by_key = self._cards(matcher, keys)
        fresh: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        for row, values, card in cards:
            strong = matcher.keys(card)
            near = list({id(one): one for key in strong for one in by_key.get(key, ())}.values())
            same = [one for one in near if "name" not in card or matcher.same(one, card)]
            if not strong:
                same = [one for key in matcher.weak_keys(card) for one in by_key.get(key, ())]
                if len(same) > 1:
                    row.problems.append(
                        (
                            "client",
                            card["name"],
                            _(
                                "${n} clients are called so. Add a column with the phone, or choose one on the visit.",
                                mapping={"n": len(same)},
                            ),
                        )
                    )
                    values.setdefault("visitor", card["name"])
                    continue
            if same:
                found = max(same, key=matcher.better)
            elif set(card) == {"code"}:
                row.problems.append(("client_code", card["code"], _NO_CLIENT))
                continue
            else:
                found = {**card, **matcher.untitled(card)}
                fresh.append((found, []))
            for key in strong or matcher.weak_keys(card):
                if found not in by_key.setdefault(key, []):
                    by_key[key].append(found)
            # What the client's card has, the visit does not say again.
            for name in ("phone", "email"):
                values.pop(name, None)
            found.setdefault("visits", []).append(values)
        if fresh and not self.dry_run:
            made = write(
                self.session,
                Contact,
                [
                    Change({name: value for name, value in card.items() if name != "visits"})
                    for card, _visits in fresh
                ],
                change_set=self.open(),
                system=True,
            )
            for (card, _visits), row_id in zip(fresh, made.ids, strict=True):
                card["id"] = row_id
        for card in {id(one): one for some in by_key.values() for one in some}.values():
            for values in card.pop("visits", ()):
                if card.get("id"):
                    values["client"] = card["id"]

    def _cards(self, matcher: ContactMatcher, keys: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        ids = sorted(matcher.find(self.session, keys)) if keys else []
        record = record_type(Contact)
        wanted = [item for item in record.fields if item.name in _OF_CARDS]
        found: dict[str, list[dict[str, Any]]] = {}
        for card in read(
            self.session,
            record,
            wanted,
            [Contact.id.in_(ids), Contact.archived_at.is_(None)],
            order_by=[Contact.id],
        ):
            for key in matcher.keys(card) | matcher.weak_keys(card):
                found.setdefault(key, []).append(card)
        return found

    def _what(self, rows: Rows) -> None:
        """The services, each with who does it and where, found by their numbers or names."""
        cells = [split(values.get("service")) for _row, values in rows]
        items = self._named(Item, [*cells, *map(at_commas, cells)])
        staff = self._named(Staff, [split(values.get("staff")) for _row, values in rows])
        rooms = self._named(Resource, [split(values.get("resource")) for _row, values in rows])
        for row, values in rows:
            names = services_in(split(values.pop("service", None)), items)
            people = [
                self._one(row, "staff", name, staff, _NO_STAFF) for name in split(values.pop("staff", None))
            ]
            places = [
                self._one(row, "resource", name, rooms, _NO_ROOM)
                for name in split(values.pop("resource", None))
            ]
            minutes, price = values.pop("minutes", None), values.pop("price", None)
            parts = []
            for at, name in enumerate(names or ([None] if people or minutes or price else [])):
                item = self._one(row, "service", name, items, _NO_SERVICE) if name else None
                parts.append(
                    Part(
                        item=item,
                        name=None if item is not None else name,
                        staff=nth(people, at),
                        resource=nth(places, at),
                        # What is said of the whole visit is its first service's where it has several.
                        minutes=minutes if at == 0 and len(names) < 2 else None,
                        price=price if at == 0 else price and type(price)(0 * price.amount, price.currency),
                    )
                )
            if parts:
                values[self.kept] = parts

    def _named(self, cls: Any, names: Iterable[Sequence[str]]) -> dict[str, list[int]]:
        """Ids by the key of a number or a name; a number says more than a name."""
        keys = sorted({key_of(name) for some in names for name in some})
        found: dict[str, list[int]] = {}
        for column in (cls.code_key, cls.name_key):
            rows = self.session.execute(
                select(column, cls.id)
                .where(column.in_(keys), cls.archived_at.is_(None))
                .order_by(column, cls.id)
            ).all()
            some: dict[str, list[int]] = {}
            for key, row_id in rows:
                some.setdefault(key, []).append(row_id)
            found = {**some, **found}
        return found

    def _one(
        self, row: Converted, column: str, name: str, known: Mapping[str, list[int]], unknown: Any
    ) -> int | None:
        ids = known.get(key_of(name), [])
        if len(ids) == 1:
            return ids[0]
        reason = (
            unknown
            if not ids
            else _(
                "${n} are called so. Give each a code on its card, and the code in the file.",
                mapping={"n": len(ids)},
            )
        )
        row.problems.append((column, name, reason))
        return None

    # ---- what is there, and what is written

    def fresh(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {} if values.get("source") else {"source": "import"}
        if not values.get("status"):
            starts = values.get("starts")
            found["status"] = "done" if isinstance(starts, datetime) and starts < self.present else "booked"
        return found

    def standing(self, ids: Collection[int]) -> dict[int, list[Any]]:
        record = record_type(Line)
        wanted = [
            record.field(name)
            for name in ("appointment", "name", "item", "staff", "resources", "minutes", "price")
        ]
        found: dict[int, list[Any]] = {}
        for line in read(
            self.session,
            record,
            wanted,
            [Line.appointment_id.in_(ids), Line.archived_at.is_(None)],
            order_by=[Line.appointment_id, Line.position, Line.id],
        ):
            found.setdefault(line["appointment"], []).append(line)
        return found

    def differs(self, standing: Any, given: Any) -> bool:
        lines = standing or []
        return len(lines) != len(given) or any(
            _says_more(part, line) for part, line in zip(given, lines, strict=True)
        )

    def writing(self, ids: Sequence[int]) -> AbstractContextManager[None]:
        """Visits that move or come back ask for no time of their own while half of it is written."""
        return half_written(self.session, *ids)

    def write(self, change_set: int, rows: Sequence[tuple[int, Any]]) -> dict[int, Any]:
        ids = [row_id for row_id, _parts in rows]
        there = self.standing(ids)
        starts = select(Appointment.id, Appointment.starts).where(Appointment.id.in_(ids))
        begun = {row.id: row.starts for row in self.session.execute(starts)}
        lengths = self._lengths(part.item for _row_id, parts in rows for part in parts or ())
        changes: list[Change] = []
        for row_id, parts in rows:
            if parts is None:
                continue
            lines = there.get(row_id, [])
            for at, part in enumerate(parts):
                line = lines[at] if at < len(lines) else None
                values = _values(part, line, lengths, past=begun[row_id] < self.present)
                if line is None:
                    values |= {"appointment": row_id, "position": at}
                changes.append(Change(values, line["id"] if line else None))
            changes += [Change(id=line["id"], act="delete") for line in lines[len(parts) :]]
        with half_written(self.session, *ids):
            write(self.session, Line, changes, change_set=change_set, system=True)
        follow(self.session, ids, settle=True, anyhow=True, change_set=change_set)
        return self._beside(ids)

    def _lengths(self, items: Iterable[int | None]) -> dict[int | None, int | None]:
        wanted = {item for item in items if item is not None}
        rows = self.session.execute(select(Service.id, Service.minutes).where(Service.id.in_(wanted)))
        return {row[0]: row[1] for row in rows}

    def _beside(self, ids: Sequence[int]) -> dict[int, Any]:
        """Those of the visits to come that had to be put over something else."""
        rows = self.session.execute(
            select(Appointment.id)
            .where(Appointment.id.in_(ids), Appointment.overlap.is_(True), Appointment.starts >= self.present)
            .order_by(Appointment.id)
        )
        return {row.id: _OVERLAPS for row in rows}


def _values(part: Part, line: Any, lengths: Mapping[Any, int | None], *, past: bool) -> dict[str, Any]:
    """The fields of a service of a visit, of one that stands only what the file says."""
    values: dict[str, Any] = {}
    if part.item is not None or line is None:
        values["item"] = part.item
    if part.item is None and part.name:
        values |= {"item": None, "name": part.name[:200]}
    if part.staff is not None or line is None:
        values["staff"] = part.staff
    if part.resource is not None:
        values["resources"] = [part.resource]
    if part.minutes is not None or line is None:
        values["minutes"] = part.minutes or (None if lengths.get(part.item) else USUAL)
    # What nobody has said of a visit that is over cannot be looked up in the price list of today.
    if part.price is not None or (line is None and past):
        values["price"] = part.price
    return values


def _says_more(part: Part, line: Mapping[str, Any]) -> bool:
    return (
        (part.item is not None and part.item != line["item"])
        or (part.item is None and part.name is not None and part.name[:200] != line["name"])
        or (part.staff is not None and part.staff != line["staff"])
        or (part.resource is not None and part.resource not in line["resources"])
        or (part.minutes is not None and part.minutes != line["minutes"])
        or (part.price is not None and part.price != line["price"])
    )


_NO_SERVICE = _(
    "There is no such service; the visit keeps its name. Import the services first, then this file again."
)
_NO_STAFF = _(
    "There is no such specialist; the visit has nobody. Import the specialists first, then this file again."
)
_NO_CLIENT = _("There is no client with this number. Import the clients, then this file again.")
_NO_ROOM = _("There is no such room. Import rooms and equipment, then this file again.")
_OVERLAPS = _(
    "Another visit overlaps, of the same specialist or in the same room. Both stand; move one of them."
)
_OF_CARDS = (
    "kind",
    "name",
    "last_name",
    "first_name",
    "middle_name",
    "legal_name",
    "tax_number",
    "code",
    "phones",
    "emails",
)
record_type(Appointment).along = Visits
record_type(Appointment).matcher = VisitMatcher
