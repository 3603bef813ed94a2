"""How a request ends: committed, undone, or tried again."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from parlour.records.pages import form
from parlour.testing.site import Enter
from parlour.web.transactions import ATTEMPTS

HERE = "/o/jasmine"
NEW = f"{HERE}/r/contacts.contact/new"


@pytest.fixture
def deadlock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`deadlock(2)`: the next two saves are chosen as the victim of a deadlock, after they have written."""

    def next_saves(count: int) -> list[int]:
        tries: list[int] = []
        real = form.write

        def write(*arguments: Any, **more: Any) -> Any:
            tries.append(1)
            written = real(*arguments, **more)
            if len(tries) <= count:
                raise OperationalError("UPDATE", {}, psycopg.errors.DeadlockDetected("deadlock detected"))
            return written

        monkeypatch.setattr(form, "write", write)
        return tries

    return next_saves


def test_a_save_that_met_a_deadlock_is_tried_again_and_happens_once(login: Enter, deadlock: Any) -> None:
    browser = login()
    asked = browser.get(NEW).forms["record"]
    asked["name"] = "Белова Мария"
    tries = deadlock(ATTEMPTS - 1)
    asked.submit("save").follow()
    assert len(tries) == ATTEMPTS
    assert browser.get(f"{HERE}/r/contacts.contact").html.select_one("h1 .count").get_text() == "1"


def test_who_meets_nothing_but_deadlocks_is_told_and_nothing_is_half_saved(
    login: Enter, deadlock: Any
) -> None:
    browser = login()
    asked = browser.get(NEW).forms["record"]
    asked["name"] = "Белова Мария"
    deadlock(ATTEMPTS)
    assert "Nothing of what you did last was saved" in asked.submit("save", status=500).text
    assert browser.get(f"{HERE}/r/contacts.contact").html.select_one("h1 .count").get_text() == "0"


def test_a_form_that_comes_back_with_mistakes_has_written_nothing(login: Enter) -> None:
    """A save that made a new tag and then failed must not leave the tag behind."""
    owner = login("owner")
    asked = owner.get(NEW).forms["record"]
    asked["name"] = "Белова Мария"
    asked["tags"] = "новый"
    asked["day"], asked["month"], asked["year"] = "31", "2", "1990"
    asked.submit("save", status=422)
    assert "новый" not in owner.get(f"{HERE}/r/contacts.tag").text


def test_asking_for_lookalikes_takes_no_write_lock(login: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = login()
    asked = browser.get(NEW).forms["record"]
    asked["name"] = "Белова Мария"
    engines: list[Any] = []
    from parlour.web import requests

    real = requests.open_session

    def note(engine: Any, *more: Any) -> Any:
        engines.append(engine)
        return real(engine, *more)

    monkeypatch.setattr(requests, "open_session", note)
    browser.post(f"{HERE}/r/contacts.contact/check", asked.submit_fields())
    assert engines == [browser.app.registry["parlour.reader"]]
