"""When somebody is busy according to calendars as other programs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from parlour.errors import Refusal
from parlour.plugins.schedule import ical
from parlour.plugins.schedule.clocks import minutes, moment

BERLIN = "Europe/Berlin"
OURS = "@jasmine.parlour"


def file(*events: str, kind: str = "VEVENT", more: str = "") -> str:
    entries = [f"BEGIN:{kind}\nDTSTAMP:20260101T000000Z\n{event.strip()}\nEND:{kind}" for event in events]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//EN", *([more] if more else []), *entries]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).replace("\r\n", "\n").replace("\n", "\r\n")


def at(text: str, zone: str = "UTC") -> int:
    return minutes(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def busy(text: str, first: str = "2026-03-01", last: str = "2026-05-01", zone: str = BERLIN) -> list[str]:
    """What is busy, on the clock in Berlin."""
    found = ical.busy_times(text, zone, at(first), at(last), ours=OURS)
    assert not found.left_out
    place = ZoneInfo(BERLIN)
    return [
        f"{moment(start).astimezone(place):%d.%m. %H:%M} – {moment(end).astimezone(place):%d.%m. %H:%M}"
        for start, end in found.stretches
    ]


def test_times_of_all_three_forms_and_whole_days() -> None:
    text = file(
        "UID:1\nDTSTART:20260310T080000Z\nDTEND:20260310T090000Z",
        "UID:2\nDTSTART;TZID=America/New_York:20260311T080000\nDURATION:PT30M",
        "UID:3\nDTSTART:20260312T080000\nDTEND:20260312T083000",  # on whatever clock hangs there
        "UID:4\nDTSTART;VALUE=DATE:20260313\nDTEND;VALUE=DATE:20260315",
        "UID:5\nDTSTART;VALUE=DATE:20260320",
        "UID:6\nDTSTART;TZID=Russian Standard Time:20260323T120000\nDTEND;TZID=Russian Standard Time:20260323T130000",
        "UID:7\nDTSTART;TZID=Nowhere/Land:20260324T120000\nDTEND;TZID=Nowhere/Land:20260324T130000",
        "UID:8\nDTSTART:20260325T080000Z",  # a mark without a length
    )
    assert busy(text) == [
        "10.03. 09:00 – 10.03. 10:00",
        "11.03. 13:00 – 11.03. 13:30",
        "12.03. 08:00 – 12.03. 08:30",
        "13.03. 00:00 – 15.03. 00:00",
        "20.03. 00:00 – 21.03. 00:00",
        "23.03. 10:00 – 23.03. 11:00",
        "24.03. 12:00 – 24.03. 13:00",
    ]


def test_what_is_free_cancelled_or_our_own_takes_no_time() -> None:
    hour = "DTSTART:20260310T080000Z\nDTEND:20260310T090000Z"
    text = file(
        f"UID:1\n{hour}\nTRANSP:TRANSPARENT",
        f"UID:2\n{hour}\nSTATUS:CANCELLED",
        f"UID:3\n{hour}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE",
        f"UID:visit-5-staff-1{OURS}\n{hour}",
    )
    assert busy(text) == []
    assert busy(file(f"UID:4\n{hour}\nSTATUS:TENTATIVE")) == ["10.03. 09:00 – 10.03. 10:00"]


def test_repetitions_stay_at_their_hour_when_clocks_change() -> None:
    text = file(
        "UID:1\nDTSTART;TZID=Europe/Berlin:20200106T100000\nDTEND;TZID=Europe/Berlin:20200106T110000\n"
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260406T080000Z\nEXDATE;TZID=Europe/Berlin:20260316T100000"
    )
    assert busy(text, first="2026-03-09") == [
        "09.03. 10:00 – 09.03. 11:00",
        "23.03. 10:00 – 23.03. 11:00",
        "30.03. 10:00 – 30.03. 11:00",
        "06.04. 10:00 – 06.04. 11:00",
    ]


def test_a_repetition_that_was_moved_or_dropped_has_an_entry_of_its_own() -> None:
    series = (
        "UID:1\nDTSTART;TZID=Europe/Berlin:20260302T100000\nDTEND;TZID=Europe/Berlin:20260302T110000\n"
        "RRULE:FREQ=WEEKLY;COUNT=3\nRDATE;TZID=Europe/Berlin:20260325T150000"
    )
    moved = (
        "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20260309T100000\n"
        "DTSTART;TZID=Europe/Berlin:20260310T140000\nDTEND;TZID=Europe/Berlin:20260310T150000"
    )
    dropped = (
        "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20260316T100000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Berlin:20260316T100000\nDTEND;TZID=Europe/Berlin:20260316T110000"
    )
    assert busy(file(series, moved, dropped)) == [
        "02.03. 10:00 – 02.03. 11:00",
        "10.03. 14:00 – 10.03. 15:00",
        "25.03. 15:00 – 25.03. 16:00",
    ]


SERIES = (
    "UID:1\nDTSTART;TZID=Europe/Berlin:20260302T100000\nDTEND;TZID=Europe/Berlin:20260302T110000\n"
    "RRULE:FREQ=WEEKLY;COUNT=7"
)


def since(repetition: str, rest: str) -> str:
    """The entry of one repetition that holds for all after it as well."""
    return f"UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:{repetition}\n{rest}"


def test_a_change_of_this_and_following_holds_for_all_that_follow() -> None:
    moved = since(
        "20260316T100000",
        "DTSTART;TZID=Europe/Berlin:20260317T140000\nDTEND;TZID=Europe/Berlin:20260317T160000",
    )
    # One of the later ones has an entry of its own, and the clocks change before the last ones.
    alone = (
        "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20260323T100000\n"
        "DTSTART;TZID=Europe/Berlin:20260325T080000\nDTEND;TZID=Europe/Berlin:20260325T090000"
    )
    again = since(
        "20260406T100000",
        "DTSTART;TZID=Europe/Berlin:20260406T090000\nDURATION:PT30M",
    )
    for events in ((SERIES, moved, alone, again), (again, alone, moved, SERIES)):
        assert busy(file(*events)) == [
            "02.03. 10:00 – 02.03. 11:00",
            "09.03. 10:00 – 09.03. 11:00",
            "17.03. 14:00 – 17.03. 16:00",
            "25.03. 08:00 – 25.03. 09:00",
            "31.03. 14:00 – 31.03. 16:00",
            "06.04. 09:00 – 06.04. 09:30",
            "13.04. 09:00 – 13.04. 09:30",
        ]
    # Whatever is asked for: what was moved far is found as well.
    assert busy(file(SERIES, moved, alone), first="2026-03-31", last="2026-04-01") == [
        "31.03. 14:00 – 31.03. 16:00"
    ]


def test_this_and_following_may_be_dropped_free_or_whole_days() -> None:
    start = "DTSTART;TZID=Europe/Berlin:20260316T100000\nDURATION:PT1H"
    before = ["02.03. 10:00 – 02.03. 11:00", "09.03. 10:00 – 09.03. 11:00"]
    for end in ("STATUS:CANCELLED", "TRANSP:TRANSPARENT"):
        assert busy(file(SERIES, since("20260316T100000", f"{start}\n{end}"))) == before
    free = f"{SERIES}\nTRANSP:TRANSPARENT"
    assert busy(file(free, since("20260316T100000", start)), last="2026-03-25") == [
        "16.03. 10:00 – 16.03. 11:00",
        "23.03. 10:00 – 23.03. 11:00",
    ]
    days = since("20260316T100000", "DTSTART;VALUE=DATE:20260317\nDTEND;VALUE=DATE:20260319")
    assert busy(file(SERIES, days), last="2026-03-27") == [
        *before,
        "17.03. 00:00 – 19.03. 00:00",
        "24.03. 00:00 – 26.03. 00:00",
    ]


def test_whole_days_that_repeat_and_what_began_before() -> None:
    text = file(
        "UID:1\nDTSTART;VALUE=DATE:20240105\nRRULE:FREQ=MONTHLY;BYMONTHDAY=5\nEXDATE;VALUE=DATE:20260405",
        "UID:2\nDTSTART:20260227T100000Z\nDTEND:20260302T100000Z",
    )
    assert busy(text) == ["01.03. 01:00 – 02.03. 11:00", "05.03. 00:00 – 06.03. 00:00"]


def test_lists_of_busy_time_without_events() -> None:
    text = file(
        "UID:1\nFREEBUSY;FBTYPE=BUSY:20260310T080000Z/20260310T090000Z,20260311T080000Z/PT2H\n"
        "FREEBUSY;FBTYPE=FREE:20260312T080000Z/PT2H",
        kind="VFREEBUSY",
    )
    assert busy(text) == ["10.03. 09:00 – 10.03. 10:00", "11.03. 09:00 – 11.03. 11:00"]


def test_a_zone_that_one_calendar_defines_means_nothing_in_the_next() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0{n}00\nTZOFFSETTO:+0{n}00\nEND:STANDARD\nEND:VTIMEZONE"
    )
    event = (
        "UID:1\nDTSTART;TZID=Customized Time Zone:20260310T120000\n"
        "DTEND;TZID=Customized Time Zone:20260310T130000"
    )
    assert busy(file(event, more=zone.replace("{n}", "3"))) == ["10.03. 10:00 – 10.03. 11:00"]
    assert busy(file(event, more=zone.replace("{n}", "5"))) == ["10.03. 08:00 – 10.03. 09:00"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!doctype html><html><body>Sign in</body></html>",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        "BEGIN:VCARD\r\nFN:Anna\r\nEND:VCARD\r\n",
    ],
)
def test_what_is_no_calendar_is_refused_in_words(text: str) -> None:
    with pytest.raises(Refusal, match="no calendar at this address"):
        ical.busy_times(text, BERLIN, 0, 10**8, ours=OURS)


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:garbage",
        "SUMMARY:without a beginning",
        "DTSTART:20260310T080000Z\nDTEND:20260310T090000Z\nRRULE:FREQ=SOMETIMES",
        "DTSTART:20260310T080000Z\nDTEND:20260310T080001Z\nRRULE:FREQ=SECONDLY",
        "DTSTART:19700101T080000Z\nDTEND:19700101T090000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8",
        "DTSTART:99991231T235959Z\nDTEND:99991231T235959Z\nRRULE:FREQ=YEARLY",
    ],
)
def test_an_entry_that_makes_no_sense_costs_the_others_nothing(event: str) -> None:
    good = "UID:2\nDTSTART:20260310T080000Z\nDTEND:20260310T090000Z"
    found = ical.busy_times(
        file(f"UID:1\n{event}", good), BERLIN, at("2026-03-01"), at("2026-05-01"), ours=OURS
    )
    assert found.stretches == [(at("2026-03-10T08:00"), at("2026-03-10T09:00"))]
    assert found.left_out == (0 if event.startswith("DTSTART:9999") else 1)


def test_a_calendar_with_more_than_anybody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ical, "STRETCHES", 20)
    text = file("UID:1\nDTSTART:20260301T080000Z\nDTEND:20260301T090000Z\nRRULE:FREQ=DAILY")
    with pytest.raises(Refusal, match="More than 20 stretches"):
        ical.busy_times(text, BERLIN, at("2026-03-01"), at("2026-05-01"), ours=OURS)


def test_seconds_are_rounded_to_the_outside() -> None:
    found = ical.busy_times(
        file("UID:1\nDTSTART:20260310T080030Z\nDTEND:20260310T085930Z"),
        BERLIN,
        at("2026-03-01"),
        at("2026-05-01"),
        ours=OURS,
    )
    assert [(moment(a), moment(b)) for a, b in found.stretches] == [
        (datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC))
    ]
