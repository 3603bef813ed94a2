"""A specialist who is late: as much of their day moves as has to, and everybody concerned is told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from parlour.errors import Refusal
from parlour.i18n import localizer
from parlour.plugins.bookings import services
from parlour.plugins.bookings.groups import book_seats, standing
from parlour.plugins.bookings.late import pushed, run_late
from parlour.plugins.bookings.marks import marks_of
from parlour.plugins.bookings.models import Appointment, Group
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import set_status
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Staff
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from tests.plugins.bookings.conftest import Salon

VISIT = record_type(Appointment)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def ten(monkeypatch: pytest.MonkeyPatch, salon: Salon) -> datetime:
    present = moment(salon.at(10)) - 5 * MINUTE
    for module in ("late", "derived"):
        monkeypatch.setattr(f"parlour.plugins.bookings.{module}.now", lambda: present)
    return present


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def cut(salon: Salon, anna: int) -> int:
    return salon.service("Haircut", 60, by=[anna])


def begins(salon: Salon, visit: int) -> str:
    return f"{salon.visit(visit).starts.astimezone(ZoneInfo(salon.zone)):%H:%M}"


def delay(salon: Salon, visit: int) -> int | None:
    found: int | None = get(salon.session, VISIT, visit)["delay"]
    return found


def test_free_time_takes_up_the_delay(salon: Salon, anna: int, cut: int) -> None:
    visits = [salon.book(hour, Wanted(cut)) for hour in (10, 11, 12.25, 14)]
    done = run_action(salon.session, "schedule.staff", [anna], "late", {"minutes": 20, "tell": False})
    assert [begins(salon, visit) for visit in visits] == ["10:20", "11:20", "12:20", "14:00"]
    assert [delay(salon, visit) for visit in visits] == [None] * 4
    assert [end - start for _who, _room, start, end in salon.busy()] == [60] * 4
    assert done.message.mapping == {"n": 3} and done.change_set is not None
    undo(salon.session, done.change_set)
    assert [begins(salon, visit) for visit in visits] == ["10:00", "11:00", "12:15", "14:00"]


def test_visits_are_only_marked_if_that_is_wanted(salon: Salon, anna: int, cut: int) -> None:
    first, second, third = (salon.book(hour, Wanted(cut)) for hour in (10, 11, 12.25))
    run_action(salon.session, VISIT, [second], "late", {"minutes": 20, "shift": False, "tell": False})
    assert [delay(salon, visit) for visit in (first, second, third)] == [None, 20, 5]
    assert begins(salon, second) == "11:00"
    set_status(salon.session, second, "in_progress")
    assert delay(salon, second) is None


def test_who_stands_in_the_pause_of_another_moves_along(salon: Salon, anna: int, cut: int) -> None:
    colour = salon.service("Colouring", 120, by=[anna], gap_from=30, gap=60)
    outer, inner = salon.book(10, Wanted(colour)), salon.book(10.5, Wanted(cut))
    run_late(salon.session, anna, 25, shift=True, tell=False)
    assert (begins(salon, outer), begins(salon, inner)) == ("10:25", "10:55")


def test_what_another_specialist_is_in_the_way_of_is_marked(salon: Salon, anna: int, cut: int) -> None:
    boris = salon.person("Boris")
    dry = salon.service("Blow-dry", 30, by=[boris])
    chain = salon.book(10, Wanted(cut), Wanted(dry))
    salon.book(11.5, Wanted(dry))
    alone = salon.book(11.25, Wanted(cut))
    done = run_late(salon.session, anna, 45, shift=True, tell=False)
    assert (done.marked, done.moved) == ([chain], [alone])
    assert (begins(salon, chain), delay(salon, chain)) == ("10:00", 45)
    assert begins(salon, alone) == "11:45"


def test_a_session_moves_with_all_who_come_to_it(salon: Salon, anna: int, cut: int) -> None:
    def starts(hour: float) -> datetime:
        return moment(salon.at(hour)).astimezone(ZoneInfo(salon.zone))

    first = salon.book(10, Wanted(cut))
    session = save(salon.session, Group, {"item": cut, "staff": anna, "starts": starts(11), "seats": 5})
    empty = save(salon.session, Group, {"item": cut, "staff": anna, "starts": starts(12)})
    places = [book_seats(salon.session, session, by="staff").id for _n in range(3)]
    services.cancel(salon.session, places[2], by="staff")
    done = run_late(salon.session, anna, 30, shift=True, tell=False)
    assert sorted(done.moved) == [first, *places[:2]] and not done.marked
    assert [begins(salon, visit) for visit in places] == ["11:30", "11:30", "11:00"]
    assert [start for _who, _room, start, _end in salon.busy()] == [
        salon.at(hour) for hour in (10.5, 11.5, 12.5)
    ]
    assert get(salon.session, record_type(Group), empty)["starts"] == starts(12.5)
    undo(salon.session, done.change_set)
    assert [begins(salon, visit) for visit in places[:2]] == ["11:00", "11:00"]
    # Only marked, from one of its visits on: all of them are.
    run_action(salon.session, VISIT, [places[0]], "late", {"minutes": 20, "shift": False, "tell": False})
    assert [delay(salon, visit) for visit in (first, *places)] == [None, 20, 20, None]
    assert standing(salon.session, [session])[session].delay == 20


def test_a_session_that_has_begun_waits_for_nobody(salon: Salon, anna: int, cut: int) -> None:
    starts = moment(salon.at(9.75)).astimezone(ZoneInfo(salon.zone))
    session = save(salon.session, Group, {"item": cut, "staff": anna, "starts": starts})
    here, late = (book_seats(salon.session, session, by="staff").id for _n in range(2))
    assert run_late(salon.session, anna, 5, shift=True, tell=False).moved == [here, late]
    set_status(salon.session, here, "in_progress")
    with pytest.raises(Refusal, match="Nobody waits"):
        run_late(salon.session, anna, 5, shift=True, tell=False)


def test_nobody_is_moved_who_does_not_wait_today(salon: Salon, anna: int, cut: int) -> None:
    begun = salon.book(9, Wanted(cut))
    set_status(salon.session, begun, "in_progress")
    salon.day += timedelta(days=1)
    salon.book(10, Wanted(cut))
    with pytest.raises(Refusal, match="Nobody waits"):
        run_late(salon.session, anna, 15, shift=True, tell=False)
    with pytest.raises(Refusal, match="1 to 240"):
        run_late(salon.session, anna, 0, shift=True, tell=False)


def test_marks_say_who_is_late_and_who_waits(ten: datetime) -> None:
    loc = localizer("en", "Europe/Moscow", "RUB", "RU")

    def said(minutes: int, **visit: Any) -> list[str]:
        return [mark.title for mark in marks_of({"starts": ten, **visit}, ten + minutes * MINUTE, loc)]

    assert said(-1, status="booked") == [] and said(13 * 60, status="booked") == []
    assert said(12, status="confirmed") == ["Not here yet, late by 12 minutes"]
    assert said(1, status="arrived", arrived_at=ten) == ["Waits since 9:55\u202fAM, 1 minute"]
    assert said(-9, status="booked", delay=20) == ["We are late: 20 minutes"]
    assert said(30, status="done", delay=20, arrived_at=ten) == []
    # Without the right to see when somebody comes nothing is said about it.
    assert [mark.title for mark in marks_of({"status": "booked"}, ten, loc)] == []


STRETCHES = some.lists(some.tuples(some.integers(0, 600), some.integers(5, 90)), min_size=1, max_size=12)


@given(drawn=STRETCHES, late=some.integers(1, 240))
def test_nothing_that_was_apart_overlaps_after_a_delay(drawn: list[tuple[int, int]], late: int) -> None:
    blocks = sorted((start, start + length) for start, length in drawn)
    found = pushed(blocks, late)
    delays = [by for by, _cluster in found]
    assert delays[0] == late and delays == sorted(delays, reverse=True)
    later = [(start + by, end + by) for (start, end), by in zip(blocks, delays, strict=True)]
    for (at, one), (other_at, other) in pairwise(enumerate(later)):
        if blocks[at][1] <= blocks[other_at][0]:
            assert one[1] <= other[0]
        # Nobody begins later than they have to.
        if delays[other_at] and found[at][1] != found[other_at][1]:
            assert other[0] == max(end for _start, end in later[:other_at])


def test_the_staff_action_is_for_who_may_change_visits() -> None:
    action = record_type(Staff).actions["late"]
    assert action.needs == "bookings:appointment:write" and not action.bulk
