"""Which text holds for a kind, a language and a channel: the salon's own, else the shipped one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from parlour.db.session import Session
from parlour.i18n import LOCALES
from parlour.plugins.messages.kinds import EMAIL, SMS, MessageKind
from parlour.plugins.messages.models import Template
from parlour.records.write import Change, save, write


@dataclass(frozen=True)
class Text:
    """What is sent before names are filled in. `own` is the id of the salon's own text, None for a shipped one."""

    subject: str
    body: str
    own: int | None = None


def shipped(kind: MessageKind, language: str, channel: str) -> Text:
    """The text that came with a kind; in English where it has none in a language."""
    text = kind.texts.get(language) or kind.texts[LOCALES[0]]
    if channel == EMAIL:
        return Text(text.subject, text.body)
    return Text("", text.short if channel == SMS else text.body)


def text_of(session: Session, kind: MessageKind, language: str, channel: str) -> Text:
    """The text that holds. A kind whose text somebody writes each time takes none of the salon's own."""
    if not kind.once:
        found = session.execute(
            select(Template.id, Template.subject, Template.body).where(
                Template.kind == kind.code,
                Template.language == language,
                Template.channel == channel,
                Template.archived_at.is_(None),
            )
        ).first()
        if found is not None:
            return Text(found.subject or "", found.body, found.id)
    return shipped(kind, language, channel)


def own_texts(session: Session) -> set[tuple[str, str, str]]:
    """Kind, language and channel of every text of the salon's own."""
    rows = session.execute(
        select(Template.kind, Template.language, Template.channel).where(Template.archived_at.is_(None))
    )
    return {(row.kind, row.language, row.channel) for row in rows}


def save_text(
    session: Session, kind: MessageKind, language: str, channel: str, subject: str, body: str
) -> int:
    """Keep a text of the salon's own in place of the shipped one. Raises Invalid for names that the kind does not give."""
    known = session.scalar(
        select(Template.id).where(
            Template.kind == kind.code, Template.language == language, Template.channel == channel
        )
    )
    if known is not None:
        # An archived one comes back rather than stand in the way of a new one.
        archived = session.scalar(select(Template.archived_at).where(Template.id == known))
        if archived is not None:
            write(session, Template, [Change(id=known, act="restore")])
    values = {"subject": subject or None, "body": body}
    if known is None:
        values |= {"kind": kind.code, "language": language, "channel": channel}
    return save(session, Template, values, known)


def back_to_shipped(session: Session, own: int) -> None:
    """Put a text of the salon's own away; the shipped one holds again."""
    write(session, Template, [Change(id=own, act="archive")])
