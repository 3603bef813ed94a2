"""Sending one message: everything is read anew at the last moment, and handed over at most once.

    still true? > may it go? > quiet? > which channel? > limits? > written out > SENDING (committed) > handed over > SENT

A worker that is lost behind SENDING leaves the message uncertain, for a person to decide.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import LOCALES, Localizer, localizer
from parlour.jobs import AlreadySent, JobContext, NotSent
from parlour.mail import Attachment
from parlour.mail.letters import NO_MORE
from parlour.plugins.contacts.services import may_advertise
from parlour.plugins.messages import services
from parlour.plugins.messages.channels import HandOver, Outgoing, Refused, channels, sms
from parlour.plugins.messages.channels.sms_text import size_of
from parlour.plugins.messages.kinds import (
    ADVERTISING,
    CLIENT,
    EMAIL,
    SMS,
    TELEGRAM,
    WEBHOOK,
    About,
    MessageKind,
    kind_of,
)
from parlour.plugins.messages.limits import free_at
from parlour.plugins.messages.models import (
    CANCELLED,
    FAILED,
    LATE,
    OPEN,
    POSTPONED,
    SENDING,
    SENT,
    UNCERTAIN,
    WAITING,
    Message,
    Payload,
)
from parlour.plugins.messages.options import Options, options_of
from parlour.plugins.messages.people import Reader, reader_of, salon_name
from parlour.plugins.messages.quiet import quiet_until
from parlour.plugins.messages.templates import text_of
from parlour.plugins.messages.texts import fill, unpack
from parlour.plugins.messages.unsubscribe import address
from parlour.records.defaults import Defaults, defaults_of

log = structlog.get_logger(__name__)

# With the waits of the job runner, the last attempt comes some two hours after the first.
ATTEMPTS = 9


@dataclass(frozen=True)
class Ended(Exception):
    """The message goes no further: its state, and why."""

    state: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Later(Exception):
    """Not now, but at `at` (UTC)."""

    at: datetime
    reason: str


def send(session: Session, job: JobContext, message: int) -> dict[str, Any]:
    """The handler of the job that sends one message."""
    row = session.scalars(select(Message).where(Message.id == message)).first()
    if row is None or row.state not in (*OPEN, SENDING, UNCERTAIN) or row.archived_at is not None:
        return {}
    payload = services.payload_of(session, message)
    if payload.job_id != job.id:
        return {}  # another was asked for since
    # Whoever took it back while it was being written out was in time: the conflict lets the job look again.
    try:
        attempt = _Attempt(session, job, row, payload)
        out, channel, hand_over = attempt.prepared()
    except Ended as end:
        ended: dict[str, Any] = {"state": end.state, "reason": end.reason, "detail": end.detail or None}
        services.change(session, message, row.version, **ended)
        return {"state": end.state, "reason": end.reason}
    except Later as later:
        services.change(session, message, row.version, state=POSTPONED, reason=later.reason, send_at=later.at)
        payload.job_id = services.queue(session, row.id, row.kind or "", row.contact_id, later.at)
        return {"state": POSTPONED, "reason": later.reason}
    subject, kept = _without_secrets(attempt.kind, out)
    written = {
        "title": subject[:300] or " ".join(kept.split())[:80] or None,
        "body": kept,
        "address": out.to,
        "channel": channel,
        "language": out.loc.name,
        "parts": out.parts,
        # When it was handed over, should nobody come back to say so.
        "sent_at": now(),
    }
    services.change(session, message, row.version, state=SENDING, reason=None, detail=None, **written)
    try:
        job.sending(_once(row, payload, channel, out.to))
    except AlreadySent:
        session.rollback()
        services.change(session, message, state=CANCELLED, reason="twin", address=out.to, channel=channel)
        return {"state": CANCELLED, "reason": "twin"}
    return _handed_over(session, job, message, channel, out.to, hand_over)


def _without_secrets(kind: MessageKind, out: Outgoing) -> tuple[str, str]:
    """Subject and text for the journal, which more people read than the message. SMS that go nowhere else are whole there."""
    subject, text = out.subject, out.body
    if out.parts is not None and out.options.sms == "log":
        return subject, text
    for name in kind.secret:
        if value := str(out.values.get(name) or ""):
            dots = "•" * min(len(value), 8)
            subject, text = subject.replace(value, dots), text.replace(value, dots)
    return subject, text


def _once(row: Message, payload: Payload, channel: str, to: str) -> str:
    """The key under which a message is handed over once. Those of one letter to many share it per address.

    A program has one address for everybody, and tells clients apart itself.
    """
    if row.campaign and payload.round == 1:
        whom = row.contact_id if channel == WEBHOOK else to
        return f"messages:{hashlib.sha256(f'{row.campaign} {channel} {whom}'.encode()).hexdigest()}"
    return f"messages:{row.id}:{payload.round}"


def _handed_over(
    session: Session, job: JobContext, message: int, channel: str, to: str, hand_over: HandOver
) -> dict[str, Any]:
    """Hand over and write down how it went. The session is not touched before the other side has answered."""
    try:
        number = hand_over()
    except Refused as error:
        if error.dead:
            services.not_reachable(session, channel, to, error.detail)
        failed: dict[str, Any] = {"state": FAILED, "reason": "refused"}
        services.change(session, message, **failed, detail=error.detail[:500], sent_at=None)
        return failed
    except NotSent as error:
        if job.attempt >= ATTEMPTS:
            failed = {"state": FAILED, "reason": "away"}
            services.change(session, message, **failed, detail=str(error)[:500], sent_at=None)
            return failed
        again = {"state": WAITING, "reason": "again", "detail": str(error)[:500]}
        _note(session, job, message, **again, sent_at=None)
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"[:500]
        _note(session, job, message, state=UNCERTAIN, reason="lost", detail=detail)
        raise
    services.change(session, message, state=SENT, sent_at=now(), provider_id=number[:200] or None)
    return {"state": SENT}


def _note(session: Session, job: JobContext, message: int, **values: Any) -> None:
    """Commit what is known of the message although the job does not end well, if the job is still ours."""
    services.change(session, message, **values)
    job.fenced(**job.figures)
    session.commit()


class _Attempt:
    """One attempt: what stands now about the message, its reader and the organisation."""

    def __init__(self, session: Session, job: JobContext, row: Message, payload: Payload):
        self.session, self.job, self.row, self.payload = session, job, row, payload
        self.options: Options = options_of(session)
        self.defaults: Defaults = defaults_of(session)
        try:
            self.kind: MessageKind = kind_of(session, row.kind or "")
        except NotFound as error:
            raise Ended(CANCELLED, "off") from error
        self.zone = payload.zone or self.defaults.zone

    def prepared(self) -> tuple[Outgoing, str, HandOver]:
        """The message written out, its channel and the function that hands it over. Raises Ended, Later."""
        values = self._values()
        reader = reader_of(self.session, self.row, self.payload)
        if reader is None:
            raise Ended(CANCELLED, "gone")
        self._not_by_night()
        channel, to = self._way(reader)
        out = self._written(reader, channel, to, values)
        self._within_limits(out)
        try:
            return out, channel, channels()[channel].prepare(out)
        except Refused as error:
            raise Ended(FAILED, "refused", error.detail[:500]) from error

    def _values(self) -> dict[str, Any]:
        """The values as they are now, from the owner of the kind where it wants to be asked."""
        row, payload = self.row, self.payload
        if self.kind.code in self.options.off:
            raise Ended(CANCELLED, "off")
        if row.expires_at is not None and row.expires_at <= now():
            raise Ended(LATE, "passed")
        values = unpack(payload.values)
        if self.kind.still is None:
            return values
        about = About(
            payload.about_record or "",
            payload.about_id or 0,
            payload.about_version,
            row.id,
            row.contact_id,
            self.job.settings,
        )
        anew = self.kind.still(self.session, about)
        if anew is None:
            raise Ended(CANCELLED, "changed")
        return values | dict(anew)

    def _not_by_night(self) -> None:
        if not self.kind.quiet or self.kind.audience != CLIENT:
            return
        until = quiet_until(now(), *self.options.quiet_hours, self.zone)
        if until is not None:
            self._postpone(until, "quiet")

    def _postpone(self, until: datetime, reason: str) -> None:
        """Wait, unless the message is of no use any more by then."""
        if self.row.expires_at is not None and self.row.expires_at <= until:
            raise Ended(LATE, reason)
        raise Later(until, reason)

    def _within_limits(self, out: Outgoing) -> None:
        if out.parts is None or self.options.sms == "log":
            return
        if out.parts > self.options.sms_per_day:
            raise Ended(FAILED, "limit")
        later = free_at(self.session, self.options, out.to, out.parts, now(), self.defaults.zone)
        if later is not None:
            self._postpone(later, "limit")

    def _way(self, reader: Reader) -> tuple[str, str]:
        """The channel and the address: the wanted one, else the one that the reader prefers, else in the salon's order."""
        options, wanted = self.options, self.payload.channel or self.row.channel
        order = [wanted] if wanted else list(dict.fromkeys([reader.prefers, *options.ordered]))
        found = channels()
        ways = [
            (code, to)
            for code in order
            if code in found and found[code].ready(options, self.job.settings)
            for to in found[code].address_of(reader.reach, options)[:1]
        ]
        if not ways:
            raise Ended(FAILED, "no_way")
        ways = [way for way in ways if f"{self.kind.code}:{way[0]}" not in options.off_by]
        if not ways:
            raise Ended(CANCELLED, "off")
        if self.kind.purpose == ADVERTISING:
            allowed = [way for way in ways if self._agreed(reader, way[0])]
            if not allowed:
                raise Ended(CANCELLED, "no_consent")
            ways = allowed
        return ways[0]

    def _agreed(self, reader: Reader, channel: str) -> bool:
        return reader.contact_id is not None and bool(
            may_advertise(self.session, [reader.contact_id], channel)
        )

    def _written(self, reader: Reader, channel: str, to: str, values: Mapping[str, Any]) -> Outgoing:
        salon = salon_name(self.session)
        language = self.row.language or reader.language or self.defaults.locale
        loc = speaking(self.defaults, language, self.zone)
        values = {"salon": salon, "client": reader.name, "first_name": reader.first_name} | dict(values)
        text = text_of(self.session, self.kind, loc.name, channel)
        body = fill(text.body, values, loc).strip()
        unsubscribe = ""
        if self.kind.purpose == ADVERTISING and channel in (EMAIL, TELEGRAM):
            unsubscribe = address(self.session, self.job.settings, self.row.id)
        if channel == SMS:
            body = sms.text_of(body, self.options)
        elif channel == TELEGRAM and unsubscribe:
            body = f"{body}\n\n{loc.translate(NO_MORE)}: {unsubscribe}"
        return Outgoing(
            settings=self.job.settings,
            options=self.options,
            key=f"{self.job.organisation_id}-{self.row.id}-{self.payload.round}",
            kind=self.kind.code,
            purpose=self.kind.purpose,
            loc=loc,
            to=to,
            to_name=reader.name,
            sender=self.options.sender or salon,
            subject=" ".join(fill(text.subject, values, loc).split()) if channel == EMAIL else "",
            body=body,
            values=values,
            reach=reader.reach,
            contact_id=reader.contact_id,
            parts=size_of(body).parts if channel == SMS else None,
            attachments=_attached(self.payload.attachments),
            unsubscribe=unsubscribe,
        )


def speaking(defaults: Defaults, language: str, zone: str) -> Localizer:
    """Words, dates and money as the reader of a message writes them."""
    known = language if language in LOCALES else LOCALES[0]
    return localizer(known, zone, defaults.currency, defaults.region)


def _attached(kept: Sequence[Mapping[str, Any]]) -> list[Attachment]:
    return [
        Attachment(one["name"], one["type"], base64.b64decode(one["data"]), bool(one["inline"]))
        for one in kept
    ]
