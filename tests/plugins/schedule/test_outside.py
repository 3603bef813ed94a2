"""Calendars outside are read: who is busy there is not offered here, and nothing that goes wrong there frees anybody."""

from __future__ import annotations

import threading
import time as time_
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from parlour import outgoing
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.jobs import enqueue
from parlour.jobs.messages import restored
from parlour.plugins.schedule import outside
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Busy, Calendar, Reading, Resource, Staff
from parlour.plugins.schedule.services import Segment, Taken, free_time, occupy, uncovered
from parlour.records.history import undo
from parlour.records.registry import record_type
from parlour.records.removal import archive, delete
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from tests.plugins.schedule.test_ical import file
from tests.support.providers import Provider, serving

WEEK = [{"weekday": str(number), "opens": "0:00", "closes": "0:00"} for number in range(1, 8)]


def tomorrow(hour: int) -> datetime:
    return datetime.combine(now().date() + timedelta(days=1), time(hour), UTC)


def event(uid: str, hour: int, *, hours: int = 1, more: str = "") -> str:
    begin = tomorrow(hour)
    return f"UID:{uid}\nDTSTART:{begin:%Y%m%dT%H%M%SZ}\nDURATION:PT{hours}H\n{more}"


@dataclass
class Outside:
    """A calendar at a server of somebody else's, and what becomes of it here."""

    engine: Engine
    settings: Settings
    session: Session
    server: Provider

    def put(self, *events: str) -> None:
        self.server.body = file(*events)

    def join(self, **values: Any) -> int:
        given = {"url": f"{self.server.url}/private.ics", "label": "Private", **values}
        made = save(self.session, Calendar, given)
        self.work()
        return made

    def work(self) -> list[str | None]:
        self.session.commit()
        done = run_due(self.engine, self.settings)
        return [state for name, state in done if name == outside.READ]

    def again(self) -> list[str | None]:
        enqueue(self.session, "schedule.read_calendars")
        return self.work()

    def busy(self, **whose: int) -> list[int]:
        """The hours of tomorrow at which what is busy begins."""
        statement = select(Busy.starts).where(Busy.source == "schedule.calendar").filter_by(**whose)
        return sorted(moment(start).hour for start in self.session.scalars(statement))

    def reading(self, calendar: int) -> Reading:
        self.session.expire_all()
        return self.session.scalars(select(Reading).where(Reading.calendar_id == calendar)).one()

    def problem(self, calendar: int) -> str:
        kept = restored(self.reading(calendar).problem)
        return kept.interpolate() if kept is not None else ""

    def ids(self) -> list[int]:
        return sorted(self.session.scalars(select(Busy.id)))


@pytest.fixture(scope="module")
def _server() -> Iterator[Provider]:
    with serving() as made:
        yield made


@pytest.fixture
def there(engine: Engine, settings: Settings, session: Session, _server: Provider) -> Outside:
    fresh = Provider(port=_server.port)
    vars(_server).update(vars(fresh))
    return Outside(engine, replace(settings, outgoing_private=True), session, _server)


@pytest.fixture
def anna(session: Session) -> int:
    return save(session, Staff, {"name": "Anna", "hours": WEEK})


def free(session: Session, staff: int) -> list[int]:
    """The hours of tomorrow at which the specialist is free."""
    start = minutes(tomorrow(0))
    found = free_time(session, start, start + 1440, staff=[staff]).staff[staff]
    return [hour for hour in range(24) if any(a <= start + hour * 60 < b for a, b in found)]


def test_who_is_busy_outside_is_not_free_here(there: Outside, session: Session, anna: int) -> None:
    there.put(event("1", 10), event("2", 15, hours=2))
    calendar = there.join(staff=anna)
    assert there.busy(staff_id=anna) == [10, 15]
    assert [hour for hour in range(24) if hour not in free(session, anna)] == [10, 15, 16]
    assert there.reading(calendar).stretches == 2
    asked = there.server.asked[0]
    assert (asked.method, asked.headers["Accept"]) == ("GET", "text/calendar")
    begin = minutes(tomorrow(10))
    with pytest.raises(Taken):
        occupy(session, "tests.visit", {1: [Segment(begin, begin + 30, staff=anna)]})


def test_reading_the_same_again_changes_nothing_and_what_changes_is_followed(
    there: Outside, session: Session, anna: int
) -> None:
    there.put(event("1", 10), event("2", 15))
    there.join(staff=anna)
    before = there.ids()
    assert there.again() == ["done"]
    assert there.ids() == before
    there.put(event("2", 15), event("3", 18))
    there.again()
    assert there.busy() == [15, 18]
    assert len(set(there.ids()) & set(before)) == 1


def test_a_visit_that_stands_keeps_its_time_and_one_may_be_forced_over(
    there: Outside, session: Session, anna: int
) -> None:
    begin = minutes(tomorrow(10))
    occupy(session, "tests.visit", {1: [Segment(begin, begin + 60, staff=anna)]})
    there.put(event("1", 10), event("2", 12))
    there.join(staff=anna)
    assert there.busy() == [10, 12]
    noon = minutes(tomorrow(12))
    occupy(session, "tests.visit", {2: [Segment(noon, noon + 60, staff=anna)]}, force=True)
    assert there.again() == ["done"]
    mine = select(func.count()).select_from(Busy).where(Busy.source == "tests.visit")
    assert session.scalar(mine) == 2


