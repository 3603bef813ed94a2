"""The list of a record as a browser sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.plugins.contacts.models import Contact, Tag
from parlour.records.pages import card, listing
from parlour.records.write import Change, write
from parlour.testing import people
from parlour.testing.site import Enter, statements

LIST = "/o/jasmine/r/contacts.contact"


@pytest.fixture
def clients(engine: Engine, organisation: Organisation) -> list[int]:
    """Four clients; the first two are VIP."""
    rows = [
        {"name": "Орлова Анна", "phones": ["+79130000001"], "tags": ["VIP"], "birthday": "1990-05-04"},
        {"name": "Белова Мария", "phones": ["+79130000002", "+79130000012"], "tags": ["VIP"]},
        {"name": "Ёлкина Вера", "phones": ["+79130000003"]},
        {"name": "Цой Виктор", "blocked": True},
    ]
    with people.trusted(engine, organisation) as session:
        ids = write(session, Contact, [Change(row) for row in rows]).ids
        session.commit()
    return ids


def names(page: Any) -> list[str]:
    """The names in the table, from top to bottom."""
    return [cell.get_text(strip=True) for cell in page.html.select("td.name a")]


def chips(page: Any) -> list[str]:
    return [chip.get_text(strip=True) for chip in page.html.select(".chip")]


def filtered(*conditions: Any) -> str:
    return json.dumps(list(conditions), ensure_ascii=False)


def test_rows_stand_in_the_order_of_their_names_with_yo_beside_ye(login: Enter, clients: list[int]) -> None:
    page = login().get(LIST)
    assert names(page) == ["Белова Мария", "Ёлкина Вера", "Орлова Анна", "Цой Виктор"]
    assert page.html.select_one("h1 .count").get_text() == "4"


def test_a_click_on_a_head_turns_the_order_around(login: Enter, clients: list[int]) -> None:
    browser = login()
    page = browser.get(LIST)
    turned = page.html.select_one("thead a")["href"]
    assert names(browser.get(turned))[0] == "Цой Виктор"


def test_several_phones_show_as_the_first_and_how_many_more(login: Enter, clients: list[int]) -> None:
    row = login().get(LIST).html.select("tbody tr")[0]
    assert "8 (913) 000-00-02" in row.get_text()
    assert "+1" in row.get_text()
    assert row.select_one(".phone-link")["href"] == "tel:+79130000002"


def test_search_keeps_the_filter_and_the_filter_keeps_the_search(login: Enter, clients: list[int]) -> None:
    browser = login()
    page = browser.get(LIST, {"q": "вера"})
    assert names(page) == ["Ёлкина Вера"]
    form = page.html.select_one(".list-search")
    assert {box["name"] for box in form.select("input[type=hidden]")} <= {"f", "sort", "segment", "archived"}
    narrowed = browser.get(LIST, {"q": "а", "field": "blocked", "op": "=", "value": "true"}).follow()
    assert "q=" in narrowed.request.url
    assert names(narrowed) == []


def test_a_chosen_condition_becomes_a_chip_that_reads_as_a_sentence(login: Enter, clients: list[int]) -> None:
    browser = login()
    with_chip = browser.get(LIST, {"field": "birthday", "op": "month", "value": "5"}).follow()
    assert chips(with_chip) == ["Birthday in May"]
    assert names(with_chip) == ["Орлова Анна"]
    without = browser.get(with_chip.html.select_one(".chip a")["href"])
    assert len(names(without)) == 4


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (["name", "contains", "ор"], "Name contains “ор”"),
        (["blocked", "=", True], "On the block-list"),
        (["blocked", "=", False], "not: On the block-list"),
        (["birthday", "within", 7], "Birthday within 7 days"),
        (["phones.number", "empty", True], "Phones is empty"),
        (["created_at", "last", 1], "Added in the last 1 day"),
        (["sex", "in", ["female", "male"]], "Sex: Female or Male"),
        ({"or": [["name", "=", "А"], ["name", "=", "Б"]]}, "Name: А or Name: Б"),
        ({"not": ["blocked", "=", True]}, "not (On the block-list)"),
    ],
)
def test_every_kind_of_condition_has_words(
    login: Enter, clients: list[int], condition: Any, words: str
) -> None:
    page = login().get(LIST, {"f": filtered(condition)})
    assert chips(page) == [words]


def test_a_tag_is_called_by_its_name(
    login: Enter, engine: Engine, organisation: Organisation, clients: list[int]
) -> None:
    with people.trusted(engine, organisation) as session:
        tag = session.query(Tag).filter(Tag.name == "VIP").one().id
    page = login().get(LIST, {"f": filtered(["tags", "any", [tag]])})
    assert chips(page) == ["Tags: VIP"]
    assert names(page) == ["Белова Мария", "Орлова Анна"]


def test_a_filter_that_means_nothing_still_opens_the_list(login: Enter, clients: list[int]) -> None:
    browser = login()
    for given in ('[["nothing","=",1]]', "[[", '{"a":1}', '[["birthday","within","x"]]'):
        page = browser.get(LIST, {"f": given})
        assert page.status_int == 200
        assert "This filter cannot be used" in page.text


def test_nothing_found_offers_to_take_the_last_chip_away(login: Enter, clients: list[int]) -> None:
    browser = login()
    page = browser.get(LIST, {"f": filtered(["name", "contains", "zzz"])})
    assert "Nothing fits" in page.text
    way_out = page.html.select_one(".empty a")
    assert len(names(browser.get(way_out["href"]))) == 4


def test_an_empty_list_says_what_belongs_there_and_offers_to_begin(login: Enter) -> None:
    page = login().get(LIST)
    assert page.html.select_one(".empty .btn-primary")["href"].endswith("/new")


def test_a_segment_is_a_tab_of_its_maker_and_shared_ones_are_everybodys(
    login: Enter, clients: list[int]
) -> None:
    owner, other = login("owner"), login()
    for title, everybody in (("Mine", False), ("Ours", True)):
        form = owner.get(f"{LIST}/segments", {"f": filtered(["blocked", "=", True])}).forms["segment"]
        form["title"] = title
        form["everybody"] = everybody
        opened = form.submit("save").follow()
        assert names(opened) == ["Цой Виктор"]
    tabs = [tab.get_text(strip=True) for tab in owner.get(LIST).html.select(".tabs a")]
    assert tabs == ["All", "Mine", "Ours", "In the archive"]
    tabs = [tab.get_text(strip=True) for tab in other.get(LIST).html.select(".tabs a")]
    assert tabs == ["All", "Ours", "In the archive"]


def test_paging_by_key_goes_forth_and_back_over_every_row_once(
    login: Enter, engine: Engine, organisation: Organisation
) -> None:
    count = listing.PAGE * 2 + 3
    with people.trusted(engine, organisation) as session:
        write(session, Contact, [Change({"name": f"Клиент {number:03}"}) for number in range(count)])
        session.commit()
    browser = login()
    page = browser.get(LIST)
    seen = names(page)
    while (following := page.html.select_one("a[rel=next]")) is not None:
        page = browser.get(following["href"])
        seen += names(page)
    assert seen == sorted(seen)
    assert len(set(seen)) == count
    back = browser.get(page.html.select_one("a[rel=prev]")["href"])
    assert names(back) == seen[listing.PAGE : listing.PAGE * 2]


def test_the_count_stops_at_a_thousand_until_somebody_asks(
    login: Enter, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as session:
        for start in range(0, 1005, 500):
            rows = [Change({"name": f"Клиент {number}"}) for number in range(start, min(start + 500, 1005))]
            write(session, Contact, rows)
        session.commit()
    browser = login()
    count = browser.get(LIST).html.select_one("h1 .count")
    assert count.get_text() == "1,000+"
    assert browser.get(count["href"]).html.select_one("h1 .count").get_text() == "1,005"


def test_a_list_costs_the_same_for_few_and_for_many_rows(
    login: Enter, engine: Engine, organisation: Organisation, clients: list[int]
) -> None:
    browser = login()
    browser.get(LIST)
    with statements(engine) as few:
        browser.get(LIST)
    with people.trusted(engine, organisation) as session:
        rows = [
            {"name": f"Клиент {number}", "phones": [f"+7916{number:07}"], "tags": [f"t{number % 7}"]}
            for number in range(400)
        ]
        write(session, Contact, [Change(row) for row in rows])
        session.commit()
    with statements(engine) as many:
        browser.get(LIST)
    assert len(many) == len(few) <= listing.max_queries
    with statements(engine) as one:
        browser.get(f"{LIST}/{clients[0]}")
    assert len(one) <= card.max_queries


def test_the_side_preview_has_an_address(login: Enter, clients: list[int]) -> None:
    browser = login()
    fragment = browser.get(f"{LIST}/{clients[0]}/preview")
    assert "<html" not in fragment.text
    assert "Орлова Анна" in fragment.text
    page = browser.get(LIST, {"preview": clients[0]})
    assert "Орлова Анна" in page.html.select_one("[data-preview-panel]").get_text()
    assert browser.get(LIST, {"preview": 999_999}).html.select_one("[data-preview-panel]").get_text() == ""


def test_columns_that_a_person_may_not_read_are_not_there(login: Enter, clients: list[int]) -> None:
    specialist = login("specialist")
    assert "913" not in specialist.get(LIST).html.select_one("table").get_text()
    offered = {
        option["value"] for option in specialist.get(f"{LIST}/filters").html.select("#filter-field option")
    }
    assert "birthday" in offered
    assert "phones.number" not in offered
    assert names(specialist.get(LIST, {"f": filtered(["phones.number", "contains", "913"])})) == []


def test_the_filter_sheet_is_fetched_when_opened_and_is_a_page_for_those_without_scripts(
    login: Enter, clients: list[int]
) -> None:
    browser = login()
    page = browser.get(LIST, {"q": "а"})
    assert not page.html.select("#filter-field")
    sheet = browser.get(page.html.select_one("details[data-load]")["data-load"])
    assert sheet.html.select_one("input[name=q]")["value"] == "а"
    assert "<html" not in sheet.text
    plain = browser.get(page.html.select_one("noscript a")["href"])
    assert plain.html.select("#filter-field")


def test_suggestions_for_a_box_tell_namesakes_apart(login: Enter, clients: list[int]) -> None:
    items = login().get(f"{LIST}/suggest", {"q": "орл"}).json["items"]
    assert items == [{"value": clients[0], "title": "Орлова Анна", "sub": "8 (913) 000-00-01"}]
