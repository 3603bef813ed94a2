"""Which client a row of a file is, and what comes out of the two."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.db.session import Session
from parlour.plugin.registry import Plugins
from parlour.plugins.contacts.matching import ContactMatcher
from parlour.plugins.contacts.models import Contact
from parlour.records.registry import record_type
from parlour.records.values import Money
from tests.plugins.contacts.conftest import Add

MARIA = {"name": "Иванова Мария Петровна", "phones": [{"number": "+79135550101", "label": None}]}


@pytest.fixture(scope="session")
def matcher(plugins: Plugins) -> ContactMatcher:
    return ContactMatcher(record_type(Contact))


def combined(
    matcher: ContactMatcher, old: dict[str, Any], new: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    fields = {item.name: item for item in matcher.record.fields}
    changes, lost = matcher.combine(old, new, fields)
    return changes, [one.field.name for one in lost]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Иванова Мария Петровна", True),
        ("ИВАНОВА МАРИЯ", True),
        ("Мария Иванова", True),
        ("Иванова М. П.", True),
        ("Иванова М.", True),
        ("Мария", True),
        ("", True),
        ("Иванова Анна Петровна", False),
        ("Петрова Мария", False),
        ("Иванова Мария Олеговна", False),
    ],
)
def test_who_shares_a_phone_is_the_same_only_under_a_compatible_name(
    matcher: ContactMatcher, name: str, same: bool
) -> None:
    assert matcher.same(MARIA, {"name": name} if name else {}) is same
    assert matcher.same({"name": name} if name else {}, MARIA) is same


def test_the_name_may_come_in_a_column_of_its_own_for_each_part(matcher: ContactMatcher) -> None:
    assert matcher.same(MARIA, {"last_name": "иванова", "first_name": "мария"})
    assert matcher.same(MARIA, {"last_name": "Иванова", "name": "Мария"})
    assert not matcher.same(MARIA, {"last_name": "Иванова", "name": "Анна"})


def test_phones_are_compared_by_digits_and_addresses_without_case(matcher: ContactMatcher) -> None:
    values = {
        "phones": [{"number": "+79135550101"}],
        "emails": [{"address": "Maria@Example.COM"}],
        "tax_number": "00 77",
    }
    assert matcher.keys(values) == {"phone:79135550101", "email:maria@example.com", "tax:00 77"}


def test_a_batch_is_looked_up_in_one_statement_per_kind_of_key(
    session: Session, add: Add, matcher: ContactMatcher
) -> None:
    ids = [add(f"Клиент {n}", phone=f"+7913555{n:04}", email=f"c{n}@example.com") for n in range(20)]
    archived = add("Архивная", phone="+79135559999")
    keys = {f"phone:7913555{n:04}" for n in range(10)} | {f"email:c{n}@example.com" for n in range(5, 20)}
    statements = count_statements(session)
    assert matcher.find(session, keys) == set(ids)
    assert statements() == 2
    assert archived not in matcher.find(session, keys)


def count_statements(session: Session) -> Any:
    from sqlalchemy import event

    seen: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: seen.append(a[2]))
    return lambda: sum("FROM contacts_" in statement for statement in seen)


def test_the_fullest_of_several_candidates_is_taken_and_of_equal_ones_the_oldest(
    matcher: ContactMatcher,
) -> None:
    bare, full = {"id": 1, **MARIA}, {"id": 2, **MARIA, "birthday": "1990-04-08"}
    assert max([bare, full], key=matcher.better) is full
    twin = {**bare, "id": 3}
    assert max([twin, bare], key=matcher.better) is bare


def test_companies_are_told_apart_by_tax_number_and_words(matcher: ContactMatcher) -> None:
    company = {"kind": "company", "name": "ООО «Ромашка»", "tax_number": "0012345678"}
    assert matcher.same(company, {"name": "Ромашка"})
    assert not matcher.same(company, {"name": "Лилия"})
    assert not matcher.same(company, {"name": "Ромашка", "tax_number": "0099999999"})
    assert not matcher.same(company, {"name": "Ромашкина Анна"})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Иванова М.", "Иванова Мария", "Иванова Мария"),
        ("Иванова Мария", "Иванова М.", None),
        ("ИВАНОВА МАРИЯ", "Иванова Мария", "Иванова Мария"),
        ("Иванова Мария", "ИВАНОВА МАРИЯ", None),
        ("Мария", "Иванова Мария Петровна", "Иванова Мария Петровна"),
        ("Иванова Мария Петровна", "Мария Иванова", None),
    ],
)
def test_a_fuller_name_is_never_replaced_by_an_emptier_one(
    matcher: ContactMatcher, old: str, new: str, expected: str | None
) -> None:
    changes, lost = combined(matcher, {"id": 1, "kind": "person", "name": old}, {"name": new})
    assert changes.get("name") == expected
    assert lost == []


def test_phones_addresses_and_tags_are_united(matcher: ContactMatcher) -> None:
    old = {"id": 1, **MARIA, "tags": [7], "emails": []}
    new = {
        "phones": [{"number": "+79135550101", "label": "мама"}, {"number": "+79135550202", "label": None}],
        "emails": [{"address": "m@example.com", "label": None}],
        "tags": [7, "новая"],
    }
    changes, lost = combined(matcher, old, new)
    assert changes["phones"] == [
        {"number": "+79135550101", "label": "мама"},
        {"number": "+79135550202", "label": None},
    ]
    assert changes["emails"] == new["emails"]
    assert changes["tags"] == [7, "новая"]
    assert lost == []


@pytest.mark.parametrize(
    ("old", "new", "kept", "lost"),
    [
        ("--04-08", "1990-04-08", "1990-04-08", []),
        ("1990-04-08", "--04-08", None, []),
        ("1990-04-08", "1991-04-08", None, ["birthday"]),
        ("1990-04-08", "1990-05-08", None, ["birthday"]),
    ],
)
def test_a_second_birthday_is_reported_and_one_with_a_year_is_fuller(
    matcher: ContactMatcher, old: str, new: str, kept: str | None, lost: list[str]
) -> None:
    changes, gone = combined(matcher, {"id": 1, **MARIA, "birthday": old}, {"birthday": new})
    assert (changes.get("birthday"), gone) == (kept, lost)


def test_money_of_nought_gives_way_and_another_sum_is_reported(matcher: ContactMatcher) -> None:
    def rub(amount: int) -> Money:
        return Money(Decimal(amount), "RUB")

    assert combined(matcher, {"spent_before": rub(0)}, {"spent_before": rub(500)}) == (
        {"spent_before": rub(500)},
        [],
    )
    assert combined(matcher, {"spent_before": rub(500)}, {"spent_before": rub(0)}) == ({}, [])
    assert combined(matcher, {"spent_before": rub(500)}, {"spent_before": rub(700)}) == ({}, ["spent_before"])


def test_whoever_is_blocked_in_one_of_the_two_stays_blocked(matcher: ContactMatcher) -> None:
    assert combined(matcher, {"blocked": True}, {"blocked": False}) == ({}, [])
    assert combined(matcher, {"blocked": False}, {"blocked": True}) == ({"blocked": True}, [])


def test_a_text_that_holds_the_other_is_the_fuller_one(matcher: ContactMatcher) -> None:
    assert combined(matcher, {"profession": "врач"}, {"profession": "Врач-стоматолог"}) == (
        {"profession": "Врач-стоматолог"},
        [],
    )
    assert combined(matcher, {"profession": "врач"}, {"profession": "юрист"}) == ({}, ["profession"])


LETTERS = st.text(alphabet="абвгдежзийклмнопрст", min_size=2, max_size=9).map(str.capitalize)
NAMES = st.builds(lambda *parts: " ".join(parts), LETTERS, LETTERS, LETTERS)
NUMBERS = st.integers(0, 9_999_999).map(lambda n: {"number": f"+7913{n:07}", "label": None})
CARDS = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "phones": st.lists(NUMBERS, max_size=3, unique_by=lambda line: line["number"]),
        "birthday": st.dates().map(lambda day: f"{day:%Y-%m-%d}".rjust(10, "0")),
        "note": st.text(alphabet="абв \n", max_size=30).map(str.strip).filter(bool),
        "tags": st.lists(st.integers(1, 5), max_size=3, unique=True).map(sorted),
    },
)


@given(CARDS)
def test_a_row_combined_with_itself_changes_nothing(matcher: ContactMatcher, card: dict[str, Any]) -> None:
    assert combined(matcher, dict(card), dict(card)) == ({}, [])


@given(CARDS, CARDS)
def test_combining_twice_is_combining_once_and_no_value_gets_lost_silently(
    matcher: ContactMatcher, old: dict[str, Any], new: dict[str, Any]
) -> None:
    new = {**new, "name": old["name"]}
    changes, lost = combined(matcher, dict(old), dict(new))
    result = {**old, **changes}
    again, _lost_again = combined(matcher, dict(result), dict(new))
    assert again == {}
    for name in ("phones", "tags"):
        assert all(line in result.get(name, []) for line in [*old.get(name, []), *new.get(name, [])])
    if new.get("birthday") and result.get("birthday") != new["birthday"]:
        assert "birthday" in lost
    # A note is united line by line, so what both said is there once.
    for line in [*old.get("note", "").split("\n"), *new.get("note", "").split("\n")]:
        assert (
            line.strip() in [kept.strip() for kept in result.get("note", "").split("\n")] or not line.strip()
        )
