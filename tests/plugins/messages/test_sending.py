"""One message: in the reader's words, once, only while it is true, and with what became of it written down."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from parlour.access.models import Membership, Organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.jobs.models import Job
from parlour.jobs.run import run_job
from parlour.mail import Attachment
from parlour.plugin import lifecycle
from parlour.plugins.contacts.services import give_consent
from parlour.plugins.messages import delivery, services
from parlour.plugins.messages.channels import email
from parlour.plugins.messages.models import Message, Payload
from parlour.records import removal, store
from parlour.records.persons import erase
from parlour.records.registry import record_type
from parlour.records.write import Change, save, write
from parlour.testing import people
from parlour.testing.mailbox import Mailbox
from tests.plugins.messages.conftest import ANNA, NOON, Office, Visits


def test_a_message_arrives_in_the_readers_language_with_dates_on_their_clock(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    message = office.send(anna)
    assert office.run(message) == "done"
    assert mailbox.recipients == ["anna@example.com"]
    assert mailbox.messages[0]["subject"] == "You are expected"
    # Half past eleven in London is half past two in Moscow.
    assert "Анна, we expect you on Tuesday, May 5, 2:30\u202fPM." in mailbox.text()
    row = office.row(message)
    assert (row.state, row.channel, row.address) == ("sent", "email", "anna@example.com")
    assert row.body == "Анна, we expect you on Tuesday, May 5, 2:30\u202fPM.\n\nJasmine"
    assert row.sent_at is not None

    russian = office.client("Мария", emails=["maria@example.com"], messages_language="ru")
    office.run(office.send(russian, zone="Asia/Novosibirsk"))
    assert mailbox.messages[1]["subject"] == "Мы вас ждём"
    assert "ждём вас: вторник, 5 мая, 18:30." in mailbox.text()


def test_a_second_wish_with_the_same_key_is_the_first_message(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    first = office.send(anna, dedupe_key="visit:7:24h")
    assert office.send(anna, dedupe_key="visit:7:24h") == first
    assert office.send(anna, dedupe_key="visit:8:24h") != first
    office.run(first)
    assert office.send(anna, dedupe_key="visit:7:24h") == first
    assert office.run(first) is None
    assert len(mailbox.messages) == 1


def _at_once(office: Office, anna: int) -> list[Any]:
    """Two who ask for the same message at the same moment: ids, or what was raised."""
    found: list[Any] = []
    barrier = threading.Barrier(2)

    def ask() -> None:
        barrier.wait(30)
        try:
            found.append(office.send(anna, dedupe_key="visit:7:24h"))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=ask) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_two_who_ask_at_the_same_moment_get_the_same_message(
    office: Office, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _look_together(monkeypatch)
    first, second = _at_once(office, anna)
    assert first == second
    assert office.do(lambda session: session.scalar(select(func.count(Message.id)))) == 1


def test_control_without_the_unique_key_there_would_be_two(
    office: Office, anna: int, owner_engine: Engine, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        return  # on SQLite one writes after the other, so nobody looks before the other has written
    with owner_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages_message DROP CONSTRAINT uq_messages_message_key")
    _look_together(monkeypatch)
    first, second = _at_once(office, anna)
    assert first != second


def _look_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked for the key before either writes, where the database lets two write at once."""
    looked, real = threading.Barrier(2), store.check_unique
    seen = threading.local()

    def look(session: Session, *given: Any) -> None:
        real(session, *given)
        if not getattr(seen, "once", False) and session.get_bind().dialect.name == "postgresql":
            seen.once = True
            looked.wait(30)

    monkeypatch.setattr(store, "check_unique", look)


def test_what_rolls_back_was_never_asked_for(office: Office, anna: int, mailbox: Mailbox) -> None:
    with office.session() as session:
        services.send(session, "visitors.code", contact_id=anna, values={"start": NOON}, dedupe_key="a")
        session.rollback()
    assert office.do(lambda session: session.scalar(select(func.count(Message.id)))) == 0


# ---- still true?


