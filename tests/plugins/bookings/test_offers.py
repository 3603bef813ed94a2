"""What is offered is what can be had: hours, visits, buffers, processing, rooms, chains, clocks that change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from parlour.access.models import Organisation
from parlour.access.organisations import save_branch
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.base import now
from parlour.errors import NotFound, Refusal
from parlour.plugins.bookings.models import Service, Skill
from parlour.plugins.bookings.offers import By, NotOffered, Wanted, alternatives, check, search
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.clocks import DAY, minutes, moment
from parlour.plugins.schedule.models import Absence, Staff
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import Change, save, write
from parlour.testing.people import trusted
from parlour.testing.site import statements
from tests.plugins.bookings.conftest import Salon


def test_times_go_by_the_step_from_the_beginning_of_work(salon: Salon) -> None:
    anna = salon.person("Anna", "9:10", "12:00")
    cut = salon.service("Haircut", 60, by=[anna])
    assert salon.starts(Wanted(cut)) == ["09:10", "09:40", "10:10", "10:40"]
    save(salon.session, Item, {"bookings_step": 25}, cut)
    assert salon.starts(Wanted(cut)) == ["09:10", "09:35", "10:00", "10:25", "10:50"]


def test_a_visit_takes_its_time_and_its_buffers(salon: Salon) -> None:
    anna = salon.person("Anna", "9:00", "14:00")
    cut = salon.service("Haircut", 60, by=[anna], before=10, after=20)
    salon.book(11, Wanted(cut))
    # 11:00 takes 10:50 to 12:20; each other one needs its own ten and twenty minutes beside that.
    assert salon.starts(Wanted(cut)) == ["09:30", "12:30"]
    assert salon.busy() == [(anna, None, salon.at(11) - 10, salon.at(12) + 20)]


def test_processing_lets_somebody_else_in(salon: Salon) -> None:
    """T-B22: colouring is thirty minutes of work, thirty of waiting and thirty of work; another client fits into the gap."""
    anna, boris = salon.person("Anna"), salon.person("Boris")
    colour = salon.service("Colouring", 90, by=[anna], gap_from=30, gap=30)
    dry = salon.service("Blow-dry", 30, by=[boris])
    short, long = salon.service("Fringe", 30, by=[anna]), salon.service("Brows", 35, by=[anna])
    visit = salon.book(10, Wanted(colour), Wanted(dry))
    assert [(line.staff_id, line.offset) for line in salon.lines(visit)] == [(anna, 0), (boris, 90)]
    assert "10:30" in salon.starts(Wanted(short)) and "10:30" not in salon.starts(Wanted(long))
    salon.book(10.5, Wanted(short))
    with pytest.raises(NotOffered):
        salon.book(11, Wanted(short))


def test_a_room_is_needed_together_with_a_specialist(salon: Salon) -> None:
    anna, boris = salon.person("Anna"), salon.person("Boris")
    massage = salon.service("Massage", 60, by=[anna, boris])
    room = salon.room("Room", needed_by=[massage])
    salon.book(10, Wanted(massage, anna))
    assert salon.search(Wanted(massage, boris)).choose(salon.at(10)) is None
    chosen = salon.search(Wanted(massage, boris)).choose(salon.at(11))
    assert chosen is not None and chosen[0].resources == (room,)
    chairs = salon.service("Wash", 30, by=[anna, boris])
    salon.room("Chairs", capacity=2, needed_by=[chairs])
    assert salon.search(Wanted(chairs, boris)).choose(salon.at(10)) is not None


def test_a_chain_goes_over_several_people(salon: Salon) -> None:
    anna, boris = salon.person("Anna", "9:00", "11:00"), salon.person("Boris", "10:00", "12:00")
    colour, dry = salon.service("Colouring", 60, by=[anna]), salon.service("Blow-dry", 30, by=[boris])
    assert salon.starts(Wanted(colour), Wanted(dry)) == ["09:00", "09:30", "10:00"]
    salon.book(10.5, Wanted(dry))
    assert salon.starts(Wanted(colour), Wanted(dry)) == ["09:00", "10:00"]


def test_anybody_is_who_has_most_free_time_left(salon: Salon) -> None:
    """The policy of "any specialist", as the guide states it."""
    anna, boris, vera = (
        salon.person("Anna", position=1),
        salon.person("Boris", position=2),
        salon.person("Vera", position=3),
    )
    cut = salon.service("Haircut", 60, by=[anna, boris, vera])
    salon.book(9, Wanted(cut, anna))
    first, second, third = (salon.book(12, Wanted(cut)) for _n in range(3))
    assert [salon.lines(visit)[0].staff_id for visit in (first, second, third)] == [boris, vera, anna]
    with pytest.raises(NotOffered):
        salon.book(12, Wanted(cut))


def test_specialists_have_durations_and_prices_of_their_own(salon: Salon) -> None:
    anna, boris = salon.person("Anna", "9:00", "11:00"), salon.person("Boris", "9:00", "11:00")
    cut = salon.service("Haircut", 60, by=[boris])
    save(salon.session, Skill, {"staff": anna, "item": cut, "minutes": 90, "price": "1700"})
    assert salon.starts(Wanted(cut, anna)) == ["09:00", "09:30"]
    assert salon.starts(Wanted(cut, boris)) == ["09:00", "09:30", "10:00"]
    visit = salon.book(9, Wanted(cut, anna))
    assert salon.visit(visit).total_amount == 170_000 and salon.lines(visit)[0].minutes == 90


@pytest.mark.parametrize(
    ("day", "opens", "closes", "expected"),
    [
        (date(2026, 3, 29), "1:00", "5:00", ["01:00", "01:30", "03:00", "03:30", "04:00"]),
        (date(2026, 3, 29), "13:00", "15:00", ["13:00", "13:30", "14:00"]),
        (date(2026, 10, 25), "13:00", "15:00", ["13:00", "13:30", "14:00"]),
        (
            date(2026, 10, 25),
            "1:00",
            "4:00",
            ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00"],
        ),
    ],
)
def test_t_b7_and_t_b8_days_with_another_clock(
    salon: Salon, day: date, opens: str, closes: str, expected: list[str]
) -> None:
    """No time lies in the hour that is left out, and of the hour that comes twice both are offered, as different instants."""
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", day
    anna = salon.person("Anna", opens, closes, branch=branch)
    cut = salon.service("Haircut", 60, by=[anna])
    found = salon.search(Wanted(cut), branch_id=branch).starts()
    assert len(set(found)) == len(found)
    # A quarter past midnight of the next day still belongs to the same hours when they go over it.
    assert salon.starts(Wanted(cut), branch_id=branch) == expected


def test_t_b10_lead_time_and_window_are_the_salons(salon: Salon) -> None:
    """Somebody in Vladivostok books in Moscow: today, the lead time and the last day are those of the salon."""
    anna = salon.person("Anna", "0:00", "0:00")
    cut = salon.service("Haircut", 60, by=[anna], step=60)
    save_plugin_settings(salon.session, "bookings", {"lead": 120, "window": 1})
    salon.session.scope.cache.clear()
    # 23:30 in Moscow is half past six in the morning of the next day in Vladivostok.
    present = salon.at(23.5)
    found = search(
        salon.session, [Wanted(cut)], present - DAY, present + 3 * DAY, by="client", now_at=present
    )
    first, *_rest, last = found.starts()
    assert first == salon.at(2, date(2031, 5, 6))
    assert last == salon.at(23, date(2031, 5, 6))


def test_t_b6_what_is_not_offered_is_not_accepted(salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way of asking for something else is refused by the function that lists times."""
    anna = salon.person("Anna", "9:00", "18:00")
    cut = salon.service("Haircut", 60, by=[anna], before=15, after=15)
    hidden = salon.service("Hidden", 60, by=[anna], online=False)
    salon.book(12, Wanted(cut))
    monkeypatch.setattr("parlour.plugins.bookings.offers.now", lambda: moment(salon.at(8)))

    def refused(hour: float, item: int = cut, staff: int | None = None, day: date | None = None) -> str:
        with pytest.raises((Refusal, NotFound)) as no:
            check(salon.session, [Wanted(item, staff)], salon.at(hour, day), by="client")
        return str(no.value)

    check(salon.session, [Wanted(cut)], salon.at(10.5), by="client")
    assert "taken" in refused(13), "within a buffer"
    assert "taken" in refused(9), "the buffer before lies outside of hours"
    assert "taken" in refused(19), "outside of hours"
    assert "do not begin" in refused(10.25), "off the step"
    assert "too soon" in refused(8.5), "before the lead time"
    assert "too soon" in refused(10, day=date(2031, 5, 1)), "in the past"
    assert "too far" in refused(10, day=date(2041, 5, 1)), "ten years ahead"
    assert "cannot be booked" in refused(10, hidden), "not online"
    assert "cannot be booked" in refused(10, 10**15), "no such service"
    assert "Nobody does" in refused(10, cut, salon.person("Boris")), "does not do it"
    with pytest.raises(Refusal, match="at most 20"):
        check(salon.session, [Wanted(cut)] * 10_000, salon.at(10.5), by="client")
    write(salon.session, Item, [Change(id=cut, act="archive")])
    assert "cannot be booked" in refused(10.5)


