"""SMS, Telegram and a program of one's own, with real servers that are away, slow, broken, or answer twice."""

from __future__ import annotations

import hashlib
import hmac
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from parlour import outgoing
from parlour.db.session import Session
from parlour.plugin import lifecycle
from parlour.plugins.contacts.services import give_consent
from parlour.plugins.messages import services
from parlour.plugins.messages.models import Unreachable
from parlour.plugins.messages.options import options_of
from parlour.testing.mailbox import Mailbox
from tests.plugins.messages.conftest import Office
from tests.support.providers import Provider


@pytest.fixture
def by_telegram(office: Office, provider: Provider) -> Provider:
    provider.body = '{"ok": true, "result": {"message_id": 4711}}'
    office.set(telegram_token="12:AB", telegram_url=provider.url)
    return provider


@pytest.fixture
def by_program(office: Office, provider: Provider) -> Provider:
    office.set(webhook_url=f"{provider.url}/hook", webhook_secret="hush")
    return provider


@pytest.fixture(params=["by_sms", "by_telegram", "by_program"])
def channel(request: pytest.FixtureRequest) -> Provider:
    made: Provider = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def anna(office: Office) -> int:
    return office.client("Орлова Анна", phones=["+79161234567"], messages_telegram="42")


# ---- what the other side gets


def test_an_sms_goes_out_in_the_form_that_the_provider_wants(
    office: Office, anna: int, by_sms: Provider
) -> None:
    message = office.send(anna)
    assert office.run(message) == "done"
    (asked,) = by_sms.asked
    assert asked.json == {
        "phone": "79161234567",
        "from": "JASMINE",
        "message": "Tuesday, May 5 at 2:30 PM",
        "id": asked.headers["Idempotency-Key"],
    }
    assert asked.headers["Authorization"] == "Bearer s3cret"
    row = office.row(message)
    assert (row.state, row.channel, row.address, row.provider_id) == ("sent", "sms", "+79161234567", "77")
    assert row.parts == 1


def test_a_text_can_break_out_of_no_place_of_the_request(office: Office, by_sms: Provider) -> None:
    bad = 'a", "phone": "666\\\n&x=1#\r\nX-Evil: 1'
    client = office.client(phones=["+79161234567"])

    def sent() -> Any:
        office.run(office.send(client, "messages.letter", values={"subject": "s", "text": bad}))
        return by_sms.asked[-1]

    assert sent().json["message"] == bad.replace("\r\n", "\r\n")
    assert sent().json["phone"] == "79161234567"
    office.set(
        sms_headers="Content-Type: application/x-www-form-urlencoded\nX-Text: {text}",
        sms_body="t={text}&p={to}",
    )
    asked = sent()
    assert parse_qs(asked.body) == {"t": [bad], "p": ["+79161234567"]}
    assert "X-Evil" not in asked.headers
    office.set(sms_url=f"{by_sms.url}/{{text}}?t={{text}}", sms_method="GET", sms_headers="", sms_body="")
    asked = sent()
    assert parse_qs(urlsplit(asked.path).query)["t"] == [bad]
    assert asked.path.count("/") == 1


def test_russian_goes_in_latin_letters_where_the_salon_wants_it(office: Office, by_sms: Provider) -> None:
    office.set(sms_latin=True)
    client = office.client(phones=["+79161234567"], messages_language="ru")
    message = office.send(client)
    office.run(message)
    assert by_sms.asked[0].json["message"] == "vtornik, 5 maya v 14:30"
    assert office.row(message).body == "vtornik, 5 maya v 14:30"


def test_a_fixed_line_gets_no_sms(office: Office, by_sms: Provider) -> None:
    message = office.send(office.client(phones=["+74951234567"]))
    office.run(message)
    assert office.state(message) == ("failed", "no_way")
    office.run(office.send(office.client(phones=["+74951234567", "+79161234567"])))
    assert by_sms.asked[0].json["phone"] == "79161234567"


def test_telegram_gets_the_long_text_for_the_chat_of_the_client(
    office: Office, anna: int, by_telegram: Provider
) -> None:
    message = office.send(anna)
    office.run(message)
    (asked,) = by_telegram.asked
    assert asked.path == "/bot12:AB/sendMessage"
    assert asked.json["chat_id"] == "42"
    assert "we expect you on Tuesday, May 5" in asked.json["text"]
    assert office.row(message).provider_id == "4711"


