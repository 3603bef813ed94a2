"""Clients who are there twice: before saving, and in the base."""

from __future__ import annotations

from typing import Any

import pytest

from parlour.db.session import Session
from parlour.plugins.contacts import duplicates
from parlour.plugins.contacts.duplicates import Lookalike, duplicates_of, find_duplicates
from parlour.plugins.contacts.models import Contact
from parlour.records.registry import record_type
from parlour.records.removal import archive
from parlour.records.write import Change, save, write
from tests.plugins.contacts.conftest import Add, As


def warned(
    session: Session, values: dict[str, Any], exclude: int | None = None
) -> dict[int | None, tuple[str, ...]]:
    return {one.id: one.reasons for one in duplicates_of(session, values, exclude)}


def all_pairs(session: Session, limit: int = 20, **more: Any) -> list[tuple[int, int]]:
    found, cursor = [], None
    while True:
        page = find_duplicates(session, cursor, limit, **more)
        assert len(page.pairs) <= limit
        found += [(pair.first, pair.second) for pair in page.pairs]
        cursor = page.next
        if cursor is None:
            return found


def test_a_phone_in_any_spelling_shows_who_has_it(session: Session, add: Add) -> None:
    maria = add("Иванова Мария", phone="+79135550101")
    for spelling in ("8 (913) 555-01-01", "+7 913 5550101", "9135550101"):
        assert warned(session, {"name": "Кто-то", "phones": [{"number": spelling}]}) == {maria: ("phone",)}


def test_a_half_typed_second_phone_does_not_hide_the_first(session: Session, add: Add) -> None:
    maria = add("Иванова Мария", phone="+79135550101")
    values = {"phones": [{"number": "89135550101"}, {"number": "8913"}], "emails": ["maria@"]}
    assert warned(session, values) == {maria: ("phone",)}


def test_an_address_and_a_tax_number_show_who_has_them(session: Session, add: Add) -> None:
    maria = add("Иванова Мария", email="maria@example.com")
    daisy = add("Ромашка", kind="company", tax_number="0012345678")
    assert warned(session, {"emails": ["MARIA@example.com"]}) == {maria: ("email",)}
    assert warned(session, {"kind": "company", "tax_number": "0012345678"}) == {daisy: ("tax_number",)}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Семёнова Наталья", True),
        ("семенова наталья", True),
        ("Наталья Семенова", True),
        ("Семенова Наталия", True),
        ("Semenova Natalya", True),
        ("Симёнова Наталья", True),
        ("Семёнова Наталья Петровна", True),
        ("Семёнова Нина", False),
        ("Семёнов Наталий", False),
        ("Наталья", False),
        ("", False),
    ],
)
def test_nearly_the_same_name_is_warned_of(session: Session, add: Add, typed: str, found: bool) -> None:
    natalia = add("Семёнова Наталья", phone="+79135550101")
    assert (natalia in warned(session, {"name": typed})) is found


def test_a_company_is_recognised_by_its_words_without_the_legal_form(session: Session, add: Add) -> None:
    daisy = add("Ромашка", kind="company", legal_name="ООО «Ромашка»")
    assert warned(session, {"kind": "company", "name": "ЗАО Ромашка"}) == {daisy: ("name",)}
    assert warned(session, {"kind": "company", "name": "Ромашково"}) == {}
    assert warned(session, {"kind": "person", "name": "Ромашка"}) == {}


def test_who_married_is_found_by_birthday_and_first_name(session: Session, add: Add) -> None:
    maria = add("Иванова Мария Петровна", birthday="1990-04-08")
    assert warned(session, {"name": "Соколова Мария", "birthday": "08.04.1990"}) == {maria: ("born",)}
    assert warned(session, {"name": "Соколова Мария Олеговна", "birthday": "08.04.1990"}) == {}
    assert warned(session, {"name": "Соколова Мария", "birthday": "08.04."}) == {}