def test_the_owner_is_asked_right_before_sending_and_may_bring_other_values(
    office: Office, anna: int, mailbox: Mailbox, visits: Visits
) -> None:
    message = office.send(anna, about=("visitors.visit", 41), version=3)
    visits.answer = {"start": NOON + timedelta(days=1)}
    office.run(message)
    assert "Wednesday, May 6" in mailbox.text()
    (about,) = visits.asked
    assert (about.record, about.id, about.version, about.contact_id) == ("visitors.visit", 41, 3, anna)


def test_a_visit_that_was_moved_between_wish_and_sending_is_not_told_at_its_old_time(
    office: Office, anna: int, mailbox: Mailbox, visits: Visits
) -> None:
    message = office.send(anna, about=("visitors.visit", 41), version=3)
    visits.answer = None
    office.run(message)
    assert office.state(message) == ("cancelled", "changed")
    assert mailbox.messages == []


def test_a_change_after_an_outage_is_seen_by_the_next_attempt(
    office: Office, anna: int, mailbox: Mailbox, visits: Visits
) -> None:
    mailbox.rcpt = "450 later"
    message = office.send(anna)
    assert office.run(message) == "waiting"
    mailbox.rcpt, visits.answer = "", None
    assert office.run(message) == "done"
    assert office.state(message) == ("cancelled", "changed")
    assert mailbox.messages == []


def test_everything_about_a_row_is_taken_back_at_once(office: Office, anna: int, mailbox: Mailbox) -> None:
    about = [office.send(anna, about=("visitors.visit", 41)) for _one in range(2)]
    other = office.send(anna, about=("visitors.visit", 42))
    assert office.do(lambda session: services.cancel_about(session, "visitors.visit", 41)) == 2
    for message in (*about, other):
        office.run(message)
    assert [office.state(message)[0] for message in (*about, other)] == ["cancelled", "cancelled", "sent"]


def test_a_reminder_whose_moment_has_passed_is_too_late(office: Office, anna: int, mailbox: Mailbox) -> None:
    message = office.send(anna, expires_at=now() - timedelta(minutes=1))
    office.run(message)
    assert office.state(message) == ("late", "passed")
    assert mailbox.messages == []


def test_a_kind_that_is_switched_off_is_not_sent(office: Office, anna: int, mailbox: Mailbox) -> None:
    office.set(off=("visitors.reminder",))
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("cancelled", "off")


