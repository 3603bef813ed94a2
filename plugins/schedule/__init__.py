"""Who works when, what rooms and equipment there are, and who or what is busy.

Staff and resources, their working hours with exceptions and absences, busy segments, and the one pair of functions that
finds free time and occupies it (`services.free_time`, `services.occupy`). Visits, events and pay stand on it; nothing here is
shown to clients.
"""

from parlour.i18n import _
from parlour.plugin.manifest import Plugin

plugin = Plugin(
    name="schedule",
    title=_("Schedule"),
    summary=_("Specialists, rooms and equipment with their working hours and absences."),
    description=_(
        "Specialists and resources with capacity, weekly hours per branch, shifts on single days, vacations and holidays."
        " Whatever occupies somebody's time stands in one table in which the database refuses overlaps."
    ),
    version="0.1.0",
    requires=("contacts>=0.1",),
    icon="calendar-clock",
    category="team",
)