def test_different_birthdays_and_sexes_tell_namesakes_apart(session: Session, add: Add) -> None:
    add("Иванова Мария", birthday="1990-04-08", sex="female")
    assert warned(session, {"name": "Иванова Мария", "birthday": "1985-01-01"}) == {}
    assert warned(session, {"name": "Иванова Мария", "sex": "male"}) == {}


def test_the_card_itself_is_no_duplicate_and_an_archived_one_says_so(session: Session, add: Add) -> None:
    maria = add("Иванова Мария", phone="+79135550101")
    values = {"name": "Иванова Мария", "phones": ["+79135550101"]}
    assert warned(session, values, exclude=maria) == {}
    archive(session, record_type(Contact), [maria])
    assert duplicates_of(session, values) == [Lookalike(maria, "Иванова Мария", ("phone",), archived=True)]


def test_the_strongest_reason_comes_first(session: Session, add: Add) -> None:
    by_name = add("Иванова Мария")
    by_phone = add("Петрова Анна", phone="+79135550101")
    values = {"name": "Иванова Мария", "phones": ["+79135550101"]}
    assert [one.id for one in duplicates_of(session, values)] == [by_phone, by_name]


# ---- what the warning may say


def test_a_specialist_who_types_a_phone_learns_only_that_somebody_exists(add: Add, as_role: As) -> None:
    add("Иванова Мария", phone="+79135550101", email="maria@example.com")
    for values in ({"phones": ["+79135550101"]}, {"emails": ["maria@example.com"]}):
        assert as_role("specialist", lambda own, v=values: duplicates_of(own, v)) == [
            Lookalike(None, None, ())
        ]
        known = as_role("receptionist", lambda own, v=values: duplicates_of(own, v))
        assert [one.title for one in known] == ["Иванова Мария"]


def test_a_match_by_name_does_not_give_the_phone_away(add: Add, as_role: As) -> None:
    maria = add("Иванова Мария", phone="+79135550101")
    values = {"name": "Иванова Мария", "phones": ["+79135550101"]}
    found = as_role("specialist", lambda own: duplicates_of(own, values))
    assert found == [Lookalike(maria, "Иванова Мария", ("name",))]


def test_a_client_of_somebody_else_stays_nameless(session: Session, add: Add, as_role: As) -> None:
    add("Иванова Мария", phone="+79135550101")
    add("Петрова Анна", phone="+79135550101")
    assert as_role("manager", lambda own: len(find_duplicates(own).pairs)) == 1
    restrict_to_own_clients(session)
    found = as_role("manager", lambda own: duplicates_of(own, {"name": "Иванова Мария"}))
    assert found == [Lookalike(None, None, ())]
    assert as_role("manager", lambda own: find_duplicates(own).pairs) == []


def restrict_to_own_clients(session: Session) -> None:
    from parlour.access.models import Rule

    rule = Rule(
        kind="restriction",
        permission="contacts:contact:read",
        filter={"and": [["responsible", "=", "me"]]},
        source="owner",
    )
    session.add(rule)
    session.commit()


# ---- in the base

# For the cards of one page: up to three per reason, the cards, those compared, those told apart.
STATEMENTS = 18


def test_pairs_are_found_by_every_reason(session: Session, add: Add) -> None:
    ids = [
        add("Иванова Мария", phone="+79135550101"),
        add("Петрова Анна", phone="+79135550101"),
        add("Семёнова Наталья", email="n@example.com"),
        add("Семенова Наталия", email="other@example.com"),
        add("Ромашка", kind="company", tax_number="0012345678"),
        add("Лилия", kind="company", tax_number="0012345678"),
        add("Козлова Ирина", birthday="1990-04-08", email="n@example.com"),
        add("Волкова Ирина", birthday="1990-04-08"),
        add("Никто Похожий"),
    ]
    found = {(pair.first, pair.second): pair.reasons for pair in find_duplicates(session).pairs}
    assert found == {
        (ids[0], ids[1]): ("phone",),
        (ids[2], ids[3]): ("name",),
        (ids[2], ids[6]): ("email",),
        (ids[4], ids[5]): ("tax_number",),
        (ids[6], ids[7]): ("born",),
    }
    assert all_pairs(session, by=["phone"]) == [(ids[0], ids[1])]
    assert all_pairs(session, by=["born", "email"]) == [(ids[2], ids[6]), (ids[6], ids[7])]


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_hold_every_pair_once_in_order(session: Session, add: Add, limit: int) -> None:
    ids = [add(f"Клиент {n}", phone="+79135550101") for n in range(5)]
    expected = [(one, other) for one in ids for other in ids if one < other]
    assert all_pairs(session, limit) == expected


