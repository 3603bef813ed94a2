"""What the other side says later: arrived, or come back."""

from __future__ import annotations

import mailbox as mailbox_
from collections.abc import Callable
from pathlib import Path
from time import gmtime, time
from typing import Any

import pytest
from sqlalchemy import select

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.plugins.messages import reports, services
from parlour.plugins.messages.models import Unreachable
from parlour.testing.browsers import Program
from parlour.testing.mailbox import Mailbox
from tests.core.cli.conftest import runner, use_environment
from tests.plugins.messages.conftest import Office

BOUNCE = """\
From: MAILER-DAEMON@mail.example
To: no-reply@salon.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; anna@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no
 such user

--b
{returned}

--b--
"""
WHOLE = "Content-Type: message/rfc822\n\nFrom: a@b.example\nMessage-ID: {number}\nSubject: x\n\nDear Anna"
HEAD = "Content-Type: text/rfc822-headers\n\nFrom: a@b.example\nmessage-id: {number}\n"


@pytest.fixture
def sent(office: Office, mailbox: Mailbox) -> int:
    message = office.send(office.client(emails=["anna@example.com"]))
    office.run(message)
    return message


def notice(office: Office, message: int, returned: str = WHOLE, **more: str) -> bytes:
    number = office.row(message).provider_id or ""
    filled = {"action": "failed", "status": "5.1.1"} | more
    return BOUNCE.format(returned=returned.format(number=number), **filled).encode()


def dead(office: Office) -> list[str]:
    return list(office.do(lambda session: session.scalars(select(Unreachable.address)).all()))


@pytest.mark.parametrize("returned", [WHOLE, HEAD])
def test_a_letter_that_came_back_is_bounced_and_its_address_is_not_tried_again(
    office: Office, sent: int, returned: str
) -> None:
    raw = notice(office, sent, returned)
    for _time in range(2):
        assert office.do(lambda session: reports.take_notice(session, raw)) == sent
    assert office.state(sent) == ("bounced", None)
    assert office.row(sent).detail == "smtp; 550 5.1.1 no such user"
    assert dead(office) == ["anna@example.com"]


def test_a_full_mailbox_says_nothing_about_the_address(office: Office, sent: int) -> None:
    raw = notice(office, sent, status="5.2.2")
    office.do(lambda session: reports.take_notice(session, raw))
    assert office.state(sent) == ("bounced", None)
    assert dead(office) == []


@pytest.mark.parametrize(("action", "state"), [("delayed", "sent"), ("delivered", "delivered")])
def test_other_notifications_are_what_they_say(office: Office, sent: int, action: str, state: str) -> None:
    raw = notice(office, sent, action=action, status="2.0.0")
    office.do(lambda session: reports.take_notice(session, raw))
    assert office.state(sent)[0] == state


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: anna@example.com\nSubject: Re: your letter\n\nThank you",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n--b--",
        BOUNCE.format(action="failed", status="5.1.1", returned="Content-Type: text/plain\n\nx").encode(),
    ],
)
def test_any_other_mail_is_refused(office: Office, raw: bytes) -> None:
    with pytest.raises(Refusal):
        office.do(lambda session: reports.take_notice(session, raw))


def test_a_message_that_came_back_may_be_sent_again_by_a_person(
    office: Office, sent: int, mailbox: Mailbox
) -> None:
    office.do(lambda session: reports.take_notice(session, notice(office, sent, status="5.2.2")))
    office.do(lambda session: services.resend(session, sent))
    office.run(sent)
    assert office.state(sent) == ("sent", None)
    assert len(mailbox.messages) == 2


def test_programs_tell_it_with_a_token(office: Office, sent: int, program: Callable[..., Program]) -> None:
    caller = program("receptionist")
    number = office.row(sent).provider_id
    told = {"number": number, "channel": "email", "state": "delivered", "detail": "at the door"}
    assert caller.post_json("/api/v1/messages/reports", told).json == {"id": sent}
    assert office.state(sent) == ("delivered", None)
    answer = caller.post("/api/v1/messages/bounces", notice(office, sent), content_type="message/rfc822")
    assert answer.json == {"id": sent}
    assert office.state(sent) == ("bounced", None)
    # What has come back does not arrive after all, whoever says so later.
    caller.post_json("/api/v1/messages/reports", told)
    assert office.state(sent) == ("bounced", None)


@pytest.mark.parametrize(
    "told",
    [
        {"number": "none", "state": "delivered"},
        {"number": "", "state": "delivered"},
        {"number": [1], "state": "delivered"},
        {"number": "1", "state": "eaten"},
        {"number": "1", "state": "failed", "detail": 7},
        {"number": "1", "state": "failed", "channel": "telegram"},
        {},
    ],
)
def test_what_a_program_says_wrongly_is_refused(
    office: Office, program: Callable[..., Program], told: dict[str, Any]
) -> None:
    answer = program("owner").post_json("/api/v1/messages/reports", told, expect_errors=True)
    assert answer.status_int in (404, 422)


