"""Providers of SMS that plugins bring, and kinds that do not go over a channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.jobs import NotSent
from parlour.plugin import lifecycle
from parlour.plugin.registry import current
from parlour.plugins.messages.channels import Outgoing, Refused
from parlour.plugins.messages.kinds import MessageKind
from parlour.plugins.messages.options import options_of
from parlour.plugins.messages.providers import SmsProvider
from parlour.testing.mailbox import Mailbox
from parlour.testing.site import Enter
from tests.plugins.messages.conftest import OWNER, Office


class Fast(SmsProvider):
    """A vendor's: it writes down what it was given."""

    code = "visitors.fast"
    title = "Fast SMS"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.ends: Exception | None = None

    def prepare(self, out: Outgoing) -> Callable[[], str]:
        if "forbidden" in out.body:
            raise Refused("words that we do not send")
        secret = out.options.secret_of("sms_secret", out.settings.secret)

        def hand_over() -> str:
            if self.ends is not None:
                raise self.ends
            self.sent.append((out.to, out.body, secret))
            return "F-1"

        return hand_over


@pytest.fixture
def fast(office: Office, kinds: list[MessageKind]) -> Fast:
    """Answers beside the kinds, which the same plugin declares."""
    provider = Fast()

    class Hooks:
        @hookimpl
        def messages_kinds(self, session: Session) -> Sequence[MessageKind]:
            return kinds

        @hookimpl
        def messages_sms_providers(self, session: Session) -> Sequence[SmsProvider]:
            return [provider]

    current().pm.unregister(name=OWNER)
    current().pm.register(Hooks(), OWNER)
    office.settings = replace(office.settings, mail_url="")
    office.set(sms=Fast.code, sms_secret="s3cret")
    return provider


@pytest.fixture
def anna(office: Office) -> int:
    return office.client(phones=["+79161112233"], emails=["anna@example.com"])


def test_hook_messages_sms_providers(office: Office, fast: Fast, anna: int) -> None:
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("sent", None)
    assert office.row(message).provider_id == "F-1"
    ((to, body, secret),) = fast.sent
    assert (to, secret) == ("+79161112233", "s3cret")
    assert body


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (Refused("blocked", dead=True), "failed"),
        (NotSent("busy"), "waiting"),
        (RuntimeError("lost"), "uncertain"),
    ],
)
def test_how_a_provider_ends_decides_what_becomes_of_the_message(
    office: Office, fast: Fast, anna: int, ends: Exception, state: str
) -> None:
    fast.ends = ends
    message = office.send(anna)
    office.run(message)
    assert office.state(message)[0] == state


def test_without_its_plugin_there_is_no_way_and_the_choice_is_kept(
    office: Office, fast: Fast, anna: int, session: Session
) -> None:
    office.do(lambda inner: lifecycle.disable(inner, "visitors"))
    assert office.do(options_of).provider is None
    assert office.do(options_of).sms == Fast.code
    office.do(lambda inner: lifecycle.enable(inner, "visitors"))
    assert office.do(options_of).provider is fast


def test_the_settings_offer_it_and_nothing_else(office: Office, fast: Fast, login: Enter) -> None:
    owner = login("owner")
    page = owner.get("/o/jasmine/messages/settings")
    assert "Fast SMS" in page
    form = page.forms[next(key for key, one in page.forms.items() if "sms_url" in one.fields)]
    assert form["sms"].value == Fast.code
    form["sms"].force_value("visitors.slow")
    assert "Choose one of these." in form.submit(status=422)
    assert office.do(options_of).sms == Fast.code


def test_a_kind_goes_over_the_channels_that_are_ticked_for_it(
    office: Office, anna: int, mailbox: Mailbox, login: Enter, fast: Fast
) -> None:
    office.settings = mailbox.settings(office.settings)
    owner = login("owner")

    def untick(*values: str) -> None:
        page = owner.get("/o/jasmine/messages/settings/channels")
        boxes: list[Any] = page.html.find_all("input", {"name": "on"})
        on = [box["value"] for box in boxes if box["value"] not in values]
        owner.post("/o/jasmine/messages/settings/channels", [("on", value) for value in on], status=303)

    untick("visitors.reminder:email")
    by_sms = office.send(anna)
    office.run(by_sms)
    assert office.row(by_sms).channel == "sms"
    # Another kind is not touched by that.
    code = office.send(anna, "visitors.code")
    office.run(code)
    assert office.row(code).channel == "email"
    untick("visitors.reminder:email", "visitors.reminder:sms")
    nowhere = office.send(anna)
    office.run(nowhere)
    assert office.state(nowhere) == ("cancelled", "off")
    login("receptionist").get("/o/jasmine/messages/settings/channels", status=403)
