"""Undo, merge, delete and erase: what goes back, what is left alone, and what is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.plugins.contacts.models import Consent, Contact, Note, Position, Tag
from parlour.records import persons
from parlour.records.clean import to_json
from parlour.records.history import history_of, undo
from parlour.records.merge import merge
from parlour.records.models import Change as HistoryRow
from parlour.records.query import get, read
from parlour.records.registry import record_type
from parlour.records.removal import consequences, delete, left_behind, refused, taken_along
from parlour.records.write import Change, save, write
from parlour_visitors.models import Visitor

CONTACT = record_type(Contact)


def snapshot(session: Session, row_id: int) -> dict:
    """Everything about one contact as history would keep it."""
    (row,) = read(session, CONTACT, CONTACT.fields, [Contact.id == row_id])
    return {
        "archived": row["archived_at"] is not None,
        **{item.name: to_json(item, row[item.name]) for item in CONTACT.fields},
    }


@pytest.fixture
def anna(session: Session) -> int:
    return save(
        session,
        Contact,
        {"name": "Орлова Анна", "phones": ["+79131487593"], "tags": ["VIP"], "note": "Любит кофе"},
    )


@pytest.fixture
def twin(session: Session) -> int:
    return save(
        session,
        Contact,
        {
            "name": "Орлова Анна Петровна",
            "phones": ["+79131487593", "+79160000000"],
            "emails": ["anna@example.com"],
            "tags": ["Новая"],
            "birthday": "1990-04-08",
            "note": "Аллергия на лак",
        },
    )


def test_undoing_an_edit_brings_every_field_back(session: Session, anna: int) -> None:
    before = snapshot(session, anna)
    done = write(
        session, Contact, [Change({"name": "Иванова", "phones": [], "tags": ["x"], "note": None}, anna)]
    )
    assert snapshot(session, anna) != before
    result = undo(session, done.change_set)
    assert result.left == []
    assert snapshot(session, anna) == before


def test_undo_leaves_a_field_alone_that_was_changed_since_and_says_so(session: Session, anna: int) -> None:
    done = write(session, Contact, [Change({"note": "first", "must_know": "loud"}, anna)])
    save(session, Contact, {"note": "later work"}, anna)
    result = undo(session, done.change_set)
    assert [(record, row) for record, row, _why in result.left] == [("contacts.contact", anna)]
    row = get(session, CONTACT, anna)
    assert row["note"] == "later work"
    assert row["must_know"] is None


def test_nothing_is_undone_twice(session: Session, anna: int) -> None:
    done = write(session, Contact, [Change({"note": "x"}, anna)])
    undo(session, done.change_set)
    with pytest.raises(Refusal):
        undo(session, done.change_set)


def test_an_undo_can_be_undone(session: Session, anna: int) -> None:
    done = write(session, Contact, [Change({"note": "x"}, anna)])
    after = snapshot(session, anna)
    back = undo(session, done.change_set)
    undo(session, back.change_set)
    assert snapshot(session, anna) == after


def test_others_acts_are_undone_by_who_may_only(session: Session, session_as, anna: int) -> None:
    session.commit()
    done = write(session, Contact, [Change({"note": "x"}, anna)])
    session.commit()
    receptionist = session_as("receptionist")
    with pytest.raises(NotAllowed):
        undo(receptionist, done.change_set)
    receptionist.close()
    owner = session_as("owner")
    assert undo(owner, done.change_set).rows == 1


def test_a_merge_loses_nothing_and_its_undo_restores_both_rows(
    session: Session, anna: int, twin: int
) -> None:
    company = save(session, Contact, {"name": "ООО Лак", "kind": "company"})
    job = save(session, Position, {"person": twin, "company": company, "title": "Бухгалтер"})
    before = snapshot(session, anna), snapshot(session, twin)
    change_set = merge(session, CONTACT, anna, [twin])
    row = get(session, CONTACT, anna)
    assert [line["number"] for line in row["phones"]] == ["+79131487593", "+79160000000"]
    assert row["emails"][0]["address"] == "anna@example.com"
    assert sorted(tag["title"] for tag in row["tags"]) == ["VIP", "Новая"]
    assert row["birthday"] == "1990-04-08"
    assert "Любит кофе" in row["note"]
    assert "Аллергия на лак" in row["note"]
    assert session.scalar(select(Position.person_id).where(Position.id == job)) == anna
    assert snapshot(session, twin)["archived"]
    result = undo(session, change_set)
    assert result.left == []
    assert (snapshot(session, anna), snapshot(session, twin)) == before
    assert session.scalar(select(Position.person_id).where(Position.id == job)) == twin


def test_a_choice_decides_a_field_of_a_merge(session: Session, anna: int, twin: int) -> None:
    merge(session, CONTACT, anna, [twin], {"name": twin, "note": twin})
    row = get(session, CONTACT, anna)
    assert row["name"] == "Орлова Анна Петровна"
    assert row["note"] == "Аллергия на лак"


def test_a_delete_names_what_it_takes_along_and_can_be_undone(session: Session, anna: int) -> None:
    tag = session.scalars(select(Tag.id).where(Tag.name == "VIP")).one()
    (found,) = consequences(session, record_type(Tag), [tag])
    assert (found.record.name, found.count, found.effect) == ("contacts.contact", 1, "stays")
    before = snapshot(session, anna)
    done = delete(session, record_type(Tag), [tag])
    assert get(session, CONTACT, anna)["tags"] == []
    assert undo(session, done.change_set).left == []
    assert snapshot(session, anna) == before


def surroundings(session: Session, row_id: int) -> dict[str, list[dict]]:
    """What belongs to a contact, as history would keep it."""
    found = {}
    for cls, column in (
        (Note, Note.contact_id),
        (Consent, Consent.contact_id),
        (Position, Position.person_id),
    ):
        kind = record_type(cls)
        rows = read(session, kind, kind.fields, [column == row_id], order_by=[cls.id])
        found[kind.name] = [
            {item.name: to_json(item, row[item.name]) for item in kind.fields} for row in rows
        ]
    return found


@pytest.fixture
def attached(session: Session, anna: int) -> int:
    """Anna with two notes, a consent, a place in a company and a line at the door."""
    company = save(session, Contact, {"name": "ООО Лак", "kind": "company"})
    write(session, Note, [Change({"contact": anna, "text": text}) for text in ("Первая", "Вторая")])
    consent = {"contact": anna, "purpose": "data", "version_of_text": "1", "source": "paper"}
    save(session, Consent, consent)
    save(session, Position, {"person": anna, "company": company, "title": "Бухгалтер"})
    save(session, Visitor, {"name": "Анна", "contact": anna, "arrived_at": now() - timedelta(days=2)})
    return anna


def test_a_delete_takes_along_what_belongs_to_the_row_and_undo_brings_all_of_it_back(
    session: Session, attached: int
) -> None:
    before, beside = snapshot(session, attached), surroundings(session, attached)
    doomed = taken_along(session, CONTACT, [attached])
    assert {one.record.name: len(one.ids) for one in doomed} == {
        "contacts.contact": 1,
        "contacts.note": 2,
        "contacts.consent": 1,
        "contacts.position": 1,
    }
    (stays,) = left_behind(session, doomed)
    assert (stays.record.name, stays.count, stays.effect) == ("visitors.visitor", 1, "stays")
    done = delete(session, CONTACT, [attached])
    assert not any(surroundings(session, attached).values())
    assert session.scalars(select(Visitor.contact_id)).all() == [None]
    undone = undo(session, done.change_set)
    assert undone.left == []
    assert (snapshot(session, attached), surroundings(session, attached)) == (before, beside)
    assert session.scalars(select(Visitor.contact_id)).all() == [attached]


def test_undoing_the_undo_of_a_delete_deletes_once_more(session: Session, session_as, anna: int) -> None:
    consent = {"contact": anna, "purpose": "data", "version_of_text": "1", "source": "paper"}
    save(session, Consent, consent)
    session.commit()
    owner = session_as("owner")
    undone = undo(owner, delete(owner, CONTACT, [anna]).change_set)
    assert undo(owner, undone.change_set).left == []
    assert owner.get(Contact, anna) is None
    assert not any(surroundings(owner, anna).values())


def test_the_right_to_delete_the_row_is_enough_and_needed(
    session: Session, session_as, attached: int
) -> None:
    session.commit()
    receptionist = session_as("receptionist")
    with pytest.raises(NotAllowed):
        delete(receptionist, CONTACT, [attached])
    receptionist.close()
    manager = session_as("manager")
    delete(manager, CONTACT, [attached])
    assert manager.get(Contact, attached) is None


def test_hook_check_changes_may_refuse_a_delete_which_then_leaves_everything(
    session: Session, session_as, attached: int
) -> None:
    save(session, Visitor, {"name": "Анна", "contact": attached, "arrived_at": now() - timedelta(hours=1)})
    session.commit()
    owner = session_as("owner")
    beside = surroundings(owner, attached)
    assert "within the last 12 hours" in str(refused(owner, taken_along(owner, CONTACT, [attached])))
    with pytest.raises(Refusal, match="within the last 12 hours"):
        delete(owner, CONTACT, [attached])
    assert surroundings(owner, attached) == beside


def test_a_row_that_others_cannot_do_without_is_not_deleted(
    session: Session, attached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_type(Position).field("person"), "on_delete", "RESTRICT")
    with pytest.raises(Refusal):
        delete(session, CONTACT, [attached])
    assert get(session, CONTACT, attached)["archived_at"] is None


def test_only_the_permitted_delete_many_at_once(session: Session, session_as, anna: int, twin: int) -> None:
    session.commit()
    with pytest.raises(NotAllowed):
        delete(session_as("receptionist"), CONTACT, [anna, twin])


def test_undoing_a_creation_takes_the_rows_out_unless_somebody_worked_on_them(session: Session) -> None:
    done = write(session, Contact, [Change({"name": "One"}), Change({"name": "Two"})])
    one, two = done.ids
    save(session, Contact, {"note": "worked on"}, two)
    result = undo(session, done.change_set)
    assert [row for _record, row, _why in result.left] == [two]
    with pytest.raises(NotFound):
        get(session, CONTACT, one)
    assert get(session, CONTACT, two)["note"] == "worked on"


def test_erasing_a_person_removes_every_trace_and_keeps_the_row(session: Session, anna: int) -> None:
    save(session, Contact, {"note": "Секрет", "birthday": "1990-04-08"}, anna)
    persons.erase(session, CONTACT, anna)
    row = snapshot(session, anna)
    assert row["archived"]
    assert row["phones"] == []
    assert row["note"] is None
    kept = session.scalars(select(HistoryRow.values).where(HistoryRow.row_id == anna)).all()
    assert kept
    assert not any(
        "Орлова" in str(values) or "Секрет" in str(values) or "7593" in str(values) for values in kept
    )


def test_a_copy_of_a_persons_data_holds_what_the_card_and_the_history_hold(
    session: Session, anna: int
) -> None:
    sections = persons.copy_of(session, CONTACT, anna)
    text = str([section.rows for section in sections])
    assert "Орлова Анна" in text
    assert "+79131487593" in text
    assert "Любит кофе" in text


def test_history_hides_what_the_reader_may_not_see(session: Session, session_as, anna: int) -> None:
    session.commit()
    shown = {
        change.field.name
        for found in history_of(session_as("specialist"), CONTACT, anna)
        for change in found.changes
    }
    assert "name" in shown
    assert "phones" not in shown