def test_who_left_and_who_is_away_is_not_offered(salon: Salon) -> None:
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])
    save(salon.session, Absence, {"staff": anna, "since": salon.day, "until": salon.day})
    assert salon.starts(Wanted(cut)) == []
    save(salon.session, Staff, {"until": date(2031, 5, 6)}, anna)
    assert len(salon.starts(Wanted(cut), days=7)) == len(salon.starts(Wanted(cut), days=2)) > 0


def test_queries_do_not_grow(salon: Salon, engine: Engine) -> None:
    people = [salon.person(f"No. {number}") for number in range(5)]
    cut = salon.service("Haircut", 60, by=people)
    salon.room("Room", capacity=3, needed_by=[cut])

    def cost(days: int, *wanted: Wanted) -> int:
        with statements(engine) as seen:
            salon.search(*wanted, days=days).starts()
        return len(seen)

    cost(1, Wanted(cut))
    few = cost(1, Wanted(cut, people[0]))
    for number in range(9, 14):
        salon.book(number, Wanted(cut))
    assert cost(30, Wanted(cut), Wanted(cut), Wanted(cut)) == few <= 2


def test_an_addition_needs_a_service_that_it_goes_with(salon: Salon, engine: Engine) -> None:
    """Clients are not offered it alone; staff know what they do. It costs no further query."""
    anna, present = salon.person("Anna"), salon.at(0)
    colour, cut, dry = (salon.service(name, 60, by=[anna]) for name in ("Colouring", "Haircut", "Blow-dry"))
    mask = salon.service("Mask", 20, by=[anna], addition=True, goes_with=[colour])
    scent = salon.service("Scent", 10, by=[anna], addition=True)

    def starts(*items: int, by: By = "client") -> list[str]:
        return salon.starts(*map(Wanted, items), by=by, now_at=present)

    for alone in ([mask], [scent], [mask, scent], [mask, mask]):
        with pytest.raises(Refusal, match="booked only together with another service"):
            starts(*alone)
        assert starts(*alone, by="staff")
    for others in ([cut, mask], [mask, cut, scent, dry]):
        with pytest.raises(Refusal, match="“Mask” does not go with what else is chosen"):
            starts(*others)
        assert starts(*others, by="staff")
    with statements(engine) as plain:
        assert starts(cut, colour)
    with statements(engine) as added:
        for fitting in ([mask, colour], [cut, scent], [cut, mask, colour, scent]):
            assert starts(*fitting)
    assert len(added) == 3 * len(plain)


