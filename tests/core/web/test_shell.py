"""Menus, search, plugins page and Today, built from what is on and allowed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.plugin.registry import Plugins
from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write
from parlour.testing import people
from parlour.testing.site import Enter, statements
from parlour.web.pages import plugins as plugins_page
from parlour.web.pages import search, today

HERE = "/o/jasmine"


@pytest.fixture
def clients(engine: Engine, organisation: Organisation) -> list[int]:
    rows = [
        {"name": "Орлова Анна", "phones": ["+79130000001"]},
        {"name": "Ёлкина Вера", "phones": ["+79160000002"]},
    ]
    with people.trusted(engine, organisation) as session:
        ids = write(session, Contact, [Change(row) for row in rows]).ids
        session.commit()
    return ids


def entries(page: Any) -> list[str]:
    return [word.get_text(strip=True) for word in page.html.select(".side .side-item .word")]


def test_the_menu_holds_what_this_person_may_open(login: Enter) -> None:
    owner, specialist = entries(login("owner").get(HERE)), entries(login("specialist").get(HERE))
    assert owner[0] == specialist[0] == "Today"
    assert "Clients" in owner
    assert "Clients" in specialist
    assert "Settings" in owner
    assert "Settings" not in specialist
    assert "Notes" not in owner, "rows of a card have no menu of their own"
    assert "Tags" not in owner, "lists of values stand in the settings"


def test_the_entry_of_the_open_page_is_marked(login: Enter, clients: list[int]) -> None:
    page = login().get(f"{HERE}/r/contacts.contact/{clients[0]}")
    marked = [item.get_text(strip=True) for item in page.html.select(".side [aria-current=page]")]
    assert marked == ["Clients"]


def test_quick_add_offers_what_may_be_added(login: Enter) -> None:
    offered = login().get(HERE).html.select("[data-menu-key=n] .menu-item")
    assert f"{HERE}/r/contacts.contact/new" in [item["href"] for item in offered]
    assert not login("accountant").get(HERE).html.select("[data-menu-key=n]")


@pytest.mark.parametrize("words", ["орлова", "АННА орл", "8 913 000-00-01", "000-00-01", "елкина"])
def test_search_finds_clients_by_name_or_phone(login: Enter, clients: list[int], words: str) -> None:
    browser = login()
    page = browser.get(f"{HERE}/search", {"q": words})
    assert len(page.html.select(".found li")) == 1
    groups = browser.get(f"{HERE}/search/suggest", {"q": words}).json["groups"]
    assert [len(group["items"]) for group in groups] == [1]
    assert groups[0]["items"][0]["url"].startswith(f"{HERE}/r/contacts.contact/")


def test_a_search_for_nothing_asks_nothing(login: Enter, clients: list[int]) -> None:
    browser = login()
    assert browser.get(f"{HERE}/search").status_int == 200
    assert browser.get(f"{HERE}/search/suggest", {"q": "  "}).json == {"groups": []}
    assert "Nothing found" in browser.get(f"{HERE}/search", {"q": "zzz"}).text


def test_a_plugin_is_switched_and_the_next_page_shows_it(
    login: Enter, plugins: Plugins, clients: list[int]
) -> None:
    owner = login("owner")
    dependents = [name for name in reversed(plugins.order) if name != "contacts"]
    for name in [*dependents, "contacts"]:
        page = owner.post(f"{HERE}/plugins", {"name": name, "switch": "off"}).follow()
        assert "is off. Everything it knows is kept." in page.text
    assert "Clients" not in entries(owner.get(HERE))
    assert owner.get(f"{HERE}/r/contacts.contact", expect_errors=True).status_int == 404
    owner.post(f"{HERE}/plugins", {"name": "contacts", "switch": "on"}).follow()
    assert "Орлова Анна" in owner.get(f"{HERE}/r/contacts.contact").text


def test_switching_on_brings_what_is_required_and_switching_off_names_who_needs_it(
    login: Enter, plugins: Plugins
) -> None:
    if "visitors" not in plugins.loaded:
        pytest.skip("the sample plugin of vendors is not installed")
    owner = login("owner")
    refused = owner.post(f"{HERE}/plugins", {"name": "contacts", "switch": "off"}, expect_errors=True)
    assert refused.status_int == 409
    assert "Visitors" in refused.text
    for name in [*(name for name in reversed(plugins.order) if name != "contacts"), "contacts"]:
        owner.post(f"{HERE}/plugins", {"name": name, "switch": "off"})
    page = owner.post(f"{HERE}/plugins", {"name": "visitors", "switch": "on"}).follow()
    assert "Visitors is on, and with it: Clients." in page.text


def test_only_who_may_switch_sees_the_plugins_page(login: Enter) -> None:
    assert login("manager").get(f"{HERE}/plugins", expect_errors=True).status_int == 403
    refused = login("manager").post(
        f"{HERE}/plugins", {"name": "contacts", "switch": "off"}, expect_errors=True
    )
    assert refused.status_int == 403


def test_a_new_salon_is_shown_its_first_steps_until_they_are_done(login: Enter, clients: list[int]) -> None:
    owner = login("owner")

    def left() -> list[str]:
        """Without those that plugins bring."""
        said = [step.get_text() for step in owner.get(HERE).html.select(".steps a")]
        return [one for one in said if one in ("Let your people in", "Bring in what you have")]

    assert left() == ["Let your people in"]
    login()  # a second person
    assert not left()


def test_a_salon_that_has_only_what_all_start_with_is_shown_what_it_may_switch_on(
    login: Enter, plugins: Plugins
) -> None:
    owner = login("owner")

    def offered() -> bool:
        return "Switch on what you need" in [
            step.get_text() for step in owner.get(HERE).html.select(".steps a")
        ]

    assert not offered()
    for name in reversed(plugins.order):
        if not plugins.loaded[name].manifest.enabled_by_default:
            owner.post(f"{HERE}/plugins", {"name": name, "switch": "off"})
    assert offered()


def test_the_pages_of_the_core_keep_to_their_number_of_statements(
    login: Enter, engine: Engine, clients: list[int]
) -> None:
    owner = login("owner")
    for path, most in (
        ("", today.max_queries),
        ("/plugins", plugins_page.max_queries),
        ("/search?q=%D0%B0", search.max_queries),
        ("/search/suggest?q=%D0%B0", search.max_queries),
    ):
        owner.get(HERE + path)
        with statements(engine) as asked:
            owner.get(HERE + path)
        assert len(asked) <= most, f"{path}: {len(asked)} statements"


def test_lists_of_values_and_plugins_are_marked_as_settings(login: Enter) -> None:
    owner = login("owner")
    for path in (f"{HERE}/r/contacts.tag", f"{HERE}/plugins"):
        marked = owner.get(path).html.select(".side [aria-current=page]")
        assert [item.get_text(strip=True) for item in marked] == ["Settings"], path
