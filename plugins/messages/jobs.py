"""Background work of the plugin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.jobs import JobContext, Schedule, work
from parlour.plugins.messages import audience, delivery, services
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


JOBS = {"messages.send": send, "messages.spread": spread, "messages.settle": settle}
SCHEDULES = {"messages.settle": Schedule(job="messages.settle", every=timedelta(minutes=15))}
