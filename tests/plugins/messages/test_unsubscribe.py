"""Wanting no more advertising: one click, no log-in, and looking changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from pyramid.router import Router
from sqlalchemy import func, select
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.plugins.contacts.models import Consent
from parlour.plugins.contacts.services import consented, consents_of, give_consent, may_advertise
from parlour.records import removal
from parlour.records.merge import merge
from parlour.records.registry import record_type
from parlour.testing.mailbox import Mailbox
from tests.plugins.messages.conftest import Office
from tests.support.providers import serving


@pytest.fixture
def anna(office: Office) -> int:
    """A client who agreed to advertising over everything, on paper."""
    client = office.client("Орлова Анна", emails=["anna@example.com"], messages_telegram="42")
    office.do(
        lambda session: give_consent(
            session, client, "advertising", version_of_text="2026-01-01", source="paper"
        )
    )
    return client


@pytest.fixture
def stranger(app: Router, office: Office) -> TestApp:
    """A browser, or a mail program, that knows nothing but the link."""
    app.registry["parlour.settings"] = office.settings
    return TestApp(app)


@pytest.fixture
def link(office: Office, anna: int, mailbox: Mailbox) -> str:
    """The path of the link in an offer."""
    office.run(office.send(anna, "visitors.offer"))
    return urlsplit(mailbox.messages[0]["List-Unsubscribe"].strip("<>")).path


def _agreed(office: Office, client: int, channel: str = "email") -> bool:
    return bool(office.do(lambda session: may_advertise(session, [client], channel)))


def test_an_offer_says_how_to_get_no_more_and_a_reminder_does_not(
    office: Office, anna: int, link: str, mailbox: Mailbox
) -> None:
    offer = mailbox.messages[0]
    assert offer["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mailbox.text()
    page = offer.get_body(("html",))
    assert page is not None
    assert link in page.get_content()
    office.run(office.send(anna))
    assert mailbox.messages[1]["List-Unsubscribe"] is None
    assert "unsubscribe" not in mailbox.text()


def test_a_filter_that_follows_every_link_changes_nothing(
    office: Office, anna: int, link: str, stranger: TestApp, mailbox: Mailbox
) -> None:
    before = office.do(lambda session: len(consents_of(session, anna)))
    for found in set(re.findall(r"https?://[^\s\"<>]+", str(mailbox.messages[0].get_body(("html",))))):
        stranger.get(urlsplit(found).path or "/", expect_errors=True)
        stranger.head(urlsplit(found).path or "/", expect_errors=True)
    page = stranger.get(link)
    assert page.status_int == 200
    assert "No more advertising from Jasmine?" in page.text
    assert _agreed(office, anna)
    assert office.do(lambda session: len(consents_of(session, anna))) == before


def test_one_click_of_a_mail_program_withdraws_without_cookies_or_log_in(
    office: Office, anna: int, link: str, stranger: TestApp, mailbox: Mailbox
) -> None:
    answer = stranger.post(
        link, {"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"}
    )
    assert answer.status_int == 200
    assert not _agreed(office, anna)
    assert _agreed(office, anna, "sms")  # one channel, as the letter came over one
    kept = office.do(lambda session: consents_of(session, anna))
    (withdrawal,) = [one for one in kept if one.channel == "email"]
    assert (withdrawal.given, withdrawal.source, withdrawal.version_of_text) == (
        False,
        "message",
        "2026-01-01",
    )
    offer, reminder = office.send(anna, "visitors.offer", channel="email"), office.send(anna)
    office.run(offer)
    office.run(reminder)
    assert office.state(offer) == ("cancelled", "no_consent")
    assert office.state(reminder) == ("sent", None)


def test_a_second_click_says_the_same_and_adds_nothing(
    office: Office, anna: int, link: str, stranger: TestApp
) -> None:
    for _click in range(2):
        assert "Noted" in stranger.post(link).text
    with office.session() as session:
        assert session.scalar(select(func.count(Consent.id))) == 2


def test_all_advertising_is_taken_back_over_every_channel(
    office: Office, anna: int, link: str, stranger: TestApp
) -> None:
    office.do(
        lambda session: give_consent(
            session, anna, "advertising", version_of_text="2", source="paper", channel="sms"
        )
    )
    page = stranger.get(link)
    page.forms[1].submit()
    for channel in ("email", "sms", "telegram", "any"):
        assert not office.do(lambda session, way=channel: consented(session, [anna], "advertising", way))


def test_the_button_of_the_page_works_where_there_are_no_cookies(
    office: Office, anna: int, link: str, stranger: TestApp
) -> None:
    page = stranger.get(link)
    stranger.reset()
    page.forms[0].submit()
    assert not _agreed(office, anna)
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("change", ["number", "mark", "short", "nonsense"])
def test_a_link_that_is_not_ours_withdraws_nothing(
    office: Office, anna: int, link: str, stranger: TestApp, change: str
) -> None:
    start, _slash, given = link.rpartition("/")
    number, _dash, mark = given.partition("-")
    wrong = {
        "number": f"{int(number) + 1}-{mark}",
        "mark": f"{number}-{mark[:-1]}{'0' if mark[-1] != '0' else '1'}",
        "short": number,
        "nonsense": "%D0%B0-%00-%ff",
    }[change]
    for ask in (stranger.get, stranger.post):
        assert ask(f"{start}/{wrong}", expect_errors=True).status_int in (400, 404)
    assert _agreed(office, anna)


def test_a_link_of_one_salon_means_nothing_in_another(
    office: Office, anna: int, link: str, stranger: TestApp, other_organisation: Organisation
) -> None:
    elsewhere = link.replace(f"/{office.organisation.slug}/", f"/{other_organisation.slug}/")
    assert stranger.post(elsewhere, expect_errors=True).status_int == 404
    assert _agreed(office, anna)


def test_a_link_works_after_the_client_was_merged_into_another(
    office: Office, anna: int, link: str, stranger: TestApp
) -> None:
    other = office.client("Орлова А.", emails=["anna@example.com"])
    office.do(lambda session: merge(session, record_type("contacts.contact"), other, [anna]))
    assert _agreed(office, other)
    stranger.post(link)
    assert not _agreed(office, other)


def test_a_client_who_is_gone_gets_the_same_page(
    office: Office, anna: int, link: str, stranger: TestApp
) -> None:
    office.do(lambda session: removal.delete(session, record_type("contacts.contact"), [anna]))
    assert "Noted" in stranger.post(link).text


def test_telegram_gets_the_link_in_the_text(office: Office, anna: int, stranger: TestApp) -> None:
    with serving() as provider:
        provider.body = '{"ok": true, "result": {"message_id": 1}}'
        office.settings = replace(office.settings, outgoing_private=True, mail_url="")
        office.set(telegram_token="1:A", telegram_url=provider.url)
        office.run(office.send(anna, "visitors.offer"))
        text = provider.asked[0].json["text"]
    found = re.search(r"https?://\S+", text)
    assert found is not None
    stranger.post(urlsplit(found[0]).path)
    assert not _agreed(office, anna, "telegram")
    assert _agreed(office, anna, "email")