def test_a_program_gets_the_values_signed(office: Office, anna: int, by_program: Provider) -> None:
    office.run(office.send(anna, dedupe_key="k"))
    (asked,) = by_program.asked
    told = asked.json
    assert told["kind"] == "visitors.reminder"
    assert told["client"] == {
        "id": anna,
        "name": "Орлова Анна",
        "emails": [],
        "phones": ["+79161234567"],
        "telegram": "42",
    }
    assert told["values"]["start"] == "2026-05-05T11:30:00+00:00"
    at, mark = (part.partition("=")[2] for part in asked.headers["Parlour-Signature"].split(","))
    expected = hmac.new(b"hush", f"{at}.{asked.body}".encode(), hashlib.sha256).hexdigest()
    assert mark == expected
    assert asked.headers["Idempotency-Key"] == told["id"]


# ---- when the other side does not do its part


def test_a_provider_that_is_down_is_tried_again_and_gets_the_message_once(
    office: Office, anna: int, channel: Provider
) -> None:
    port, broken = channel.port, _free_port()
    _lead(office, port, broken)
    message = office.send(anna)
    assert office.run(message) == "waiting"
    assert office.state(message) == ("waiting", "again")
    _lead(office, broken, port)
    assert office.run(message) == "done"
    assert office.state(message) == ("sent", None)
    assert len(channel.asked) == 1


def test_a_busy_provider_is_tried_again(office: Office, anna: int, channel: Provider) -> None:
    channel.status = 503
    message = office.send(anna)
    assert office.run(message) == "waiting"
    channel.status = 200
    assert office.run(message) == "done"
    assert office.state(message) == ("sent", None)
    first, second = channel.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_a_refusal_is_told_and_not_tried_again(office: Office, anna: int, channel: Provider) -> None:
    channel.status, channel.body = 402, '{"description": "no money left"}'
    message = office.send(anna)
    assert office.run(message) == "done"
    assert office.state(message) == ("failed", "refused")
    assert "no money left" in (office.row(message).detail or "")
    assert office.run(message) is None
    assert len(channel.asked) == 1


def test_a_secret_that_the_provider_repeats_is_not_kept(office: Office, anna: int, by_sms: Provider) -> None:
    by_sms.status, by_sms.body = 401, '{"error": "s3cret is no password of ours"}'
    message = office.send(anna)
    office.run(message)
    assert "••• is no password of ours" in (office.row(message).detail or "")


def test_a_good_status_with_a_bad_answer_is_a_refusal(office: Office, anna: int, by_sms: Provider) -> None:
    by_sms.body = '{"status": "ERROR", "text": "unknown sender"}'
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert "unknown sender" in (office.row(message).detail or "")


@pytest.mark.parametrize("what", ["hang_up", "silent", "broken"])
@pytest.mark.parametrize("way", ["by_sms", "by_telegram"])
def test_an_answer_that_stays_away_leaves_the_message_uncertain_and_nobody_is_told_twice(
    office: Office,
    anna: int,
    way: str,
    what: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "LONGEST", 1)
    provider: Provider = request.getfixturevalue(way)
    if what == "broken":
        provider.status = 500
    else:
        setattr(provider, what, True)
    message = office.send(anna)
    assert office.run(message) == "uncertain"
    assert office.state(message) == ("uncertain", "lost")
    provider.status, provider.hang_up, provider.silent = 200, False, False
    assert office.run(message) is None
    assert len(provider.asked) == 1
    office.do(lambda session: services.decide(session, message, sent=False))
    assert office.run(message) == "done"
    first, second = provider.asked
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


@pytest.mark.parametrize("what", ["hang_up", "silent", "broken"])
def test_a_program_that_does_not_answer_is_asked_again_under_the_same_key(
    office: Office, anna: int, by_program: Provider, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "LONGEST", 1)
    if what == "broken":
        by_program.status = 500
    else:
        setattr(by_program, what, True)
    message = office.send(anna)
    assert office.run(message) == "waiting"
    by_program.status, by_program.hang_up, by_program.silent = 200, False, False
    assert office.run(message) == "done"
    first, second = by_program.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_a_provider_that_answers_twice_has_sent_one_message(
    office: Office, anna: int, channel: Provider
) -> None:
    channel.twice = True
    message = office.send(anna)
    assert office.run(message) == "done"
    assert office.state(message) == ("sent", None)
    assert len(channel.asked) == 1


def test_a_provider_that_leads_elsewhere_is_not_followed(
    office: Office, anna: int, channel: Provider
) -> None:
    channel.status, channel.location = 302, f"{channel.url}/inside"
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert len(channel.asked) == 1


