"""Card, history, undo, archive, delete, merge and personal data in a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Organisation
from parlour.db.base import now
from parlour.errors import NotFound
from parlour.plugins.contacts.models import Contact, Note
from parlour.records.pages import merging, removing
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.testing import people
from parlour.testing.site import Enter, statements

LIST = "/o/jasmine/r/contacts.contact"


@pytest.fixture
def anna(engine: Engine, organisation: Organisation) -> int:
    with people.trusted(engine, organisation) as session:
        values = {"name": "Орлова Анна", "phones": ["+79130000001"], "tags": ["VIP"], "must_know": "Аллергия"}
        made = save(session, Contact, values)
        save(session, Note, {"contact": made, "text": "Пришла с дочкой"})
        session.commit()
    return made


@pytest.fixture
def look(engine: Engine, organisation: Organisation) -> Any:
    def row(row_id: int) -> dict[str, Any] | None:
        with people.trusted(engine, organisation) as session:
            try:
                return get(session, record_type(Contact), row_id)
            except NotFound:
                return None

    return row


def button(page: Any, text: str) -> Any:
    """The form of the button that says so."""
    for form in page.forms.values():
        if form.method.lower() == "post" and text in form.html.get_text():
            return form
    raise AssertionError(f"no button {text!r}")


def flash(page: Any) -> str:
    return str(page.html.select_one("[data-flash]").get_text(" ", strip=True))


def test_the_card_shows_who_it_is_how_to_call_and_what_staff_must_know(login: Enter, anna: int) -> None:
    page = login().get(f"{LIST}/{anna}")
    assert page.html.h1.get_text(strip=True) == "Орлова Анна"
    assert page.html.select_one(".card-contacts a")["href"] == "tel:+79130000001"
    assert "Аллергия" in page.html.select_one(".loud").get_text()
    assert "VIP" in page.html.select_one(".card-head").get_text()
    assert "Пришла с дочкой" in page.html.select_one("#timeline").get_text()


def test_the_timeline_can_leave_changes_out_and_show_nothing_else(login: Enter, anna: int) -> None:
    browser = login()
    assert "Added" in browser.get(f"{LIST}/{anna}").html.select_one("#timeline").get_text()
    events = browser.get(f"{LIST}/{anna}", {"show": "events"}).html.select_one(".timeline").get_text()
    assert "Пришла" in events
    assert "Added" not in events
    changes = browser.get(f"{LIST}/{anna}", {"show": "changes"}).html.select_one(".timeline").get_text()
    assert "Added" in changes
    assert "Пришла" not in changes


def test_a_long_timeline_is_read_in_parts_without_gaps(
    login: Enter, engine: Engine, organisation: Organisation, anna: int
) -> None:
    with people.trusted(engine, organisation) as session:
        for number in range(30):
            save(session, Note, {"contact": anna, "text": f"Заметка {number:02}"})
            save(session, Contact, {"profession": f"Работа {number:02}"}, anna)
        session.commit()
    browser = login()
    seen: list[str] = []
    page = browser.get(f"{LIST}/{anna}")
    while True:
        seen += [item.get_text(" ", strip=True) for item in page.html.select(".timeline-item")]
        older = page.html.select_one("[data-more]")
        if older is None:
            break
        page = browser.get(older["href"])
    for number in range(30):
        assert any(f"Заметка {number:02}" in text for text in seen), number
        assert any(f"Работа {number:02}" in text for text in seen), number
    assert len(seen) == 62


def test_history_tells_who_and_from_what_to_what_and_undo_takes_it_back(
    login: Enter, anna: int, look: Any
) -> None:
    browser = login()
    form = browser.get(f"{LIST}/{anna}/edit").forms["record"]
    form["profession"] = "Юрист"
    form.submit("save").follow()
    page = browser.get(f"{LIST}/{anna}/history")
    latest = page.html.select_one(".timeline-item")
    assert browser.user.name in latest.get_text()
    assert latest.select_one("ins").get_text(strip=True).endswith("Юрист")
    undone = button(page, "Undo").submit().follow()
    assert "It is undone." in flash(undone)
    assert look(anna)["profession"] is None
    assert "taken back" in undone.text


def test_what_somebody_else_did_is_not_theirs_to_undo(login: Enter, anna: int, look: Any) -> None:
    page = login().get(f"{LIST}/{anna}/history")
    assert "Undo" not in page.html.select_one("main").get_text()
    changes = [
        form
        for form in login("owner").get(f"{LIST}/{anna}/history").forms.values()
        if "/changes/" in form.action
    ]
    refused = login().post(changes[0].action, {}, expect_errors=True)
    assert refused.status_int == 403
    assert look(anna) is not None


def test_archive_hides_and_restore_brings_back(login: Enter, anna: int) -> None:
    browser = login()
    away = button(browser.get(f"{LIST}/{anna}"), "Archive").submit().follow()
    assert "In the archive" in away.text
    assert not browser.get(LIST).html.select(".list-table tbody tr")
    assert browser.get(LIST, {"archived": "1"}).html.select(".list-table tbody tr")
    back = button(away, "Bring back").submit().follow()
    assert "It is back" in flash(back)


def test_delete_shows_what_goes_along_and_takes_it(
    login: Enter, engine: Engine, organisation: Organisation, anna: int, look: Any
) -> None:
    browser = login("owner")
    with statements(engine) as asked:
        page = browser.get(f"{LIST}/{anna}/delete")
    assert len(asked) <= removing.max_queries
    assert "Notes1" in page.html.select_one(".consequences").get_text("", strip=True)
    form = next(form for form in page.forms.values() if form.action.endswith("/delete"))
    gone = form.submit().follow()
    assert look(anna) is None
    button(gone, "Undo").submit()
    assert "Пришла с дочкой" in browser.get(f"{LIST}/{anna}").text


def test_delete_says_who_is_against_it(
    login: Enter, engine: Engine, organisation: Organisation, anna: int
) -> None:
    with people.trusted(engine, organisation) as session:
        save(session, "visitors.visitor", {"name": "Анна", "contact": anna, "arrived_at": now()})
        session.commit()
    page = login("owner").get(f"{LIST}/{anna}/delete")
    assert "within the last 12 hours" in page.html.select_one(".alert-bad").get_text()
    assert not [form for form in page.forms.values() if form.action.endswith("/delete")]


def test_a_deleted_row_comes_back_by_undo(
    login: Enter, engine: Engine, organisation: Organisation, look: Any
) -> None:
    with people.trusted(engine, organisation) as session:
        made = save(session, Contact, {"name": "Белова Мария", "phones": ["+79130000002"]})
        session.commit()
    browser = login("owner")
    page = browser.get(f"{LIST}/{made}/delete")
    assert "Phones" in page.html.select_one(".consequences").get_text()
    gone = next(form for form in page.forms.values() if form.action.endswith("/delete")).submit().follow()
    assert look(made) is None
    assert "Белова Мария is deleted" in flash(gone)
    button(gone, "Undo").submit()
    assert look(made)["phones"][0]["number"] == "+79130000002"


def test_two_cards_become_one_and_come_apart_again(
    login: Enter, engine: Engine, organisation: Organisation, anna: int, look: Any
) -> None:
    with people.trusted(engine, organisation) as session:
        other = save(
            session, Contact, {"name": "Орлова Аня", "phones": ["+79130000009"], "profession": "Врач"}
        )
        session.commit()
    browser = login("owner")
    with statements(engine) as asked:
        page = browser.get(f"{LIST}/merge", [("keep", anna), ("lose", other)])
    assert len(asked) <= merging.max_queries
    form = button(page, "Merge the two")
    form["choose-name"] = "right"
    merged = form.submit().follow()
    row = look(anna)
    assert row["name"] == "Орлова Аня"
    assert {line["number"] for line in row["phones"]} == {"+79130000001", "+79130000009"}
    assert row["profession"] == "Врач"
    assert look(other)["archived_at"] is not None
    button(merged, "Undo").submit()
    assert look(anna)["name"] == "Орлова Анна"
    assert look(other)["archived_at"] is None


def test_merging_one_with_itself_or_with_nobody_is_refused(login: Enter, anna: int) -> None:
    browser = login("owner")
    for query in (f"keep={anna}&lose={anna}", f"keep={anna}", "keep=x&lose=y", f"keep={anna}&lose=999999"):
        assert browser.get(f"{LIST}/merge?{query}", expect_errors=True).status_int in (404, 409)


def test_a_persons_data_are_handed_out_whole_and_that_is_logged(
    login: Enter, engine: Engine, organisation: Organisation, anna: int
) -> None:
    owner = login("owner")
    page = owner.get(f"{LIST}/{anna}/person")
    copied = owner.get(page.html.select_one("a[href$='/person/copy']")["href"])
    assert "Пришла с дочкой" in json.dumps(copied.json, ensure_ascii=False)
    with people.trusted(engine, organisation) as session:
        assert session.scalars(select(AccessLog.what)).all() == ["person"]


def test_erasing_asks_for_the_name_and_leaves_nothing_of_it(login: Enter, anna: int, look: Any) -> None:
    owner = login("owner")
    form = button(owner.get(f"{LIST}/{anna}/person"), "Erase for good")
    form["typed"] = "Кто-то"
    assert "Nothing was erased" in form.submit(status=422).text
    assert look(anna)["name"] == "Орлова Анна"
    form["typed"] = "Орлова Анна"
    form.submit().follow()
    row = look(anna)
    assert "Орлова" not in json.dumps(row, ensure_ascii=False, default=str)
    assert "Орлова" not in owner.get(f"{LIST}/{anna}/history").text


def test_an_action_runs_from_the_card_and_is_offered_only_where_it_makes_sense(
    login: Enter, anna: int, look: Any
) -> None:
    browser = login("owner")
    page = browser.get(f"{LIST}/{anna}")
    assert "Take away who looks after them" not in page.text
    done = button(page, "Look after them myself").submit().follow()
    assert look(anna)["responsible"][0]["user"] == browser.user.id
    assert "Take away who looks after them" in done.text


def test_an_action_opens_its_form_above_the_card_and_as_a_page(login: Enter, anna: int, look: Any) -> None:
    browser = login("owner")
    card = browser.get(f"{LIST}/{anna}")
    link = card.html.select_one("a[data-dialog][href$='do/block']")
    page = browser.get(link["href"])
    assert page.html.h1.get_text(strip=True) == "Put on the block-list"
    part = browser.get(link["href"], headers={"X-Fragment": "1"})
    assert "<html" not in part.text
    assert part.html.select_one("#dialog-title + p").get_text() == "Орлова Анна"
    form = page.forms["action"]
    form["reason"] = "Не платит"
    assert flash(form.submit().follow()).startswith("On the block-list now.")
    assert look(anna)["blocked_reason"] == "Не платит"


def test_who_may_not_run_an_action_gets_no_form_for_it(login: Enter, anna: int) -> None:
    browser = login("specialist")
    assert browser.get(f"{LIST}/{anna}/do/assign", expect_errors=True).status_int == 404
    assert browser.get(f"{LIST}/{anna}/do/block").status_int == 200
