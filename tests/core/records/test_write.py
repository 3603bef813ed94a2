"""The one write path: what it accepts, refuses, and leaves behind."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import event, select

from parlour.db.session import Session
from parlour.errors import Conflict, Invalid, NotAllowed, NotFound, ScopeMissing
from parlour.plugins.contacts.models import Contact, Tag
from parlour.records.history import history_of
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.store import columns_of
from parlour.records.values import Money
from parlour.records.write import Change, save, write

CONTACT = record_type(Contact)


def test_columns_go_by_their_names_in_whatever_order_a_kind_gives_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    price = CONTACT.field("spent_before")
    given = price.kind.to_columns(Money(Decimal(5), "EUR"))
    monkeypatch.setattr(type(price.kind), "to_columns", lambda kind, value: dict(reversed(given.items())))
    assert columns_of(price, None) == {"spent_before_amount": 500, "spent_before_currency": "EUR"}


def test_a_new_row_gets_its_values_parts_links_and_history(session: Session) -> None:
    made = save(
        session,
        Contact,
        {
            "last_name": "Орлова",
            "first_name": "Анна",
            "phones": ["8 (913) 148-75-93"],
            "emails": ["Anna@Example.com"],
            "birthday": "08.04.1990",
            "spent_before": "12 500,50 ₽",
            "tags": ["VIP", "vip", "Новая"],
        },
    )
    row = get(session, CONTACT, made)
    assert row["name"] == "Орлова Анна"
    assert [line["number"] for line in row["phones"]] == ["+79131487593"]
    assert row["emails"][0]["address"] == "anna@example.com"
    assert row["birthday"] == "1990-04-08"
    assert row["spent_before"] == Money(Decimal("12500.50"), "RUB")
    assert sorted(tag["title"] for tag in row["tags"]) == ["VIP", "Новая"]
    (event_,) = history_of(session, CONTACT, made)
    assert event_.kind == "create"
    assert {change.field.name for change in event_.changes} >= {"name", "phones", "tags", "birthday"}


def test_saving_the_same_values_again_changes_nothing(session: Session) -> None:
    values = {"name": "Орлова Анна", "phones": ["+79131487593"], "tags": ["VIP"]}
    made = save(session, Contact, values)
    again = write(session, Contact, [Change(values, made)])
    assert again.change_set is None
    assert again.rows == []
    assert get(session, CONTACT, made)["version"] == 1


def test_all_rows_of_a_batch_are_refused_together_with_the_reason_at_each_field(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        write(
            session,
            Contact,
            [
                Change({"name": "Fine"}),
                Change({"name": "", "phones": ["12"]}),
                Change({"name": "Late", "birthday": "31.02.1990", "spent_before": "-5"}),
                Change({"name": "Odd", "no_such_field": 1}),
            ],
        )
    assert set(refused.value.errors) == {1, 2, 3}
    assert set(refused.value.errors[1]) == {"phones", "name"}
    assert set(refused.value.errors[2]) == {"birthday", "spent_before"}
    assert set(refused.value.errors[3]) == {"no_such_field"}
    assert session.scalars(select(Contact.id)).all() == []


def test_a_row_that_somebody_has_changed_meanwhile_is_a_conflict(session: Session) -> None:
    made = save(session, Contact, {"name": "Орлова Анна"})
    save(session, Contact, {"note": "first"}, made, version=1)
    with pytest.raises(Conflict) as refused:
        save(session, Contact, {"note": "second"}, made, version=1)
    assert refused.value.current["note"] == "first"
    save(session, Contact, {"note": "without a version the last one wins"}, made)


def test_a_row_of_another_organisation_cannot_be_written_or_linked(
    session: Session, engine, other_organisation
) -> None:
    from parlour.testing.people import trusted

    with trusted(engine, other_organisation) as elsewhere:
        theirs = save(elsewhere, Contact, {"name": "Not yours"})
        source = save(elsewhere, Tag, {"name": "Theirs"})
        elsewhere.commit()
    with pytest.raises(NotFound):
        save(session, Contact, {"name": "Stolen"}, theirs)
    with pytest.raises(Invalid):
        save(session, Contact, {"name": "Mine", "tags": [source]})


def test_a_unique_value_is_refused_at_its_field_whatever_its_case(session: Session) -> None:
    save(session, Tag, {"name": "Vip"})
    with pytest.raises(Invalid) as refused:
        save(session, Tag, {"name": "VIP"})
    assert set(refused.value.fields) == {"name"}


def test_a_unique_value_is_refused_by_the_database_when_the_check_is_off(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parlour.records.store.check_unique", lambda *_: None)
    save(session, Tag, {"name": "Vip"})
    with pytest.raises(Invalid):
        save(session, Tag, {"name": "vip"})
    # The savepoint kept the transaction alive.
    assert session.scalars(select(Tag.name)).all() == ["Vip"]


def test_a_role_without_the_permission_cannot_write(session: Session, session_as) -> None:
    made = save(session, Contact, {"name": "Орлова Анна"})
    session.commit()
    accountant = session_as("accountant")
    with pytest.raises(NotAllowed):
        save(accountant, Contact, {"name": "Other"}, made)
    with pytest.raises(NotAllowed):
        save(accountant, Contact, {"name": "New"})


def test_records_change_along_the_write_path_only(session: Session) -> None:
    made = save(session, Contact, {"name": "Орлова Анна"})
    row = session.get_one(Contact, made)
    row.name = "Past the guard"
    with pytest.raises(ScopeMissing):
        session.flush()
    session.expire_all()
    session.add(Contact(name="Direct"))
    with pytest.raises(ScopeMissing):
        session.flush()


def test_a_batch_costs_the_same_number_of_statements_for_ten_rows_and_for_a_hundred(session: Session) -> None:
    def statements(count: int) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, sql, *_rest) -> None:
            seen.append(sql)

        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        write(
            session,
            Contact,
            [
                Change({"name": f"Клиент {count} {n}", "phones": [f"+7913{count:03d}{n:04d}"]})
                for n in range(count)
            ],
        )
        event.remove(connection, "before_cursor_execute", note)
        return len(seen)

    statements(3)
    few, many = statements(10), statements(100)
    assert few == many
    assert many < 40


def test_control_characters_and_blanks_are_taken_out_of_text(session: Session) -> None:
    made = save(session, Contact, {"name": "  Ор\u0000лова\t Анна ", "note": "one\r\ntwo\x07"})
    row = get(session, CONTACT, made)
    assert row["name"] == "Орлова Анна"
    assert row["note"] == "one\ntwo"


def test_numbers_are_never_given_twice(session: Session) -> None:
    first = save(session, Tag, {"name": "one"})
    write(session, Tag, [Change(id=first, act="delete")])
    assert save(session, Tag, {"name": "two"}) > first
