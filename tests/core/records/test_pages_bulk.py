"""Work on many rows at once, in a browser: chosen ones, or all that fit the filter."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Organisation
from parlour.plugins.contacts.models import Contact, Tag
from parlour.records import bulk
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.write import Change, write
from parlour.settings import Settings
from parlour.testing import people
from parlour.testing.jobs import run_due
from parlour.testing.site import Enter

LIST = "/o/jasmine/r/contacts.contact"


@pytest.fixture
def clients(engine: Engine, organisation: Organisation) -> list[int]:
    rows = [{"name": f"Клиент {number}", "tags": ["старый"] if number % 2 else []} for number in range(6)]
    with people.trusted(engine, organisation) as session:
        ids = write(session, Contact, [Change(row) for row in rows]).ids
        session.commit()
    return ids


@pytest.fixture
def look(engine: Engine, organisation: Organisation) -> Any:
    def rows() -> list[dict[str, Any]]:
        with people.trusted(engine, organisation) as session:
            kind = record_type(Contact)
            return read(session, kind, kind.fields, [], order_by=[Contact.id])

    return rows


@pytest.fixture
def tag_id(engine: Engine, organisation: Organisation) -> Any:
    def of(name: str) -> int:
        with people.trusted(engine, organisation) as session:
            return int(session.scalars(select(Tag.id).where(Tag.name == name)).one())

    return of


def press(browser: Any, name: str, ids: list[int], **more: Any) -> Any:
    """Press a button of the bulk bar."""
    pairs = [("id", str(one)) for one in ids] + [("action", name), *more.items()]
    return browser.post(f"{LIST}/bulk", pairs, expect_errors=True)


def undo(browser: Any, page: Any) -> Any:
    form = next(form for form in page.forms.values() if "/changes/" in form.action)
    return form.submit()


def test_chosen_rows_go_to_the_archive_and_come_back_by_undo(
    login: Enter, clients: list[int], look: Any
) -> None:
    browser = login()
    page = press(browser, "archive", clients[:3]).follow()
    assert "3 records are in the archive now" in page.text
    assert [row["archived_at"] is not None for row in look()] == [True] * 3 + [False] * 3
    undo(browser, page)
    assert not any(row["archived_at"] for row in look())


def test_a_tag_is_added_and_taken_away_without_touching_the_others(
    login: Enter, clients: list[int], look: Any, tag_id: Any
) -> None:
    browser = login()
    for mode, expected in (("add", True), ("remove", False)):
        asked = press(browser, "set", clients, field="tags")
        form = asked.forms["bulk-form"]
        radio = next(name for name in form.fields if name and name.startswith("deformField"))
        form[radio] = mode
        form["tags"] = "новый"
        page = form.submit("save").follow()
        new = tag_id("новый")
        assert all((new in row["tags"]) is expected for row in look())
        assert [len(row["tags"]) - expected for row in look()] == [0, 1] * 3
    undo(browser, page)
    assert all(new in row["tags"] for row in look())


def test_a_field_is_chosen_first_and_its_value_next(login: Enter, clients: list[int], look: Any) -> None:
    browser = login()
    which = press(browser, "set", clients[:2]).forms["bulk-form"]
    which["field"] = "profession"
    form = which.submit("save").forms["bulk-form"]
    form["profession"] = "Врач"
    form.submit("save").follow()
    assert [row["profession"] for row in look()] == ["Врач", "Врач", None, None, None, None]


def test_a_value_that_cannot_be_saved_is_said_at_its_box(login: Enter, clients: list[int]) -> None:
    form = press(login(), "set", clients, field="birthday").forms["bulk-form"]
    form["day"], form["month"], form["year"] = "31", "2", "1990"
    page = form.submit("save", status=422)
    assert page.html.select(".field-error")


def test_all_that_fit_the_filter_are_meant_not_only_those_on_the_page(
    login: Enter, clients: list[int], look: Any, tag_id: Any
) -> None:
    condition = json.dumps([["tags", "any", [tag_id("старый")]]])
    press(login(), "archive", clients[:1], all="1", f=condition)
    assert [row["archived_at"] is not None for row in look()] == [False, True] * 3


def test_many_rows_are_changed_in_the_background_and_undone_as_a_whole(
    login: Enter, engine: Engine, settings: Settings, organisation: Organisation, look: Any
) -> None:
    with people.trusted(engine, organisation) as session:
        write(session, Contact, [Change({"name": f"Клиент {number}"}) for number in range(bulk.AT_ONCE + 20)])
        session.commit()
    browser = login("owner")
    form = press(browser, "set", [], all="1", field="profession").forms["bulk-form"]
    form["profession"] = "Врач"
    waiting = form.submit("save").follow()
    assert waiting.html.select_one("[data-progress]")
    assert not any(row["profession"] for row in look())
    run_due(engine, settings)
    assert all(row["profession"] == "Врач" for row in look())
    page = browser.get(waiting.request.path).follow()
    assert f"{bulk.AT_ONCE + 20} records are changed" in page.text
    undo(browser, page)
    assert not any(row["profession"] for row in look())


def test_deleting_many_asks_for_their_number_and_needs_the_right(
    login: Enter, clients: list[int], look: Any
) -> None:
    assert press(login(), "delete", clients).status_int == 403
    owner = login("owner")
    off = press(owner, "delete", clients[:2])
    assert off.status_int == 403 and "switched off here" in off.text
    owner.post("/o/jasmine/settings/safety", {"bulk_delete": "on"}, status=303)
    page = press(owner, "delete", clients[:2])
    assert "Delete 2 records" in page.text
    form = next(form for form in page.forms.values() if "typed" in form.fields)
    form["typed"] = "3"
    assert "Type the number" in form.submit(status=422).text
    assert len(look()) == 6
    form["typed"] = "2"
    form.submit().follow()
    assert len(look()) == 4


def test_bulk_work_is_a_right_of_its_own(login: Enter, clients: list[int], look: Any) -> None:
    browser = login("specialist")
    for name in ("archive", "set", "act:block"):
        assert press(browser, name, clients).status_int == 403
    assert not any(row["archived_at"] or row["blocked"] for row in look())


def test_an_action_of_the_plugin_runs_on_all_chosen(login: Enter, clients: list[int], look: Any) -> None:
    browser = login("owner")
    page = press(browser, "act:assign_to_me", clients[:2]).follow()
    assert [bool(row["responsible"]) for row in look()] == [True, True, False, False, False, False]
    undo(browser, page)
    assert not any(row["responsible"] for row in look())


def test_nothing_chosen_and_unknown_acts_are_refused_in_words(login: Enter, clients: list[int]) -> None:
    browser = login()
    assert "Choose some rows first" in press(browser, "archive", []).text
    assert press(browser, "explode", clients).status_int == 409
    assert press(browser, "archive", [999_999]).status_int == 403


def test_chosen_rows_are_exported_and_that_is_logged(
    login: Enter, engine: Engine, organisation: Organisation, clients: list[int]
) -> None:
    owner = login("owner")
    page = press(owner, "export", clients[:2]).follow()
    form = next(form for form in page.forms.values() if "format" in form.fields)
    form["format"] = "csv"
    sent = form.submit()
    assert sent.content_disposition.startswith('attachment; filename="jasmine-contact-')
    lines = io.StringIO(sent.body.decode("utf-8-sig")).read().strip().splitlines()
    assert len(lines) == 3
    with people.trusted(engine, organisation) as session:
        logged = session.execute(select(AccessLog.what, AccessLog.row_count)).one()
    assert tuple(logged) == ("export", 2)


def test_export_is_refused_without_its_right(login: Enter, clients: list[int]) -> None:
    browser = login("receptionist")
    assert browser.get(f"{LIST}/export", expect_errors=True).status_int == 403
    assert browser.get(f"{LIST}/export/file?format=csv", expect_errors=True).status_int == 403


def test_an_action_on_many_asks_for_what_it_needs_and_can_be_undone(
    login: Enter, clients: list[int], look: Any
) -> None:
    browser = login("owner")
    asked = press(browser, "act:block", clients[:2])
    assert "On 2 records" in asked.text
    form = asked.forms["action"]
    form["reason"] = "x" * 301
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert refused.html.select_one("[name=reason]")["value"] == "x" * 301
    assert not any(row["blocked"] for row in look())
    form = refused.forms["action"]
    form["reason"] = "Три неявки"
    page = form.submit().follow()
    assert [(row["blocked"], row["blocked_reason"]) for row in look()[:3]] == [
        (True, "Три неявки"),
        (True, "Три неявки"),
        (False, None),
    ]
    undo(browser, page)
    assert not any(row["blocked"] for row in look())


def test_an_action_on_all_that_fit_keeps_the_choice_through_its_form(
    login: Enter, clients: list[int], look: Any
) -> None:
    browser = login("owner")
    pairs = [("all", "1"), ("q", "Клиент"), ("action", "act:assign")]
    form = browser.post(f"{LIST}/bulk", pairs).forms["action"]
    form["user"] = str(browser.user.id)
    form.submit()
    assert all(row["responsible"][0]["user"] == browser.user.id for row in look())


def test_an_action_takes_nobody_from_another_salon(
    login: Enter, clients: list[int], other_organisation: Organisation
) -> None:
    stranger = login("owner", other_organisation).user
    form = press(login("owner"), "act:assign", clients[:1]).forms["action"]
    form["user"].force_value(str(stranger.id))
    assert form.submit(expect_errors=True).status_int == 422