def test_an_item_from_before_there_were_bookings_gets_what_it_goes_with(salon: Salon) -> None:
    """It has nothing in the side table of bookings yet."""
    colour = salon.service("Colouring", 60, by=[])
    old = save(salon.session, Item, {"name": "Mask"})
    salon.session.execute(delete(Service).where(Service.id == old))
    save(salon.session, Item, {"bookings_goes_with": [colour]}, old)
    [other] = get(salon.session, record_type(Item), old)["bookings_goes_with"]
    assert other["id"] == colour


def test_nobody_is_offered_another_salons_services(
    salon: Salon, engine: Engine, other_organisation: Organisation
) -> None:
    cut = salon.service("Haircut", 60, by=[salon.person("Anna")])
    salon.session.commit()
    with trusted(engine, other_organisation) as theirs, pytest.raises(NotFound):
        search(theirs, [Wanted(cut)], salon.at(0), salon.at(23), by="staff")


def test_a_search_says_what_it_cannot_do(salon: Salon) -> None:
    cut: Any = salon.service("Haircut", 60, by=[])
    for wanted, days, words in (
        ([], 1, "Choose a service"),
        ([Wanted(cut)], 1000, "at most 366 days"),
        ([Wanted(cut)], 1, "Nobody does “Haircut” here"),
    ):
        with pytest.raises(Refusal, match=words):
            salon.search(*wanted, days=days)
    with pytest.raises(NotFound):
        salon.search(Wanted(cut), branch_id=10**9)


