"""The finder of clients who are equal in one field or in two."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.plugins.contacts import duplicates, equals
from parlour.plugins.contacts.equals import find_equal
from parlour.records.registry import record_type
from parlour.records.removal import archive
from parlour.records.write import save
from parlour.testing.site import Enter, statements
from tests.plugins.contacts.conftest import Add, As

PAGE = "/o/jasmine/contacts/duplicates"


def found(session: Session, *names: str) -> list[list[int]]:
    return [group.ids for group in find_equal(session, names).groups]


def test_values_are_compared_by_their_keys_and_empty_ones_with_none(session: Session, add: Add) -> None:
    one = add("Семёнова Анна", birthday="1990-04-08", profession="Врач")
    two = add("СЕМЕНОВА Вера", birthday="08.04.1990")
    three = add("Семенова Ольга", birthday="1991-04-08")
    add("Петрова Анна")
    add("Кто-то с улицы")
    assert found(session, "last_name") == [[one, two, three]]
    # The year belongs to a birthday.
    assert found(session, "birthday") == [[one, two]]
    assert found(session, "last_name", "birthday") == [[one, two]]
    assert found(session, "last_name", "first_name") == []
    assert found(session, "profession") == []


def test_lists_are_compared_line_by_line(session: Session, add: Add) -> None:
    radio = save(session, "contacts.source", {"name": "Radio"})
    one = add("Иванова Анна", phones=["+79135550101", "+79135550102"], source=radio)
    two = add("Иванова Вера", phones=["8 913 555-01-02"], source=radio)
    three = add("Орлова Вера", phones=["+79135550102"])
    assert found(session, "phones") == [[one, two, three]]
    assert found(session, "phones", "last_name") == [[one, two]]
    assert found(session, "source", "phones") == [[one, two]]


def test_a_client_who_is_equal_to_more_than_a_page_of_others_holds_nobody_up(
    session: Session, add: Add
) -> None:
    phones = [f"+7913555010{n}" for n in range(4)]
    first = add("Иванова Анна", phones=phones)
    others = [add(f"Кто-то {n}", phones=[phone]) for n, phone in enumerate(phones)]
    last = [add("Орлова Вера", phone="+79135550200"), add("Орлова Яна", phone="+79135550200")]
    seen, after = [], 0
    for _page in range(4):
        page = find_equal(session, ["phones"], after, limit=2)
        seen += [group.ids for group in page.groups]
        if page.next is None:
            break
        after = page.next
    assert seen == [*([first, other] for other in others), last]


def test_archived_ones_and_those_told_apart_are_left_out(session: Session, add: Add) -> None:
    one, two, three, four = (add(f"Иванова {name}") for name in ("Анна", "Вера", "Ольга", "Яна"))
    archive(session, record_type("contacts.contact"), [four])
    duplicates.call_distinct(session, one, three)
    (group,) = find_equal(session, ["last_name"]).groups
    assert (group.ids, group.count) == ([one, two], 2)
    duplicates.call_distinct(session, two, one)
    assert found(session, "last_name") == []


def test_pages_follow_each_other_without_a_gap_at_a_fixed_cost(
    session: Session, engine: Engine, add: Add
) -> None:
    for n in range(25):
        for _twice in range(2):
            add(f"Клиент{n} Анна", profession=f"Занятие {n}")
    session.commit()
    seen: list[list[int]] = []
    after, costs = 0, set()
    while True:
        with statements(engine) as asked:
            page = find_equal(session, ["profession"], after, 10)
        costs.add(len(asked))
        seen += [group.ids for group in page.groups]
        if page.next is None:
            break
        after = page.next
    assert seen == [[2 * n + 1, 2 * n + 2] for n in range(25)]
    # PostgreSQL is told the organisation once more.
    assert max(costs) <= 4


def test_a_large_group_shows_its_first_and_says_how_many_there_are(session: Session, add: Add) -> None:
    ids = [
        add(f"Иванова {name}")
        for name in ["Анна", "Вера", "Ольга", "Яна", "Инна", "Анна", "Вера", "Ольга", "Яна"]
    ]
    (group,) = find_equal(session, ["last_name"]).groups
    assert (group.ids, group.count) == (ids[: equals.SHOWN], 9)


def test_nobody_compares_by_what_they_may_not_read(session: Session, add: Add, as_role: As) -> None:
    for name in ("Анна", "Вера"):
        add(f"Иванова {name}", phones=["+79135550101"])
    session.commit()
    assert as_role("receptionist", lambda own: len(found(own, "phones"))) == 1
    with pytest.raises(Refusal):
        as_role("specialist", lambda own: found(own, "phones"))
    for names in ((), ("no_such",), ("phones", "phones"), ("health_notes",), ("name", "phones", "birthday")):
        with pytest.raises(Refusal):
            find_equal(session, names)


def test_every_field_that_is_offered_can_be_compared_by(session: Session, add: Add) -> None:
    for _twice in range(2):
        add("Иванова Анна", phones=["+79135550101"], spent_before="10", client_since="2020-01-01")
    for item in equals.comparable(session):
        page: Any = find_equal(session, [item.name])
        assert page.next is None
    assert found(session, "spent_before", "client_since") == [[1, 2]]


def test_the_page_pairs_those_who_are_equal_and_offers_to_merge_them(
    session: Session, add: Add, login: Enter
) -> None:
    for name in ("Анна", "Вера", "Ольга"):
        add(f"Иванова {name}", birthday="1990-04-08")
    session.commit()
    site = login("receptionist")
    page = site.get(PAGE, [("field", "last_name"), ("field", "birthday")])
    pairs = page.html.select(".pairs li")
    assert len(pairs) == 2
    assert [badge.get_text() for badge in pairs[0].select(".badge")] == ["Last name", "Birthday"]
    assert "Merge" in page.click("Compare and merge", index=0).text
    assert site.get(PAGE, [("field", "no_such")], status="*").status_int in (400, 409, 422)
