"""Recurring work: when it comes round, and that each occurrence is one job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, Row, func, select, update

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.engine import make_engine, reader
from parlour.db.session import open_session, system
from parlour.jobs import Schedule, enqueue, schedules
from parlour.jobs.models import Job, ScheduleState
from parlour.settings import Settings
from tests.core.jobs.conftest import Desk


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def occurrences(schedule: Schedule, zone: str, start: str, count: int) -> list[str]:
    at, found = moment(start), []
    for _number in range(count):
        at = schedule.next(at, zone, at)
        found.append(at.isoformat()[:16])
    return found


def test_a_daily_time_is_the_salons_own() -> None:
    schedule = Schedule(job="probe.tick", at="09:00")
    assert occurrences(schedule, "Asia/Vladivostok", "2025-05-01T00:00+00:00", 1) == ["2025-05-01T23:00"]
    assert occurrences(schedule, "America/New_York", "2025-05-01T00:00+00:00", 1) == ["2025-05-01T13:00"]


def test_summer_time_moves_the_moment_and_not_the_wall_clock() -> None:
    schedule = Schedule(job="probe.tick", at="09:00")
    assert occurrences(schedule, "Europe/Berlin", "2025-03-29T00:00+00:00", 3) == [
        "2025-03-29T08:00",
        "2025-03-30T07:00",
        "2025-03-31T07:00",
    ]


def test_a_wall_time_that_is_skipped_still_comes_and_one_that_is_doubled_comes_once() -> None:
    schedule = Schedule(job="probe.tick", at="02:30")
    skipped = occurrences(schedule, "Europe/Berlin", "2025-03-29T12:00+00:00", 2)
    assert skipped == ["2025-03-30T01:30", "2025-03-31T00:30"]
    doubled = occurrences(schedule, "Europe/Berlin", "2025-10-25T12:00+00:00", 2)
    assert doubled == ["2025-10-26T00:30", "2025-10-27T01:30"]


def test_a_daily_time_near_midnight_is_found_on_either_side_of_the_date_line() -> None:
    schedule = Schedule(job="probe.tick", at="00:15")
    assert occurrences(schedule, "Pacific/Kiritimati", "2025-05-01T12:00+00:00", 2) == [
        "2025-05-02T10:15",
        "2025-05-03T10:15",
    ]
    assert occurrences(schedule, "Pacific/Pago_Pago", "2025-05-01T12:00+00:00", 1) == ["2025-05-02T11:15"]


def test_weekdays_are_those_of_the_salon() -> None:
    mondays = Schedule(job="probe.tick", at="01:00", weekdays=(0,))
    assert occurrences(mondays, "Asia/Tokyo", "2025-05-01T00:00+00:00", 2) == [
        "2025-05-04T16:00",
        "2025-05-11T16:00",
    ]


def test_an_interval_keeps_its_rhythm_and_skips_what_was_missed() -> None:
    schedule = Schedule(job="probe.tick", every=timedelta(hours=6))
    late = moment("2025-05-03T13:00+00:00")
    previous = moment("2025-05-01T00:00+00:00")
    assert schedule.next(late, "UTC", previous) == moment("2025-05-03T18:00+00:00")
    assert schedule.next(moment("2025-05-01T06:00+00:00"), "UTC", previous) == moment(
        "2025-05-01T12:00+00:00"
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"at": "09:00", "every": timedelta(hours=1)},
        {"every": timedelta(seconds=1)},
        {"at": "25:00"},
        {"at": "09:00", "weekdays": (7,)},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_when_it_is_declared(given: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Schedule(job="probe.tick", **given)  # type: ignore[arg-type]


def states(
    engine: Engine, organisation_id: int | None, name: str = "probe.daily"
) -> Row[tuple[ScheduleState]]:
    with reader(engine).connect() as connection:
        return connection.execute(
            select(ScheduleState.__table__).where(
                ScheduleState.organisation_id.is_not_distinct_from(organisation_id),
                ScheduleState.name == name,
            )
        ).one()


def make_due(engine: Engine, name: str = "probe.daily", ago: timedelta = timedelta(minutes=1)) -> None:
    with engine.begin() as connection:
        connection.execute(
            update(ScheduleState).where(ScheduleState.name == name).values(next_run=now() - ago)
        )


def asked(engine: Engine, name: str = "probe.tick") -> int:
    with reader(engine).connect() as connection:
        return int(connection.scalar(select(func.count(Job.id)).where(Job.name == name)) or 0)


def test_every_salon_has_every_schedule_and_the_installation_its_own(desk: Desk, other_desk: Desk) -> None:
    assert schedules.sync(desk.engine) > 0
    assert schedules.sync(desk.engine) == 0
    ours, theirs = states(desk.engine, desk.organisation_id), states(desk.engine, other_desk.organisation_id)
    assert (ours.timing, theirs.timing) == (
        "09:00 on 0123456 in Europe/Moscow",
        "09:00 on 0123456 in Europe/London",
    )
    assert states(desk.engine, None, "core.prune").timing.endswith("in UTC")


def test_another_zone_moves_the_next_run(desk: Desk) -> None:
    schedules.sync(desk.engine)
    before = states(desk.engine, desk.organisation_id).next_run
    with open_session(desk.engine) as session, system(session):
        session.get_one(Organisation, desk.organisation_id).zone = "Asia/Vladivostok"
        session.flush()
        session.commit()
    assert schedules.sync(desk.engine) > 0
    assert states(desk.engine, desk.organisation_id).next_run != before


def test_an_occurrence_becomes_one_job_in_its_salon_and_the_schedule_moves_on(desk: Desk) -> None:
    schedules.sync(desk.engine)
    assert schedules.tick(desk.engine) == 0
    make_due(desk.engine)
    assert schedules.tick(desk.engine) == 1
    assert schedules.tick(desk.engine) == 0
    state = states(desk.engine, desk.organisation_id)
    assert state.next_run > now() and state.last_run <= now()
    assert asked(desk.engine) == 1


def test_days_without_a_worker_are_made_up_for_by_one_run(desk: Desk) -> None:
    schedules.sync(desk.engine)
    make_due(desk.engine, ago=timedelta(days=9))
    assert schedules.tick(desk.engine) == 1
    assert schedules.tick(desk.engine) == 0


def test_slow_recurring_work_does_not_pile_up(desk: Desk) -> None:
    schedules.sync(desk.engine)
    for _occurrence in range(3):
        make_due(desk.engine)
        schedules.tick(desk.engine)
    assert asked(desk.engine) == 1


def test_a_schedule_of_a_plugin_that_is_off_asks_for_nothing_and_piles_up_nothing(other_desk: Desk) -> None:
    schedules.sync(other_desk.engine)
    make_due(other_desk.engine)
    assert schedules.tick(other_desk.engine) == 1, "the salon that has the plugin on"
    assert states(other_desk.engine, other_desk.organisation_id).next_run > now()
    with reader(other_desk.engine).connect() as connection:
        organisations = connection.scalars(select(Job.organisation_id).where(Job.name == "probe.tick")).all()
    assert organisations != [] and other_desk.organisation_id not in organisations


def test_an_archived_salon_gets_no_recurring_work_until_it_is_back(desk: Desk) -> None:
    def archive(at: datetime | None) -> None:
        with open_session(desk.engine) as session, system(session):
            session.get_one(Organisation, desk.organisation_id).archived_at = at
            session.flush()
            session.commit()

    schedules.sync(desk.engine)
    make_due(desk.engine)
    make_due(desk.engine, "core.prune")
    archive(now())
    assert schedules.tick(desk.engine) == 1, "the installation's own goes on"
    assert asked(desk.engine) == 0
    archive(None)
    assert schedules.tick(desk.engine) == 1
    assert asked(desk.engine) == 1


def all_at_once(desk: Desk, settings: Settings, act: object) -> None:
    """Four workers with connections of their own look at the same moment."""
    ready = Barrier(4)

    def look() -> None:
        engine = make_engine(settings.database_url)
        ready.wait()
        act(engine)  # type: ignore[operator]
        engine.dispose()

    threads = [Thread(target=look) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_several_workers_run_each_occurrence_once(desk: Desk, settings: Settings) -> None:
    all_at_once(desk, settings, schedules.sync)
    make_due(desk.engine)
    all_at_once(desk, settings, schedules.tick)
    assert asked(desk.engine) == 1


def test_control_workers_that_only_look_and_then_ask_run_it_several_times(
    desk: Desk, settings: Settings
) -> None:
    schedules.sync(desk.engine)
    make_due(desk.engine)
    seen = Barrier(4)

    def careless(engine: Engine) -> None:
        with reader(engine).connect() as connection:
            due = connection.scalars(select(ScheduleState.id).where(ScheduleState.next_run <= now())).all()
        seen.wait()
        for _state in due:
            with Desk(engine, desk.organisation_id).session() as session:
                enqueue(session, "probe.tick")
                session.commit()

    all_at_once(desk, settings, careless)
    assert asked(desk.engine) == 4
