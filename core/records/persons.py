"""A person's data: a copy of everything, and erasing it, through every plugin, the history, files and the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from parlour.access.rules import allows
from parlour.db.session import WRITE_PATH, Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import _
from parlour.plugin.calls import changed, collect
from parlour.records.clean import to_json
from parlour.records.models import Change as HistoryRow
from parlour.records.query import read, visible
from parlour.records.registry import RecordType
from parlour.records.write import Change, write

ERASED = _("Erased client")


@dataclass(frozen=True)
class Section:
    """What one plugin holds about a person: a title and rows of plain values."""

    title: Any
    rows: Sequence[dict[str, Any]]


def copy_of(session: Session, record: RecordType, row_id: int) -> list[Section]:
    """Everything held about one person. Raises NotAllowed, NotFound."""
    _check(session, record, "core:export_person")
    conditions = [record.cls.id == row_id, *visible(session, record, archived=None)]
    rows = read(session, record, record.fields, conditions, titled=True)
    sections = [
        Section(
            record.title,
            [{item.name: _plain(item, row[item.name]) for item in record.fields} for row in rows],
        )
    ]
    history = session.execute(
        select(HistoryRow.id, HistoryRow.kind, HistoryRow.values)
        .where(HistoryRow.record == record.name, HistoryRow.row_id == row_id)
        .order_by(HistoryRow.id)
    )
    sections.append(
        Section(_("History"), [{"kind": kind, "values": values} for _id, kind, values in history])
    )
    from parlour.records.files import File

    files = session.execute(
        select(File.id, File.name, File.size, File.content_type).where(
            File.record == record.name, File.row_id == row_id
        )
    )
    sections.append(Section(_("Files"), [dict(found._mapping) for found in files]))
    sections.extend(collect(session, "person_data", record=record.name, ids=[row_id]))
    return sections


def _plain(item: Any, value: Any) -> Any:
    return value if item.target is not None else to_json(item, value)


def _check(session: Session, record: RecordType, permission: str) -> None:
    if not record.person:
        raise Refusal(_("${name} are not people.", mapping={"name": record.plural}))
    if not allows(session, permission):
        raise NotAllowed(_("You may not handle requests about personal data."))


def erase(session: Session, record: RecordType, row_id: int) -> None:
    """Remove all that identifies a person; the row stays, nameless and archived, so that books still add up.

    Goes through the record, its files, its history, waiting jobs and every plugin (hook `erase_person`). Cannot be undone.
    Raises NotAllowed, NotFound.
    """
    _check(session, record, "core:erase_person")
    blank: dict[str, Any] = {}
    for item in record.fields:
        if item.computed:
            continue
        if item.storage in ("part", "links"):
            blank[item.name] = []
        elif item.required:
            blank[item.name] = item.default if item.default is not None else str(ERASED)
        else:
            blank[item.name] = None
    changed(session, "erase_person", record=record.name, ids=[row_id])
    write(session, record, [Change(blank, row_id)], label="erase", system=True)
    write(session, record, [Change(id=row_id, act="archive")], label="erase", system=True)
    forget_history(session, record, [row_id])
    from parlour.jobs.outbox import forget_row
    from parlour.records.files import remove_of

    remove_of(session, record.name, [row_id])
    forget_row(session, record.name, row_id)


def forget_history(session: Session, record: RecordType, ids: Sequence[int]) -> None:
    """Blank the values in the history of the rows; that something happened, when and by whom, stays."""
    table = HistoryRow.__table__
    session.execute(
        update(table)
        .where(
            table.c.organisation_id == session.scope.organisation_id,
            table.c.record == record.name,
            table.c.row_id.in_(ids),
        )
        .values({"values": {}}),
        execution_options={WRITE_PATH: True},
    )
