"""Booking from a web site: everything that a stranger may call, and everything that they may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, func, select
from webtest import TestApp

from parlour.access import terms
from parlour.access.models import Organisation
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.session import Session
from parlour.plugin import lifecycle
from parlour.plugins.bookings.models import Appointment, Group, Waiting
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.catalog.models import Category, Item
from parlour.plugins.contacts.models import Consent, Contact
from parlour.plugins.schedule.models import Busy
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import statements
from tests.plugins.bookings.conftest import Salon

HERE = "/api/v1/public/jasmine/bookings"
ANNA = {"name": "Анна Орлова", "phone": "8 916 111-22-33", "email": "anna@example.com"}
Call = Callable[..., Any]


@pytest.fixture
def salon(session: Session) -> Salon:
    """Within the window of clients: in three days from now."""
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    made = salon.service("Haircut", 60, by=[salon.person("Anna"), salon.person("Boris")])
    session.commit()
    return made


@pytest.fixture
def web(app: Router) -> TestApp:
    return TestApp(app)


@pytest.fixture
def post(web: TestApp) -> Call:
    def call(path: str, body: Any, status: int = 201, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.post_json(f"{HERE}/{path}", body, status=status, headers=named)

    return call


def when(salon: Salon, hour: float, day: date | None = None) -> str:
    on = day or salon.day
    zone = ZoneInfo("Europe/Moscow")
    return datetime(on.year, on.month, on.day, int(hour), round(hour % 1 * 60), tzinfo=zone).isoformat()


def wish(salon: Salon, cut: int, hour: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "start": when(salon, hour),
        "services": [{"service": cut, "staff": None}],
        "client": ANNA,
        "consents": ["data"],
        **more,
    }


def test_the_first_screen_tells_what_can_be_booked_and_nothing_else(
    web: TestApp, salon: Salon, session: Session, cut: int
) -> None:
    salon.service("Inside", 60, by=[salon.staff["Anna"]], online=False)
    save(session, Contact, {"name": "Secret Client", "phones": [{"number": "+79990000000"}]})
    session.commit()
    answer = web.get(HERE)
    assert [one["name"] for one in answer.json["services"]] == ["Haircut"]
    service = answer.json["services"][0]
    assert service["price"] == {"amount": "1000.00", "currency": "RUB"} and len(service["staff"]) == 2
    assert [one["name"] for one in answer.json["staff"]] == ["Anna", "Boris"]
    assert "Secret" not in answer.text and answer.json["organisation"]["zone"] == "Europe/Moscow"
    assert web.get(f"{HERE}/services").json["items"] == answer.json["services"]
    assert web.get(f"{HERE}/staff").json["items"] == answer.json["staff"]


def test_an_addition_is_shown_as_one_and_refused_alone(
    web: TestApp, post: Call, salon: Salon, session: Session, cut: int
) -> None:
    anna = salon.staff["Anna"]
    mask = salon.service(
        "Mask", 20, by=[anna], addition=True, goes_with=[cut, salon.service("Dry", 30, by=[anna])]
    )
    session.commit()
    shown = {one["name"]: one for one in web.get(HERE).json["services"]}
    assert (shown["Mask"]["addition"], len(shown["Mask"]["goes_with"])) == (True, 2)
    assert (shown["Haircut"]["addition"], shown["Haircut"]["goes_with"]) == (False, [])
    alone = wish(salon, mask)
    slots = f"{HERE}/slots?service={mask}&from={salon.day}"
    refusals = [
        web.get(slots, status=409).json,
        post("holds", {"start": alone["start"], "services": alone["services"]}, status=409).json,
        post("appointments", alone, status=409).json,
    ]
    words = "“Mask” is booked only together with another service; choose that one too."
    assert {one["detail"] for one in refusals} == {words}
    assert web.get(f"{slots}&service={cut}").json["items"]
    post("appointments", {**alone, "services": [{"service": cut}, {"service": mask}]})
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Appointment)) == 1


def test_each_time_has_the_price_of_its_own_day(
    web: TestApp, session: Session, salon: Salon, cut: int
) -> None:
    later = salon.day + timedelta(days=1)
    prices = [{"price": "1000"}, {"price": "1500", "since": later.isoformat()}]
    save(session, Item, {"prices": prices}, cut)
    session.commit()
    window = {"service": cut, "from": salon.day.isoformat(), "to": (later + timedelta(days=1)).isoformat()}
    found = web.get(f"{HERE}/slots", window).json["items"]
    by_day = {one["start"][:10]: one["price"]["amount"] for one in found}
    assert list(by_day.values()) == ["1000.00", "1500.00", "1500.00"]
    assert found == sorted(found, key=lambda one: one["start"])
    assert len(found) == 3 * len([one for one in found if one["start"].startswith(salon.day.isoformat())])


def test_times_are_listed_for_a_day_and_a_specialist(web: TestApp, salon: Salon, cut: int) -> None:
    anna = salon.staff["Anna"]
    day = salon.day.isoformat()
    answer = web.get(f"{HERE}/slots", {"service": cut, "staff": anna, "from": day, "to": day})
    assert len(answer.json["items"]) == 17
    assert answer.json["items"][0] == {
        "start": when(salon, 9),
        "end": when(salon, 10),
        "staff": anna,
        "price": {"amount": "1000.00", "currency": "RUB"},
    }
    anybody = web.get(f"{HERE}/slots", [("service", cut), ("service", cut), ("from", day), ("to", day)])
    assert anybody.json["items"][0]["staff"] is None
    assert anybody.json["items"][0]["end"] == when(salon, 11)
    assert anybody.json["items"][0]["price"]["amount"] == "2000.00"


def test_a_visit_is_booked_looked_at_moved_and_cancelled(
    web: TestApp, post: Call, salon: Salon, session: Session, cut: int
) -> None:
    made = post("appointments", wish(salon, cut)).json
    assert made["status"] == "booked" and made["start"] == when(salon, 10)
    assert made["lines"][0]["name"] == "Haircut"
    mine = f"appointments/{made['token']}"
    assert web.get(f"{HERE}/{mine}").json["can"] == {"cancel": True, "move": True, "review": False}
    moved = post(f"{mine}/reschedule", {"start": when(salon, 12)}, 200).json
    assert moved["start"] == when(salon, 12)
    # Off the grid; it is not in its own way, so half an hour from where it stands is near as well.
    refused = post(f"{mine}/reschedule", {"start": when(salon, 12.25)}, 409).json
    assert when(salon, 12.5) in {one["start"] for one in refused["alternatives"]}
    assert post(f"{mine}/cancel", {}, 200).json["status"] == "cancelled_client"
    assert post(f"{mine}/cancel", {}, 200).json["status"] == "cancelled_client"
    session.rollback()
    client = session.execute(
        select(Contact.name, Appointment.to_check).join(Appointment, Appointment.client_id == Contact.id)
    ).one()
    assert tuple(client) == ("Орлова Анна", False)
    assert session.scalars(select(Consent.purpose)).all() == ["data"]
    assert session.scalar(select(func.count()).select_from(Busy)) == 0


def test_a_time_that_is_gone_comes_with_the_nearest_others(post: Call, salon: Salon, cut: int) -> None:
    for _both in range(2):
        post("appointments", wish(salon, cut))
    problem = post("appointments", wish(salon, cut), 409)
    assert problem.content_type == "application/problem+json"
    assert "taken" in problem.json["detail"]
    near = problem.json["alternatives"]
    assert len(near) == 6 and when(salon, 11) in {one["start"] for one in near}
    assert set(near[0]) == {"start", "end", "staff", "price"}
    later = post("appointments", wish(salon, cut, start=near[-1]["start"]))
    assert later.json["start"] == near[-1]["start"]


def test_a_known_phone_makes_a_visit_to_be_checked_and_tells_nothing(
    post: Call, salon: Salon, session: Session, cut: int
) -> None:
    known = save(session, Contact, {"name": "Olga Real", "phones": [{"number": "+79161112233"}]})
    session.commit()
    answer = post("appointments", wish(salon, cut))
    assert "Olga" not in answer.text
    session.rollback()
    visit = session.execute(
        select(Appointment.client_id, Appointment.visitor, Appointment.phone, Appointment.to_check)
    ).one()
    assert tuple(visit) == (None, "Анна Орлова", "+79161112233", True)
    assert session.scalars(select(Contact.id)).all() == [known]


def test_who_is_blocked_is_asked_to_call(post: Call, salon: Salon, session: Session, cut: int) -> None:
    save(session, Contact, {"name": "Olga", "phones": [{"number": "+79161112233"}], "blocked": True})
    session.commit()
    assert "call us" in post("appointments", wish(salon, cut), 409).json["detail"]


def test_t_b24_the_same_key_books_once(
    web: TestApp, post: Call, salon: Salon, session: Session, cut: int
) -> None:
    first = post("appointments", wish(salon, cut), Idempotency_Key="tap-tap")
    again = post("appointments", wish(salon, cut), Idempotency_Key="tap-tap")
    assert again.json == first.json and again.headers["Idempotency-Replayed"] == "true"
    post("appointments", wish(salon, cut, 15), 422, Idempotency_Key="tap-tap")
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Appointment)) == 1


def test_services_without_a_category_come_last(
    web: TestApp, salon: Salon, session: Session, cut: int
) -> None:
    category = save(session, Category, {"name": "Hair"})
    salon.service("Styling", 60, by=[salon.staff["Anna"]])
    save(session, Item, {"category": category}, cut)
    session.commit()
    listed = web.get(f"{HERE}/services").json["items"]
    assert [one["category"] for one in listed][:1] == ["Hair"] and listed[-1]["category"] is None


def test_a_line_with_billions_of_addresses_is_one_network(
    web: TestApp, salon: Salon, session: Session, cut: int
) -> None:
    save_plugin_settings(session, "bookings", {"holds_per_network": 1})
    session.commit()

    def keep(hour: int, address: str, status: int) -> None:
        body = {"start": when(salon, hour), "services": [{"service": cut, "staff": None}]}
        web.post_json(f"{HERE}/holds", body, status=status, extra_environ={"REMOTE_ADDR": address})

    keep(10, "2001:db8:1:2::1", 201)
    keep(12, "2001:db8:1:2:ffff::7", 409)
    keep(12, "2001:db8:1:3::1", 201)


def test_a_time_is_held_for_who_fills_in_the_form(post: Call, salon: Salon, cut: int) -> None:
    anna = salon.staff["Anna"]
    chosen = {"start": when(salon, 10), "services": [{"service": cut, "staff": anna}]}
    held = post("holds", chosen).json["hold"]
    assert post("appointments", wish(salon, cut, services=chosen["services"]), 409)
    other = post("holds", {**chosen, "start": when(salon, 12), "hold": held}).json["hold"]
    back = post("appointments", wish(salon, cut, services=chosen["services"]))
    assert back.json["start"] == when(salon, 10)
    post("appointments", wish(salon, cut, 12, services=chosen["services"], hold=other))


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"price": "1"}, 422, "There is no price"),
        ({"services": []}, 422, "Choose a service"),
        ({"services": [{"service": 1, "minutes": 5}]}, 422, "There is no minutes"),
        ({"services": [{"service": 10**15}]}, 404, "cannot be booked"),
        ({"services": [{"service": 1}] * 10_000}, 422, "at most 20"),
        ({"services": [{"service": "one"}]}, 422, "number of a record"),
        ({"start": "2031-05-05T10:00"}, 422, "with its offset"),
        ({"start": 7}, 422, "with its offset"),
        ({"start": "2020-05-05T10:00+03:00"}, 409, "too soon"),
        ({"start": "2045-05-05T10:00+03:00"}, 409, "too far"),
        ({"start": "9999-12-31T23:59+03:00"}, 422, "with its offset"),
        ({"branch": 10**12}, 404, "no such branch"),
        ({"client": {"name": "Anna", "phone": "12"}}, 422, "phone"),
        ({"client": {"name": " ", "phone": "+79161112233"}}, 422, "name"),
        ({"client": "Anna"}, 422, "must be an object"),
        ({"client": {"name": "A" * 5000, "phone": "+79161112233"}}, 422, "up to 200"),
        ({"consents": "data"}, 422, "list of words"),
        ({"comment": "x" * 3000}, 422, "up to 2000"),
        ({"hold": "no such hold"}, 201, ""),
    ],
)
def test_t_b6_whatever_is_forged_is_refused_in_a_sentence(
    post: Call, salon: Salon, session: Session, cut: int, change: dict[str, Any], status: int, words: str
) -> None:
    answer = post("appointments", wish(salon, cut, **change), status)
    assert words in json.dumps(answer.json)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Appointment)) == (status == 201)
    assert session.scalar(select(func.count()).select_from(Contact)) == (status == 201)


def test_where_there_is_a_text_about_data_it_has_to_be_agreed_to(
    post: Call, salon: Salon, session: Session, cut: int
) -> None:
    terms.save_version(
        session, None, date(2020, 1, 1), {"en": "We keep your phone.", "ru": "Мы храним ваш телефон."}
    )
    session.commit()
    refused = post("appointments", wish(salon, cut, consents=[]), 422)
    assert set(refused.json["errors"]) == {"consents"}
    post("appointments", wish(salon, cut))
    session.rollback()
    assert session.scalars(select(Consent.version_of_text)).all() == ["2020-01-01"]


def test_one_phone_has_so_many_visits(post: Call, salon: Salon, session: Session, cut: int) -> None:
    save_plugin_settings(session, "bookings", {"visits_per_client": 2})
    session.commit()
    post("appointments", wish(salon, cut, 10))
    post("appointments", wish(salon, cut, 11))
    assert "call us for more" in post("appointments", wish(salon, cut, 12), 409).json["detail"]


def test_t_b25_a_token_opens_its_own_visit_only(web: TestApp, post: Call, salon: Salon, cut: int) -> None:
    one, two = (post("appointments", wish(salon, cut, hour)).json["token"] for hour in (10, 12))
    post(f"appointments/{one}/cancel", {}, 200)
    assert web.get(f"{HERE}/appointments/{two}").json["status"] == "booked"
    web.get(f"{HERE}/appointments/1", status=404)
    post(f"appointments/{one[:-1]}/cancel", {}, 404)
    web.get(f"{HERE}/appointments/{one}/cancel", status=405)


def test_another_salon_knows_nothing_of_it(
    web: TestApp, post: Call, salon: Salon, engine: Engine, other_organisation: Organisation, cut: int
) -> None:
    token = post("appointments", wish(salon, cut)).json["token"]
    theirs = f"/api/v1/public/{other_organisation.slug}/bookings"
    assert web.get(theirs).json["services"] == []
    web.get(f"{theirs}/appointments/{token}", status=404)
    web.get(f"{theirs}/slots", {"service": cut}, status=404)
    with trusted(engine, other_organisation) as session:
        lifecycle.disable(session, "bookings")
        session.commit()
    web.get(theirs, status=404)
    web.get("/api/v1/public/nobody/bookings", status=404)


def test_web_sites_that_the_settings_name_may_call(
    web: TestApp, salon: Salon, session: Session, cut: int
) -> None:
    save_plugin_settings(session, "bookings", {"origins": "https://salon.example\nhttps://shop.example"})
    session.commit()
    good = web.options(f"{HERE}/appointments", headers={"Origin": "https://salon.example"}, status=204)
    assert good.headers["Access-Control-Allow-Origin"] == "https://salon.example"
    assert "Idempotency-Key" in good.headers["Access-Control-Allow-Headers"]
    assert web.get(HERE, headers={"Origin": "https://shop.example"}).headers["Access-Control-Allow-Origin"]
    problem = web.get(f"{HERE}/slots?service=x", headers={"Origin": "https://shop.example"}, status=422)
    assert problem.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    for origin in ("https://evil.example", "https://salon.example.evil.example", "null"):
        bad = web.get(HERE, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in bad.headers and "Origin" in bad.headers["Vary"]


def test_queries_are_few_and_do_not_grow(
    web: TestApp, salon: Salon, engine: Engine, session: Session, cut: int
) -> None:
    def cost(path: str, **asked: Any) -> int:
        with statements(engine) as seen:
            web.get(f"{HERE}{path}", asked)
        return len(seen)

    one_day = {"service": cut, "from": salon.day.isoformat(), "to": salon.day.isoformat()}
    month = {**one_day, "to": (salon.day + timedelta(days=30)).isoformat()}
    cost("/slots", **one_day), cost("")
    before = cost("/slots", **one_day), cost("")
    for number in range(4):
        salon.service(f"Service {number}", 30, by=[salon.person(f"No. {number}")])
    for hour in (9, 11, 13):
        salon.book(hour, Wanted(cut))
    session.commit()
    assert (cost("/slots", **month), cost("")) == before
    # One of them asks whether a price begins within the days.
    assert before[0] <= 5


def test_who_finds_no_time_joins_the_waiting_list(
    post: Call, salon: Salon, session: Session, cut: int
) -> None:
    days = {"since": salon.day.isoformat(), "until": (salon.day + timedelta(days=3)).isoformat()}
    wish = {"service": cut, "staff": None, **days, "part": "evening", "client": ANNA, "consents": ["data"]}
    told = post("waiting", wish).json
    assert told["token"] and told["can"] == {"leave": True, "take": False}
    assert (told["part"], told["name"], told["offer"]) == ("evening", "Haircut", 30)
    assert days.items() <= told.items()
    session.rollback()
    row = session.execute(
        select(Waiting.client_id, Waiting.item_id, Waiting.since, Waiting.earliest, Waiting.latest)
    ).one()
    client = session.scalars(select(Contact.id)).one()
    assert tuple(row) == (client, cut, salon.day, 1020, None)
    session.rollback()
    # Somebody who is known already is not told so, and their card stays as it is.
    assert (
        post("waiting", {**wish, "part": None, "client": {**ANNA, "name": "Somebody Else"}}).json["offer"]
        == 30
    )
    session.rollback()
    assert session.execute(
        select(Waiting.client_id, Waiting.visitor).order_by(Waiting.id.desc())
    ).first() == (
        None,
        "Somebody Else",
    )
    session.rollback()
    for wrong, status in (
        ({"until": "2020-01-01"}, 422),
        ({"since": "tomorrow"}, 422),
        ({"until": "2039-01-01"}, 422),
        ({"part": "night"}, 422),
        ({"service": 10**9}, 404),
        ({"client": {"name": "Anna", "phone": ""}}, 422),
    ):
        post("waiting", {**wish, **wrong}, status)
    for _more in range(3):
        post("waiting", wish)
    assert "call us" in post("waiting", wish, 409).json["detail"]


def test_places_in_a_session_are_listed_with_their_price_and_booked_with_names(
    web: TestApp, post: Call, salon: Salon, session: Session, cut: int
) -> None:
    assert web.get(HERE).json["sessions"] is False
    values = {"item": cut, "starts": datetime.fromisoformat(when(salon, 17)), "minutes": 60, "seats": 4}
    group = save(session, Group, {**values, "staff": salon.staff["Anna"]})
    session.commit()
    assert web.get(HERE).json["sessions"] is True
    day = salon.day.isoformat()
    (one,) = web.get(f"{HERE}/sessions", {"from": day, "to": day}).json["items"]
    assert (one["left"], one["price"], one["who"]) == (4, {"amount": "1000.00", "currency": "RUB"}, "Anna")
    body = {"seats": 3, "guests": "Olga, Vera", "client": ANNA, "consents": ["data"]}
    made = post(f"sessions/{group}/seats", body).json
    assert (made["seats"], made["session"], made["can"]["move"]) == (3, group, False)
    assert made["price"]["amount"] == "3000.00"
    session.rollback()
    assert session.scalars(select(Appointment.guests)).all() == ["Olga, Vera"]
    session.rollback()
    assert post(f"sessions/{group}/seats", {**body, "seats": 2}, 409).json["left"] == 1


def test_a_booking_costs_few_statements(
    post: Call, salon: Salon, session: Session, engine: Engine, cut: int
) -> None:
    """Each message and each job that follows costs some more."""
    lifecycle.disable(session, "messages")
    session.commit()

    def cost(hour: int, number: int) -> int:
        client = {"name": "Vera", "phone": f"+7916000000{number}"}
        with statements(engine) as seen:
            post("appointments", wish(salon, cut, hour, client=client))
        return sum("core_job" not in one for one in seen)

    cost(9, 1)
    # On SQLite, where they cost no journey, rows go in one by one.
    assert cost(11, 2) <= (11 if engine.dialect.name == "postgresql" else 25)
