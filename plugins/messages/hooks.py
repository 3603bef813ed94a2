"""What the plugin answers when the core or another plugin asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import Invalid, NotFound
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.plugins.messages import actions, journal, own_kinds, panels
from parlour.plugins.messages.access import READ
from parlour.plugins.messages.kinds import MessageKind, kind_of
from parlour.plugins.messages.models import Template
from parlour.plugins.messages.texts import unknown_names
from parlour.records.persons import Section
from parlour.records.registry import RecordType
from parlour.records.timeline import Entry
from parlour.records.write import RowChange
from parlour.web.slots import MenuItem, SlotItem

__all__ = ["actions"]
CONTACT = "contacts.contact"


@hookimpl
def messages_kinds(session: Session) -> Sequence[MessageKind]:
    return own_kinds.KINDS


@hookimpl
def menu(session: Session) -> Sequence[MenuItem]:
    return [
        MenuItem(
            title=_("Messages"),
            route="record.list",
            parts={"record": "messages.message"},
            icon="message-square",
            group="clients",
            permission=READ,
            sequence=110,
        ),
        MenuItem(
            title=_("Texts of messages"),
            route="messages.kinds",
            icon="file-text",
            group="clients",
            permission="messages:template:read",
            sequence=115,
        ),
    ]


@hookimpl
def slot_items(session: Session, slot: str, context: Any) -> Sequence[SlotItem]:
    return panels.parts_of(session, slot, context)


@hookimpl
def timeline(
    session: Session, record: str, ids: Sequence[int], before: datetime | None, limit: int
) -> Sequence[Entry]:
    return journal.of_contacts(session, ids, before, limit) if record == CONTACT else []


@hookimpl
def person_data(session: Session, record: str, ids: Sequence[int]) -> Sequence[Section]:
    return journal.held_about(session, ids) if record == CONTACT else []


@hookimpl
def erase_person(session: Session, record: str, ids: Sequence[int]) -> None:
    if record == CONTACT:
        journal.erase(session, ids)


@hookimpl
def check_changes(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """A text of the salon's own names only what its kind gives.

    What comes from a backup or a job may be of a plugin that is off.
    """
    if record.cls is not Template:
        return
    errors: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row.kind not in ("create", "update"):
            continue
        wrong = _faults(session, row)
        if wrong:
            errors[row.position] = wrong
    if errors:
        raise Invalid(_("Some values cannot be saved."), errors)


def _faults(session: Session, row: RowChange) -> dict[str, Any]:
    values = {name: row.value(name) for name in ("kind", "subject", "body")}
    if values["kind"] is None:  # only the text was read
        values["kind"] = session.scalar(select(Template.kind).where(Template.id == row.id))
    try:
        kind = kind_of(session, values["kind"] or "")
    except NotFound as error:
        return {} if session.scope.trusted else {"kind": error.message}
    if kind.once:
        return {"kind": _("The text of this kind is written each time it is sent.")}
    found: dict[str, Any] = {}
    for name in ("subject", "body"):
        strange = unknown_names(kind, values[name] or "")
        if strange:
            said = ", ".join(f"{{{one}}}" for one in strange)
            found[name] = _("There is nothing called ${names} in this message.", mapping={"names": said})
    return found