def test_who_may_not_decide_about_messages_may_not_report(
    office: Office, sent: int, session_as: Callable[..., Session], program: Callable[..., Program]
) -> None:
    with session_as("specialist") as session, pytest.raises(NotAllowed):
        reports.report(session, "x", channel="sms", arrived=True)
    answer = program("specialist").post_json(
        "/api/v1/messages/reports", {"number": "1", "state": "delivered"}, expect_errors=True
    )
    assert answer.status_int == 403


def test_a_report_about_an_sms_says_nothing_of_other_messages(
    office: Office, anna: int, program: Callable[..., Program]
) -> None:
    """Numbers of Telegram are small, and a provider of SMS may give the same one."""
    office.set(sms="log")
    sms = office.send(office.client(phones=["+79161234567"]))
    telegram = office.send(anna)
    for message, channel in ((sms, "sms"), (telegram, "telegram")):
        office.run(message)
        values = {"provider_id": "77", "channel": channel}
        office.do(lambda session, row=message, values=values: services.change(session, row, **values))
    told = {"number": "77", "state": "failed"}
    assert program("receptionist").post_json("/api/v1/messages/reports", told).json == {"id": sms}
    assert (office.state(sms)[0], office.state(telegram)[0]) == ("bounced", "sent")


def test_an_address_that_works_again_is_not_marked_by_what_was_read_before(office: Office, sent: int) -> None:
    raw = notice(office, sent)
    office.do(lambda session: reports.take_notice(session, raw))
    assert dead(office) == ["anna@example.com"]
    office.do(lambda session: services.reachable_again(session, "email", "anna@example.com"))
    office.do(lambda session: reports.take_notice(session, raw))
    assert dead(office) == []


def test_a_letter_of_another_salon_is_not_found(
    office: Office, sent: int, other_organisation: Organisation, program: Callable[..., Program]
) -> None:
    stranger = program("owner", other_organisation)
    answer = stranger.post(
        "/api/v1/messages/bounces", notice(office, sent), content_type="message/rfc822", expect_errors=True
    )
    assert answer.status_int == 404
    assert office.state(sent) == ("sent", None)


@pytest.mark.parametrize("kind", [mailbox_.mbox, mailbox_.Maildir])
def test_a_job_reads_what_came_lately(office: Office, sent: int, tmp_path: Path, kind: Any) -> None:
    box = kind(tmp_path / "box", create=True)
    mail = mailbox_.mboxMessage(notice(office, sent)) if kind is mailbox_.mbox else None
    if mail is not None:
        mail.set_from("MAILER-DAEMON", gmtime(time() - 4 * 86_400))
        box.add(mail)
    else:
        key = box.add(notice(office, sent))
        old = box.get_message(key)
        old.set_date(time() - 4 * 86_400)
        box[key] = old
    box.add(b"Subject: Lunch\n\nAt noon?\n")
    box.flush()
    assert office.bounces() is None
    assert office.state(sent)[0] == "sent"
    assert office.bounces(tmp_path / "box") is None
    assert office.state(sent)[0] == "sent", "what is older is for the command"
    box.add(notice(office, sent))
    box.flush()
    for _time in range(2):
        assert office.bounces(tmp_path / "box") is None
        assert office.state(sent) == ("bounced", None)
    assert "cannot be read" in (office.bounces(tmp_path / "nothing") or "")


def test_the_command_reads_a_mailbox_and_a_second_time_changes_nothing(
    office: Office,
    sent: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_environment(monkeypatch, office.settings)
    parlour = runner(monkeypatch, capsys)
    box = mailbox_.mbox(tmp_path / "mbox")
    for raw in (
        notice(office, sent),
        notice(office, sent).replace(b"Message-ID: <", b"Message-ID: <other-"),
        b"Subject: Lunch\n\nAt noon?\n",
    ):
        box.add(raw)
    box.flush()
    single = tmp_path / "bounce.eml"
    single.write_bytes(notice(office, sent))
    for _time in range(2):
        said = parlour("messages", "bounces", str(tmp_path / "mbox"), "--json")
        assert (said.code, said.json) == (0, {"noted": 1, "others": 1, "unknown": 1})
    assert parlour("messages", "bounces", str(single)).out.startswith("Notifications written down: 1")
    assert office.state(sent) == ("bounced", None)
    gone = parlour("messages", "bounces", str(tmp_path / "nothing"))
    assert (gone.code, "cannot be read" in gone.err) == (2, True)
