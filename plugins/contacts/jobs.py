"""Long work of the plugin, in batches that survive a restart."""

from __future__ import annotations

from typing import Any

from parlour.db.session import Session
from parlour.i18n import _
from parlour.jobs import JobContext, work
from parlour.plugins.contacts import services


@work(queue="slow", title=_("Hand clients over"))
def hand_over(
    session: Session,
    job: JobContext,
    *,
    giver: int,
    taker: int,
    branch_id: int | None,
    after: int,
    change_set: int | None,
    count: int,
) -> dict[str, Any]:
    """Go on with a hand-over behind the client `after`, into the change set that the first batch opened."""
    if job.position:
        after, change_set, count = job.position["after"], job.position["change_set"], job.position["count"]
    while after is not None and not job.cancelled():
        moved = services.hand_over(
            session, giver, taker, branch_id=branch_id, after=after, change_set=change_set
        )
        count += moved.count
        change_set = moved.change_set or change_set
        if moved.after is None:
            break
        after = moved.after
        position = {"after": after, "change_set": change_set, "count": count}
        job.checkpoint(position, count, message=_("${n} clients", mapping={"n": count}))
    return {"count": count, "change_set": change_set}


JOBS = {"contacts.hand_over": hand_over}
