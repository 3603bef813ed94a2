"""Background work of the plugin."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.jobs import JobContext, Schedule, work
from parlour.plugins.messages import audience, delivery, reports, services
from parlour.plugins.messages.mailboxes import mails
from parlour.plugins.messages.models import SENDING, UNCERTAIN, Message


@work(queue="mail", attempts=delivery.ATTEMPTS, title=_("Send a message"))
def send(session: Session, job: JobContext, *, message: int, record: str = "", id: int = 0) -> dict[str, Any]:
    """Send one message. `record` and `id` name the client, so that erasing one finds the job."""
    return delivery.send(session, job, message)


@work(title=_("See what became of messages"))
def settle(session: Session, job: JobContext) -> dict[str, Any]:
    """Let messages say that the worker was lost while sending them, or what a person has decided since."""
    open_ones = session.scalars(select(Message.id).where(Message.state.in_((SENDING, UNCERTAIN))).limit(1000))
    return {"changed": services.settle(session, open_ones.all())}


@work(queue="slow", title=_("Letter to many"))
def spread(session: Session, job: JobContext, **given: Any) -> dict[str, Any]:
    """Ask for the messages of one letter to many."""
    return audience.spread(session, job, **given)


@work(queue="slow", attempts=3, title=_("Read what came back of letters"))
def bounces(session: Session, job: JobContext) -> dict[str, int]:
    """Write down what mail servers say in the mailbox about this organisation's letters; nothing where there is no mailbox."""
    if not job.settings.mail_bounces:
        return {}
    found = Counter(noted=0, unknown=0, others=0)
    notices: list[reports.Notice] = []
    # All is read before anything is written: a large mailbox keeps nobody waiting.
    for raw in mails(Path(job.settings.mail_bounces), since=now() - LOOK_BACK):
        job.stop_if_cancelled()
        try:
            notices.append(reports.read(raw))
        except Refusal:
            found["others"] += 1
    for notice in notices:
        try:
            reports.note(session, notice)
            found["noted"] += 1
        except NotFound:
            found["unknown"] += 1
    return dict(found)


# So long nobody may have looked; what is older is for the command.
LOOK_BACK = timedelta(days=3)
JOBS = {
    "messages.send": send,
    "messages.spread": spread,
    "messages.settle": settle,
    "messages.bounces": bounces,
}
SCHEDULES = {
    "messages.settle": Schedule(job="messages.settle", every=timedelta(minutes=15)),
    "messages.bounces": Schedule(job="messages.bounces", every=timedelta(minutes=15)),
}
