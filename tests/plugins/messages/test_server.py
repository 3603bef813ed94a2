"""When the mail server is away, refuses or loses the line, or the worker dies: sent at most once, and a person decides."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from parlour.errors import Refusal
from parlour.jobs import enqueue
from parlour.plugins.messages import delivery, services
from parlour.plugins.messages.channels import email
from parlour.plugins.messages.jobs import SCHEDULES
from parlour.plugins.messages.models import Unreachable
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from tests.plugins.messages.conftest import Office


def test_a_server_that_is_away_is_tried_again_and_then_the_message_arrives_once(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    for step in ("rcpt", "data"):
        mailbox.messages.clear()
        setattr(mailbox, step, "450 the mailbox is busy")
        message = office.send(anna)
        assert office.run(message) == "waiting"
        assert office.state(message) == ("waiting", "again")
        assert "450" in (office.row(message).detail or "")
        setattr(mailbox, step, "")
        assert office.run(message) == "done"
        assert office.state(message) == ("sent", None)
        assert len(mailbox.messages) == 1


def test_a_server_that_stays_away_fails_the_message_and_a_person_sends_it_again(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    mailbox.rcpt = "450 later"
    message = office.send(anna)
    for _attempt in range(delivery.ATTEMPTS):
        office.run(message)
    assert office.state(message) == ("failed", "away")
    mailbox.rcpt = ""
    office.do(lambda session: services.resend(session, message))
    assert office.run(message) == "done"
    assert office.state(message) == ("sent", None)
    assert len(mailbox.messages) == 1
    with pytest.raises(Refusal):
        office.do(lambda session: services.resend(session, message))


def test_an_address_that_does_not_exist_is_noted_and_not_tried_by_the_next_message(
    office: Office, mailbox: Mailbox
) -> None:
    client = office.client(emails=["gone@example.com", "anna@example.com"])
    mailbox.rcpt = "550 5.1.1 no such user"
    message = office.send(client)
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert "no such user" in (office.row(message).detail or "")
    assert office.do(lambda session: session.scalars(select(Unreachable.address)).all()) == [
        "gone@example.com"
    ]
    mailbox.rcpt = ""
    office.run(office.send(client))
    assert mailbox.recipients == ["anna@example.com"]
    office.do(lambda session: services.reachable_again(session, "email", "gone@example.com"))
    office.run(office.send(client))
    assert mailbox.recipients == ["anna@example.com", "gone@example.com"]


def test_a_server_that_will_not_take_our_letters_says_nothing_about_the_address(
    office: Office, anna: int, mailbox: Mailbox
) -> None:
    mailbox.rcpt = "550 5.7.1 relaying denied"
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert office.do(lambda session: session.scalars(select(Unreachable.address)).all()) == []


@pytest.mark.parametrize("kept", [True, False])
def test_a_connection_lost_over_the_letter_leaves_it_uncertain_and_it_is_not_sent_again_by_itself(
    office: Office, anna: int, mailbox: Mailbox, kept: bool
) -> None:
    mailbox.hang_up, mailbox.kept = "data", kept
    message = office.send(anna)
    assert office.run(message) == "uncertain"
    assert office.state(message) == ("uncertain", "lost")
    mailbox.hang_up = ""
    assert office.run(message) is None
    assert len(mailbox.messages) == kept


@pytest.mark.parametrize(("sent", "letters"), [(True, 1), (False, 2)])
def test_a_person_decides_about_an_uncertain_message(
    office: Office, anna: int, mailbox: Mailbox, sent: bool, letters: int
) -> None:
    mailbox.hang_up, mailbox.kept = "data", True
    message = office.send(anna)
    office.run(message)
    mailbox.hang_up = ""
    office.do(lambda session: services.decide(session, message, sent=sent))
    office.run(message)
    assert office.state(message) == ("sent", None)
    assert len(mailbox.messages) == letters
    with pytest.raises(Refusal):
        office.do(lambda session: services.decide(session, message, sent=sent))


class Killed(BaseException):
    """What a kill is for the code that it meets: nothing after it runs."""


def _kill(monkeypatch: pytest.MonkeyPatch, *, marked: bool) -> None:
    """The worker dies when the letter is out and before that is written down; `marked` False leaves out the mark before."""
    real = email.prepare

    def prepare(out: Any) -> Any:
        hand_over = real(out)

        def dying() -> str:
            hand_over()
            raise Killed

        return dying

    monkeypatch.setattr(email, "prepare", prepare)
    if not marked:
        monkeypatch.setattr(delivery.JobContext, "sending", lambda job, key: None)


def _after_the_kill(office: Office, message: int) -> None:
    """What a killed process leaves: its transaction is rolled back, its lease runs out."""
    with pytest.raises(Killed):
        office.run(message)


def test_a_worker_killed_between_sending_and_writing_it_down_leaves_the_message_uncertain(
    office: Office, anna: int, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = office.send(anna)
    with monkeypatch.context() as patched:
        _kill(patched, marked=True)
        _after_the_kill(office, message)
    office.lose_worker(message)
    assert office.run(message) is None
    assert len(mailbox.messages) == 1
    office.do(lambda session: services.settle(session, [message]))
    assert office.state(message) == ("uncertain", "lost")


def test_control_without_the_mark_before_sending_the_letter_goes_out_twice(
    office: Office, anna: int, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = office.send(anna)
    with monkeypatch.context() as patched:
        _kill(patched, marked=False)
        _after_the_kill(office, message)
    assert office.run(message) == "done"
    assert len(mailbox.messages) == 2


def test_what_was_decided_on_the_page_of_jobs_is_seen(office: Office, anna: int, mailbox: Mailbox) -> None:
    from parlour.jobs import control

    mailbox.hang_up = "data"
    message = office.send(anna)
    office.run(message)
    office.do(lambda session: control.decide(session, office.job(message), sent=True))
    office.do(lambda session: services.settle(session, [message]))
    assert office.state(message) == ("sent", None)


def test_the_journal_learns_by_itself_what_became_of_a_lost_worker(
    office: Office, anna: int, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = office.send(anna)
    with monkeypatch.context() as patched:
        _kill(patched, marked=True)
        _after_the_kill(office, message)
    office.lose_worker(message)
    schedule = SCHEDULES["messages.settle"]
    office.do(lambda session: enqueue(session, schedule.job, schedule.args))
    run_due(office.engine, office.settings)
    assert office.state(message) == ("uncertain", "lost")
