"""Error pages: what, what now, a code to quote, never a traceback; problem documents for programs."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.request import Request
from pyramid.router import Router
from webtest import TestApp

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.testing.site import Enter
from parlour.web.pages import today

HERE = "/o/jasmine"
SECRET = "the colour of the owner's socks"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`failing(error)`: Today raises it from now on."""

    def raises(error: Exception) -> None:
        def fail(*_arguments: Any) -> Any:
            raise error

        monkeypatch.setattr(today, "first_steps", fail)

    return raises


def test_a_fault_of_ours_shows_a_code_and_nothing_of_itself(login: Enter, failing: Any) -> None:
    failing(RuntimeError(SECRET))
    page = login().get(HERE, status=500)
    assert SECRET not in page.text
    assert "Traceback" not in page.text
    assert page.headers["X-Request-Id"] in page.html.select_one(".plain-foot").get_text()
    assert page.html.select_one(".error-card a")["href"] == HERE


def test_a_refusal_says_what_to_do_and_leads_on(login: Enter, failing: Any) -> None:
    failing(Refusal(_("The kettle is empty; fill it first.")))
    page = login().get(HERE, status=409)
    assert "The kettle is empty; fill it first." in page.text


def test_programs_get_a_problem_document(login: Enter, failing: Any) -> None:
    failing(Refusal(_("The kettle is empty; fill it first.")))
    answer = login().get(HERE, headers={"Accept": "application/json"}, status=409)
    assert answer.content_type == "application/problem+json"
    document = answer.json
    assert document["status"] == 409
    assert document["detail"] == "The kettle is empty; fill it first."
    assert document["code"] == answer.headers["X-Request-Id"]


def test_what_is_not_there_is_said_in_the_persons_language(login: Enter) -> None:
    browser = login()
    assert "There is nothing here" in browser.get(f"{HERE}/r/contacts.contact/999", status=404).text
    assert browser.get(f"{HERE}/r/contacts.contact/{'9' * 40}", status=404)
    assert browser.get("/nowhere", status=404)


def test_a_damaged_address_is_no_fault_of_ours(app: Router, login: Enter) -> None:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in login().cookiejar)
    for address in (f"{HERE}/%ff%fe", f"{HERE}/search?q=%ff%fe", f"{HERE}/r/contacts.contact?q=%ff"):
        # Not through WebTest, which cannot read such an address either.
        answer = Request.blank(address, headers={"Cookie": cookies}).get_response(app)
        assert answer.status_int in (400, 404), address


def test_even_the_error_page_needs_no_database(
    app: Router, login: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction may be broken by the time the page is drawn."""
    login()
    stranger = TestApp(app)

    def no_session(*_arguments: Any, **_more: Any) -> Any:
        raise AssertionError("the error page asked the database")

    monkeypatch.setattr("parlour.web.requests.open_session", no_session)
    assert stranger.get("/static/nothing.css", status=404)
    assert stranger.get("/nowhere", status=404)


def test_an_error_undoes_what_was_written(login: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    from parlour.records.pages import form

    browser = login()

    def fail(*_arguments: Any, **_more: Any) -> Any:
        raise Refusal(_("The kettle is empty; fill it first."))

    asked = browser.get(f"{HERE}/r/contacts.contact/new").forms["record"]
    asked["name"] = "Белова Мария"
    with monkeypatch.context() as patched:
        patched.setattr(form.FormPage, "saved", fail)
        asked.submit("save", status=409)
    assert "Белова" not in browser.get(f"{HERE}/r/contacts.contact").text
    asked.submit("save").follow()
    assert "Белова" in browser.get(f"{HERE}/r/contacts.contact").text