def test_an_address_inside_our_network_is_refused_unless_the_operator_allows_it(
    office: Office, anna: int, channel: Provider
) -> None:
    office.settings = replace(office.settings, outgoing_private=False)
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert "private network" in (office.row(message).detail or "")
    assert channel.asked == []


def test_a_client_who_has_stopped_the_bot_is_not_tried_again_there(
    office: Office, anna: int, by_telegram: Provider
) -> None:
    by_telegram.status = 403
    by_telegram.body = '{"ok": false, "description": "Forbidden: bot was blocked by the user"}'
    office.run(office.send(anna))
    assert office.do(lambda session: session.scalars(select(Unreachable.address)).all()) == ["42"]
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("failed", "no_way")
    assert len(by_telegram.asked) == 1


def test_a_program_gets_a_letter_to_many_once_for_each_client(office: Office, by_program: Provider) -> None:
    clients = [office.client(f"Клиент {n}") for n in range(2)]
    sent = [office.send(client, campaign="spring", channel="webhook") for client in clients]
    for message in sent:
        office.run(message)
    assert [office.state(message) for message in sent] == [("sent", None)] * 2
    assert [asked.json["client"]["id"] for asked in by_program.asked] == clients


def test_what_is_sent_again_takes_another_way_where_the_first_is_dead(
    office: Office, anna: int, by_telegram: Provider
) -> None:
    message = office.send(anna)
    by_telegram.status, by_telegram.body = 403, '{"ok": false, "description": "bot was blocked by the user"}'
    office.run(message)
    assert office.state(message) == ("failed", "refused")
    assert office.row(message).channel == "telegram"
    office.set(sms="log")
    office.do(lambda session: services.resend(session, message))
    office.run(message)
    assert (office.row(message).state, office.row(message).channel) == ("sent", "sms")
    # A way that somebody has chosen stays the only one.
    chosen = office.send(anna, channel="telegram")
    office.run(chosen)
    office.do(lambda session: services.resend(session, chosen))
    office.run(chosen)
    assert office.state(chosen) == ("failed", "no_way")


def test_secrets_are_sealed_where_they_are_kept(
    office: Office, by_sms: Provider, by_program: Provider
) -> None:
    stored = office.do(lambda session: lifecycle.settings_of(session, "messages"))
    assert "s3cret" not in str(stored)
    assert "hush" not in str(stored)
    assert stored["sms_secret"]


# ---- which channel


def test_the_channel_that_the_client_prefers_goes_before_the_salons_order(
    office: Office, by_sms: Provider, by_telegram: Provider, mailbox: Mailbox
) -> None:
    office.settings = mailbox.settings(office.settings)
    by_telegram.body = '{"ok": true, "status": "OK", "result": {"message_id": 1}}'
    reach = {"phones": ["+79161234567"], "emails": ["anna@example.com"], "messages_telegram": "42"}

    def way(**more: Any) -> str | None:
        message = office.send(office.client(**{**reach, **more}))
        office.run(message)
        return office.row(message).channel

    office.set(order=("email", "telegram", "sms"))
    assert way() == "email"
    assert way(preferred_channel="sms") == "sms"
    assert way(preferred_channel="viber") == "email"
    assert way(preferred_channel="telegram", messages_telegram=None) == "email"
    assert way(emails=[]) == "telegram"
    office.set(order=("sms",))
    assert way() == "sms"
    office.set(sms="")
    assert way(preferred_channel="sms") == "email"


def test_advertising_takes_a_channel_for_which_there_is_consent(
    office: Office, by_sms: Provider, mailbox: Mailbox
) -> None:
    office.settings = mailbox.settings(office.settings)
    client = office.client(phones=["+79161234567"], emails=["anna@example.com"])
    office.set(order=("email", "sms"))

    def agree(session: Session) -> None:
        give_consent(session, client, "advertising", version_of_text="1", source="paper", channel="sms")

    office.do(agree)
    message = office.send(client, "visitors.offer")
    office.run(message)
    assert office.row(message).channel == "sms"
    assert mailbox.messages == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lead(office: Office, there: int, elsewhere: int) -> None:
    """Let every address that leads to a port lead to another one."""
    options = office.do(options_of)
    changed = {
        name: getattr(options, name).replace(f":{there}", f":{elsewhere}")
        for name in ("sms_url", "telegram_url", "webhook_url")
    }
    office.set(**changed)
