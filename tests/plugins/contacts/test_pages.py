"""The plugin's own pages and its parts of the cards."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from parlour.access.leaving import remove_member
from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.session import Session, open_session
from parlour.i18n import localizer
from parlour.plugins.contacts import duplicates, services, views
from parlour.plugins.contacts.models import Contact, Position
from parlour.records.pages.filter_words import offered_fields
from parlour.records.write import Change, save, write
from parlour.testing.people import add_person
from parlour.testing.site import Enter, statements
from tests.plugins.contacts.conftest import Add

HERE = "/o/jasmine"
MINE = f"{HERE}/contacts"


def shown(page: Any, selector: str) -> list[str]:
    return [" ".join(item.get_text(" ", strip=True).split()) for item in page.html.select(selector)]


def test_birthdays_are_listed_for_the_time_asked_for(login: Enter, add: Add) -> None:
    # Today where the salon is: late in the evening of UTC that is tomorrow.
    add("Иванова Мария", birthday=f"1990-{now().astimezone(ZoneInfo('Europe/Moscow')):%m-%d}")
    page = login("specialist").get(f"{MINE}/birthdays", params={"days": "7"})
    assert "Иванова Мария" in page
    assert shown(page, ".tabs [aria-current]") == ["7 days"]
    # What nobody offers is the usual time.
    assert shown(login().get(f"{MINE}/birthdays", params={"days": "x"}), ".tabs [aria-current]") == [
        "30 days"
    ]


def test_a_pair_is_called_distinct_and_is_gone(login: Enter, add: Add) -> None:
    add("Иванова Мария", phone="+79135550101")
    add("Иванова Анна", phone="+79135550101")
    site = login("receptionist")
    page = site.get(f"{MINE}/duplicates")
    assert shown(page, ".pair-why") == ["the same phone"]
    after = page.html.select_one('form[action$="/duplicates/apart"]')
    assert after is not None
    form = next(form for form in page.forms.values() if str(form.action).endswith("/duplicates/apart"))
    page = form.submit().follow()
    assert "No duplicates found" in page
    assert "two different clients" in page


def test_a_pair_leads_to_the_comparison_and_the_merge_can_be_undone(
    login: Enter, add: Add, session: Session
) -> None:
    add("Иванова М.", phone="+79135550101")
    add("Иванова Мария", phone="+79135550101")
    site = login("receptionist")
    page = site.get(f"{MINE}/duplicates").click("Compare and merge")
    form = next(form for form in page.forms.values() if "keep" in form.fields)
    page = form.submit().follow()
    assert "Undo" in page
    assert duplicates.find_duplicates(session).pairs == []


def test_only_the_chosen_reasons_are_looked_at(login: Enter, add: Add) -> None:
    add("Иванова Мария", phone="+79135550101")
    add("Петрова Анна", phone="+79135550101")
    page = login().get(f"{MINE}/duplicates", params={"by": "name"})
    assert "No duplicates found" in page
    assert [box["value"] for box in page.html.select("input[name=by][checked]")] == ["name"]


def test_pairs_that_do_not_exist_cannot_be_told_apart(login: Enter, add: Add) -> None:
    site = login("receptionist")
    page = site.get(f"{MINE}/duplicates")
    token = page.html.select_one("input[name=csrf_token]")["value"]
    one = add("Иванова Мария")
    for other in (str(one), "999999", "x", ""):
        fields = {"one": str(one), "other": other, "csrf_token": token}
        site.post(f"{MINE}/duplicates/apart", fields, status=404)


def test_the_hand_over_page_counts_and_hands_over(
    login: Enter, add: Add, session: Session, organisation: Organisation
) -> None:
    anna = add_person(session, "receptionist", name="Анна").id
    boris = add_person(session, "receptionist", name="Борис").id
    session.commit()
    session.scope.cache.clear()
    add("Иванова Мария", responsible=[{"user": anna, "branch": None}])
    site = login("manager")
    page = site.get(f"{MINE}/responsible")
    assert shown(page, ".found .menu-words") == ["Анна"]
    form = page.forms["hand_over"]
    form["giver"], form["taker"] = str(anna), str(anna)
    page = form.submit(status=422)
    assert "Choose two different people." in page
    form = page.forms["hand_over"]
    form["taker"] = str(boris)
    page = form.submit().follow()
    assert shown(page, ".found .menu-words") == ["Борис"]
    assert "1 client has changed hands" in page


def test_who_works_here_no_more_is_not_offered_and_stays_shown_where_they_are_set(
    login: Enter, add: Add, session: Session
) -> None:
    anna = add_person(session, "receptionist", name="Анна").id
    boris = add_person(session, "receptionist", name="Борис").id
    session.commit()
    session.scope.cache.clear()
    hers = add("Иванова Мария", responsible=[{"user": anna, "branch": None}])
    nobodys = add("Петрова Ольга", responsible=[{"user": boris, "branch": None}])
    remove_member(session, anna)
    session.commit()
    site = login("manager")

    def offered(page: Any, selector: str) -> list[tuple[str, bool]]:
        options = [one for box in page.html.select(selector)[:1] for one in box.select("option")]
        known = {str(anna), str(boris)}
        return [(one.text, one.has_attr("selected")) for one in options if one["value"] in known]

    edit = f"{HERE}/r/contacts.contact/{{}}/edit"
    box = "select[name=user]"
    assert offered(site.get(edit.format(nobodys)), box) == [("Борис", True)]
    page = site.get(edit.format(hers))
    assert offered(page, box) == [("Анна", True), ("Борис", False)]
    form = next(one for one in page.forms.values() if "user" in one.fields)
    assert "Анна" in form.submit().follow(), "kept"
    with open_session(session.get_bind(), session.scope) as looking:
        found = {item["name"]: item for item in offered_fields(looking, services.kind(), localizer("en"))}
    (choices,) = [one["choices"] for one in found["responsible.user"]["inputs"] if one["type"] == "choice"]
    assert "Борис" in dict(choices).values() and "Анна" not in dict(choices).values()
    page = site.get(f"{MINE}/responsible")
    assert offered(page, "select[name=giver]") == [("Анна", False), ("Борис", False)], (
        "hers can be handed over"
    )
    assert offered(page, "select[name=taker]") == [("Борис", False)]


def test_the_form_of_a_consent_asks_once_which_texts_hold(login: Enter, add: Add, engine: Engine) -> None:
    site, maria = login("receptionist"), add("Иванова Мария")
    with statements(engine) as seen:
        site.get(f"{MINE}/{maria}/consents")
    assert sum("core_terms" in one for one in seen) == 1


def test_a_consent_is_written_down_on_its_form(login: Enter, add: Add, session: Session) -> None:
    maria = add("Иванова Мария")
    site = login("receptionist")
    page = site.get(f"{HERE}/r/contacts.contact/{maria}").click(href=f"/contacts/{maria}/consents")
    form = page.forms["consent"]
    page = form.submit(status=422)
    assert "Fill this in." in page
    form = page.forms["consent"]
    form["purpose"], form["channel"], form["version_of_text"] = "advertising", "sms", "2025-09"
    page = form.submit().follow()
    assert "Advertising: SMS" in page
    assert services.consented(session, [maria], "advertising", "sms") == {maria}


def test_a_note_goes_into_the_timeline(login: Enter, add: Add) -> None:
    maria = add("Иванова Мария")
    site = login("specialist")
    page = site.get(f"{HERE}/r/contacts.contact/{maria}")
    form = next(form for form in page.forms.values() if str(form.action).endswith(f"/contacts/{maria}/notes"))
    form["text"] = "Хвалила <b>краску</b>"
    page = form.submit().follow()
    assert "Хвалила &lt;b&gt;краску&lt;/b&gt;" in page.text


def test_a_card_that_is_not_ones_own_has_no_pages_either(login: Enter, add: Add) -> None:
    site = login("receptionist")
    site.get(f"{MINE}/999999/consents", status=404)
    assert add("Иванова Мария")


def test_the_card_of_a_company_shows_its_people(login: Enter, add: Add, session: Session) -> None:
    maria, daisy = add("Иванова Мария"), add("Ромашка", kind="company")
    save(
        session,
        Position,
        {"person": maria, "company": daisy, "title": "директор", "category": "decision_maker"},
    )
    session.commit()
    page = login("receptionist").get(f"{HERE}/r/contacts.contact/{daisy}")
    assert any("Иванова Мария" in text and "Decision maker" in text for text in shown(page, ".found li"))
    form = page.click(href=f"company={daisy}").forms["record"]
    assert form["company"].value == str(daisy)


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("specialist", "duplicates", 403),
        ("specialist", "responsible", 403),
        ("receptionist", "responsible", 403),
        ("accountant", "duplicates", 403),
        ("manager", "responsible", 200),
    ],
)
def test_each_page_asks_for_its_permission(login: Enter, role: str, path: str, status: int) -> None:
    login(role).get(f"{MINE}/{path}", status=status)


def test_pages_cost_the_same_for_one_client_and_for_many(
    login: Enter, session: Session, engine: Engine
) -> None:
    site = login("manager")
    today = f"{now():%m-%d}"

    def fill(count: int, start: int) -> None:
        rows = [
            {"name": f"Клиент Номер{n}", "phones": [f"+7913{n // 2:07}"], "birthday": f"1990-{today}"}
            for n in range(start, start + count)
        ]
        write(session, Contact, [Change(row) for row in rows])
        session.commit()

    fill(2, 0)
    paths = [f"{MINE}/birthdays", f"{MINE}/duplicates", f"{MINE}/responsible", HERE]
    for path in paths:
        with statements(engine) as few:
            site.get(path)
        assert len(few) <= views.max_queries, path
    fill(120, 2)
    for path in paths:
        with statements(engine) as many:
            site.get(path)
        assert len(many) <= views.max_queries, path
