"""Who comes next, on the home page: what is left of today, first what is soonest."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_

from parlour.access.rules import allows
from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.bookings.frontdesk import calendar_rows
from parlour.plugins.bookings.frontdesk.calendar import titles_of
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import zone_of
from parlour.plugins.bookings.statuses import LOOKS, OPEN, STATUSES
from parlour.records.query import read, visible
from parlour.records.registry import fields_of, record_type
from parlour.web.slots import PageContext, SlotItem

SHOWN = 8


def parts(session: Session, context: PageContext) -> list[SlotItem]:
    """The panel of the visits to come today, of the branch that is chosen. Two queries."""
    if not allows(session, "bookings:appointment:read"):
        return []
    kind, branch, present = record_type(Appointment), session.scope.branch_id, now()
    zone = ZoneInfo(zone_of(session, branch))
    tomorrow = datetime.combine(present.astimezone(zone).date() + timedelta(days=1), time(), zone)
    conditions = [
        *visible(session, kind),
        Appointment.status.in_(OPEN),
        Appointment.ends > present,
        Appointment.starts < tomorrow,
    ]
    if branch is not None:
        conditions.append(or_(Appointment.branch == branch, Appointment.branch.is_(None)))
    fields = [
        item
        for item in fields_of(session, kind)
        if item.name in ("client", "visitor", "starts", "ends", "status")
    ]
    order = [Appointment.starts, Appointment.id]
    found = read(session, kind, fields, conditions, order_by=order, limit=SHOWN, titled=True)
    if not found:
        return []
    done = defaultdict(list)
    for line in calendar_rows.lines(session, [row["id"] for row in found], titled=True):
        done[line.get("appointment", {}).get("id", 0)].append(line)
    loc = context.loc
    visits = []
    for row in found:
        own, status = done[row["id"]], row.get("status")
        people = dict.fromkeys(line["staff"]["title"] for line in own if line.get("staff"))
        visits.append(
            {
                "time": loc.time(row["starts"].time()) if row.get("starts") else "",
                "who": titles_of(row) or loc.translate(_("Without a name")),
                "sub": " · ".join([*(line.get("name") or "–" for line in own), *people]),
                "status": STATUSES[status].title if status else "",
                "icon": LOOKS[status].icon if status else "calendar",
                "url": context.url("record.card", record=kind.name, id=row["id"]),
            }
        )
    return [SlotItem(template="bookings/today.jinja2", context={"visits": visits}, sequence=10)]
