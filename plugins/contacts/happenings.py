"""What has happened with clients, for their timeline and for the copy of their data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.contacts.lists import CONSENT_CHANNELS, CONSENT_SOURCES, PURPOSES
from parlour.plugins.contacts.models import Consent, Note, Position
from parlour.records.clean import to_json
from parlour.records.defaults import defaults_of
from parlour.records.persons import Section
from parlour.records.query import read, visible
from parlour.records.registry import record_type
from parlour.records.timeline import Entry

PURPOSE_TITLES, CHANNEL_TITLES = dict(PURPOSES), dict(CONSENT_CHANNELS)
SOURCE_TITLES = dict(CONSENT_SOURCES)


def of_contacts(session: Session, ids: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    """Notes and consents of these clients, as far as this person may read them, newest first."""
    entries: list[Entry] = []
    if allows(session, "contacts:note:read"):
        entries += _notes(session, ids, before, limit)
    if allows(session, "contacts:consent:read"):
        entries += _consents(session, ids, before, limit)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _notes(session: Session, ids: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    names = defaults_of(session).names
    rows = session.execute(
        select(Note.at, Note.text, Note.created_by)
        .where(Note.contact_id.in_(ids), *_until(Note, before), *visible(session, record_type(Note)))
        .order_by(Note.at.desc(), Note.id.desc())
        .limit(limit)
    )
    return [
        Entry(
            at=row.at,
            kind="note",
            title=_("Note"),
            text=row.text,
            icon="sticky-note",
            who=names.get(row.created_by, ""),
        )
        for row in rows
    ]


def _consents(session: Session, ids: Sequence[int], before: datetime | None, limit: int) -> list[Entry]:
    names = defaults_of(session).names
    rows = session.execute(
        select(
            Consent.at, Consent.purpose, Consent.channel, Consent.given, Consent.source, Consent.created_by
        )
        .where(Consent.contact_id.in_(ids), *_until(Consent, before), *visible(session, record_type(Consent)))
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(limit)
    )
    return [
        Entry(
            at=row.at,
            kind="consent",
            title=_("Consent given") if row.given else _("Consent withdrawn"),
            text=consent_words(row.purpose, row.channel),
            icon="shield-check" if row.given else "shield-off",
            who=names.get(row.created_by, ""),
        )
        for row in rows
    ]


def consent_words(purpose: str, channel: str) -> Any:
    """A consent in words: for what, and over which channel where one is named."""
    what = PURPOSE_TITLES.get(purpose, purpose)
    if channel == "any":
        return what
    return _("${what}: ${channel}", mapping={"what": what, "channel": CHANNEL_TITLES.get(channel, channel)})


def _until(cls: Any, before: datetime | None) -> list[Any]:
    return [] if before is None else [cls.at < before]


def held_about(session: Session, ids: Sequence[int]) -> list[Section]:
    """What the plugin holds about these people beside their cards."""
    sections = []
    for cls, column in (
        (Position, Position.person_id),
        (Consent, Consent.contact_id),
        (Note, Note.contact_id),
    ):
        record = record_type(cls)
        rows = read(session, record, record.fields, [column.in_(ids)], order_by=[cls.id], titled=True)
        plain = [
            {
                item.name: row[item.name] if item.target else to_json(item, row[item.name])
                for item in record.fields
            }
            for row in rows
        ]
        sections.append(Section(record.plural, plain))
    return sections
