"""Codes tell whose a phone is: to nobody else, for one purpose, a few times. Real SMTP, real jobs, the calls of the widget."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, select, update
from webtest import TestApp

from parlour.access.plugin_settings import save_plugin_settings
from parlour.access.throttle import Limit
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.plugin import lifecycle
from parlour.plugins.bookings import people
from parlour.plugins.bookings.models import Appointment, Code
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.online import codes
from parlour.plugins.bookings.services import set_status
from parlour.plugins.contacts.models import Consent, Contact
from parlour.plugins.messages.models import Message
from parlour.plugins.messages.options import save_options
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from tests.plugins.bookings.conftest import Salon

HERE = "/api/v1/public/jasmine/bookings"
ANNA = {"name": "Anna Orlova", "phone": "8 916 111-22-33"}
Call = Callable[..., Any]


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return mailbox.settings(settings)


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    made = salon.service("Haircut", 60, by=[salon.person("Vera"), salon.person("Boris")])
    save_options(session, {"sms": "log"})
    session.commit()
    return made


@pytest.fixture
def web(app: Router) -> TestApp:
    return TestApp(app)


@pytest.fixture
def post(web: TestApp, session: Session) -> Call:
    def call(path: str, body: Any, status: int = 200, network: str = "192.0.2.1") -> Any:
        session.rollback()  # on SQLite who has only looked keeps others from writing
        return web.post_json(f"{HERE}/{path}", body, status=status, extra_environ={"REMOTE_ADDR": network})

    return call


@pytest.fixture
def code_of(session: Session, engine: Engine, settings: Settings) -> Callable[[], str]:
    """The code that the newest SMS brings: with the channel that only writes them down, it stands in the journal."""

    def find() -> str:
        session.rollback()
        run_due(engine, settings)
        session.rollback()
        text = session.scalars(select(Message.body).order_by(Message.id.desc())).first() or ""
        session.rollback()
        found = re.search(r"\b\d{6}\b", text)
        assert found is not None, text
        return found[0]

    return find


@pytest.fixture
def proof(post: Call, code_of: Callable[[], str]) -> Call:
    def prove(purpose: str = "book", phone: str = ANNA["phone"]) -> str:
        key: str = post("codes", {"purpose": purpose, "phone": phone}, 202).json["key"]
        assert post(f"codes/{key}", {"code": code_of()}).json["key"] == key
        return key

    return prove


def wish(salon: Salon, cut: int, hour: int = 10, **more: Any) -> dict[str, Any]:
    day = salon.day
    start = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Moscow"))
    return {
        "start": start.isoformat(),
        "services": [{"service": cut, "staff": None}],
        "client": ANNA,
        "consents": ["data"],
        **more,
    }


def ask_always(session: Session, code: str = "always") -> None:
    save_plugin_settings(session, "bookings", {"code": code})
    session.commit()


def booked(session: Session) -> Any:
    session.rollback()
    columns = (Appointment.client_id, Appointment.visitor, Appointment.booked_by, Appointment.to_check)
    return session.execute(select(*columns).order_by(Appointment.id.desc())).first()


def test_who_gives_the_code_is_booked_under_their_own_card(
    post: Call, proof: Call, salon: Salon, session: Session, cut: int
) -> None:
    anna = save(session, Contact, {"name": "Orlova Anna", "phones": [{"number": "+79161112233"}]})
    ask_always(session)
    refused = post("appointments", wish(salon, cut), 422)
    assert "code" in refused.json["errors"]["proof"] and session.scalars(select(Appointment.id)).all() == []
    post("appointments", wish(salon, cut, proof=proof()), 201)
    assert tuple(booked(session)) == (anna, None, None, False)
    assert session.scalars(select(Consent.purpose).where(Consent.contact_id == anna)).all() == ["data"]
    # Agreed to once, for the next visit too; and a proof is good for one visit.
    key = proof()
    post("appointments", wish(salon, cut, 12, proof=key, visitor="Little Masha"), 201)
    assert tuple(booked(session)) == (anna, "Little Masha", None, False)
    assert len(session.scalars(select(Consent.id)).all()) == 1
    post("appointments", wish(salon, cut, 14, proof=key), 422)


def test_without_a_code_a_known_phone_is_to_be_checked_and_who_comes_is_told(
    post: Call, salon: Salon, session: Session, cut: int
) -> None:
    save(session, Contact, {"name": "Olga Real", "phones": [{"number": "+79161112233"}]})
    session.commit()
    post("appointments", wish(salon, cut, visitor="Little Masha"), 201)
    assert tuple(booked(session)) == (None, "Little Masha", "Anna Orlova", True)
    # A wish for a proof that is none changes nothing where none is needed.
    post("appointments", wish(salon, cut, 12, proof="invented"), 201)
    assert tuple(booked(session)) == (None, "Anna Orlova", None, True)


def test_those_who_share_a_phone_are_told_apart_by_their_names(
    post: Call, proof: Call, salon: Salon, session: Session, cut: int
) -> None:
    phones = {"phones": [{"number": "+79161112233"}]}
    anna = save(session, Contact, {"name": "Anna Orlova", **phones})
    save(session, Contact, {"name": "Sergej Orlov", **phones})
    session.commit()
    post("appointments", wish(salon, cut, proof=proof()), 201)
    assert tuple(booked(session)) == (anna, None, None, False)
    other = {"name": "Ekaterina Second", "phone": ANNA["phone"]}
    post("appointments", wish(salon, cut, 12, proof=proof(), client=other), 201)
    assert tuple(booked(session)) == (None, "Ekaterina Second", None, True)


def test_an_e_mail_address_is_proven_by_a_letter(
    post: Call,
    salon: Salon,
    session: Session,
    engine: Engine,
    settings: Settings,
    mailbox: Mailbox,
    cut: int,
) -> None:
    olga = save(session, Contact, {"name": "Olga", "emails": [{"address": "olga@example.com"}]})
    session.commit()
    key = post("codes", {"purpose": "book", "email": "Olga@Example.com"}, 202).json["key"]
    run_due(engine, settings)
    assert mailbox.recipients == ["olga@example.com"]
    found = re.search(r"\b\d{6}\b", mailbox.text())
    assert found is not None and found[0] in str(mailbox.messages[0]["Subject"])
    # The journal, which others read, does not have it.
    session.rollback()
    row = session.execute(select(Message.title, Message.body)).one()
    assert found[0] not in f"{row.title} {row.body}" and "••••••" in row.body
    post(f"codes/{key}", {"code": f" {found[0][:3]} {found[0][3:]} "})
    client = {"name": "Olga", "phone": "+79160000001", "email": "olga@example.com"}
    post("appointments", wish(salon, cut, proof=key, client=client), 201)
    assert tuple(booked(session)) == (olga, None, None, False)


def test_the_answer_tells_nobody_who_is_known(post: Call, session: Session, cut: int) -> None:
    save(session, Contact, {"name": "Known", "phones": [{"number": "+79161112233"}]})
    session.commit()
    known = post("codes", {"purpose": "visits", "phone": "+79161112233"}, 202).json
    strange = post("codes", {"purpose": "visits", "phone": "+79169998877"}, 202).json
    assert set(known) == set(strange) and known["again"] == strange["again"] and known["way"] == "phone"
    session.rollback()
    kept = session.execute(select(Code.token_hash, Code.address_hash, Code.code_hash)).all()
    assert len(kept) == 2 and "9161112233" not in str(kept) and known["key"] not in str(kept)


def test_wrong_codes_are_counted_though_they_are_refused(
    post: Call, session: Session, code_of: Callable[[], str], cut: int
) -> None:
    key = post("codes", {"purpose": "book", "phone": ANNA["phone"]}, 202).json["key"]
    # Before the message went out there is no code that could be right.
    wrong = post(f"codes/{key}", {"code": ""}, 422)
    assert wrong.json["left"] == 4 and "wrong" in wrong.json["errors"]["code"] and "X-Tm" not in wrong.headers
    right = code_of()
    other = f"{(int(right) + 1) % 10**6:06}"
    assert [post(f"codes/{key}", {"code": other}, 422).json["left"] for _try in range(4)] == [3, 2, 1, 0]
    assert "too often" in post(f"codes/{key}", {"code": right}, 422).json["detail"]
    post("codes/nothing", {"code": right}, 404)
    session.rollback()
    assert session.scalars(select(Code.tries)).all() == [codes.TRIES]


def test_a_code_is_over_after_some_minutes_and_an_older_one_with_the_next(
    post: Call, session: Session, code_of: Callable[[], str], cut: int
) -> None:
    key = post("codes", {"purpose": "book", "phone": ANNA["phone"]}, 202).json["key"]
    first = code_of()
    row = session.scalars(select(Code)).one()
    again = codes.make(session, row.id)
    session.commit()
    assert again is not None
    if again != first:
        post(f"codes/{key}", {"code": first}, 422)
    session.execute(update(Code).values(expires_at=now()))
    session.commit()
    assert "Ask for a new one" in post(f"codes/{key}", {"code": again}, 404).json["detail"]
    assert codes.make(session, row.id) is None


def test_a_proof_is_for_its_purpose_and_its_phone_alone(
    post: Call, proof: Call, salon: Salon, session: Session, cut: int
) -> None:
    ask_always(session)
    for_visits, for_booking = proof("visits"), proof("book", "+79160000001")
    post("appointments", wish(salon, cut, proof=for_visits), 422)
    post("appointments", wish(salon, cut, proof=for_booking), 422)
    post("visits", {"proof": for_booking, "phone": "+79160000001"}, 422)
    post("visits", {"proof": for_visits, "phone": "+79160000001"}, 422)
    post("visits", {"proof": for_visits, "phone": ANNA["phone"]})
    post("visits", {"proof": for_visits, "phone": ANNA["phone"]}, 422)


def test_a_browser_that_has_proved_a_phone_is_believed_where_the_salon_says_so(
    post: Call, proof: Call, salon: Salon, session: Session, cut: int
) -> None:
    ask_always(session, "new")
    key = proof()
    for hour in (10, 12):
        post("appointments", wish(salon, cut, hour, proof=key), 201)
    post("appointments", wish(salon, cut, 14), 422)
    # Whoever is forgotten has proved nothing any more.
    client = session.scalars(select(Contact.id)).one()
    people.erase(session, [client])
    session.commit()
    post("appointments", wish(salon, cut, 14, proof=key), 422)


def test_visits_are_found_by_the_phone_that_was_given_or_stands_on_the_card(
    post: Call, proof: Call, salon: Salon, session: Session, cut: int
) -> None:
    anna = save(session, Contact, {"name": "Anna", "phones": [{"number": "+79161112233"}]})
    salon.book(9, Wanted(cut), values={"client": anna})
    salon.book(15, Wanted(cut), values={"visitor": "Not hers", "phone": "+79160000001"})
    session.commit()
    online = post("appointments", wish(salon, cut), 201).json["token"]
    found = post("visits", {"proof": proof("visits"), "phone": ANNA["phone"]}).json["items"]
    assert [one["start"][11:16] for one in found] == ["10:00", "09:00"]
    assert "visitor" not in found[0] and "phone" not in str(found).lower()
    # What came is as good as the token of the booking, and several are asked for at once.
    keys = [one["token"] for one in found]
    listed = post("visits", {"tokens": [online, "nothing", *keys]}).json["items"]
    assert {one["token"] for one in listed} == {online, keys[1]}
    assert post(f"appointments/{keys[1]}/cancel", {}).json["status"] == "cancelled_client"


def test_an_e_mail_address_typed_beside_a_strangers_phone_opens_nothing_of_theirs(
    post: Call, salon: Salon, session: Session, cut: int
) -> None:
    """Who books types what they like: the desk knows the client by the phone."""
    client = {"name": "Anna", "phone": "+79160000001", "email": "mine@example.com"}
    post("appointments", {**wish(salon, cut), "client": client}, 201)
    card = session.scalars(select(Contact.id).where(Contact.name == "Anna")).one()
    own = session.scalars(select(Appointment.id)).one()
    later = salon.book(15, Wanted(cut), values={"client": card})
    opened = lambda: codes.visits_of(session, "email", "mine@example.com")  # noqa: E731
    assert opened() == [own]
    # Who has come is believed, and so is what the desk writes on a card.
    set_status(session, own, "done")
    assert opened() == [later, own]
    other = save(session, Contact, {"name": "Olga", "emails": [{"address": "olga@example.com"}]})
    visit = salon.book(16, Wanted(cut), values={"client": other, "email": "olga@example.com"})
    more = salon.book(17, Wanted(cut), values={"client": other})
    assert codes.visits_of(session, "email", "olga@example.com") == [more, visit]


def test_t_b25_codes_are_capped_for_a_phone_a_network_and_a_day(
    post: Call, session: Session, settings: Settings, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent(phone: Callable[[int], str], network: Callable[[int], str], times: int = 20) -> int:
        count = 0
        for number in range(times):
            asked = {"address": phone(number), "network": codes.network_of(network(number))}
            try:
                codes.ask(session, settings, purpose="book", way="phone", language="en", **asked)
            except Refusal:
                continue
            count += 1
        return count

    def line(number: int) -> str:
        return f"+7916{number:07}"

    assert sent(lambda _n: line(1), lambda n: f"198.51.100.{n}") == 1
    assert sent(lambda n: line(100 + n), lambda _n: "192.0.2.77") == codes.FROM_NETWORK.free
    # A line with IPv6 has as many addresses as it likes.
    assert sent(lambda n: line(200 + n), lambda n: f"2001:db8:1:2::{n + 1:x}") == codes.FROM_NETWORK.free
    session.commit()
    save_plugin_settings(session, "bookings", {"codes_per_day": 40})
    session.commit()
    session.scope.cache.clear()
    assert sent(lambda n: line(300 + n), lambda n: f"203.0.113.{n}") == 40 - 1 - 2 * codes.FROM_NETWORK.free
    session.commit()
    refused = post("codes", {"purpose": "book", "phone": line(1)}, 429)
    assert int(refused.headers["Retry-After"]) > 0 and "Try again" in refused.json["detail"]
    # The control: without the limits each of them costs the salon an SMS.
    free = Limit("free", 100, timedelta(seconds=1), timedelta(seconds=1), timedelta(hours=1))
    monkeypatch.setattr(codes, "TO_ADDRESS", free)
    monkeypatch.setattr(codes, "FROM_NETWORK", free)
    save_plugin_settings(session, "bookings", {"codes_per_day": 1000})
    session.commit()
    session.scope.cache.clear()
    assert sent(lambda _n: line(2), lambda _n: "192.0.2.78") == 20


def test_where_nothing_can_be_sent_no_code_is_asked_for(
    web: TestApp, post: Call, salon: Salon, session: Session, settings: Settings, cut: int
) -> None:
    ask_always(session)
    assert web.get(HERE).json["codes"] == {"ask": "always", "ways": ["phone", "email"], "digits": 6}
    save_options(session, {"sms": ""})
    session.commit()
    assert web.get(HERE).json["codes"]["ways"] == ["email"]
    post("codes", {"purpose": "book", "phone": ANNA["phone"]}, 409)
    lifecycle.disable(session, "messages")
    session.commit()
    assert web.get(HERE).json["codes"] == {"ask": "none", "ways": [], "digits": 6}
    post("appointments", wish(salon, cut), 201)


def test_old_codes_go(session: Session, post: Call, cut: int) -> None:
    post("codes", {"purpose": "book", "phone": ANNA["phone"]}, 202)
    assert codes.prune(session) == 0
    session.execute(
        update(Code).values(expires_at=now() - timedelta(minutes=1), created_at=now() - timedelta(hours=25))
    )
    assert codes.prune(session) == 1
    session.commit()
