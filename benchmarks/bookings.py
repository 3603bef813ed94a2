"""Slots and bookings: all times of 30 days for ten specialists in a salon with many visits, and many clients who book at once.

By hand it is one query for what is busy, and intervals subtracted from hours that are known beforehand.
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select, text

from benchmarks.processes import serving
from benchmarks.raw import base, rows
from benchmarks.run import Measured, _interleaved
from benchmarks.salon import Person
from parlour.access.models import Organisation
from parlour.access.organisations import add_organisation
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.engine import make_engine
from parlour.db.session import Scope, Session, open_session
from parlour.migrations import runner
from parlour.plugin import lifecycle
from parlour.plugin.registry import boot, booted
from parlour.plugins.bookings.models import Skill
from parlour.plugins.bookings.offers import Wanted, search
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import DAY, minutes
from parlour.plugins.schedule.models import Staff
from parlour.records.write import Change, save, write
from parlour.settings import Settings

ZONE = ZoneInfo("Europe/Moscow")
PEOPLE, DAYS, STEP, LENGTH = 10, 30, 30, 60
OPENS, CLOSES = 9 * 60, 18 * 60
# Hours of a day, of nine, in which each specialist has a visit.
BUSY = 5
VISITS_EACH = 5
# The most that clients may book with this many seconds at once.
CLIENTS, SECONDS = 8, 4.0
# What comes before that does not count: statements and templates are put together when they are needed first.
WARMING = 2.0


@dataclass
class Salon:
    """A salon with visits around the days that are asked for."""

    settings: Settings
    engine: Engine
    plain: Engine
    organisation: Organisation
    staff: list[int]
    item: int
    first: date

    @property
    def folder(self) -> Path:
        return self.settings.data

    @property
    def organisation_id(self) -> int:
        return self.organisation.id

    def session(self) -> Session:
        return open_session(self.engine, Scope(self.organisation_id, trusted=True, via="cli"))

    def bounds(self) -> tuple[int, int]:
        start = minutes(datetime.combine(self.first, datetime.min.time(), ZONE))
        return start, start + DAYS * DAY

    def dispose(self) -> None:
        self.engine.dispose()
        self.plain.dispose()


def furnish(settings: Settings, visits: int) -> Salon:
    """Make the tables, ten specialists who work every day, and `visits` visits on the days around the month that is asked for."""
    runner.upgrade(settings)
    engine, plain = make_engine(settings.database_url), make_engine(settings.owner_database_url)
    if not booted():
        boot(settings, engine=engine)
    with open_session(engine) as session:
        organisation = add_organisation(session, "Benchmark", region="RU", locale="en")
        for name in ("contacts", "catalog", "schedule", "bookings"):
            lifecycle.enable(session, name)
        save_plugin_settings(session, "bookings", {"window": 730, "holds_per_network": 1000})
        hours = [{"weekday": str(day), "opens": OPENS, "closes": CLOSES} for day in range(1, 8)]
        people = [Change({"name": f"No. {number}", "hours": hours}) for number in range(PEOPLE)]
        staff = write(session, Staff, people).ids
        item = save(
            session, Item, {"name": "Haircut", "prices": [{"price": "1000"}], "bookings_minutes": LENGTH}
        )
        write(session, Skill, [Change({"staff": one, "item": item}) for one in staff])
        session.commit()
    first = datetime.now(ZONE).date() + timedelta(days=2)
    salon = Salon(settings, engine, plain, organisation, staff, item, first)
    fill(salon, 0, visits)
    return salon


def fill(salon: Salon, number: int, visits: int) -> None:
    """Visits with their services and the time that they occupy, as the services of the plugin leave them, and the clients who
    came, each to `VISITS_EACH` of them.

    They lie on the days of the month that is asked for first, then on those around it; `number` are there already, of whole days.
    """
    who = rows.Who(salon.organisation_id, 1, datetime.now(UTC))
    middle = salon.first + timedelta(days=DAYS // 2)
    days = range(number // (PEOPLE * BUSY), -(-visits // (PEOPLE * BUSY)))
    record = {
        "organisation_id": who.organisation_id,
        "version": 1,
        "created_at": who.at,
        "updated_at": who.at,
        "extra": {},
    }
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    for client in range(number // VISITS_EACH + 1, visits // VISITS_EACH + 1):
        person = Person(client)
        found["contacts_contact"].append(rows.contact(who, client, person.name, person.birthday))
        # Not the phones of those who book, whom the salon does not know yet.
        found["contacts_phone"].append(rows.phone(who, client, f"+78{client:09}"))
        if len(found["contacts_contact"]) >= base.BATCH:
            _put(salon, found)
    for day in days:
        random = Random(day)
        away = (day + 1) // 2 * (1 if day % 2 else -1)
        midnight = datetime.combine(middle + timedelta(days=away), datetime.min.time(), ZONE)
        for staff in salon.staff:
            for hour in random.sample(range(OPENS // 60, CLOSES // 60), BUSY):
                if number == visits:
                    break
                number += 1
                starts = midnight + timedelta(hours=hour)
                said = f"{starts:%Y-%m-%d %H:%M}"
                found["bookings_appointment"].append(
                    {
                        **record,
                        "id": number,
                        "name": said,
                        "name_key": said,
                        "client_id": -(-number // VISITS_EACH)
                        if number <= visits // VISITS_EACH * VISITS_EACH
                        else None,
                        "starts": starts.astimezone(UTC),
                        "starts_wall": f"{starts:%Y-%m-%dT%H:%M}",
                        "starts_zone": "Europe/Moscow",
                        "ends": (starts + timedelta(minutes=LENGTH)).astimezone(UTC),
                        "status": "booked",
                        "source": "desk",
                        "overlap": False,
                        "seats": 1,
                        "to_check": False,
                    }
                )
                found["bookings_line"].append(
                    {
                        **record,
                        "id": number,
                        "name": "Haircut",
                        "name_key": "haircut",
                        "appointment_id": number,
                        "item_id": salon.item,
                        "staff_id": staff,
                        "position": 0,
                        "minutes": LENGTH,
                        "offset": 0,
                        "before": 0,
                        "after": 0,
                    }
                )
                found["schedule_busy"].append(
                    {
                        "organisation_id": who.organisation_id,
                        "staff_id": staff,
                        "starts": minutes(starts),
                        "ends": minutes(starts) + LENGTH,
                        "takes": 1,
                        "exclusive": True,
                        "lane": 0,
                        "source": "bookings.appointment",
                        "source_id": number,
                    }
                )
        if len(found["schedule_busy"]) >= base.BATCH:
            _put(salon, found)
    _put(salon, found)
    with salon.plain.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if salon.plain.dialect.name == "postgresql":
            for table in ("contacts_contact", "bookings_appointment", "bookings_line"):
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
                    )
                )
        connection.execute(text("ANALYZE" if salon.plain.dialect.name == "sqlite" else "VACUUM ANALYZE"))


# Clients first, who are linked to.
_TABLES = ("contacts_contact", "contacts_phone", "bookings_appointment", "bookings_line", "schedule_busy")


def _put(salon: Salon, found: dict[str, list[dict[str, Any]]]) -> None:
    with salon.plain.begin() as connection:
        for name, some in found.items():
            base._put(connection, name, some)
            some.clear()


# ---- slots


def slots(salon: Salon) -> list[tuple[int, int]]:
    """All starts of a month with each specialist who can begin then, as the widget and the calendar get them."""
    start, end = salon.bounds()
    with salon.session() as session:
        found = search(session, [Wanted(salon.item)], start, end, by="client").starts()
        return sorted((at, staff) for at, able in found.items() for staff in able)


def slots_by_hand(salon: Salon) -> list[tuple[int, int]]:
    """The same with one query, for hours that stand in the program."""
    start, end = salon.bounds()
    there = base.table("schedule_busy").c
    statement = (
        select(there.staff_id, there.starts, there.ends)
        .where(
            there.organisation_id == salon.organisation_id,
            there.staff_id.in_(salon.staff),
            there.starts > start - DAY,
            there.starts < end,
            there.ends > start,
        )
        .order_by(there.staff_id, there.starts)
    )
    busy: dict[int, list[tuple[int, int]]] = {staff: [] for staff in salon.staff}
    with salon.plain.connect() as connection:
        for staff, begin, finish in connection.execute(statement):
            busy[staff].append((begin, finish))
    found = []
    for staff, taken in busy.items():
        at = 0
        for day in range(start, end, DAY):
            free, closes = day + OPENS, day + CLOSES
            while True:
                while at < len(taken) and taken[at][1] <= free:
                    at += 1
                until = min(closes, taken[at][0]) if at < len(taken) else closes
                grid = day + OPENS + -(-(free - day - OPENS) // STEP) * STEP
                found += [(begin, staff) for begin in range(grid, until - LENGTH + 1, STEP)]
                if at == len(taken) or taken[at][1] >= closes or until == closes:
                    break
                free = taken[at][1]
    return sorted(found)


def measure(
    settings: Settings, visits: int, rounds: int
) -> tuple[list[Measured], dict[str, Any], dict[str, Any] | None]:
    """Slots against the same by hand with few visits stored and with all, and the page of a day; how slots grow; and, on
    PostgreSQL, how many bookings a second two processes take.
    """
    from benchmarks import day

    few = min(visits, PEOPLE * BUSY * DAYS)
    salon = furnish(settings, few)
    try:
        small = _slots(salon, few, rounds)
        fill(salon, few, visits)
        large = _slots(salon, visits, rounds)
        # By hand they grow as well, if the machine is busier than before.
        grown = {
            "task": f"slots, {few:,} to {visits:,} visits stored",
            "times": round(statistics.median(large.parlour) / statistics.median(small.parlour), 2),
            "by_hand": round(statistics.median(large.plain) / statistics.median(small.plain), 2),
            "target": 1.5,
        }
        # The page adds specialists, so it comes last.
        booked = _bookings(salon)
        return [small, large, day.measure(salon, rounds)], grown, booked
    finally:
        salon.dispose()


def _slots(salon: Salon, visits: int, rounds: int) -> Measured:
    return _interleaved(
        Measured(f"slots of {DAYS} days, {PEOPLE} specialists", visits, 3),
        rounds * 3,
        lambda: slots(salon),
        lambda: slots_by_hand(salon),
    )


# ---- bookings


def _bookings(salon: Salon) -> dict[str, Any] | None:
    """Clients who book by HTTP, eight at a time, each a free time of some specialist; and who was booked twice (nobody)."""
    if salon.plain.dialect.name == "sqlite":
        return None
    free = iter(slots(salon))
    taken: set[tuple[int, int]] = set()
    wishes: list[tuple[int, int]] = []
    for at, staff in free:
        if not any((at + part, staff) in taken for part in range(-LENGTH + STEP, LENGTH, STEP)):
            taken.add((at, staff))
            wishes.append((at, staff))
    Random(11).shuffle(wishes)
    statuses: list[tuple[float, int]] = []
    numbers = itertools.count()
    with serving(salon, raw=False, workers=2) as server:  # type: ignore[arg-type]
        address = f"/api/v1/public/{salon.organisation.slug}/bookings/appointments"
        queue: Iterator[tuple[int, int]] = iter(wishes)
        lock = threading.Lock()
        began = time.perf_counter() + WARMING
        end = began + SECONDS

        def client() -> None:
            parts = urlsplit(server.url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
            while time.perf_counter() < end:
                with lock:
                    wish, number = next(queue, None), next(numbers)
                if wish is None:
                    return
                at, staff = wish
                body = {
                    "start": datetime.fromtimestamp(at * 60, UTC).isoformat(),
                    "services": [{"service": salon.item, "staff": staff}],
                    "client": {"name": f"Client {number}", "phone": f"+79{number:09}"},
                    "consents": ["data"],
                }
                connection.request("POST", address, json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                statuses.append((time.perf_counter(), answer.status))

        threads = [threading.Thread(target=client) for _number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    booked = sum(began <= at <= end and status == 201 for at, status in statuses)
    return {
        "task": f"bookings by HTTP, {CLIENTS} clients, 2 processes",
        "per_second": round(booked / SECONDS, 1),
        "target": 150,
        "booked": booked,
        "refused": sum(status != 201 for _at, status in statuses),
        "doubled": _doubled(salon),
    }


def _doubled(salon: Salon) -> int:
    """Pairs of visits of one specialist that share time."""
    statement = (
        "SELECT count(*) FROM schedule_busy AS one JOIN schedule_busy AS other ON one.staff_id = other.staff_id"
        " AND one.id < other.id AND one.starts < other.ends AND other.starts < one.ends"
        " AND other.starts > one.starts - 1440"
    )
    start, end = salon.bounds()
    with salon.plain.connect() as connection:
        return int(
            connection.execute(
                text(f"{statement} WHERE one.starts BETWEEN :start AND :end"), {"start": start, "end": end}
            ).scalar_one()
        )
