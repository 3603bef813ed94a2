"""What is booked of a specialist or a room, as calendar apps read it behind a secret link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from pyramid.router import Router
from sqlalchemy import Engine
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.plugins.bookings import groups, services
from parlour.plugins.bookings.models import Group
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.schedule import feeds
from parlour.plugins.schedule.models import Resource, Staff
from parlour.records.registry import record_type
from parlour.records.removal import archive
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import Enter, statements
from tests.plugins.bookings.conftest import Salon

CLIENT = "contacts.contact"


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def anna(salon: Salon, session: Session) -> int:
    made = salon.person("Anna")
    session.commit()
    return made


@pytest.fixture
def web(app: Router) -> TestApp:
    """A calendar app: no cookies, no log-in."""
    return TestApp(app)


def link(session: Session, subject: tuple[str, int]) -> str:
    token = feeds.make(session, subject)
    session.commit()
    return f"/api/v1/public/jasmine/schedule/calendars/{token}.ics"


def events(web: TestApp, address: str) -> dict[str, Any]:
    """The events by their UID."""
    found = Calendar.from_ical(web.get(address).body).walk("VEVENT")
    assert len({str(one["UID"]) for one in found}) == len(found)
    return {str(one["UID"]): one for one in found}


def test_hook_schedule_events(salon: Salon, session: Session, anna: int, web: TestApp) -> None:
    boris = salon.person("Boris")
    dye = salon.service("Colouring", 90, by=[anna])
    dry = salon.service("Drying", 30, by=[boris])
    room = salon.room("Chair", needed_by=[dye])
    client = save(session, CLIENT, {"name": "Орлова Мария"})
    visit = salon.book(10, Wanted(dye, anna), Wanted(dry, boris), values={"client": client})
    hers = events(web, link(session, ("staff", anna)))
    (uid,) = hers
    assert uid == f"visit-{visit}-staff-{anna}@jasmine.parlour"
    event = hers[uid]
    assert (str(event["SUMMARY"]), str(event["STATUS"])) == ("Colouring", "CONFIRMED")
    assert event["DTSTART"].to_ical() == f"{salon.day:%Y%m%d}T070000Z".encode()
    assert event["DTEND"].to_ical() == f"{salon.day:%Y%m%d}T083000Z".encode()
    his = events(web, link(session, ("staff", boris)))
    assert [one["DTSTART"].dt.hour for one in his.values()] == [8]
    assert len(events(web, link(session, ("resource", room)))) == 1
    save_plugin_settings(session, "schedule", {"calendar_names": True})
    named = events(web, link(session, ("staff", anna)))
    assert str(named[uid]["SUMMARY"]) == "Colouring · Орлова Мария"


def test_changes_raise_the_sequence_and_what_is_cancelled_says_so(
    salon: Salon, session: Session, anna: int, web: TestApp
) -> None:
    cut = salon.service("Haircut", 60, by=[anna])
    visit = salon.book(10, Wanted(cut, anna))
    address = link(session, ("staff", anna))
    told = [events(web, address)]
    services.move(session, visit, salon.at(12), by="staff")
    session.commit()
    told.append(events(web, address))
    services.set_status(session, visit, "confirmed")
    session.commit()
    told.append(events(web, address))
    services.cancel(session, visit, by="client")
    session.commit()
    told.append(events(web, address))
    (uid,) = told[0]
    assert all(list(one) == [uid] for one in told)
    sequences = [int(one[uid]["SEQUENCE"]) for one in told]
    assert sequences == sorted(set(sequences))
    assert told[1][uid]["DTSTART"].dt - told[0][uid]["DTSTART"].dt == timedelta(hours=2)
    gone = told[-1][uid]
    assert (str(gone["STATUS"]), str(gone["TRANSP"])) == ("CANCELLED", "TRANSPARENT")


def test_an_app_that_has_it_already_is_told_so(
    salon: Salon, session: Session, anna: int, web: TestApp
) -> None:
    cut = salon.service("Haircut", 60, by=[anna])
    salon.book(10, Wanted(cut, anna))
    address = link(session, ("staff", anna))
    first = web.get(address)
    assert first.content_type == "text/calendar"
    assert "Set-Cookie" not in first.headers
    again = web.get(address, headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == b""
    salon.book(12, Wanted(cut, anna))
    session.commit()
    assert web.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_int == 200
    assert web.head(address).status_int == 200


def test_a_new_link_ends_the_old_one_and_the_archived_have_none(
    session: Session, anna: int, web: TestApp
) -> None:
    old, new = link(session, ("staff", anna)), link(session, ("staff", anna))
    web.get(old, status=404)
    web.get(new)
    archive(session, record_type(Staff), [anna])
    session.commit()
    web.get(new, status=404)
    archive(session, record_type(Staff), [anna], restore=True)
    feeds.revoke(session, ("staff", anna))
    session.commit()
    web.get(new, status=404)
    web.get(new.replace("jasmine", "nowhere"), status=404)


def test_who_tries_links_is_sent_away(app: Router, web: TestApp, session: Session, anna: int) -> None:
    app.registry["parlour.settings"] = replace(app.registry["parlour.settings"], api_calls=100)
    right = link(session, ("staff", anna))
    wrong = f"/api/v1/public/jasmine/schedule/calendars/{'x' * 32}.ics"
    # A wrong one counts for twenty.
    answers = [web.get(wrong, status="*").status_int for _try in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert web.get(right, status="*").status_int == 429


def test_a_group_session_is_one_event_that_says_how_full_it_is(
    salon: Salon, session: Session, anna: int, web: TestApp
) -> None:
    yoga = salon.service("Yoga", 60, by=[anna])
    hall = save(session, Resource, {"name": "Hall"})
    starts = datetime.combine(salon.day, datetime.min.time(), ZoneInfo(salon.zone)) + timedelta(hours=18)
    group = save(
        session,
        Group,
        {"item": yoga, "staff": anna, "resources": [hall], "starts": starts, "minutes": 60, "seats": 6},
    )
    addresses = [link(session, ("staff", anna)), link(session, ("resource", hall))]
    before = events(web, addresses[0])
    groups.book_seats(session, group, by="staff", seats=2)
    session.commit()
    for address in addresses:
        (event,) = events(web, address).values()
        assert str(event["SUMMARY"]) == "Yoga (2/6)"
    (uid,) = before
    assert int(events(web, addresses[0])[uid]["SEQUENCE"]) > int(before[uid]["SEQUENCE"])


def test_a_full_calendar_costs_as_many_statements_as_one_visit(
    salon: Salon, session: Session, anna: int, engine: Engine
) -> None:
    cut = salon.service("Haircut", 30, by=[anna])
    salon.book(9, Wanted(cut, anna))
    session.commit()
    feeds.calendar_file(session, ("staff", anna))
    session.commit()
    counted = []
    for _more in range(2):
        session.scope.cache.clear()
        session.expire_all()
        with statements(engine) as said:
            feeds.calendar_file(session, ("staff", anna))
        counted.append(len(said))
        if not _more:
            for hour in range(10, 16):
                salon.book(hour, Wanted(cut, anna))
            session.commit()
    assert counted[0] == counted[1]


def test_the_card_makes_shows_and_ends_the_link(
    session: Session, anna: int, login: Enter, web: TestApp
) -> None:
    session.commit()
    owner, desk = login("manager"), login("receptionist")
    card = f"/o/jasmine/r/schedule.staff/{anna}"
    assert "Make a link" in owner.get(card)
    assert "Make a link" not in desk.get(card)
    here = f"/o/jasmine/schedule/link/staff/{anna}"
    desk.post(here, {"do": "make"}, status=403)
    page = owner.post(here, {"do": "make"})
    assert page.headers["Cache-Control"] == "no-store"
    address = page.html.find("code").text
    path = "/api/" + address.partition("/api/")[2]
    web.get(path)
    assert "New link" in owner.get(card)
    owner.post(here, {"do": "end"}, status=303)
    web.get(path, status=404)
    owner.post(f"/o/jasmine/schedule/link/staff/{anna + 999}", {"do": "make"}, status=404)


def test_of_two_links_asked_for_at_once_one_holds(
    session: Session, engine: Engine, organisation: Organisation, anna: int
) -> None:
    first = feeds.make(session, ("staff", anna))

    def again() -> str:
        with trusted(engine, organisation) as other:
            token = feeds.make(other, ("staff", anna))
            other.commit()
            return token

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(again)
        sleep(0.3)  # until it waits
        session.commit()
        assert feeds.subject_of(session, second.result(20)) == ("staff", anna)
    with pytest.raises(NotFound):
        feeds.subject_of(session, first)