def test_a_room_that_is_used_elsewhere_has_room_for_nobody(there: Outside, session: Session) -> None:
    room = save(session, Resource, {"name": "Hall", "capacity": 3})
    there.put(event("1", 10))
    there.join(resource=room)
    start = minutes(tomorrow(0))
    found = free_time(session, start, start + 1440, resources=[room])
    assert found.resource(room) == [(start, start + 600), (start + 660, start + 1440)]


def test_a_calendar_that_is_gone_or_broken_frees_nobody_and_says_so(
    there: Outside, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.put(event("1", 10))
    calendar = there.join(staff=anna)
    read_at = there.reading(calendar).read_at
    monkeypatch.setattr(outside, "LIMIT", 10_000)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"status": 404}, "answered 404"),
        ({"status": 200, "body": "<html>Sign in</html>"}, "no calendar at this address"),
        ({"body": "BEGIN:VCALENDAR\r\n" + "X-NOTHING:x\r\n" * 1000}, "larger than"),
        ({"hang_up": True}, "did not answer in time"),
    )
    for values, said in wrong:
        vars(there.server).update(values)
        assert there.again() == ["done"]
        assert there.busy() == [10]
        assert said in there.problem(calendar)
        assert there.reading(calendar).read_at == read_at
        assert there.reading(calendar).tried_at > read_at


def test_a_server_that_says_nothing_is_left_after_a_while(
    there: Outside, session: Session, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "LONGEST", 1)
    there.server.silent = True
    calendar = save(session, Calendar, {"url": f"{there.server.url}/private.ics", "staff": anna})
    session.commit()
    worker = threading.Thread(target=run_due, args=(there.engine, there.settings))
    worker.start()
    while not there.server.asked:
        time_.sleep(0.01)
    # Nobody waits for the database meanwhile.
    save(session, Staff, {"name": "Boris"})
    session.commit()
    assert worker.is_alive()
    worker.join(10)
    there.server.release.set()
    assert "did not answer in time" in there.problem(calendar)


def test_our_own_network_is_not_asked(there: Outside, anna: int) -> None:
    there.settings = replace(there.settings, outgoing_private=False)
    there.put(event("1", 10))
    calendar = there.join(staff=anna)
    assert there.busy() == []
    assert "private network" in there.problem(calendar)
    assert there.server.asked == []


def test_entries_that_are_not_understood_are_counted(there: Outside, anna: int) -> None:
    there.put(event("1", 10), "UID:2\nDTSTART:yesterday")
    calendar = there.join(staff=anna)
    assert there.busy() == [10]
    assert there.problem(calendar) == "Entries that were not understood: 1."
    assert there.reading(calendar).read_at == there.reading(calendar).tried_at


def test_a_calendar_that_is_paused_archived_deleted_or_brought_back(
    there: Outside, session: Session, anna: int
) -> None:
    there.put(event("1", 10))
    calendar = there.join(staff=anna)
    save(session, Calendar, {"paused": True}, row_id=calendar)
    assert there.busy() == []
    save(session, Calendar, {"paused": False}, row_id=calendar)
    there.work()
    assert there.busy() == [10]
    archive(session, record_type(Calendar), [calendar])
    assert there.busy() == []
    assert there.again() == []
    archive(session, record_type(Calendar), [calendar], restore=True)
    there.work()
    assert there.busy() == [10]
    gone = delete(session, record_type(Staff), [anna])
    assert there.busy() == []
    undo(session, gone.change_set)
    there.work()
    assert there.busy() == [10]


def test_a_calendar_says_whose_time_it_takes_and_where_it_lies(session: Session, anna: int) -> None:
    hall = save(session, Resource, {"name": "Hall"})
    for values, field in (
        ({"url": "https://example.com/a.ics", "staff": anna, "resource": hall}, "resource"),
        ({"url": "calendar", "staff": anna}, "url"),
        ({"url": "file:///etc/passwd", "staff": anna}, "url"),
    ):
        with pytest.raises(Invalid) as refused:
            save(session, Calendar, values)
        assert list(refused.value.errors[0]) == [field]
    nobodys = save(session, Calendar, {"url": "https://example.com/a.ics"})
    assert nobodys not in outside.active(session)
    made = save(session, Calendar, {"url": "webcal://example.com/a.ics", "staff": anna})
    row = session.execute(select(Calendar.name, Calendar.url).where(Calendar.id == made)).one()
    assert tuple(row) == ("Anna · example.com", "https://example.com/a.ics")


def test_what_is_busy_outside_is_no_visit_that_somebody_has_to_decide_about(
    there: Outside, session: Session
) -> None:
    away = save(session, Staff, {"name": "Anna"})
    there.put(event("1", 10))
    there.join(staff=away)
    found = uncovered(session, [away], until=minutes(tomorrow(23)))
    assert {one.source for one in found} <= {"schedule.calendar"}
