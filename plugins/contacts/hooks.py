"""What the plugin answers when the core or another plugin asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.plugins.contacts import actions, duplicates, happenings, panels, upkeep
from parlour.plugins.contacts.models import Consent, Contact, Note, Position
from parlour.records.persons import Section, forget_history
from parlour.records.registry import RecordType, record_type
from parlour.records.timeline import Entry
from parlour.records.write import Change, RowChange, write
from parlour.web.slots import MenuItem, SlotItem

__all__ = ["actions"]
CONTACT = "contacts.contact"


@hookimpl
def menu(session: Session) -> Sequence[MenuItem]:
    return [
        MenuItem(
            title=_("Birthdays"),
            route="contacts.birthdays",
            icon="cake",
            group="clients",
            permission="contacts:contact:read",
            sequence=120,
        ),
        MenuItem(
            title=_("Duplicates"),
            route="contacts.duplicates",
            icon="copy",
            group="clients",
            permission="contacts:contact:merge",
            sequence=130,
        ),
        MenuItem(
            title=_("Responsible"),
            route="contacts.responsible",
            icon="user-check",
            group="clients",
            permission="contacts:contact:assign",
            sequence=140,
        ),
    ]


@hookimpl
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    return panels.parts_of(session, slot, context)


@hookimpl
def timeline(
    session: Session, record: str, ids: Sequence[int], before: datetime | None, limit: int
) -> Sequence[Entry]:
    return happenings.of_contacts(session, ids, before, limit) if record == CONTACT else []


@hookimpl
def person_data(session: Session, record: str, ids: Sequence[int]) -> Sequence[Section]:
    return happenings.held_about(session, ids) if record == CONTACT else []


@hookimpl
def check_changes(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    if record.cls is Consent:
        _keep_consents(session, rows)
    elif record.cls is Position:
        _check_positions(session, rows)


def _keep_consents(session: Session, rows: Sequence[RowChange]) -> None:
    """What somebody agreed to is evidence: it moves with a merge, goes with the client, and is otherwise never changed or
    removed.
    """
    changed = [
        row
        for row in rows
        if row.kind != "create" and not row.along and set(row.new) - {"contact"} | {row.kind} != {"update"}
    ]
    if changed and not session.scope.trusted:
        raise Refusal(_("A consent is kept as it was given; write down a withdrawal instead."))


def _check_positions(session: Session, rows: Sequence[RowChange]) -> None:
    """A contact person is a person and works in a company."""
    touched = [row for row in rows if {"person", "company"} & set(row.new)]
    sides = {row.value(side) for row in touched for side in ("person", "company")} - {None}
    rows_of = session.execute(select(Contact.id, Contact.kind).where(Contact.id.in_(sides)))
    kinds = {row_id: kind for row_id, kind in rows_of}
    errors: dict[int, dict[str, Any]] = {}
    for row in touched:
        if kinds.get(row.value("person")) == "company":
            errors.setdefault(row.position, {})["person"] = _("This is a company; choose a person.")
        if kinds.get(row.value("company")) == "person":
            errors.setdefault(row.position, {})["company"] = _("This is a person; choose a company.")
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


@hookimpl
def check_merge(session: Session, record: RecordType, keep: int, lose: Sequence[int]) -> None:
    if record.cls is not Contact:
        return
    kinds = set(session.scalars(select(Contact.kind).where(Contact.id.in_([keep, *lose]))))
    if len(kinds) > 1:
        raise Refusal(_("A person and a company cannot become one. Say of both cards what they are first."))
    duplicates.move_distinct(session, keep, lose)


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    if record.cls is Contact:
        upkeep.keep_name_keys(session, rows)


@hookimpl
def erase_person(session: Session, record: str, ids: Sequence[int]) -> None:
    """Notes and places in companies go. Consents stay as evidence: with the card emptied, they name nobody."""
    if record != CONTACT:
        return
    for cls, condition in (
        (Note, Note.contact_id.in_(ids)),
        (Position, or_(Position.person_id.in_(ids), Position.company_id.in_(ids))),
    ):
        rows = list(session.scalars(select(cls.id).where(condition).order_by(cls.id)))
        if rows:
            write(
                session, cls, [Change(id=row_id, act="delete") for row_id in rows], label="erase", system=True
            )
            forget_history(session, record_type(cls), rows)
