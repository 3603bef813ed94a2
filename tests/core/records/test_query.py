"""Lists: paging by key, search, counting, and what a filter finds."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.plugins.contacts.models import Contact, Note
from parlour.records.operators import FilterFault
from parlour.records.query import count, get, page
from parlour.records.registry import fields_of, record_type
from parlour.records.search import search_everything
from parlour.records.write import Change, save, write
from tests.support.examples import examples

CONTACT = record_type(Contact)


def names(found) -> list[str]:
    return [row["name"] for row in found.rows]


def add(session: Session, *rows: dict) -> list[int]:
    return write(session, Contact, [Change(row) for row in rows]).ids


def find(session: Session, filter) -> list[str]:
    return names(page(session, CONTACT, filter=filter, limit=100))


def test_names_sort_as_a_russian_reader_expects(session: Session) -> None:
    ordered = ["Анна", "Елена", "Ёлка", "Жанна", "Яна"]
    add(session, *({"name": name} for name in reversed(ordered)))
    assert names(page(session, CONTACT)) == ordered
    assert names(page(session, CONTACT, sort="-name")) == ordered[::-1]


@pytest.mark.parametrize("sort", ["name", "-name", "birthday", "-birthday"])
def test_paging_forth_and_back_shows_every_row_once_in_one_order(session: Session, sort: str) -> None:
    add(
        session,
        *(
            {"name": f"Client {n % 7}", "birthday": f"19{60 + n}-01-{1 + n % 28:02d}" if n % 3 else None}
            for n in range(23)
        ),
    )
    whole = [row["id"] for row in page(session, CONTACT, sort=sort, limit=100).rows]
    assert len(whole) == 23
    forth, cursor = [], None
    while True:
        found = page(session, CONTACT, sort=sort, limit=5, after=cursor)
        forth += [row["id"] for row in found.rows]
        last, cursor = found, found.next
        if cursor is None:
            break
    assert forth == whole
    back, cursor = [row["id"] for row in last.rows], last.previous
    while cursor is not None:
        found = page(session, CONTACT, sort=sort, limit=5, before=cursor)
        back = [row["id"] for row in found.rows] + back
        cursor = found.previous
    assert back == whole


@pytest.mark.parametrize("sort", ["at", "-at"])
def test_what_is_sorted_by_a_moment_has_a_second_page_too(session: Session, sort: str) -> None:
    (client,) = add(session, {"name": "Анна"})
    days = [{"contact": client, "text": f"{n}", "at": f"2026-03-{1 + n // 2:02d} 10:00"} for n in range(9)]
    write(session, Note, [Change(values) for values in days])
    note = record_type(Note)
    whole = [row["id"] for row in page(session, note, sort=sort).rows]
    forth, cursor = [], None
    for _page in range(3):
        found = page(session, note, sort=sort, limit=3, after=cursor)
        forth += [row["id"] for row in found.rows]
        cursor = found.next
    assert cursor is None
    assert forth == whole


@pytest.mark.parametrize("moment", ["2026-03-01T10:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_cursor_without_a_moment_that_can_be_is_refused_in_words(session: Session, moment: str) -> None:
    bad = base64.urlsafe_b64encode(f'["{moment}", 1]'.encode()).decode()
    with pytest.raises(Refusal):
        page(session, record_type(Note), sort="at", after=bad)


def test_a_damaged_cursor_and_an_unknown_order_are_refused_in_words(session: Session) -> None:
    for bad in ("x", "WzFd", "!!!!", "eyJhIjoxfQ"):
        with pytest.raises(Refusal):
            page(session, CONTACT, after=bad)
    with pytest.raises(Refusal):
        page(session, CONTACT, sort="no_such_field")


def test_search_finds_names_in_any_case_and_order_and_with_either_ye(session: Session) -> None:
    add(session, {"name": "Артёмова Алёна Игоревна"}, {"name": "Артемьева Ольга"})
    for words in ("алена артемова", "АЛЁНА", "игор ален", "артё але"):
        assert names(page(session, CONTACT, q=words)) == ["Артёмова Алёна Игоревна"], words
    assert len(page(session, CONTACT, q="арт").rows) == 2
    assert page(session, CONTACT, q="100%").rows == []
    assert page(session, CONTACT, q="_").rows == []


@pytest.mark.parametrize("typed", ["8 913 148-75-93", "+7 (913) 148", "9131487593", "1487593", "148-75-93"])
def test_search_finds_a_phone_however_it_is_typed(session: Session, typed: str) -> None:
    add(session, {"name": "Анна", "phones": ["+79131487593"]}, {"name": "Ольга", "phones": ["+79160000000"]})
    assert names(page(session, CONTACT, q=typed)) == ["Анна"]


def test_search_finds_tags_e_mails_and_companies(session: Session) -> None:
    add(
        session,
        {"name": "Анна", "tags": ["Невеста"], "emails": ["anna.bride@example.com"]},
        {"name": "Ольга"},
    )
    assert names(page(session, CONTACT, q="невест")) == ["Анна"]
    assert names(page(session, CONTACT, q="bride@ex")) == ["Анна"]
    ((record, rows),) = search_everything(session, "анна")
    assert record is CONTACT
    assert rows[0]["name"] == "Анна"


def test_a_specialist_neither_sees_nor_finds_nor_filters_by_a_phone(session: Session, session_as) -> None:
    add(session, {"name": "Анна", "phones": ["+79131487593"]})
    session.commit()
    specialist = session_as("specialist")
    assert "phones" not in {item.name for item in fields_of(specialist, CONTACT)}
    assert page(specialist, CONTACT, q="9131487593").rows == []
    with pytest.raises(FilterFault):
        find(specialist, ["phones.number", "contains", "913"])
    (row,) = page(specialist, CONTACT, q="анна").rows
    assert "phones" not in row


def test_counting_stops_at_a_thousand_unless_asked(session: Session) -> None:
    for start in range(0, 1200, 400):
        add(session, *({"name": f"Client {start + n}"} for n in range(400)))
    assert count(session, CONTACT) == (1000, True)
    assert count(session, CONTACT, exact=True) == (1200, False)
    assert count(session, CONTACT, q="client 11") == (sum("11" in str(n) for n in range(1200)), False)


def test_a_page_costs_the_same_number_of_statements_for_one_row_and_for_fifty(session: Session) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(_connection, _cursor, sql, *_rest) -> None:
            seen.append(sql)

        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        page(session, CONTACT, limit=50)
        event.remove(connection, "before_cursor_execute", note)
        return len(seen)

    add(session, {"name": "Первая", "tags": ["a"], "phones": ["+79131480000"], "source": None})
    page(session, CONTACT)
    one = statements()
    add(
        session,
        *({"name": f"Client {n}", "tags": ["a", "b"], "phones": [f"+7913148{n:04d}"]} for n in range(60)),
    )
    assert statements() == one
    assert one <= 12


def test_filters_reach_through_parts_links_and_reverses(session: Session) -> None:
    _vip, plain = add(
        session,
        {"name": "Анна", "tags": ["VIP"], "phones": ["+79131487593"], "spent_before": "500"},
        {"name": "Ольга", "tags": ["new"], "spent_before": "1500.50"},
    )
    assert find(session, ["tags.name", "=", "vip"]) == ["Анна"]
    assert find(session, {"not": ["tags.name", "=", "vip"]}) == ["Ольга"]
    assert find(session, ["phones.number", "contains", "148"]) == ["Анна"]
    assert find(session, ["phones", "empty", True]) == ["Ольга"]
    assert find(session, ["spent_before", ">=", "1000"]) == ["Ольга"]
    assert find(session, {"or": [["name", "starts", "анн"], ["id", "=", plain]]}) == ["Анна", "Ольга"]
    assert find(session, ["persons", "empty", False]) == []
    assert find(session, {"and": []}) == ["Анна", "Ольга"]
    assert find(session, {"or": []}) == []


@pytest.mark.parametrize(
    "bad",
    [
        ["no_such_field", "=", 1],
        ["name", "no_such_operator", 1],
        ["name", "="],
        ["birthday", "within", "soon"],
        ["birthday", "within", 10**9],
        ["spent_before", ">=", "much"],
        ["name", "contains", {}],
        ["name", "starts", None],
        ["phones.number", "contains", [1]],
        {"xor": []},
        {"and": [], "or": []},
        {"and": "name"},
        "name",
        7,
        ["name", "in", ["x"] * 100_000],
        {"and": [["name", "=", "x"]] * 100_000},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_a_sentence(session: Session, bad) -> None:
    with pytest.raises(FilterFault) as refused:
        find(session, bad)
    assert str(refused.value).strip()


def test_a_filter_nested_two_hundred_deep_is_refused(session: Session) -> None:
    bad: object = ["name", "=", "x"]
    for _ in range(200):
        bad = {"not": bad}
    with pytest.raises(FilterFault):
        find(session, bad)


@time_machine.travel(datetime(2026, 12, 28, 22, 30, tzinfo=UTC), tick=False)
def test_birthdays_within_a_week_cross_the_new_year_on_the_salons_calendar(session: Session) -> None:
    # In Moscow it is 29 December already.
    add(
        session,
        {"name": "Yesterday", "birthday": "1990-12-28"},
        {"name": "Today", "birthday": "1990-12-29"},
        {"name": "New year", "birthday": "--01-04"},
        {"name": "Later", "birthday": "1990-01-06"},
        {"name": "Unknown"},
    )
    assert find(session, ["birthday", "within", 7]) == ["New year", "Today"]


@time_machine.travel(datetime(2027, 2, 27, 9, tzinfo=UTC), tick=False)
def test_who_was_born_on_a_leap_day_is_congratulated_in_other_years_too(session: Session) -> None:
    add(session, {"name": "Leap", "birthday": "1992-02-29"})
    assert find(session, ["birthday", "within", 3]) == ["Leap"]


def test_a_row_that_is_archived_is_in_no_list_and_still_has_its_card(session: Session) -> None:
    made = save(session, Contact, {"name": "Анна"})
    write(session, Contact, [Change(id=made, act="archive")])
    assert page(session, CONTACT).rows == []
    assert names(page(session, CONTACT, archived=True)) == ["Анна"]
    assert get(session, CONTACT, made)["archived_at"] is not None
    with pytest.raises(NotFound):
        get(session, CONTACT, made + 1000)


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(min_size=1, max_size=40))
def test_no_search_text_breaks_the_search(session: Session, text: str) -> None:
    page(session, CONTACT, q=text)
    count(session, CONTACT, q=text)