def test_a_message_of_a_plugin_that_is_off_waits_until_it_is_on(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    message = office.send(anna)
    office.do(lambda session: lifecycle.disable(session, "visitors"))
    assert office.run(message) == "parked"
    assert office.state(message) == ("waiting", None)
    office.do(lambda session: lifecycle.enable(session, "visitors"))
    assert office.run(message) == "done"
    assert len(mailbox.messages) == 1


def test_nobody_is_written_to_who_is_in_the_archive(office: Office, anna: int, mailbox: Mailbox) -> None:
    message = office.send(anna)
    office.do(lambda session: write(session, "contacts.contact", [Change(id=anna, act="archive")]))
    office.run(message)
    assert office.state(message) == ("cancelled", "gone")
    assert mailbox.messages == []


def test_messages_go_with_the_client_who_is_deleted(office: Office, anna: int, mailbox: Mailbox) -> None:
    job = office.job(office.send(anna))
    office.do(lambda session: removal.delete(session, record_type("contacts.contact"), [anna]))
    assert run_job(office.engine, job, settings=office.settings) == "done"
    assert mailbox.messages == []


def test_a_message_taken_back_while_it_is_being_written_out_is_not_sent(
    office: Office, anna: int, mailbox: Mailbox, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        return  # on SQLite whoever takes it back waits until it is marked
    message, real = office.send(anna), email.prepare

    def prepare(out: Any) -> Any:
        assert office.do(lambda session: services.cancel(session, message))
        return real(out)

    with monkeypatch.context() as patched:
        patched.setattr(email, "prepare", prepare)
        assert office.run(message) == "waiting"
    assert office.run(message) == "done"
    assert office.state(message) == ("cancelled", "stopped")
    assert mailbox.messages == []


def test_what_is_stopped_while_it_is_put_off_stays_stopped(
    office: Office, anna: int, mailbox: Mailbox, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind == "sqlite":
        return  # on SQLite whoever takes it back waits until it is written down
    message = office.send(anna)
    until = now() + timedelta(hours=8)

    def night(*given: Any) -> Any:
        assert office.do(lambda session: services.cancel(session, message))
        return until

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "quiet_until", night)
        assert office.run(message) == "waiting"
    assert office.run(message) == "done"
    assert office.state(message) == ("cancelled", "stopped")
    assert mailbox.messages == []


# ---- consent


def _agree(session: Session, client: int, *, given: bool = True, channel: str = "any") -> None:
    give_consent(
        session, client, "advertising", version_of_text="1", source="paper", given=given, channel=channel
    )


def test_advertising_goes_to_those_only_who_have_agreed(office: Office, anna: int, mailbox: Mailbox) -> None:
    never = office.send(anna, "visitors.offer")
    office.run(never)
    assert office.state(never) == ("cancelled", "no_consent")
    office.do(lambda session: _agree(session, anna))
    message = office.send(anna, "visitors.offer")
    office.run(message)
    assert office.state(message) == ("sent", None)
    assert len(mailbox.messages) == 1


def test_a_consent_withdrawn_between_wish_and_sending_counts(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    office.do(lambda session: _agree(session, anna))
    message = office.send(anna, "visitors.offer")
    office.do(lambda session: _agree(session, anna, given=False, channel="email"))
    office.run(message)
    assert office.state(message) == ("cancelled", "no_consent")
    assert mailbox.messages == []


def test_a_reminder_goes_to_a_client_who_wants_no_advertising(office: Office, mailbox: Mailbox) -> None:
    silent = office.client(**ANNA, silent=True)
    office.do(lambda session: _agree(session, silent, given=False))
    office.run(office.send(silent))
    assert len(mailbox.messages) == 1


# ---- files, staff, addresses


def test_files_travel_along_and_pictures_stand_in_the_letter(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    files = [
        Attachment("visit.ics", "text/calendar", b"BEGIN:VCALENDAR"),
        Attachment("logo.png", "image/png", b"\x89PNG", inline=True),
    ]
    office.run(office.send(anna, attachments=files))
    (letter,) = mailbox.messages
    (attached,) = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("visit.ics", "text/calendar")
    html = letter.get_body(("related",))
    assert html is not None
    picture = next(part for part in html.walk() if part.get_content_type() == "image/png")
    assert picture.get_content() == b"\x89PNG"
    page = letter.get_body(("html",))
    assert page is not None
    assert f'src="cid:{picture["content-id"][1:-1]}"' in page.get_content()
    assert "START" not in mailbox.text()


def test_a_message_to_who_works_here_goes_to_their_log_in(office: Office, mailbox: Mailbox) -> None:
    user = office.do(lambda session: people.add_person(session, "specialist", name="Pavel").id)
    message = office.send(None, "messages.trial", user_id=user)
    office.run(message)
    assert office.state(message) == ("sent", None)
    assert mailbox.recipients[0].startswith("specialist")


@pytest.mark.parametrize("left", [{"active": False}, {"ends_at": now() - timedelta(days=1)}])
def test_who_works_here_no_more_gets_nothing(office: Office, mailbox: Mailbox, left: dict[str, Any]) -> None:
    user = office.do(lambda session: people.add_person(session, "specialist", name="Pavel").id)
    message = office.send(None, "messages.trial", user_id=user)
    with office.engine.begin() as connection:
        connection.execute(update(Membership).where(Membership.user_id == user).values(**left))
    office.run(message)
    assert office.state(message) == ("cancelled", "gone")
    assert mailbox.messages == []


def test_somebody_without_a_card_is_written_to_at_an_address(office: Office, mailbox: Mailbox) -> None:
    address = services.Address("email", "new@example.com", "Nina Petrova")
    office.run(office.send(None, "visitors.code", address=address))
    assert mailbox.recipients == ["new@example.com"]
    assert "Nina, we expect you" in mailbox.text()


def test_who_cannot_be_reached_is_told_about(office: Office, mailbox: Mailbox) -> None:
    message = office.send(office.client())
    office.run(message)
    assert office.state(message) == ("failed", "no_way")


# ---- what makes no sense


@pytest.mark.parametrize(
    "given",
    [
        {"contact_id": None},
        {"user_id": 1},
        {"values": {"price": 7}},
        {"at": NOON.replace(tzinfo=None)},
        {"channel": "pigeon"},
        {"dedupe_key": ""},
        {"attachments": [Attachment("a.bin", "application/x", b"0" * 2_000_001)]},
        {"values": {"start": NOON.replace(tzinfo=None)}},
        {"values": {"start": object()}},
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_asked_for(
    office: Office, anna: int, given: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"contact_id": anna, "values": {"start": NOON}, "dedupe_key": "x"} | given
    with pytest.raises(ValueError, match=r"."), office.session() as session:
        services.send(session, "visitors.code", **asked)


def test_an_unknown_kind_is_not_found(office: Office, anna: int) -> None:
    with pytest.raises(NotFound):
        office.send(anna, "visitors.nothing")


# ---- the client's data


def test_erasing_a_client_blanks_what_was_sent_and_forgets_what_waits(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    sent, waiting = office.send(anna), office.send(anna)
    office.run(sent)
    job = office.job(waiting)
    office.do(lambda session: erase(session, record_type("contacts.contact"), anna))
    for message in (sent, waiting):
        row = office.row(message)
        assert (row.title, row.body, row.address) == (None, None, None)
    assert office.state(waiting) == ("cancelled", "gone")
    assert office.do(lambda session: session.scalar(select(func.count(Payload.id)))) == 0
    with office.engine.connect() as connection:
        assert connection.scalar(select(Job.id).where(Job.id == job)) is None
    assert len(mailbox.messages) == 1


def test_erasing_a_client_blanks_what_went_to_their_bare_addresses(office: Office, mailbox: Mailbox) -> None:
    client = office.client(emails=["anna@example.com"], phones=["+79161234567"])
    office.set(sms="log")
    to = [("email", "Anna@example.com"), ("sms", "+79161234567"), ("email", "olga@example.com")]
    theirs, phone, other = (
        office.send(None, "visitors.code", address=services.Address(channel, address, "Anna"))
        for channel, address in to
    )
    for message in (theirs, other):
        office.run(message)
    office.do(lambda session: erase(session, record_type("contacts.contact"), client))
    for message in (theirs, phone):
        row = office.row(message)
        assert (row.title, row.body, row.address) == (None, None, None)
    assert office.state(phone) == ("cancelled", "gone")
    assert office.row(other).address == "olga@example.com"
    left = office.do(lambda session: session.scalars(select(Payload.message_id)).all())
    assert left == [other]


def test_nobody_writes_into_the_journal_by_hand(
    office: Office, session_as: Callable[..., Session], organisation: Organisation
) -> None:
    from parlour.access.rules import allows

    with session_as("owner") as session:
        assert allows(session, "messages:message:read")
        assert not allows(session, "messages:message:create")
        assert not allows(session, "messages:message:write")
        assert not allows(session, "messages:message:delete")
        with pytest.raises(Exception, match="may not"):
            save(session, Message, {"title": "forged", "state": "sent"})


def test_a_job_that_was_replaced_by_another_sends_nothing(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    message = office.send(anna)
    with office.session() as session:
        session.execute(update(Payload).where(Payload.message_id == message).values(job_id=0))
        session.commit()
    with office.engine.connect() as connection:
        job = connection.scalar(select(Job.id).where(Job.name == "messages.send"))
    assert run_job(office.engine, int(job or 0), settings=office.settings) == "done"
    assert mailbox.messages == []
