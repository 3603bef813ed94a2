"""What can be done with specialists at a click: on a card, with many in a list, and over the API."""

from __future__ import annotations

from collections.abc import Sequence

from parlour.db.session import Session
from parlour.i18n import _
from parlour.plugins.schedule.kinds import clock
from parlour.plugins.schedule.models import Staff
from parlour.records import declare
from parlour.records.actions import Outcome, action
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.write import Change, write

# Days that share their hours as a rule; each code names its weekdays, 1 is Monday.
DAYS = (
    ("12345", _("Monday to Friday")),
    ("123456", _("Monday to Saturday")),
    ("1234567", _("Every day")),
    ("67", _("Saturday and Sunday")),
)


@action(
    Staff,
    "same_hours",
    plugin="schedule",
    title=_("Same hours on several days"),
    icon="calendar-clock",
    fields={
        "days": declare.choice(
            _("On which days"),
            DAYS,
            required=True,
            default="12345",
            hint=_("The hours that stand on these days go; other days and hours of one branch stay."),
        ),
        "opens": clock(_("Starts at"), required=True),
        "closes": clock(_("Ends at"), required=True),
    },
)
def same_hours(session: Session, ids: Sequence[int], days: str, opens: int, closes: int) -> Outcome:
    """Give specialists the same hours (minutes since midnight) on these weekdays, in the place of those that hold always and
    everywhere.
    """
    kind = record_type(Staff)
    rows = read(session, kind, [kind.field("hours")], [Staff.id.in_(ids)])
    changes = []
    for row in rows:
        stay = [
            line
            for line in row["hours"]
            if line["weekday"] not in days or line["branch"] or line["since"] or line["until"]
        ]
        added = [{"weekday": one, "opens": opens, "closes": closes} for one in days]
        changes.append(Change({"hours": [*stay, *added]}, row["id"]))
    done = write(session, Staff, changes, label="same_hours")
    return Outcome(_("The hours are set."), done.change_set)
