"""Visits: what can be booked, when, with whom and where; and everything that becomes of a visit.

A bookable service is an item of the catalogue with a duration. Whether a time is offered and whether it is accepted is decided
by one function (`offers.search`) for the widget, the calendar and programs alike; the schedule refuses in the database
what would overlap.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="bookings",
    title=_("Bookings"),
    summary=_("Visits of one service or several, booked at the desk or online."),
    description=_(
        "Services with duration, buffers and processing time, visits across specialists and rooms, holds while a client"
        " fills in the form, and calls for booking from a web site. Nothing is booked twice: the database refuses it."
    ),
    version="0.1.0",
    requires=("contacts>=0.1", "catalog>=0.1", "schedule>=0.1"),
    icon="calendar-check",
    category="calendar",
)
