"""Reviews: by who was there, once for a visit, and read by nobody outside before they are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, delete, select, update
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.base import now
from parlour.db.session import Scope, Session, open_session
from parlour.jobs.models import Job
from parlour.plugins.bookings import services
from parlour.plugins.bookings.models import Review
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.tokens import make_token
from parlour.plugins.contacts.models import Consent, Contact
from parlour.plugins.messages.models import Message, Payload
from parlour.plugins.messages.options import save_options
from parlour.records.actions import run_action
from parlour.records.persons import copy_of, erase
from parlour.records.registry import record_type
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon

HERE = "/api/v1/public/jasmine/bookings"
Call = Callable[..., Any]


@pytest.fixture
def session(engine: Engine, organisation: Organisation) -> Any:
    """As the desk works: what comes from the command line tells nobody."""
    with open_session(engine, Scope(organisation.id, trusted=True, via="form")) as made:
        yield made


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() - timedelta(days=1))


@pytest.fixture
def client(session: Session) -> int:
    return save(session, Contact, {"name": "Anna Orlova", "emails": [{"address": "anna@example.com"}]})


@pytest.fixture
def visits(salon: Salon, client: int, session: Session) -> list[int]:
    cut = salon.service("Haircut", 60, by=[salon.person("Vera")])
    made = [salon.book(hour, Wanted(cut), values={"client": client}) for hour in (10, 12)]
    session.commit()
    return made


@pytest.fixture
def post(app: Router, session: Session) -> Call:
    web = TestApp(app)

    def call(path: str, body: Any, status: int = 200) -> Any:
        session.rollback()
        return web.post_json(f"{HERE}/{path}", body, status=status)

    return call


def done(session: Session, visit: int) -> str:
    services.set_status(session, visit, "done")
    token = make_token(session, visit)
    session.commit()
    return token


def test_a_visit_that_was_is_reviewed_once_and_changed_until_it_is_published(
    app: Router, post: Call, session: Session, salon: Salon, client: int, visits: list[int]
) -> None:
    early = make_token(session, visits[0])
    session.commit()
    assert "taken place" in post(f"appointments/{early}/review", {"rating": 5}, 409).json["detail"]
    token = done(session, visits[0])
    for wrong in ({"rating": 6}, {"rating": "5"}, {}, {"rating": True}):
        assert set(post(f"appointments/{token}/review", wrong, 422).json["errors"]) == {"rating"}
    post(f"appointments/{token[:-1]}/review", {"rating": 5}, 404)
    answer = post(f"appointments/{token}/review", {"rating": 2, "text": " Too short "}).json
    assert answer["review"] == {"rating": 2, "text": "Too short", "published": False, "answer": None}
    assert answer["can"]["review"] is True
    post(f"appointments/{token}/review", {"rating": 4, "text": "Good after all"})
    session.rollback()
    row = session.execute(select(Review.id, Review.rating, Review.client_id, Review.staff_id)).one()
    assert tuple(row)[1:] == (4, client, salon.staff["Vera"])
    web = TestApp(app)
    session.rollback()
    assert web.get(f"{HERE}/reviews").json == {"items": [], "next": None}
    assert web.get(HERE).json["staff"][0]["rating"] is None
    save(session, Review, {"published": True, "answer": "Thank you"}, row.id)
    session.commit()
    (shown,) = web.get(f"{HERE}/reviews?staff={salon.staff['Vera']}").json["items"]
    assert (shown["rating"], shown["text"], shown["answer"]) == (4, "Good after all", "Thank you")
    assert "Anna" not in str(shown)
    assert web.get(f"{HERE}/reviews?staff=999").json["items"] == []
    assert web.get(HERE).json["staff"][0]["rating"] == {"average": 4.0, "count": 1}
    assert "published" in post(f"appointments/{token}/review", {"rating": 1}, 409).json["detail"]
    assert post("visits", {"tokens": [token]}).json["items"][0]["can"]["review"] is False


def test_reviews_stand_on_the_cards_of_the_visit_and_the_specialist(
    login: Enter, session: Session, salon: Salon, visits: list[int]
) -> None:
    for visit, rating in zip(visits, (5, 4), strict=True):
        save(session, Review, {"appointment": visit, "rating": rating, "text": f"Words {rating}"})
    session.commit()
    desk = login("receptionist")
    page = desk.get(f"/o/jasmine/r/bookings.appointment/{visits[0]}")
    assert "Words 5" in page and "Words 4" not in page and "★★★★★" in page
    page = desk.get(f"/o/jasmine/r/schedule.staff/{salon.staff['Vera']}")
    assert "Words 5" in page and "★ 4.5" in page and "2 reviews" in page


def test_whoever_is_forgotten_leaves_the_stars_alone(
    session: Session, client: int, visits: list[int]
) -> None:
    save(session, Review, {"appointment": visits[0], "rating": 5, "text": "As Anna Orlova I say so"})
    assert "I say so" in str(copy_of(session, record_type(Contact), client))
    erase(session, record_type(Contact), client)
    assert tuple(session.execute(select(Review.rating, Review.text)).one()) == (5, None)


def test_clients_who_have_agreed_are_asked_once_and_come_by_the_link(
    session: Session,
    engine: Engine,
    settings: Settings,
    mailbox: Mailbox,
    post: Call,
    client: int,
    visits: list[int],
) -> None:
    settings = mailbox.settings(settings)

    def send_all() -> None:
        session.commit()
        with engine.begin() as connection:
            connection.execute(update(Job.__table__).values(run_at=now() - timedelta(seconds=1)))
        run_due(engine, settings)
        session.rollback()

    save_plugin_settings(session, "bookings", {"review": 2})
    save_options(session, {"quiet_from": "", "quiet_to": ""})
    session.commit()
    session.scope.cache.clear()
    done(session, visits[0])
    send_all()
    asked = select(Message.state, Message.reason).where(Message.kind == "bookings.review")
    # Nobody has agreed to it.
    assert [tuple(one) for one in session.execute(asked)] == [("cancelled", "no_consent")]
    consent = {"contact": client, "purpose": "advertising", "channel": "any", "given": True}
    save(session, Consent, {**consent, "version_of_text": "online", "source": "booking"})
    services.set_status(session, visits[0], "arrived")
    session.execute(delete(Payload))
    write(
        session, Message, [Change(id=one, act="delete") for one in session.scalars(select(Message.id)).all()]
    )
    services.set_status(session, visits[0], "done")
    session.commit()
    send_all()
    assert mailbox.recipients == ["anna@example.com"]
    link = mailbox.text().split("#review=")[1].split()[0]
    post(f"appointments/{link}/review", {"rating": 5})
    # The next visit of the month asks nobody.
    done(session, visits[1])
    send_all()
    assert mailbox.recipients == ["anna@example.com"]
    assert ("cancelled", "changed") in [tuple(one) for one in session.execute(asked)]


def test_reviews_are_published_at_a_click_and_taken_back(session: Session, visits: list[int]) -> None:
    review = save(session, Review, {"appointment": visits[0], "rating": 5})
    for name, shown in (("publish", True), ("withdraw", False)):
        run_action(session, "bookings.review", [review], name)
        assert session.scalars(select(Review.published)).one() is shown
