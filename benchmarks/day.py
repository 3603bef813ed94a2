"""The page of a day with thirty specialists and three hundred visits, against what it cannot do without.

That is its own statements, run once more by the bare driver, and its own template, rendered once more with what was found. The
rest is ours: who asks, their rights, putting together, and the way through the site.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any
from unittest import mock

import structlog
from pyramid_jinja2 import Jinja2TemplateRenderer
from sqlalchemy import event

from benchmarks.bookings import ZONE, Salon
from benchmarks.run import Measured, _interleaved
from parlour.access.accesslog import write_all
from parlour.app import make_app
from parlour.plugins.bookings.models import Appointment, Line, Skill
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Staff
from parlour.records.write import Change, write

PEOPLE, EACH = 30, 10
# A visit every fifty minutes, of forty-five.
EVERY, LENGTH, OPENS = 50, 45, 9 * 60


def measure(salon: Salon, rounds: int) -> Measured:
    """The columns of the day, as an open page fetches them when something has changed."""
    # Needed for measuring only.
    from parlour.testing import people
    from parlour.testing.browsers import browser_of

    # A line for each page would stand among the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    day = furnish(salon)
    with people.trusted(salon.engine, salon.organisation) as session:
        user = people.add_person(session, "owner")
        session.commit()
    app = make_app(salon.settings, engine=salon.engine)
    browser = browser_of(app, salon.engine, user)
    address = f"/o/{salon.organisation.slug}/bookings/day?date={day.isoformat()}"

    def page() -> int:
        answer = browser.get(address, headers={"X-Fragment": "1"})
        return int(answer.text.count("cal-visit"))

    page()
    # As a server does when it has started: what is there then is looked through for garbage no more.
    gc.freeze()
    with _watching(salon) as seen:
        assert page() >= PEOPLE * EACH
    found = Measured(f"page of a day, {PEOPLE} specialists, {PEOPLE * EACH} visits", PEOPLE * EACH, 2)
    try:
        return _interleaved(found, rounds * 3, page, lambda: _bare(salon, seen))
    finally:
        gc.unfreeze()
        # The database is gone in a moment.
        write_all(app.registry)


def furnish(salon: Salon) -> date:
    """More specialists, and a day beyond all that is stored with a client at each visit."""
    day = salon.first + timedelta(days=12_000)
    with salon.session() as session:
        hours = [{"weekday": str(number), "opens": OPENS, "closes": 18 * 60} for number in range(1, 8)]
        more = [
            Change({"name": f"No. {number}", "hours": hours}) for number in range(PEOPLE - len(salon.staff))
        ]
        staff = [*salon.staff, *write(session, Staff, more).ids]
        write(
            session, Skill, [Change({"staff": one, "item": salon.item}) for one in staff[len(salon.staff) :]]
        )
        named = [Change({"name": f"Client {number}"}) for number in range(PEOPLE * EACH)]
        clients = write(session, Contact, named).ids
        starts = [
            (who, datetime.combine(day, time(), ZONE) + timedelta(minutes=OPENS + place * EVERY))
            for who in staff
            for place in range(EACH)
        ]
        visits = [
            Change({"starts": at, "client": client, "source": "desk"})
            for (_who, at), client in zip(starts, clients, strict=True)
        ]
        made = write(session, Appointment, visits, system=True).ids
        lines = [
            Change({"appointment": visit, "item": salon.item, "staff": who, "minutes": LENGTH})
            for visit, (who, _at) in zip(made, starts, strict=True)
        ]
        write(session, Line, lines, system=True)
        session.commit()
    return day


class _Seen:
    """The statements and the template of one page, to be done again without it."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.rendered: list[tuple[Any, Any, Any]] = []


@contextmanager
def _watching(salon: Salon) -> Iterator[_Seen]:
    seen = _Seen()
    real = Jinja2TemplateRenderer.__call__

    def rendering(renderer: Any, value: Any, system: Any) -> Any:
        seen.rendered.append((renderer, dict(value), dict(system)))
        return real(renderer, value, system)

    def running(_connection: Any, _cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        seen.statements.append((statement, given))

    event.listen(salon.engine, "before_cursor_execute", running)
    try:
        with mock.patch.object(Jinja2TemplateRenderer, "__call__", rendering):
            yield seen
    finally:
        event.remove(salon.engine, "before_cursor_execute", running)


def _bare(salon: Salon, seen: _Seen) -> int:
    driver: Any = salon.plain.raw_connection()
    try:
        cursor = driver.cursor()
        for statement, given in seen.statements:
            cursor.execute(statement, given)
            if cursor.description is not None:
                cursor.fetchall()
    finally:
        driver.rollback()
        driver.close()
    pages = [str(renderer(dict(value), dict(system))) for renderer, value, system in seen.rendered]
    return pages[-1].count("cal-visit")