def test_pages_go_on_behind_several_hundred_cards(session: Session) -> None:
    changes = [Change({"name": f"Клиент Номер{n}", "phones": [f"+7913{n % 330:07}"]}) for n in range(660)]
    ids = write(session, Contact, changes).ids
    session.commit()
    expected = [(ids[n], ids[n + 330]) for n in range(330)]
    assert all_pairs(session, 40, by=["phone"]) == expected


def test_a_phone_that_very_many_share_says_nothing(session: Session) -> None:
    many = duplicates.SHARED_AT_MOST + 1
    write(
        session, Contact, [Change({"name": f"Клиент {n}", "phones": ["+79130000000"]}) for n in range(many)]
    )
    session.commit()
    assert all_pairs(session) == []


def test_a_pair_called_distinct_is_not_shown_again(session: Session, add: Add) -> None:
    mother = add("Иванова Мария", phone="+79135550101")
    daughter = add("Иванова Анна", phone="+79135550101")
    assert all_pairs(session) == [(mother, daughter)]
    duplicates.call_distinct(session, daughter, mother)
    duplicates.call_distinct(session, mother, daughter)
    assert all_pairs(session) == []


def test_archived_and_erased_cards_are_left_out_and_restored_ones_come_back(
    session: Session, add: Add
) -> None:
    first, second = add("Семёнова Наталья"), add("Семенова Наталья")
    contact = record_type(Contact)
    archive(session, contact, [second])
    assert all_pairs(session) == []
    archive(session, contact, [second], restore=True)
    assert all_pairs(session) == [(first, second)]
    from parlour.records.persons import erase

    erase(session, contact, second)
    assert all_pairs(session) == []


def test_a_changed_name_is_looked_for_under_its_new_form(session: Session, add: Add) -> None:
    first, second = add("Семёнова Наталья"), add("Козлова Ирина")
    save(session, Contact, {"last_name": "Семенова", "first_name": "Наталия"}, second)
    assert all_pairs(session) == [(first, second)]
    save(session, Contact, {"name": "Козлова Ирина"}, second)
    assert all_pairs(session) == []


def test_only_those_with_the_field_are_paired_by_it(add: Add, as_role: As) -> None:
    one = add("Иванова Мария", phone="+79135550101")
    other = add("Петрова Анна", phone="+79135550101")
    assert as_role("receptionist", all_pairs) == [(one, other)]
    assert as_role("specialist", all_pairs) == []


def test_a_page_of_pairs_costs_at_most_so_many_statements_however_many_clients_there_are(
    session: Session, add: Add
) -> None:
    from sqlalchemy import event

    def cost() -> int:
        seen: list[str] = []
        listener = lambda *a: seen.append(a[2])  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listener)
        find_duplicates(session)
        event.remove(session.get_bind(), "before_cursor_execute", listener)
        return sum("contacts_" in one for one in seen)

    add("Иванова Мария", phone="+79135550101")
    add("Петрова Анна", phone="+79135550101")
    assert cost() <= STATEMENTS
    write(
        session,
        Contact,
        [Change({"name": f"Клиент Номер{n}", "phones": [f"+7913{n % 8:07}"]}) for n in range(120)],
    )
    session.commit()
    assert cost() <= STATEMENTS
