"""Everything that the plugin declares: other plugins link to these classes."""

from parlour.plugins.schedule.busy import MAX_SEGMENT, Busy
from parlour.plugins.schedule.calendars import Calendar, Feed, Reading
from parlour.plugins.schedule.working import (
    MAX_CAPACITY,
    REASONS,
    WEEKDAYS,
    Absence,
    Grade,
    Resource,
    ResourceHours,
    ResourceType,
    Shift,
    Staff,
    StaffHours,
)

__all__ = [
    "MAX_CAPACITY",
    "MAX_SEGMENT",
    "REASONS",
    "WEEKDAYS",
    "Absence",
    "Busy",
    "Calendar",
    "Feed",
    "Grade",
    "Reading",
    "Resource",
    "ResourceHours",
    "ResourceType",
    "Shift",
    "Staff",
    "StaffHours",
]
