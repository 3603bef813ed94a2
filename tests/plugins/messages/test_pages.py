"""Pages: texts of kinds, the card of a client, the journal, the settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyramid.router import Router

from parlour.plugins.messages.options import options_of
from parlour.testing.browsers import Browser, Program
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from parlour.testing.site import Enter, statements
from tests.plugins.messages.conftest import Office


@pytest.fixture
def owner(office: Office, login: Enter) -> Browser:
    return login("owner")


@pytest.fixture
def base(office: Office) -> str:
    return f"/o/{office.organisation.slug}"


def test_a_text_of_the_salons_own_is_sent_instead_of_the_shipped_one(
    office: Office, owner: Browser, base: str, mailbox: Mailbox
) -> None:
    anna = office.client(emails=["anna@example.com"])
    page = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=email&language=en")
    assert "we expect you on" in page.text
    form = page.forms["text"]
    form["subject"], form["body"] = "See you", "Dear {client}, until {start.weekday}."
    form.submit("save").follow()
    office.run(office.send(anna))
    assert mailbox.messages[0]["subject"] == "See you"
    assert "Dear Орлова Анна, until Tuesday." in mailbox.text()

    page = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=email&language=en")
    next(form for form in page.forms.values() if "shipped" in form.action).submit().follow()
    office.run(office.send(anna))
    assert mailbox.messages[1]["subject"] == "You are expected"
    # And ours comes back when it is saved anew.
    form = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=email&language=en").forms["text"]
    form["body"] = "Again {client}"
    form.submit("save").follow()
    office.run(office.send(anna))
    assert "Again Орлова Анна" in mailbox.text()


def test_a_name_that_the_message_does_not_have_is_refused_on_saving_and_in_the_preview(
    office: Office, owner: Browser, base: str
) -> None:
    for button in ("save", "preview"):
        page = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=sms&language=ru")
        form = page.forms["text"]
        form["body"] = "Цена {price}, {start.price}, {start} и {такого} нет"
        answer = form.submit(button, status=422)
        assert "{price}, {start.price}" in answer.text
        assert "Цена {price}" in answer.forms["text"]["body"].value


def test_a_preview_shows_what_was_typed_and_saves_nothing(office: Office, owner: Browser, base: str) -> None:
    address = f"{base}/messages/kinds/visitors.reminder?channel=email&language=ru"
    form = owner.get(address).forms["text"]
    form["subject"], form["body"] = "Скоро", "{first_name}, <b>ждём</b> {start}"
    answer = form.submit("preview")
    assert "Anna, &lt;b&gt;ждём&lt;/b&gt; вторник, 5 мая, 14:30" in answer.text
    assert "ждём вас" in owner.get(address).forms["text"]["body"].value


def test_a_program_is_told_the_same(office: Office, program: Callable[..., Program]) -> None:
    values = {"kind": "visitors.reminder", "language": "en", "channel": "sms", "body": "At {time}"}
    caller = program("owner")
    answer = caller.post_json("/api/v1/records/messages.template", values, expect_errors=True)
    assert answer.status_int == 422
    assert "{time}" in answer.text
    answer = caller.post_json(
        "/api/v1/records/messages.template", values | {"kind": "visitors.none"}, expect_errors=True
    )
    assert answer.status_int == 422
    answer = caller.post_json("/api/v1/records/messages.message", {"title": "forged"}, expect_errors=True)
    assert answer.status_int in (403, 422)


def test_a_kind_is_switched_off_and_on(office: Office, owner: Browser, base: str) -> None:
    def switch() -> None:
        page = owner.get(f"{base}/messages/kinds")
        form = next(form for form in page.forms.values() if "visitors.reminder/switch" in form.action)
        form.submit("on").follow()

    switch()
    assert office.do(options_of).off == ("visitors.reminder",)
    switch()
    assert office.do(options_of).off == ()


def test_somebody_writes_to_a_client_from_the_card_and_sees_what_became_of_it(
    office: Office, login: Enter, base: str, mailbox: Mailbox
) -> None:
    anna = office.client(emails=["anna@example.com"])
    desk = login("receptionist")
    card = f"{base}/r/contacts.contact/{anna}"
    assert "Nothing sent yet" in desk.get(card).text
    form = desk.get(f"{card}/do/write").forms["action"]
    form["subject"], form["text"] = "Your scarf", "It waits for {you} at the desk."
    form.submit("save").follow()
    run_due(office.engine, office.settings)
    assert mailbox.messages[0]["subject"] == "Your scarf"
    assert "It waits for {you} at the desk." in mailbox.text()
    page = desk.get(card)
    assert "E-mail: sent" in page.text
    assert page.text.count("Your scarf") >= 2  # at the side and in the timeline
    assert "Your scarf" in desk.get(f"{base}/r/messages.message").text


def test_who_may_not_write_sees_neither_button_nor_panel(office: Office, login: Enter, base: str) -> None:
    anna = office.client(emails=["anna@example.com"])
    master = login("specialist")
    page = master.get(f"{base}/r/contacts.contact/{anna}")
    assert "do/write" not in page.text
    assert "Nothing sent yet" not in page.text
    assert master.get(f"{base}/r/contacts.contact/{anna}/do/write", expect_errors=True).status_int == 404
    assert master.get(f"{base}/r/messages.message", expect_errors=True).status_int == 403


def test_the_journal_offers_nothing_that_would_forge_it(office: Office, owner: Browser, base: str) -> None:
    message = office.send(office.client())
    office.run(message)
    page = owner.get(f"{base}/r/messages.message")
    assert "r/messages.message/new" not in page.text
    card = owner.get(f"{base}/r/messages.message/{message}")
    assert f"{message}/edit" not in card.text
    assert f"{message}/delete" not in card.text
    assert f"{message}/do/resend" in card.text


def test_what_failed_waits_for_somebody_until_it_is_sent_again_or_left(
    office: Office, login: Enter, base: str
) -> None:
    message = office.send(office.client())
    office.run(message)
    desk = login("receptionist")
    assert "1 message has not arrived" in desk.get(f"{base}/r/contacts.contact").text
    desk.post(f"{base}/r/messages.message/{message}/do/leave").follow()
    assert "1 message has not arrived" not in desk.get(f"{base}/r/contacts.contact").text


def test_an_address_that_does_not_work_is_shown_and_can_be_tried_again(
    office: Office, login: Enter, base: str, mailbox: Mailbox
) -> None:
    anna = office.client(emails=["anna@example.com"])
    mailbox.rcpt = "550 no such user"
    office.run(office.send(anna))
    desk = login("receptionist")
    page = desk.get(f"{base}/r/contacts.contact/{anna}")
    assert "no such user" in page.text
    next(form for form in page.forms.values() if form.action.endswith("/reachable")).submit().follow()
    mailbox.rcpt = ""
    message = office.send(anna)
    office.run(message)
    assert office.state(message) == ("sent", None)


def test_the_card_costs_the_same_for_one_message_and_for_many(
    office: Office, login: Enter, base: str
) -> None:
    anna = office.client(emails=["anna@example.com"])
    desk = login("receptionist")
    counted = []
    for more in (1, 4):
        for _one in range(more):
            office.run(office.send(anna))
        desk.get(f"{base}/r/contacts.contact/{anna}")
        with statements(office.engine) as seen:
            desk.get(f"{base}/r/contacts.contact/{anna}")
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_settings_are_kept_and_what_makes_no_sense_is_refused(
    office: Office, owner: Browser, base: str
) -> None:
    form = owner.get(f"{base}/messages/settings").forms["form"]
    form["sender"], form["quiet_from"], form["quiet_to"] = "Salon Jasmine", "22:00", "08:30"
    form["reply_to"] = "desk@jasmine.example"
    form.submit("save").follow()
    found = office.do(options_of)
    assert (found.sender, found.quiet_from, found.quiet_to) == ("Salon Jasmine", "22:00", "08:30")
    assert found.reply_to == "desk@jasmine.example"
    form = owner.get(f"{base}/messages/settings").forms["form"]
    form["reply_to"] = "nobody"
    assert "This is not an e-mail address." in form.submit("save", status=422).text


def test_a_provider_of_sms_is_set_up_and_its_secret_is_kept_and_not_shown(
    office: Office, owner: Browser, base: str
) -> None:
    form = owner.get(f"{base}/messages/settings").forms["form"]
    form["sms"], form["sms_url"], form["sms_secret"] = (
        "http",
        "https://sms.example/send?key={secret}",
        "s3cret",
    )
    form["sms_headers"], form["sms_per_day"] = "Content-Type: application/json", "50"
    form.submit("save").follow()
    found = office.do(options_of)
    assert (found.sms, found.sms_per_day) == ("http", 50)
    assert found.secret_of("sms_secret", office.settings.secret) == "s3cret"
    page = owner.get(f"{base}/messages/settings")
    assert "s3cret" not in page.text
    assert found.sms_secret not in page.text
    # Saved again without it, it stays; a dash takes it away.
    page.forms["form"].submit("save").follow()
    assert office.do(options_of).secret_of("sms_secret", office.settings.secret) == "s3cret"
    form = owner.get(f"{base}/messages/settings").forms["form"]
    form["sms_secret"] = "-"
    form.submit("save").follow()
    assert office.do(options_of).sms_secret == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sms_url", "sms.example/send"),
        ("sms_url", "https://u:p@sms.example/"),
        ("sms_headers", "no colon"),
        ("sms_per_day", "many"),
        ("sms_per_hour", "0"),
        ("webhook_url", "https://salon.example/hook"),
        ("telegram_url", "ftp://telegram"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_their_field(
    office: Office, owner: Browser, base: str, name: str, value: str
) -> None:
    form = owner.get(f"{base}/messages/settings").forms["form"]
    form[name] = value
    answer = form.submit("save", status=422)
    assert "Not saved yet" in answer.text
    assert getattr(office.do(options_of), name) != value


def test_a_trial_goes_where_its_sender_says_and_nowhere_else(
    office: Office, owner: Browser, base: str, mailbox: Mailbox, app: Router
) -> None:
    app.registry["parlour.settings"] = office.settings
    form = owner.get(f"{base}/messages/settings").forms["trial"]
    form["to"] = "nobody"
    assert "This is not an address of this channel." in form.submit("save", status=422).text
    form["to"] = "me@jasmine.example"
    card = form.submit("save").follow()
    run_due(office.engine, office.settings)
    assert mailbox.recipients == ["me@jasmine.example"]
    assert "A trial from Jasmine" in owner.get(card.request.path).text


def test_the_preview_of_an_sms_says_what_it_costs(office: Office, owner: Browser, base: str) -> None:
    form = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=sms&language=ru").forms["text"]
    form["body"] = "ж" * 71
    assert "2 parts of an SMS: 71 characters, 67 in each" in form.submit("preview").text
    office.set(sms_latin=True)
    form = owner.get(f"{base}/messages/kinds/visitors.reminder?channel=sms&language=ru").forms["text"]
    form["body"] = "ж" * 71
    assert "1 part of an SMS: 142 of 160 characters" in form.submit("preview").text
