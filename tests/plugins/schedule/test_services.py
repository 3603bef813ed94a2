"""Time that is taken cannot be taken again: by one, by many at once, and in the database itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.session import Session, insert_rows
from parlour.errors import Refusal
from parlour.plugins.schedule import services
from parlour.plugins.schedule.clocks import DAY, midnight, minutes
from parlour.plugins.schedule.models import Absence, Busy, Resource, Staff
from parlour.plugins.schedule.services import Segment, Taken, free_time, occupy, release, uncovered
from parlour.records.write import Change, save, write
from parlour.testing.people import trusted
from parlour.testing.site import statements

SOURCE = "tests.visit"
HOUR = 60
# What either database says of two exclusive segments that overlap.
REFUSED = r"two segments overlap|ex_schedule_busy_staff"
# Some morning far ahead, at midnight in UTC.
BEGIN = midnight(date(2031, 5, 5))
WEEK = [{"weekday": str(number), "opens": "0:00", "closes": "0:00"} for number in range(1, 8)]


@pytest.fixture
def anna(session: Session) -> int:
    return save(session, Staff, {"name": "Anna", "hours": WEEK})


@pytest.fixture
def boris(session: Session) -> int:
    return save(session, Staff, {"name": "Boris", "hours": WEEK})


def at(hour: float, longer: float = 1, **whose: Any) -> Segment:
    return Segment(int(BEGIN + hour * HOUR), int(BEGIN + (hour + longer) * HOUR), **whose)


def free(session: Session, staff: int) -> list[tuple[float, float]]:
    found = free_time(session, BEGIN, BEGIN + DAY, staff=[staff]).staff[staff]
    return [((start - BEGIN) / HOUR, (end - BEGIN) / HOUR) for start, end in found]


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Busy)) or 0


def test_what_is_occupied_is_not_free_and_becomes_so_again(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(9, staff=anna), at(10.5, staff=anna)]})
    assert free(session, anna) == [(0, 9), (10, 10.5), (11.5, 24)]
    occupy(session, SOURCE, {1: [at(15, staff=anna)]})
    assert free(session, anna) == [(0, 15), (16, 24)]
    release(session, SOURCE, [1])
    release(session, SOURCE, [1])
    assert free(session, anna) == [(0, 24)]


@pytest.mark.parametrize(("hour", "longer"), [(10, 1), (9.5, 1), (10.5, 1), (10.25, 0.5), (9, 3)])
def test_t_b3_whatever_overlaps_is_refused_and_nothing_is_written(
    session: Session, anna: int, hour: float, longer: float
) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    with pytest.raises(Taken) as refused, session.begin_nested():
        occupy(session, SOURCE, {2: [at(14, staff=anna), at(hour, longer, staff=anna)]})
    (clash,) = refused.value.clashes
    assert (clash.source, clash.source_id, clash.starts) == (SOURCE, 1, BEGIN + 10 * HOUR)
    assert free(session, anna) == [(0, 10), (11, 24)]


def test_neighbours_touch(session: Session, anna: int, boris: int) -> None:
    occupy(
        session,
        SOURCE,
        {1: [at(10, staff=anna)], 2: [at(11, staff=anna)], 3: [at(9, staff=anna), at(10, staff=boris)]},
    )
    assert free(session, anna) == [(0, 9), (12, 24)]


def test_a_move_onto_itself_is_a_move(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    found = free_time(session, BEGIN, BEGIN + DAY, staff=[anna], without=(SOURCE, [1]))
    assert found.staff[anna] == [(BEGIN, BEGIN + DAY)]
    occupy(session, SOURCE, {1: [at(10.5, staff=anna)]})
    assert free(session, anna) == [(0, 10.5), (11.5, 24)]


def test_two_of_one_batch_are_in_each_others_way(session: Session, anna: int) -> None:
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {1: [at(10, staff=anna)], 2: [at(10.5, staff=anna)]})
    assert rows(session) == 0


def test_what_one_visit_wants_twice_it_gets_once(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(10, 1.25, staff=anna), at(11, staff=anna)]})
    assert free(session, anna) == [(0, 10), (12, 24)]


def test_a_long_segment_is_found_from_its_end(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(-100, 110, staff=anna)]})
    assert free(session, anna) == [(10, 24)]
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {2: [at(9, staff=anna)]})


def test_a_resource_takes_as_many_as_it_has_room_for(session: Session) -> None:
    chairs = save(session, Resource, {"name": "Chairs", "capacity": 3})
    occupy(session, SOURCE, {1: [at(10, 2, resource=chairs, takes=2)], 2: [at(11, 2, resource=chairs)]})
    found = free_time(session, BEGIN, BEGIN + DAY, resources=[chairs])
    hours = [((start - BEGIN) / HOUR, (end - BEGIN) / HOUR) for start, end in found.resource(chairs)]
    assert hours == [(0, 11), (12, 24)]
    assert found.resource(chairs, 4) == []
    occupy(session, SOURCE, {3: [at(10, resource=chairs)], 4: [at(12, resource=chairs, takes=2)]})
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {5: [at(11.5, 0.25, resource=chairs)]})


def test_more_than_there_is_is_refused_even_when_empty(session: Session) -> None:
    chairs = save(session, Resource, {"name": "Chairs", "capacity": 3})
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {1: [at(10, resource=chairs, takes=4)]})


def test_staff_may_force_an_overlap_and_clients_see_both(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    occupy(session, SOURCE, {2: [at(10.5, staff=anna)]}, force=True)
    occupy(session, SOURCE, {3: [at(10.75, 0.25, staff=anna)]}, force=True)
    assert free(session, anna) == [(0, 10), (11.5, 24)]
    lanes = dict(session.execute(select(Busy.source_id, Busy.lane)).all())
    assert lanes == {1: 0, 2: 1, 3: 2}
    release(session, SOURCE, [1])
    with pytest.raises(Taken), session.begin_nested():
        # Its own lane is free of what was forced, and still it is refused.
        occupy(session, SOURCE, {4: [at(11, staff=anna)]})


def test_what_was_held_counts_until_it_expires(session: Session, anna: int) -> None:
    occupy(session, "tests.hold", {1: [at(10, staff=anna)]}, expires_at=now() + timedelta(minutes=10))
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    occupy(session, "tests.hold", {1: [at(10, staff=anna)]}, expires_at=now() - timedelta(seconds=1))
    assert free(session, anna) == [(0, 24)]
    occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    assert rows(session) == 1


def test_a_chair_more_and_a_chair_less(session: Session) -> None:
    chair = save(session, Resource, {"name": "Chair"})
    occupy(session, SOURCE, {1: [at(10, resource=chair)]})
    save(session, Resource, {"capacity": 2}, chair)
    occupy(session, SOURCE, {2: [at(10, resource=chair)]})
    save(session, Resource, {"capacity": 1}, chair)
    assert rows(session) == 2
    with pytest.raises(Taken), session.begin_nested():
        occupy(session, SOURCE, {3: [at(10.5, resource=chair)]})
    occupy(session, SOURCE, {3: [at(11, resource=chair)]})


def test_who_has_visits_is_not_deleted(session: Session, anna: int) -> None:
    chair = save(session, Resource, {"name": "Chair"})
    occupy(session, SOURCE, {1: [at(10, staff=anna), at(10, resource=chair)]})
    for record, row_id in ((Staff, anna), (Resource, chair)):
        with pytest.raises(Refusal):
            write(session, record, [Change(id=row_id, act="delete")])
    release(session, SOURCE, [1])
    write(session, Staff, [Change(id=anna, act="delete")])


def test_nobody_books_somebody_elses_staff(
    session: Session, engine: Engine, other_organisation: Organisation, anna: int
) -> None:
    session.commit()
    with trusted(engine, other_organisation) as theirs:
        with pytest.raises(Refusal):
            occupy(theirs, SOURCE, {1: [at(10, staff=anna)]})
        assert free_time(theirs, BEGIN, BEGIN + DAY, staff=[anna]).staff == {}


def test_t_b15_visits_outside_of_new_hours_are_listed_and_stay(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)], 2: [at(34, staff=anna)], 3: [at(11, staff=anna)]})
    end = BEGIN + 7 * DAY
    assert uncovered(session, [anna], until=end) == []
    day = date(2031, 5, 5)
    save(session, Absence, {"staff": anna, "reason": "sick", "since": day, "until": day})
    assert [clash.source_id for clash in uncovered(session, [anna], until=end)] == [1, 3]
    assert rows(session) == 3


def test_a_batch_costs_no_more_statements_than_one(
    session: Session, engine: Engine, anna: int, boris: int
) -> None:
    def cost(first: int, last: int) -> int:
        wanted = {n: [at(n, staff=anna), at(n, staff=boris)] for n in range(first, last)}
        with statements(engine) as seen:
            occupy(session, SOURCE, wanted)
        return len(seen)

    cost(0, 1)
    assert cost(1, 2) == cost(2, 40)


# ---- the database alone


def _row(**values: Any) -> dict[str, Any]:
    segment = {
        "staff_id": None,
        "resource_id": None,
        "takes": 1,
        "exclusive": True,
        "lane": 0,
        "expires_at": None,
    }
    return {**segment, "source": SOURCE, "source_id": 7, **values}


@pytest.mark.parametrize(
    ("starts", "ends", "more", "fits"),
    [
        (9, 10, {}, True),
        (11, 12, {}, True),
        (10.25, 10.5, {}, False),
        (9, 12, {}, False),
        (10.5, 11.5, {"lane": 1}, True),
        (10.5, 11.5, {"exclusive": False}, True),
    ],
)
def test_the_database_refuses_overlaps_itself(
    session: Session, anna: int, starts: float, ends: float, more: dict[str, Any], fits: bool
) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)]})
    row = _row(staff_id=anna, starts=int(BEGIN + starts * HOUR), ends=int(BEGIN + ends * HOUR), **more)
    if fits:
        insert_rows(session, Busy, [row])
        return
    with pytest.raises(IntegrityError, match=REFUSED), session.begin_nested():
        insert_rows(session, Busy, [row])


def test_an_update_cannot_slip_in_either(session: Session, anna: int) -> None:
    occupy(session, SOURCE, {1: [at(10, staff=anna)], 2: [at(12, staff=anna)]})
    later = update(Busy).where(Busy.source_id == 2).values(starts=Busy.starts - 90)
    with pytest.raises(IntegrityError, match=REFUSED), session.begin_nested():
        session.execute(later)


# ---- many at once

Race = Callable[[Sequence[Segment]], list[str]]
LOCK = services._lock


@pytest.fixture
def race(engine: Engine, organisation: Organisation, session: Session) -> Race:
    """Sessions of their own want a segment each at the same moment; what became of each."""

    def run(wanted: Sequence[Segment]) -> list[str]:
        session.commit()
        together = Barrier(len(wanted))

        def one(numbered: tuple[int, Segment]) -> str:
            number, segment = numbered
            with trusted(engine, organisation) as mine:
                together.wait(20)
                try:
                    occupy(mine, SOURCE, {number: [segment]})
                except Taken:
                    return "taken"
                except OperationalError as error:
                    # Without the lock two may wait for each other's row at the constraint, until the server ends one.
                    if services._lock is LOCK or "deadlock" not in str(error):
                        raise
                    return "taken"
                mine.commit()
                return "booked"

        with ThreadPoolExecutor(len(wanted)) as pool:
            return list(pool.map(one, enumerate(wanted, 1)))

    return run


def test_of_many_at_once_one_gets_the_time(race: Race, session: Session, anna: int) -> None:
    assert race([at(10, staff=anna)] * 8).count("booked") == 1
    assert rows(session) == 1


def test_of_many_who_overlap_those_who_get_it_do_not(race: Race, session: Session, anna: int) -> None:
    race([at(10 + part / 4, staff=anna) for part in range(8)])
    stretches = sorted(session.execute(select(Busy.starts, Busy.ends)).all())
    assert stretches and all(one[1] <= other[0] for one, other in pairwise(stretches))


def test_as_many_get_in_as_there_is_room(race: Race, session: Session) -> None:
    chairs = save(session, Resource, {"name": "Chairs", "capacity": 3})
    assert race([at(10, resource=chairs)] * 8).count("booked") == 3


def test_two_who_want_the_same_two_do_not_stop_each_other(
    race: Race, session: Session, engine: Engine, organisation: Organisation, anna: int, boris: int
) -> None:
    session.commit()
    together = Barrier(2)

    def many(order: list[int]) -> int:
        done = 0
        for hour in range(10):
            with trusted(engine, organisation) as mine:
                together.wait(20)
                try:
                    occupy(mine, SOURCE, {order[0] * 100 + hour: [at(hour, staff=one) for one in order]})
                except Taken:
                    continue
                mine.commit()
                done += 1
        return done

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(many, [[anna, boris], [boris, anna]])) == 10


# SQLite has one writer at a time, so its controls are those of the trigger above.


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> bool:
    """The count without the lock, and time enough between looking and writing; False where one has to wait for the other."""
    if engine.dialect.name != "postgresql":
        return False
    written = services.insert_rows

    def looking(session: Session, subjects: Any) -> Any:
        capacities = dict(session.execute(select(Resource.id, Resource.capacity)).all())
        return {
            subject: capacities.get(subject[1], 1) if subject[0] == "resource" else 1 for subject in subjects
        }

    def slowly(session: Session, cls: Any, made: Any) -> None:
        waiting.wait(20)
        written(session, cls, made)

    waiting = Barrier(2)
    monkeypatch.setattr(services, "_lock", looking)
    monkeypatch.setattr(services, "insert_rows", slowly)
    return True


def test_control_without_the_lock_the_constraint_still_refuses(
    unlocked: bool, race: Race, session: Session, anna: int
) -> None:
    assert sorted(race([at(10, staff=anna), at(10.5, staff=anna)])) == ["booked", "taken"]


def test_control_without_lock_and_constraint_two_get_one_time(
    unlocked: bool, race: Race, session: Session, owner_engine: Engine, anna: int
) -> None:
    session.commit()
    if unlocked:
        with owner_engine.begin() as connection:
            connection.execute(text("ALTER TABLE schedule_busy DROP CONSTRAINT ex_schedule_busy_staff"))
    outcome = race([at(10, staff=anna), at(10.5, staff=anna)])
    assert outcome.count("booked") == (2 if unlocked else 1)


def test_control_without_the_lock_too_many_sit_down(unlocked: bool, race: Race, session: Session) -> None:
    chairs = save(session, Resource, {"name": "Chairs", "capacity": 2})
    session.commit()
    outcome = race([at(10, resource=chairs, takes=2)] * 2)
    assert outcome.count("booked") == (2 if unlocked else 1)


# ---- any order of acts

ACTS = some.sampled_from(["occupy", "force", "release"])


@given(
    some.lists(
        some.tuples(
            ACTS,
            some.integers(1, 4),
            some.integers(0, 40),
            some.integers(1, 9),
        ),
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_free_time_is_what_nobody_has(
    session: Session, anna: int, acts: list[tuple[str, int, int, int]]
) -> None:
    """Whatever was occupied, forced and freed, in quarters of an hour: what is free is what no live visit covers."""
    held: dict[int, set[int]] = {}
    with session.begin_nested() as kept:
        for act, number, start, length in acts:
            wanted = set(range(start, start + length))
            others = set().union(*(taken for key, taken in held.items() if key != number))
            if act == "release":
                release(session, SOURCE, [number])
                held.pop(number, None)
                continue
            try:
                with session.begin_nested():
                    occupy(
                        session,
                        SOURCE,
                        {number: [at(start / 4, length / 4, staff=anna)]},
                        force=act == "force",
                    )
            except Taken:
                assert act == "occupy" and wanted & others
            else:
                # What it has already it keeps, whatever was put over it.
                assert act == "force" or not wanted & others or wanted == held.get(number)
                held[number] = wanted
        found = free_time(session, BEGIN, BEGIN + DAY, staff=[anna]).staff[anna]
        kept.rollback()
    busy = set().union(*held.values())
    quarters = {(minute - BEGIN) // 15 for start, end in found for minute in range(start, end, 15)}
    assert quarters == set(range(96)) - busy


def test_minutes_and_moments_are_the_same(session: Session) -> None:
    assert minutes(now()) == int(now().timestamp() // 60)
