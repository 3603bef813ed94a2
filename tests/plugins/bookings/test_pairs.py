"""T-B20: whatever two features meet in one visit, it is booked, moved and cancelled, nothing overlaps, and all time comes back.

Passes join the matrix with their plugin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.plugins.bookings import deposits, waiting
from parlour.plugins.bookings.groups import Full, book_seats
from parlour.plugins.bookings.models import Appointment, Group, Waiting
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.series import cancel_following, starts_of
from parlour.plugins.bookings.services import book, cancel, move, set_status
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Busy
from parlour.records.write import save
from tests.plugins.bookings.conftest import Salon

FEATURES = ("group", "chain", "recurring", "wait-list", "resource", "any-staff", "request-confirm", "deposit")


@dataclass
class World:
    """A salon in which a visit has these features."""

    salon: Salon
    features: frozenset[str]
    people: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)

    def furnish(self) -> None:
        self.people = [self.salon.person(name, "9:00", "18:00") for name in ("Anna", "Boris")]
        confirm = "request-confirm" in self.features
        terms = {"deposit": "300.50", "missed_percent": 100} if "deposit" in self.features else {}
        for name in ("One", "Two") if "chain" in self.features else ("One",):
            self.items.append(
                self.salon.service(name, 60, by=self.people, before=5, after=10, confirm=confirm, **terms)
            )
        if "resource" in self.features:
            self.salon.room("Room", needed_by=self.items)

    def wanted(self) -> list[Wanted]:
        who = None if "any-staff" in self.features else self.people[0]
        return [Wanted(item, who) for item in self.items]

    def busy(self) -> list[tuple[int | None, int | None, int, int]]:
        return self.salon.busy()

    def free_of_overlaps(self) -> bool:
        subjects: dict[tuple[int | None, int | None], list[tuple[int, int]]] = {}
        for staff, resource, start, end in self.busy():
            subjects.setdefault((staff, resource), []).append((start, end))
        return all(one[1] <= other[0] for some in subjects.values() for one, other in pairwise(sorted(some)))


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.mark.parametrize("pair", list(combinations(FEATURES, 2)), ids="+".join)
def test_t_b20_every_pair(salon: Salon, pair: tuple[str, str]) -> None:
    world = World(salon, frozenset(pair))
    world.furnish()
    before = salon.starts(*world.wanted())
    assert before
    if "group" in world.features:
        _shared(world)
    elif "recurring" in world.features:
        _repeated(world)
    else:
        _single(world)
    if "wait-list" in world.features:
        _waited(world)
    if "deposit" in world.features:
        _paid(world)
    assert world.busy() == [] and salon.starts(*world.wanted()) == before


def _single(world: World) -> None:
    salon = world.salon
    status = book(salon.session, world.wanted(), salon.at(10.5), by="client")
    assert status.status == ("requested" if "request-confirm" in world.features else "booked")
    if status.status == "requested":
        set_status(salon.session, status.id, "booked")
    other = salon.book(15, *world.wanted())
    assert world.free_of_overlaps()
    with pytest.raises(NotOffered):
        move(
            salon.session,
            status.id,
            salon.at(15.5 if "any-staff" not in world.features else 17.5),
            by="staff",
        )
    move(salon.session, status.id, salon.at(11), by="client")
    assert world.free_of_overlaps()
    for visit in (status.id, other, other):
        cancel(salon.session, visit, by="staff")


def _repeated(world: World) -> None:
    salon = world.salon
    weekly = starts_of(salon.at(10.5), salon.zone, 1, "week", 3)
    made = salon.series(weekly, *world.wanted(), by="client")
    assert len(made) == 3 and world.free_of_overlaps()
    move(salon.session, made[1], weekly[1] + 180, by="staff")
    assert world.free_of_overlaps()
    cancel_following(salon.session, made[1], "cancelled_salon")
    assert {row[2] // 1440 for row in world.busy()} == {weekly[0] // 1440}
    cancel(salon.session, made[0], by="client")


def _shared(world: World) -> None:
    """A class of two: of a chain its first service, of a series two of them."""
    salon = world.salon
    resources = []
    if "resource" in world.features:
        found = salon.search(*world.wanted()).choose(salon.at(10.5))
        assert found is not None
        resources = list(found[0].resources)
    days = [0, 7] if "recurring" in world.features else [0]
    groups = []
    for ahead in days:
        starts = (moment(salon.at(10.5)) + timedelta(days=ahead)).astimezone(ZoneInfo(salon.zone))
        values = {
            "item": world.items[0],
            "staff": world.people[0],
            "starts": starts,
            "seats": 2,
            "resources": resources,
        }
        groups.append(save(salon.session, Group, values))
    for group in groups:
        visits = [book_seats(salon.session, group, by="client") for _n in range(2)]
        with pytest.raises(Full):
            book_seats(salon.session, group, by="client")
        cancel(salon.session, visits[0].id, by="client")
        visits.append(book_seats(salon.session, group, by="staff"))
        assert world.free_of_overlaps()
        with pytest.raises(Refusal):
            move(salon.session, visits[1].id, salon.at(15), by="staff")
        for visit in visits:
            cancel(salon.session, visit.id, by="staff")
        save(salon.session, Group, {"cancelled": True}, group)


def _paid(world: World) -> None:
    """Everything has been cancelled by now: a deposit that comes all the same goes back whole, and brings no time back."""
    session = world.salon.session
    asked = session.scalars(select(Appointment.id).where(Appointment.deposit_state == "asked")).all()
    assert asked
    for visit in asked:
        deposits.receive(session, visit)
        found = deposits.settlement(session, visit)
        assert found.back is not None and found.back.minor % 30_050 == 0 and found.owed is None


def _waited(world: World) -> None:
    """The whole day is taken; one visit goes, whoever waits gets its time and takes it."""
    salon = world.salon
    alone = [Wanted(world.items[0], None if "any-staff" in world.features else world.people[0])]
    visits = []
    while starts := salon.starts(*alone):
        hour, minute = map(int, starts[0].split(":"))
        visits.append(salon.book(hour + minute / 60, *alone))
    one = save(
        salon.session,
        Waiting,
        {
            "item": world.items[0],
            "staff": alone[0].staff,
            "visitor": "Olga",
            "since": salon.day,
            "until": salon.day,
        },
    )
    assert waiting.fill(salon.session) == []
    cancel(salon.session, visits[0], by="staff")
    assert waiting.fill(salon.session) == [one] and world.free_of_overlaps()
    booked = waiting.accept(salon.session, waiting.new_token(salon.session, one))
    assert world.free_of_overlaps()
    assert not salon.session.scalars(select(Busy.id).where(Busy.source == waiting.OFFER)).all()
    for visit in (*visits[1:], booked.id):
        cancel(salon.session, visit, by="staff")
