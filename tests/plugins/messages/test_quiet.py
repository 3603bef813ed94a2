"""Quiet hours: across midnight, on days with 23 and 25 hours, on the clock of whom the message is for."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from parlour.plugins.messages.quiet import quiet_until
from parlour.testing.mailbox import Mailbox
from tests.plugins.messages.conftest import Office

MOSCOW, BERLIN, UTC_ZONE = "Europe/Moscow", "Europe/Berlin", "UTC"
NINE, MORNING = time(21), time(9)


@pytest.mark.parametrize(
    ("moment", "zone", "until"),
    [
        ("2026-05-05T17:59Z", MOSCOW, None),
        ("2026-05-05T18:00Z", MOSCOW, "2026-05-06T06:00Z"),
        ("2026-05-05T21:30Z", MOSCOW, "2026-05-06T06:00Z"),
        ("2026-05-06T05:59Z", MOSCOW, "2026-05-06T06:00Z"),
        ("2026-05-06T06:00Z", MOSCOW, None),
        # The night of 29 March has an hour less in Berlin, that of 25 October one more.
        ("2026-03-28T20:00Z", BERLIN, "2026-03-29T07:00Z"),
        ("2026-10-24T19:00Z", BERLIN, "2026-10-25T08:00Z"),
    ],
)
def test_the_night_ends_in_the_morning(moment: str, zone: str, until: str | None) -> None:
    found = quiet_until(datetime.fromisoformat(moment), NINE, MORNING, zone)
    assert found == (datetime.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    ("moment", "ends", "until"),
    [
        # Half past two is skipped on 29 March: quiet until half past three.
        ("2026-03-29T00:30Z", time(2, 30), "2026-03-29T01:30Z"),
        # Half past two comes twice on 25 October: the first one ends it.
        ("2026-10-24T23:30Z", time(2, 30), "2026-10-25T00:30Z"),
        # And in the doubled hour it is quiet again until it comes again.
        ("2026-10-25T01:10Z", time(2, 30), "2026-10-25T01:30Z"),
    ],
)
def test_an_end_in_the_hour_that_is_skipped_or_doubled(moment: str, ends: time, until: str) -> None:
    found = quiet_until(datetime.fromisoformat(moment), time(23), ends, BERLIN)
    assert found == datetime.fromisoformat(until)


def test_quiet_hours_at_noon_do_not_reach_over_midnight() -> None:
    noon, two = time(12), time(14)
    assert quiet_until(datetime(2026, 5, 5, 13, tzinfo=UTC), noon, two, UTC_ZONE) == datetime(
        2026, 5, 5, 14, tzinfo=UTC
    )
    assert quiet_until(datetime(2026, 5, 5, 23, tzinfo=UTC), noon, two, UTC_ZONE) is None


@pytest.mark.parametrize(("begins", "ends"), [(None, MORNING), (NINE, None), (NINE, NINE)])
def test_without_a_beginning_or_an_end_there_are_none(begins: time | None, ends: time | None) -> None:
    assert quiet_until(datetime(2026, 5, 5, 23, tzinfo=UTC), begins, ends, MOSCOW) is None


@given(
    minutes=st.integers(0, 366 * 24 * 60),
    begins=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(
        [BERLIN, MOSCOW, "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    ),
)
def test_quiet_hours_always_end_later_and_within_a_day_and_it_is_loud_then(
    minutes: int, begins: time, ends: time, zone: str
) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = quiet_until(moment, begins, ends, zone)
    if until is None:
        return
    assert moment < until <= moment + timedelta(hours=25)
    local = until.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    # A skipped end comes later on the clock, never earlier.
    assert local.time() >= ends or local.date() > moment.astimezone(ZoneInfo(zone)).date()


def test_a_message_waits_for_the_morning_and_then_goes(office: Office, mailbox: Mailbox) -> None:
    office.set(quiet_from="21:00", quiet_to="09:00")
    anna = office.client(emails=["anna@example.com"])
    with time_machine.travel("2026-05-05T20:00Z", tick=False):  # 23:00 in Moscow
        message = office.send(anna)
        office.run(message)
        assert office.state(message) == ("postponed", "quiet")
        assert office.row(message).send_at == datetime(2026, 5, 6, 6, tzinfo=UTC)
        assert mailbox.messages == []
    with time_machine.travel("2026-05-06T06:00Z", tick=False):
        assert office.run(message, early=False) == "done"
        assert office.state(message) == ("sent", None)
    assert len(mailbox.messages) == 1


def test_it_is_the_readers_night_that_counts(office: Office, mailbox: Mailbox) -> None:
    office.set(quiet_from="21:00", quiet_to="09:00")
    anna = office.client(emails=["anna@example.com"])
    with time_machine.travel("2026-05-05T16:00Z", tick=False):  # 19:00 in Moscow, 23:00 in Novosibirsk
        here, there = office.send(anna), office.send(anna, zone="Asia/Novosibirsk")
        for message in (here, there):
            office.run(message)
        assert [office.state(message)[0] for message in (here, there)] == ["sent", "postponed"]


def test_what_the_client_has_just_asked_for_goes_at_once(office: Office, mailbox: Mailbox) -> None:
    office.set(quiet_from="21:00", quiet_to="09:00")
    anna = office.client(emails=["anna@example.com"])
    with time_machine.travel("2026-05-05T20:00Z", tick=False):
        message = office.send(anna, "visitors.code")
        office.run(message)
        assert office.state(message) == ("sent", None)


def test_a_reminder_that_would_come_after_the_visit_is_too_late(office: Office, mailbox: Mailbox) -> None:
    office.set(quiet_from="21:00", quiet_to="09:00")
    anna = office.client(emails=["anna@example.com"])
    with time_machine.travel("2026-05-05T20:00Z", tick=False):
        message = office.send(anna, expires_at=datetime(2026, 5, 6, 5, 30, tzinfo=UTC))
        office.run(message)
        assert office.state(message) == ("late", "quiet")
    assert mailbox.messages == []
