"""Who sees what of a client: in lists, cards, search, filters, order, history and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import localizer
from parlour.plugins.contacts import services
from parlour.plugins.contacts.models import Contact
from parlour.records.exporting import export
from parlour.records.history import history_of
from parlour.records.query import get, page
from parlour.records.registry import fields_of, record_type
from parlour.records.search import search_everything
from parlour.records.write import save
from tests.plugins.contacts.conftest import Add, As

SECRETS = ("phones", "emails", "addresses", "spent_before", "tax_number", "documents")
PHONE, EMAIL, HEALTH, PASSPORT = "+79135550101", "maria@example.com", "Аллергия на аммиак", "4509 123456"


@pytest.fixture
def maria(add: Add) -> int:
    return add(
        "Иванова Мария",
        phone=PHONE,
        email=EMAIL,
        health_notes=HEALTH,
        documents=[{"number": PASSPORT, "kind": "passport"}],
        spent_before="1500",
        must_know="Мигрень",
    )


def contact() -> Any:
    return record_type(Contact)


def names(session: Session, mode: Any = "read") -> set[str]:
    return {item.name for item in fields_of(session, contact(), mode)}


@pytest.mark.parametrize(
    ("role", "sees", "does_not"),
    [
        ("owner", {"phones", "health_notes", "documents", "spent_before"}, set()),
        ("manager", {"phones", "health_notes", "documents", "spent_before"}, set()),
        ("receptionist", {"phones", "emails", "spent_before", "must_know"}, {"health_notes", "documents"}),
        ("specialist", {"name", "health_notes", "must_know", "note"}, set(SECRETS)),
        ("accountant", {"phones", "tax_number", "documents"}, {"health_notes"}),
        ("organiser", {"phones", "emails"}, {"health_notes", "documents"}),
    ],
)
def test_each_role_sees_what_its_work_needs(
    as_role: As, maria: int, role: str, sees: set[str], does_not: set[str]
) -> None:
    row = as_role(role, lambda own: get(own, contact(), maria))
    assert sees <= set(row)
    assert not does_not & set(row)


def test_the_list_of_a_specialist_has_no_phones(as_role: As, maria: int) -> None:
    [row] = as_role("specialist", lambda own: page(own, contact()).rows)
    assert not set(SECRETS) & set(row)
    assert PHONE not in json.dumps(row, default=str)


@pytest.mark.parametrize("role", ["specialist", "receptionist"])
def test_a_search_finds_by_phone_only_for_who_may_read_phones(as_role: As, maria: int, role: str) -> None:
    expected = 1 if role == "receptionist" else 0
    for text in ("9135550101", "8 913 555", EMAIL):
        assert len(as_role(role, lambda own, t=text: page(own, contact(), q=t).rows)) == expected
        found = as_role(role, lambda own, t=text: search_everything(own, t))
        assert sum(len(rows) for _record, rows in found) == expected


@pytest.mark.parametrize(
    ("role", "condition"),
    [
        ("specialist", ["phones.number", "starts", "+7913"]),
        ("specialist", ["phones", "empty", False]),
        ("specialist", ["emails.address", "contains", "maria"]),
        ("specialist", ["spent_before", ">=", "1000"]),
        ("receptionist", ["health_notes", "contains", "аллергия"]),
        ("receptionist", ["health_notes", "empty", False]),
        ("receptionist", ["documents.number", "contains", "4509"]),
    ],
)
def test_a_hidden_field_cannot_be_filtered_by(
    as_role: As, maria: int, role: str, condition: list[Any]
) -> None:
    with pytest.raises(Refusal):
        as_role(role, lambda own: page(own, contact(), filter=condition))
    assert len(as_role("manager", lambda own: page(own, contact(), filter=condition)).rows) == 1


def test_nor_through_a_link_from_another_record(as_role: As, maria: int, session: Session) -> None:
    services.add_note(session, maria, "Звонила")
    session.commit()
    note = record_type("contacts.note")
    with pytest.raises(Refusal):
        as_role("specialist", lambda own: page(own, note, filter=["contact.phones.number", "starts", "+7"]))


@pytest.mark.parametrize(("role", "field"), [("specialist", "spent_before"), ("specialist", "tax_number")])
def test_a_hidden_field_cannot_be_sorted_by(as_role: As, maria: int, role: str, field: str) -> None:
    with pytest.raises(Refusal):
        as_role(role, lambda own: page(own, contact(), sort=field))


@pytest.mark.parametrize(
    ("role", "hidden", "text"), [("specialist", "phones", PHONE), ("receptionist", "health_notes", HEALTH)]
)
def test_history_hides_what_the_card_hides(
    session: Session, as_role: As, maria: int, role: str, hidden: str, text: str
) -> None:
    save(session, Contact, {"phones": ["+79135550202"], "health_notes": "Здорова"}, maria)
    session.commit()
    events = as_role(role, lambda own: history_of(own, contact(), maria))
    shown = {change.field.name for event in events for change in event.changes}
    assert hidden not in shown
    assert text not in str([(change.old, change.new) for event in events for change in event.changes])
    told = as_role("manager", lambda own: history_of(own, contact(), maria))
    assert text in str([(change.old, change.new) for event in told for change in event.changes])


def test_the_old_health_note_is_kept_in_history_and_comes_back_with_undo(
    session: Session, maria: int, as_role: As
) -> None:
    from parlour.records.history import undo

    changed = as_role(
        "specialist",
        lambda own: (save(own, Contact, {"health_notes": "Здорова"}, maria), last_change(own))[1],
    )
    undo(session, changed)
    assert get(session, contact(), maria)["health_notes"] == HEALTH


def last_change(session: Session) -> int:
    from sqlalchemy import func, select

    from parlour.records.models import ChangeSet

    return session.execute(select(func.max(ChangeSet.id))).scalar_one()


@pytest.mark.parametrize(
    ("role", "values"),
    [
        ("specialist", {"phones": ["+79135550909"]}),
        ("specialist", {"name": "Другая Мария"}),
        ("specialist", {"blocked": True}),
        ("receptionist", {"health_notes": "Здорова"}),
        ("receptionist", {"documents": []}),
    ],
)
def test_what_somebody_may_not_write_is_refused_at_its_field(
    as_role: As, maria: int, role: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        as_role(role, lambda own: save(own, Contact, values, maria))
    assert set(refused.value.fields) == set(values)


def test_a_specialist_writes_down_what_concerns_the_work(as_role: As, maria: int, session: Session) -> None:
    values = {"health_notes": "Без аллергии", "must_know": "Только Анна", "note": "Тонкие волосы"}
    as_role("specialist", lambda own: save(own, Contact, values, maria))
    session.expire_all()
    row = get(session, contact(), maria)
    assert {name: row[name] for name in values} == values
    assert [line["number"] for line in row["phones"]] == [PHONE]


def test_an_accountant_reads_and_changes_nothing(as_role: As, maria: int) -> None:
    with pytest.raises(NotAllowed):
        as_role("accountant", lambda own: save(own, Contact, {"note": "?"}, maria))


@pytest.mark.parametrize(("role", "may"), [("manager", True), ("receptionist", False), ("specialist", False)])
def test_the_base_leaves_only_with_the_right_to_export(
    as_role: As, maria: int, tmp_path: Path, role: str, may: bool
) -> None:
    file = tmp_path / "clients.json"

    def run(own: Session) -> int:
        return export(own, contact(), file, loc=localizer("en"))

    if may:
        assert as_role(role, run) == 1
        assert PHONE in file.read_text("utf-8")
    else:
        with pytest.raises(NotAllowed):
            as_role(role, run)
        assert not file.exists()


def test_an_export_of_an_accountant_has_no_health_notes(as_role: As, maria: int, tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    as_role("accountant", lambda own: export(own, contact(), file, loc=localizer("en")))
    assert HEALTH not in file.read_text("utf-8")


def test_with_a_rule_for_own_clients_only_the_others_are_not_there(
    session: Session, as_role: As, add: Add, maria: int
) -> None:
    from parlour.access.models import Rule

    rule = Rule(
        kind="restriction",
        permission="contacts:contact:read",
        filter={"and": [["responsible", "=", "me"]]},
        source="owner",
    )
    session.add(rule)
    session.commit()

    def look(own: Session) -> list[int]:
        services_me = own.scope.user_id
        assert services_me is not None
        with pytest.raises(NotFound):
            get(own, contact(), maria)
        mine = save(
            own, Contact, {"name": "Моя Клиентка", "responsible": [{"user": services_me, "branch": None}]}
        )
        assert [row["id"] for row in page(own, contact()).rows] == [mine]
        return [mine]

    assert as_role("manager", look)
    assert services.birthdays(session, 366) == []
