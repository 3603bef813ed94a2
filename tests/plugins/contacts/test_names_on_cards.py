"""The name of a card and its parts follow each other."""

from __future__ import annotations

from typing import Any

import pytest

from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.plugins.contacts.models import Contact
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save


def card(session: Session, row_id: int) -> dict[str, Any]:
    return get(session, record_type(Contact), row_id)


def parts(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["name"], row["last_name"], row["first_name"], row["middle_name"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "Мария Иванова"}, ("Иванова Мария", "Иванова", "Мария", None)),
        ({"name": "иванова мария петровна"}, ("Иванова Мария Петровна", "Иванова", "Мария", "Петровна")),
        ({"name": "Emma Smith"}, ("Smith Emma", "Smith", "Emma", None)),
        ({"name": "Мария"}, ("Мария", None, "Мария", None)),
        ({"last_name": "Иванова", "first_name": "Мария"}, ("Иванова Мария", "Иванова", "Мария", None)),
        (
            {"name": "Иванова Мария Петровна", "first_name": "Маша"},
            ("Иванова Маша Петровна", "Иванова", "Маша", "Петровна"),
        ),
        ({"name": "Ольга с третьего этажа"}, ("Ольга с третьего этажа", None, None, None)),
    ],
)
def test_a_new_card_has_a_name_and_its_parts(
    session: Session, given: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert parts(card(session, save(session, Contact, given))) == expected


def test_a_new_part_changes_the_name(session: Session) -> None:
    row_id = save(session, Contact, {"name": "Иванова Мария Петровна"})
    save(session, Contact, {"last_name": "Смирнова"}, row_id)
    assert card(session, row_id)["name"] == "Смирнова Мария Петровна"


def test_a_new_name_changes_the_parts(session: Session) -> None:
    row_id = save(session, Contact, {"name": "Иванова Мария Петровна"})
    save(session, Contact, {"name": "Смирнова Анна"}, row_id)
    assert parts(card(session, row_id)) == ("Смирнова Анна", "Смирнова", "Анна", None)


def test_a_form_that_sends_everything_back_changes_nothing(session: Session) -> None:
    row_id = save(session, Contact, {"name": "Ольга с третьего этажа", "phones": ["+79135550101"]})
    before = card(session, row_id)
    names = ("name", "last_name", "first_name", "middle_name", "phones", "kind", "is_client")
    save(session, Contact, {name: before[name] for name in names}, row_id)
    assert card(session, row_id)["version"] == before["version"]


def test_a_company_has_one_name_and_no_parts(session: Session) -> None:
    row_id = save(session, Contact, {"kind": "company", "name": "ООО «Ромашка Анна Ивановна»"})
    assert parts(card(session, row_id)) == ("ООО «Ромашка Анна Ивановна»", None, None, None)
    legal = save(session, Contact, {"kind": "company", "legal_name": "АО «Лилия»"})
    assert card(session, legal)["name"] == "АО «Лилия»"


def test_a_card_without_any_name_is_refused_at_its_field(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        save(session, Contact, {"phones": ["+79135550101"]})
    assert set(refused.value.fields) == {"name"}


def test_a_card_is_complete_once_all_that_is_essential_is_there(session: Session) -> None:
    row_id = save(session, Contact, {"name": "Иванова Мария"})
    assert card(session, row_id)["complete"] is False
    save(session, Contact, {"phones": ["8 913 555-01-01"]}, row_id)
    assert card(session, row_id)["complete"] is False
    save(session, Contact, {"birthday": "08.04."}, row_id)
    assert card(session, row_id)["complete"] is True
    save(session, Contact, {"phones": []}, row_id)
    assert card(session, row_id)["complete"] is False


def test_a_company_needs_a_tax_number_and_no_birthday_to_be_complete(session: Session) -> None:
    row_id = save(session, Contact, {"kind": "company", "name": "Лилия", "phones": ["+79135550101"]})
    assert card(session, row_id)["complete"] is False
    save(session, Contact, {"tax_number": "7707083893"}, row_id)
    assert card(session, row_id)["complete"] is True
