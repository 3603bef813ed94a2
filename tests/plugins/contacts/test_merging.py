"""Two cards become one: nothing is lost, and one undo takes them apart again."""

from __future__ import annotations

from typing import Any

import pytest

from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.plugins.contacts import duplicates, services
from parlour.plugins.contacts.models import Contact, Position
from parlour.records.history import undo
from parlour.records.merge import merge
from parlour.records.query import page
from parlour.records.registry import record_type
from parlour.records.write import save
from tests.plugins.contacts.conftest import Add, As, Card


@pytest.fixture
def two(add: Add) -> tuple[int, int]:
    """The same client twice, each card with something that the other lacks."""
    keep = add(
        "Иванова М.",
        phone="+79135550101",
        tags=["VIP"],
        note="Просит не звонить до 12.",
        addresses=[{"street": "ул. Садовая, 1", "kind": "physical"}],
    )
    lose = add(
        "Иванова Мария Петровна",
        phone="+79135550202",
        email="maria@example.com",
        tags=["невеста", "VIP"],
        birthday="1990-04-08",
        health_notes="Аллергия",
        documents=[{"number": "4509 1"}],
        note="Кофе без сахара.",
        blocked=True,
        blocked_reason="Три неявки",
        addresses=[{"street": "ул. Лесная, 2", "kind": "legal"}],
    )
    return keep, lose


def whole(session: Session, card: Card, row_id: int) -> dict[str, Any]:
    row = card(row_id)
    row["tags"] = sorted(tag["title"] for tag in row["tags"])
    return {name: value for name, value in row.items() if name != "version"}


def test_the_kept_card_takes_what_it_lacks(session: Session, two: tuple[int, int], card: Card) -> None:
    keep, lose = two
    merge(session, record_type(Contact), keep, [lose])
    row = whole(session, card, keep)
    assert [line["number"] for line in row["phones"]] == ["+79135550101", "+79135550202"]
    assert [line["address"] for line in row["emails"]] == ["maria@example.com"]
    assert [line["street"] for line in row["addresses"]] == ["ул. Садовая, 1", "ул. Лесная, 2"]
    assert row["tags"] == ["VIP", "невеста"]
    assert row["note"] == "Просит не звонить до 12.\nКофе без сахара."
    assert (row["birthday"], row["health_notes"]) == ("1990-04-08", "Аллергия")
    assert [line["number"] for line in row["documents"]] == ["4509 1"]
    assert (row["blocked"], row["blocked_reason"]) == (True, "Три неявки")
    assert row["middle_name"] == "Петровна"
    assert row["complete"] is True
    assert card(lose)["archived_at"] is not None


def test_undo_takes_the_two_apart_as_they_were(session: Session, two: tuple[int, int], card: Card) -> None:
    keep, lose = two
    before = [whole(session, card, row_id) for row_id in two]
    result = undo(session, merge(session, record_type(Contact), keep, [lose]))
    assert result.left == []
    assert [whole(session, card, row_id) for row_id in two] == before


def test_everything_that_hangs_on_the_other_card_moves_along_and_back(
    session: Session, two: tuple[int, int], add: Add
) -> None:
    keep, lose = two
    daisy = add("Ромашка", kind="company")
    services.give_consent(session, lose, "advertising", version_of_text="1", source="paper")
    services.add_note(session, lose, "Хвалила краску")
    save(session, Position, {"person": lose, "company": daisy, "category": "main"})
    session.commit()

    def hangs_on(row_id: int) -> tuple[int, int, int]:
        notes = page(session, record_type("contacts.note"), filter=["contact", "=", row_id]).rows
        return (
            len(services.consents_of(session, row_id)),
            len(notes),
            len(services.companies_of(session, row_id)),
        )

    made = merge(session, record_type(Contact), keep, [lose])
    assert (hangs_on(keep), hangs_on(lose)) == ((1, 1, 1), (0, 0, 0))
    undo(session, made)
    assert (hangs_on(keep), hangs_on(lose)) == ((0, 0, 0), (1, 1, 1))


def test_a_receptionist_who_may_not_read_health_notes_loses_none_by_merging(
    as_role: As, session: Session, two: tuple[int, int], card: Card
) -> None:
    keep, lose = two
    as_role("receptionist", lambda own: merge(own, record_type(Contact), keep, [lose]))
    session.expire_all()
    assert card(keep)["health_notes"] == "Аллергия"
    assert [line["number"] for line in card(keep)["documents"]] == ["4509 1"]


def test_a_specialist_merges_nothing(as_role: As, two: tuple[int, int]) -> None:
    with pytest.raises(NotAllowed):
        as_role("specialist", lambda own: merge(own, record_type(Contact), two[0], [two[1]]))


def test_a_person_and_a_company_never_become_one(session: Session, add: Add, two: tuple[int, int]) -> None:
    with pytest.raises(Refusal):
        merge(session, record_type(Contact), two[0], [add("Ромашка", kind="company")])


def test_whom_one_of_the_two_was_told_apart_from_is_told_apart_from_the_kept_one(
    session: Session, add: Add
) -> None:
    mother = add("Иванова Мария", phone="+79135550101")
    again = add("Иванова М.", phone="+79135550101")
    daughter = add("Иванова Анна", phone="+79135550101")
    duplicates.call_distinct(session, again, daughter)
    merge(session, record_type(Contact), mother, [again])
    found = {(pair.first, pair.second) for pair in duplicates.find_duplicates(session).pairs}
    assert (mother, daughter) not in found


def test_the_merged_card_is_found_under_both_phones(session: Session, two: tuple[int, int]) -> None:
    keep, lose = two
    merge(session, record_type(Contact), keep, [lose])
    for text in ("9135550101", "9135550202", "maria@example.com"):
        assert [row["id"] for row in page(session, record_type(Contact), q=text).rows] == [keep]
