"""Background work of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.jobs import JobContext, Schedule, enqueue, work
from parlour.plugins.bookings import tokens, waiting, zones
from parlour.plugins.bookings.deposits import give_up_unpaid
from parlour.plugins.bookings.habits import count, next_clients
from parlour.plugins.bookings.online import codes
from parlour.plugins.bookings.settings import policy_of


@work(title=_("Offer times to those who wait"))
def offer(session: Session, job: JobContext, after: int = 0) -> dict[str, int]:
    """End offers that nobody took, and offer what is free to the next in line, some at a time; come back when these end."""
    over = waiting.expire(session)
    rows = waiting.line(session, after)
    offered = waiting.fill(session, rows)
    if offered:
        enqueue(
            session, "bookings.offer", run_at=now() + timedelta(minutes=policy_of(session).offer, seconds=5)
        )
    if len(rows) == waiting.MOST:
        enqueue(session, "bookings.offer", {"after": rows[-1].id})
    return {"expired": over, "offered": len(offered)}


@work(title=_("Give up visits whose deposit was not paid"))
def deposits(session: Session, job: JobContext) -> dict[str, int]:
    """Cancel visits whose deposit is overdue; asked for whenever one is to be paid until a time, and each morning."""
    return {"given_up": give_up_unpaid(session)}


@work(queue="slow", title=_("Count how clients come"))
def habits(
    session: Session,
    job: JobContext,
    record: str = "contacts.contact",
    ids: Sequence[int] | None = None,
    after: int = 0,
) -> dict[str, int]:
    """Count the visits of some clients, or of all, 500 at a time: what was to come is over without a word."""
    if ids is not None:
        count(session, ids)
        return {"counted": len(ids)}
    some = next_clients(session, after)
    count(session, some)
    if some:
        enqueue(session, "bookings.habits", {"after": some[-1]})
    return {"counted": len(some)}


@work(queue="slow", title=_("Keep visits at their hour"))
def follow_zones(session: Session, job: JobContext) -> dict[str, int]:
    """Move future visits where a state has changed its clocks: ten o'clock stays ten o'clock."""
    return {"moved": zones.follow_zones(session)}


@work(title=_("Throw old codes away"))
def prune(session: Session, job: JobContext) -> dict[str, int]:
    """Remove codes of online booking that are over, and keys of visits that are long over."""
    return {"codes": codes.prune(session), "keys": tokens.prune(session)}


JOBS = {
    "bookings.offer": offer,
    "bookings.deposits": deposits,
    "bookings.prune": prune,
    "bookings.habits": habits,
    "bookings.follow_zones": follow_zones,
}
# When time comes free, or an offer ends, the job is asked for; each morning another day can be booked as well.
SCHEDULES = {
    "bookings.offer": Schedule(job="bookings.offer", at="06:00"),
    "bookings.deposits": Schedule(job="bookings.deposits", at="06:10"),
    "bookings.prune": Schedule(job="bookings.prune", at="04:20"),
    "bookings.habits": Schedule(job="bookings.habits", at="03:30"),
    "bookings.follow_zones": Schedule(job="bookings.follow_zones", at="04:10"),
}
