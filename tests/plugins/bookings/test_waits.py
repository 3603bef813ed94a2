"""Who waits sees that beside their visits, takes what is offered to them and leaves the list, by keys of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, select
from webtest import TestApp

from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.session import Session
from parlour.plugins.bookings import waiting
from parlour.plugins.bookings.models import Waiting, WaitingToken
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.services import cancel
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages.models import Message
from parlour.plugins.messages.options import save_options
from parlour.records.models import Change as HistoryRow
from parlour.records.persons import copy_of, erase
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from tests.plugins.bookings.conftest import Salon

HERE = "/api/v1/public/jasmine/bookings"
ANNA = {"name": "Anna Orlova", "phone": "+79161112233"}
OLGA = {"name": "Olga Vesnina", "phone": "+79164445566"}
Call = Callable[..., Any]


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    """One hour a day, which is taken on the day that everybody waits for."""
    made = salon.service("Haircut", 60, by=[salon.person("Vera", "10:00", "11:00")], step=60)
    session.commit()
    return made


@pytest.fixture
def taken(salon: Salon, session: Session, cut: int) -> int:
    made = salon.book(10, Wanted(cut), values={"visitor": "Walk-in"})
    session.commit()
    return made


@pytest.fixture
def post(app: Router, session: Session) -> Call:
    web = TestApp(app)

    def call(path: str, body: Any, status: int = 200, **headers: str) -> Any:
        session.rollback()  # on SQLite who has only looked keeps others from writing
        answer = web.post_json(f"{HERE}/{path}", body, status=status, headers=headers)
        session.rollback()
        return answer

    return call


@pytest.fixture
def wait(post: Call, salon: Salon, cut: int, taken: int) -> Call:
    def call(client: dict[str, str] = ANNA) -> str:
        day = salon.day.isoformat()
        wish = {"service": cut, "staff": None, "since": day, "until": day, "part": "morning"}
        told = post("waiting", {**wish, "client": client, "consents": ["data"]}, 201)
        token: str = told.json["token"]
        return token

    return call


def offer(session: Session, engine: Engine, settings: Settings, taken: int) -> None:
    """The hour comes free, and the job sees that."""
    cancel(session, taken, by="staff")
    session.commit()
    run_due(engine, settings)


def states(session: Session) -> list[str]:
    found = list(session.scalars(select(Waiting.status).order_by(Waiting.id)))
    session.rollback()
    return found


def test_who_waits_leaves_with_the_key_that_joining_gave(post: Call, wait: Call, session: Session) -> None:
    mine, other = wait(), wait(OLGA)
    (shown,) = post("visits", {"waiting": [mine, "invented"]}).json["waiting"]
    assert shown["token"] == mine and shown["name"] == "Haircut" and shown["part"] == "morning"
    assert not {"phone", "visitor", "client", "note"} & set(shown)
    assert post(f"waiting/{mine}/leave", {}).json == {"status": "closed"}
    assert states(session) == ["closed", "waiting"]
    # Twice changes nothing; what is left is not shown, and another's key leaves alone.
    post(f"waiting/{mine}/leave", {})
    assert [one["token"] for one in post("visits", {"waiting": [mine, other]}).json["waiting"]] == [other]
    post("waiting/invented/leave", {}, 404)
    assert states(session) == ["closed", "waiting"]


def test_a_key_opens_one_thing_alone_and_looking_changes_nothing(
    post: Call, wait: Call, app: Router, session: Session, salon: Salon, cut: int
) -> None:
    mine = wait()
    post(f"appointments/{mine}/cancel", {}, 404)
    later = salon.at(10, salon.day + timedelta(days=1))
    start = datetime.fromtimestamp(later * 60, ZoneInfo("Europe/Moscow")).isoformat()
    visit = {
        "start": start,
        "services": [{"service": cut, "staff": None}],
        "client": OLGA,
        "consents": ["data"],
    }
    token = post("appointments", visit, 201).json["token"]
    post(f"waiting/{token}/leave", {}, 404)
    assert post("visits", {"tokens": [mine], "waiting": [token]}).json == {"items": [], "waiting": []}
    for path in (f"waiting/{mine}/leave", f"waiting/{mine}", "waiting"):
        TestApp(app).get(f"{HERE}/{path}", status=(404, 405))
    assert states(session) == ["waiting"]
    kept = session.scalars(select(WaitingToken.token_hash)).all()
    assert len(mine) >= 32 and mine not in kept and len(kept) == 1


def test_what_is_offered_is_shown_and_taken_with_the_key_of_the_entry(
    post: Call, wait: Call, session: Session, engine: Engine, settings: Settings, taken: int
) -> None:
    mine = wait()
    offer(session, engine, settings, taken)
    (shown,) = post("visits", {"waiting": [mine]}).json["waiting"]
    assert (shown["status"], shown["can"]) == ("offered", {"leave": True, "take": True})
    assert shown["offered"][11:16] == "10:00" and shown["offered_until"]
    booked = post(f"offers/{mine}", {}, 201).json
    assert booked["start"] == shown["offered"] and states(session) == ["booked"]
    assert post("visits", {"tokens": [booked["token"]], "waiting": [mine]}).json["waiting"] == []
    post(f"offers/{mine}", {}, 409)
    assert post(f"waiting/{mine}/leave", {}).json and states(session) == ["booked"]


def test_a_time_that_somebody_who_leaves_was_offered_goes_to_the_next(
    post: Call, wait: Call, session: Session, engine: Engine, settings: Settings, taken: int
) -> None:
    mine, other = wait(), wait(OLGA)
    offer(session, engine, settings, taken)
    assert states(session) == ["offered", "waiting"]
    post(f"waiting/{mine}/leave", {})
    run_due(engine, settings)
    assert states(session) == ["closed", "offered"]
    post(f"offers/{mine}", {}, 409)
    assert post(f"offers/{other}", {}, 201).json["status"] in ("booked", "requested")


def test_an_offer_whose_time_is_over_is_shown_as_that_before_anybody_writes_it_down(
    post: Call,
    wait: Call,
    session: Session,
    engine: Engine,
    settings: Settings,
    taken: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = wait()
    offer(session, engine, settings, taken)
    later = datetime.now(ZoneInfo("UTC")) + timedelta(minutes=31)
    monkeypatch.setattr("parlour.plugins.bookings.online.waits.now", lambda: later)
    (shown,) = post("visits", {"waiting": [mine]}).json["waiting"]
    assert (shown["status"], shown["offered"], shown["can"]["take"]) == ("expired", None, False)
    monkeypatch.undo()
    monkeypatch.setattr(waiting, "now", lambda: later)
    waiting.expire(session)
    session.commit()
    (shown,) = post("visits", {"waiting": [mine]}).json["waiting"]
    assert (shown["status"], shown["can"]) == ("expired", {"leave": False, "take": False})


def test_a_code_brings_what_is_waited_for_into_another_browser(
    post: Call, wait: Call, session: Session, engine: Engine, settings: Settings
) -> None:
    anna = save(session, Contact, {"name": "Anna Orlova", "phones": [{"number": ANNA["phone"]}]})
    save_options(session, {"sms": "log"})
    session.commit()
    wait()
    wait(OLGA)
    # The desk put her on the list as well, by her card alone.
    row = session.execute(select(Waiting.item_id, Waiting.since, Waiting.until)).first()
    assert row is not None
    save(session, Waiting, {"client": anna, "item": row[0], "since": row[1], "until": row[2]})
    session.commit()
    key = post("codes", {"purpose": "visits", "phone": ANNA["phone"]}, 202).json["key"]
    run_due(engine, settings)
    text = session.scalars(select(Message.body).order_by(Message.id.desc())).first() or ""
    found = re.search(r"\b\d{6}\b", text)
    assert found is not None
    post(f"codes/{key}", {"code": found[0]})
    told = post("visits", {"proof": key, "phone": ANNA["phone"]}).json
    assert told["items"] == [] and len(told["waiting"]) == 2
    for one in told["waiting"]:
        post(f"waiting/{one['token']}/leave", {})
    assert states(session) == ["closed", "waiting", "closed"]


def test_only_web_sites_of_the_salon_may_call_it_from_a_page(
    post: Call, wait: Call, app: Router, session: Session
) -> None:
    save_plugin_settings(session, "bookings", {"origins": "https://salon.example"})
    session.commit()
    mine = wait()
    path = f"{HERE}/waiting/{mine}/leave"
    asked = TestApp(app).options(path, headers={"Origin": "https://salon.example"}, status=204)
    assert asked.headers["Access-Control-Allow-Origin"] == "https://salon.example"
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    stranger = post(f"waiting/{mine}/leave", {}, Origin="https://other.example")
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_whoever_is_forgotten_waits_no_more(
    session: Session, salon: Salon, cut: int, taken: int, engine: Engine, settings: Settings
) -> None:
    anna = save(session, Contact, {"name": "Anna Orlova", "phones": [{"number": ANNA["phone"]}]})
    wish = {"item": cut, "since": salon.day, "until": salon.day, "note": "before Orlova's wedding"}
    mine = save(session, Waiting, {**wish, "client": anna, "phone": ANNA["phone"]})
    save(session, Waiting, {**wish, "visitor": "Somebody", "phone": OLGA["phone"]})
    offer(session, engine, settings, taken)
    session.rollback()
    assert "wedding" in str(copy_of(session, record_type(Contact), anna))
    erase(session, record_type(Contact), anna)
    session.commit()
    row = get(session, record_type(Waiting), mine)
    assert "Orlova" not in str(row) and "79161112233" not in str(row) and row["status"] == "closed"
    told = session.scalars(select(HistoryRow.values).where(HistoryRow.record == "bookings.waiting")).all()
    assert "79161112233" not in str(told) and "79164445566" in str(told)
    # What was offered to her goes to the next.
    session.rollback()
    run_due(engine, settings)
    session.rollback()
    assert states(session) == ["closed", "offered"]
