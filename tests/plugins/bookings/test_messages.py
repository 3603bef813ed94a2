"""Clients are told what holds, once; never what held before. Real SMTP, real jobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.session import Scope, Session, open_session
from parlour.jobs.models import Job
from parlour.plugins.bookings import services
from parlour.plugins.bookings.groups import book_seats
from parlour.plugins.bookings.late import run_late
from parlour.plugins.bookings.models import Appointment, Group, Waiting
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.online import codes
from parlour.plugins.bookings.series import repeat, starts_of
from parlour.plugins.bookings.waiting import accept
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages.delivery import speaking
from parlour.plugins.messages.kinds import USUAL, kinds_of
from parlour.plugins.messages.models import Message, Payload, Template
from parlour.plugins.messages.options import save_options
from parlour.plugins.messages.texts import fill
from parlour.plugins.schedule.clocks import moment
from parlour.plugins.schedule.models import Staff
from parlour.records.actions import run_action
from parlour.records.defaults import defaults_of
from parlour.records.history import undo
from parlour.records.merge import merge
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from parlour.testing.people import add_person
from tests.plugins.bookings.conftest import Salon


@pytest.fixture
def session(engine: Engine, organisation: Organisation) -> Any:
    """As the desk works: what comes from the command line tells nobody."""
    with open_session(engine, Scope(organisation.id, trusted=True, via="form")) as made:
        yield made


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def cut(salon: Salon) -> int:
    return salon.service("Haircut", 60, by=[salon.person("Vera")])


@pytest.fixture
def client(session: Session) -> int:
    values = {"name": "Anna Orlova", "emails": [{"address": "anna@example.com"}]}
    return save(session, Contact, values)


def said(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    return [tuple(row) for row in session.execute(select(Message.kind, Message.state).order_by(Message.id))]


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return mailbox.settings(settings)


Send = Callable[[], None]


@pytest.fixture
def send(session: Session, engine: Engine, settings: Settings) -> Send:
    """Commits, and does all that is due."""

    def send() -> None:
        session.commit()
        run_due(engine, settings)

    return send


def test_a_booking_is_confirmed_with_what_the_client_needs(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    salon.book(10, Wanted(cut), values={"client": client})
    send()
    assert mailbox.recipients == ["anna@example.com"]
    assert "Haircut" in mailbox.text() and "Vera" in mailbox.text() and "10:00" in mailbox.text()
    assert said(session) == [("bookings.booked", "sent"), ("bookings.reminder", "waiting")]


def test_t_b21_what_was_moved_or_cancelled_in_between_is_not_sent(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut), values={"client": client})
    services.move(session, visit, salon.at(15), by="staff")
    send()
    assert len(mailbox.messages) == 1 and "3:00" in mailbox.text()
    assert ("bookings.booked", "cancelled") in said(session)
    other = salon.book(11, Wanted(cut), values={"client": client})
    services.cancel(session, other, by="staff")
    send()
    subjects = [str(one["Subject"]) for one in mailbox.messages[1:]]
    assert subjects == ["Your visit was cancelled"]


def test_a_reminder_speaks_of_the_visit_as_it_is(
    salon: Salon,
    session: Session,
    send: Send,
    mailbox: Mailbox,
    client: int,
    cut: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = salon.book(10, Wanted(cut), values={"client": client})
    services.move(session, visit, salon.at(12), by="staff")
    send()
    states = said(session)
    assert [one for one in states if one[0] == "bookings.reminder"] == [("bookings.reminder", "waiting")] * 2
    keys = session.scalars(select(Message.key).where(Message.kind == "bookings.reminder")).all()
    assert len(set(keys)) == 2


def test_who_left_an_address_only_is_told_there(
    salon: Salon, session: Session, engine: Engine, settings: Settings, mailbox: Mailbox, cut: int, send: Send
) -> None:
    salon.book(10, Wanted(cut), values={"visitor": "Olga", "email": "olga@example.com", "source": "online"})
    send()
    assert mailbox.recipients == ["olga@example.com"]


def test_a_specialist_who_logs_in_learns_of_online_bookings(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    user = add_person(session, "specialist")
    save(session, Staff, {"user": user.id}, salon.staff["Vera"])
    salon.book(10, Wanted(cut), values={"client": client, "source": "online"})
    salon.book(12, Wanted(cut), values={"client": client})
    send()
    assert mailbox.recipients.count(user.email) == 1


def test_files_and_the_command_line_tell_nobody(
    salon: Salon, engine: Engine, organisation: Organisation, session: Session, client: int, cut: int
) -> None:
    session.commit()
    for via in ("import", "cli"):
        with open_session(engine, Scope(organisation.id, trusted=True, via=via)) as quiet:
            services.book(
                quiet,
                [Wanted(cut)],
                salon.at(10 if via == "cli" else 12),
                by="staff",
                values={"client": client},
            )
            quiet.commit()
    assert said(session) == []


def test_what_is_over_is_nobodys_news(salon: Salon, session: Session, client: int, cut: int) -> None:
    past = salon.day - timedelta(days=10)
    services.book(session, [Wanted(cut)], salon.at(10, past), by="staff", values={"client": client})
    assert said(session) == []


def test_who_waits_gets_a_code_that_takes_the_offer(
    salon: Salon,
    session: Session,
    engine: Engine,
    settings: Settings,
    mailbox: Mailbox,
    client: int,
    send: Send,
) -> None:
    cut = salon.service("Haircut", 60, by=[salon.person("Vera", "10:00", "11:00")])
    taken = salon.book(10, Wanted(cut), values={"visitor": "Walk-in"})
    waits = {"item": cut, "client": client, "since": salon.day, "until": salon.day}
    save(session, Waiting, waits)
    send()
    assert mailbox.recipients == []
    services.cancel(session, taken, by="staff")
    send()
    run_due(engine, settings)
    assert mailbox.recipients == ["anna@example.com"]
    found = re.search(r"#waiting=(\S+)", mailbox.text())
    assert found is not None
    session.rollback()
    booked = accept(session, found[1])
    session.commit()
    assert salon.visit(booked.id).status == "booked"


def test_clients_of_a_late_specialist_are_told_once_when_they_are_expected(
    salon: Salon,
    session: Session,
    send: Send,
    mailbox: Mailbox,
    client: int,
    cut: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    salon.book(10, Wanted(cut), values={"client": client})
    send()
    present = moment(salon.at(9))
    monkeypatch.setattr("parlour.plugins.bookings.late.now", lambda: present)
    quiet = run_late(session, salon.staff["Vera"], 10, shift=True, tell=False)
    send()
    assert len(mailbox.recipients) == 1 and quiet.moved
    run_late(session, salon.staff["Vera"], 20, shift=True, tell=True)
    send()
    assert len(mailbox.recipients) == 2 and "10:30" in mailbox.text() and "10:10" not in mailbox.text()
    run_late(session, salon.staff["Vera"], 15, shift=False, tell=True)
    send()
    assert "10:45" in mailbox.text()
    # Reminders speak of the new beginning; those of an old one say nothing any more.
    kinds = [kind for kind, state in said(session) if state in ("sent", "waiting")]
    assert sorted(set(kinds)) == ["bookings.booked", "bookings.late", "bookings.reminder"]


def test_a_delay_that_is_taken_back_is_news_only_for_who_was_told_of_it(
    salon: Salon,
    session: Session,
    send: Send,
    mailbox: Mailbox,
    client: int,
    cut: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    salon.book(10, Wanted(cut), values={"client": client})
    send()
    present = moment(salon.at(9))
    monkeypatch.setattr("parlour.plugins.bookings.late.now", lambda: present)
    vera = salon.staff["Vera"]
    for shift in (True, False):
        quiet = run_late(session, vera, 10, shift=shift, tell=False)
        send()
        undo(session, quiet.change_set)
        send()
        assert len(mailbox.messages) == 1
        # Undone before the letter has gone: neither of the two goes.
        hasty = run_late(session, vera, 15, shift=shift, tell=True)
        undo(session, hasty.change_set)
        send()
        assert len(mailbox.messages) == 1
    for shift in (True, False):
        before = len(mailbox.messages)
        late = run_late(session, vera, 20, shift=shift, tell=True)
        send()
        more = run_late(session, vera, 5, shift=shift, tell=False)
        send()
        undo(session, more.change_set)
        send()
        assert len(mailbox.messages) == before + 1 and "10:20" in mailbox.text()
        undo(session, late.change_set)
        send()
        assert len(mailbox.messages) == before + 2
        assert "The delay is off" in str(mailbox.messages[-1]["Subject"]) and "10:00" in mailbox.text()


def test_who_comes_to_a_session_is_told_when_it_moves_or_does_not_take_place(
    salon: Salon,
    session: Session,
    send: Send,
    mailbox: Mailbox,
    client: int,
    cut: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starts = moment(salon.at(12)).astimezone(ZoneInfo(salon.zone))
    group = save(session, Group, {"item": cut, "staff": salon.staff["Vera"], "starts": starts})
    book_seats(session, group, by="staff", values={"client": client})
    send()
    present = moment(salon.at(11))
    monkeypatch.setattr("parlour.plugins.bookings.late.now", lambda: present)
    run_late(session, salon.staff["Vera"], 15, shift=True, tell=True)
    send()
    assert "we are running late" in mailbox.text() and "12:15" in mailbox.text()
    save(session, Group, {"starts": starts + timedelta(hours=3)}, group)
    send()
    assert "Your visit was moved" in str(mailbox.messages[-1]["Subject"]) and "3:00" in mailbox.text()
    save(session, Group, {"cancelled": True}, group)
    send()
    assert "cancelled" in str(mailbox.messages[-1]["Subject"]) and len(mailbox.messages) == 4


def remind_now(session: Session, engine: Engine) -> None:
    """Let the moment of all reminders have come."""
    waiting = select(Payload.job_id).join(Message, Message.id == Payload.message_id)
    jobs = session.scalars(waiting.where(Message.kind == "bookings.reminder")).all()
    session.rollback()
    with engine.begin() as connection:
        connection.execute(update(Job).where(Job.id.in_(jobs)).values(run_at=now()))


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(one["Subject"]).partition(":")[0] for one in mailbox.messages]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_shipped_text_says_a_word_twice(session: Session, salon: Salon, language: str) -> None:
    loc = speaking(defaults_of(session), language, "Europe/Moscow")
    for kind in kinds_of(session):
        values = {one.name: one.sample for one in (*USUAL, *kind.variables)}
        shipped = kind.texts[language]
        for text in (shipped.subject, shipped.body, shipped.short):
            said = fill(text, values, loc)
            assert not re.search(r"\b(\w{2,})\W+\1\b", said, re.IGNORECASE), (kind.code, said)


def test_a_request_is_confirmed_when_the_salon_says_yes_and_reminded_of_then(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    save(session, Item, {"bookings_confirm": True, "bookings_online": True}, cut)
    visit = salon.book(10, Wanted(cut), by="client", values={"client": client, "source": "online"})
    assert salon.visit(visit).status == "requested"
    send()
    assert subjects(mailbox) == ["Your request has arrived"] and "10:00" in mailbox.text()
    services.move(session, visit, salon.at(11), by="staff")
    send()
    assert subjects(mailbox)[1:] == ["Your request has arrived"] and "11:00" in mailbox.text()
    assert "bookings.reminder" not in dict(said(session))
    services.set_status(session, visit, "confirmed")
    send()
    assert subjects(mailbox)[2:] == ["You are booked"]
    assert said(session)[-1] == ("bookings.reminder", "waiting")
    services.set_status(session, visit, "booked")
    send()
    assert len(mailbox.messages) == 3
    other = salon.book(13, Wanted(cut), by="client", values={"client": client, "source": "online"})
    send()
    services.cancel(session, other, by="staff")
    send()
    assert subjects(mailbox)[3:] == ["Your request has arrived", "Your visit was cancelled"]


def test_a_visit_that_goes_to_another_client_is_news_for_them_alone(
    salon: Salon, session: Session, send: Send, engine: Engine, mailbox: Mailbox, client: int, cut: int
) -> None:
    save_options(session, {"quiet_from": "", "quiet_to": ""})
    olga = save(session, Contact, {"name": "Olga", "emails": [{"address": "olga@example.com"}]})
    visit = salon.book(10, Wanted(cut), values={"client": client})
    send()
    save(session, Appointment, {"client": olga}, visit)
    send()
    assert mailbox.recipients == ["anna@example.com", "olga@example.com"]
    assert subjects(mailbox) == ["You are booked"] * 2
    remind_now(session, engine)
    send()
    assert mailbox.recipients[2:] == ["olga@example.com"]
    # A visitor who is put to a card has been told already, and is reminded there.
    guest = salon.book(12, Wanted(cut), values={"visitor": "Olga", "email": "olga@example.com"})
    send()
    save(session, Appointment, {"client": olga}, guest)
    send()
    assert mailbox.recipients[3:] == ["olga@example.com"]
    reminded = select(Message.contact_id).where(
        Message.kind == "bookings.reminder", Message.state == "waiting"
    )
    assert set(session.scalars(reminded.order_by(Message.id.desc()).limit(2))) == {None, olga}


def test_the_journal_keeps_no_key_with_which_a_client_comes_back(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    salon.book(10, Wanted(cut), values={"client": client})
    send()
    session.rollback()
    body = session.scalars(select(Message.body).where(Message.kind == "bookings.booked")).one() or ""
    assert "#visit=" in mailbox.text() and "#visit=" not in body and "•••" in body
    for kind in kinds_of(session):
        links = {one.name for one in kind.variables if "#" in str(one.sample)}
        assert links <= set(kind.secret), kind.code


def test_a_status_is_said_in_words(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    text = {"kind": "bookings.cancelled", "channel": "email", "subject": "!", "body": "{status}"}
    for language in ("en", "ru"):
        save(session, Template, {**text, "language": language})
    for language in ("en", "ru"):
        save(session, Contact, {"messages_language": language}, client)
        visit = salon.book(10, Wanted(cut), values={"client": client})
        send()
        services.cancel(session, visit, by="client")
        send()
    cancelled = select(Message.body).where(Message.kind == "bookings.cancelled").order_by(Message.id)
    bodies = session.scalars(cancelled).all()
    assert bodies == ["Cancelled by the client", "Отменён клиентом"]


def test_no_code_is_offered_over_a_channel_that_is_off_for_it(session: Session, settings: Settings) -> None:
    save_options(session, {"sms": "log", "off_by": ("bookings.code:sms",)})
    assert set(codes.ways(session, settings)) == {"email"}
    save_options(session, {"off_by": ()})
    assert set(codes.ways(session, settings)) == {"phone", "email"}


def test_who_has_visits_that_repeat_is_told_once_when_several_are_moved_or_cancelled(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 4)
    made = salon.series(weekly, Wanted(cut), values={"client": client})
    send()
    seen = len(mailbox.messages)

    def news(what: str, **given: Any) -> list[str]:
        nonlocal seen
        done = run_action(session, "bookings.appointment", [made[1]], what, given)
        send()
        undo(session, done.change_set or 0)
        send()
        found, seen = subjects(mailbox)[seen:], len(mailbox.messages)
        return found

    moved = moment(weekly[1] + 90).isoformat()
    assert news("move_following", starts=moved) == [
        "Your visits were moved, the next",
        "Your visits were moved, the next",
    ]
    assert news("cancel_following", by="client") == [
        "Your visits were cancelled",
        "Your visits are booked, the next",
    ]
    assert "visits of yours were cancelled: 3." in mailbox.text(-2)
    # The last of them is one visit.
    made[1] = made[3]
    assert news("cancel_following", by="salon") == ["Your visit was cancelled", "You are booked"]


def test_an_undo_right_after_booking_is_told_to_who_has_been_told_of_the_visit(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    def book() -> int:
        values = {"client": client}
        done = services.book(session, [Wanted(cut)], salon.at(10), by="staff", values=values)
        return done.change_set or 0

    undo(session, book())
    send()
    assert mailbox.messages == []
    made = book()
    send()
    taken_out = undo(session, made)
    send()
    assert subjects(mailbox) == ["You are booked", "Your visit was cancelled"]
    assert all(one in mailbox.text() for one in ("10:00", "Haircut", "Vera"))
    undo(session, taken_out.change_set or 0)
    send()
    assert subjects(mailbox)[2:] == ["You are booked"]
    assert "bookings.online" not in dict(said(session))


def test_an_undo_of_a_series_is_told_once(
    salon: Salon, session: Session, send: Send, mailbox: Mailbox, client: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut), values={"client": client})
    weekly = starts_of(salon.at(10), salon.zone, 1, "week", 4)[1:]
    _made, change_set = repeat(session, visit, weekly)
    send()
    undo(session, change_set)
    send()
    assert subjects(mailbox)[2:] == ["Your visits were cancelled"]
    assert "visits of yours were cancelled: 3." in mailbox.text()


def test_cards_that_become_one_are_no_news(
    salon: Salon, session: Session, send: Send, engine: Engine, mailbox: Mailbox, client: int, cut: int
) -> None:
    save_options(session, {"quiet_from": "", "quiet_to": ""})
    same = save(session, Contact, {"name": "A. Orlova", "emails": [{"address": "a@example.com"}]})
    salon.book(10, Wanted(cut), values={"client": client})
    send()
    merged = merge(session, record_type("contacts.contact"), same, [client])
    send()
    assert len(mailbox.messages) == 1
    undo(session, merged)
    send()
    assert len(mailbox.messages) == 1
    merge(session, record_type("contacts.contact"), same, [client])
    remind_now(session, engine)
    send()
    assert subjects(mailbox)[1:] == ["We expect you"]