@pytest.mark.parametrize(
    ("opens", "closes", "step"), [("9:00", "18:00", 35), ("0:00", "0:00", 45), ("22:00", "6:00", 25)]
)
def test_however_much_is_asked_for_the_same_is_offered_and_accepted(
    salon: Salon, monkeypatch: pytest.MonkeyPatch, opens: str, closes: str, step: int
) -> None:
    anna, boris = salon.person("Anna", opens, closes), salon.person("Boris", opens, closes)
    cut = salon.service("Haircut", 60, by=[anna, boris], step=step)
    salon.book(23 if opens == "22:00" else 10, Wanted(cut))
    monkeypatch.setattr("parlour.plugins.bookings.offers.now", lambda: moment(salon.at(0) - 2 * DAY))
    week = salon.search(Wanted(cut), by="client", days=4)
    offered = set(week.starts())
    for start in range(salon.at(0) + DAY, salon.at(0) + 2 * DAY, 5):
        try:
            _found, chosen = check(salon.session, [Wanted(cut)], start, by="client")
        except NotOffered:
            assert start not in offered
        else:
            assert start in offered and chosen == week.choose(start)
    assert len(offered) > 20


def test_where_the_next_week_has_no_time_later_ones_are_proposed(salon: Salon) -> None:
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])
    away = {"staff": anna, "reason": "vacation", "since": salon.day - timedelta(days=1)}
    save(salon.session, Absence, {**away, "until": salon.day + timedelta(days=20)})
    _found, starts = alternatives(salon.session, [Wanted(cut)], salon.at(10), by="staff", limit=2)
    back = salon.day + timedelta(days=21)
    assert list(starts) == [salon.at(9, back), salon.at(9.5, back)]
    # Nobody is there at all, or it is too far for clients.
    save(salon.session, Absence, {**away, "until": salon.day + timedelta(days=400)})
    for by in ("staff", "client"):
        assert alternatives(salon.session, [Wanted(cut)], salon.at(10), by=by)[1] == {}


def test_times_that_are_over_are_not_proposed_for_one_to_come(salon: Salon) -> None:
    cut = salon.service("Haircut", 60, by=[salon.person("Anna", "0:00", "0:00")])
    present = minutes(now())
    for asked, over in ((present + 90, False), (present - 90, True)):
        _found, starts = alternatives(salon.session, [Wanted(cut)], asked, by="staff", limit=20)
        assert any(start < present for start in starts) == over
