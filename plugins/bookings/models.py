"""Everything that the plugin declares: other plugins link to these classes."""

from parlour.plugins.bookings.bookable import (
    MAX_MINUTES,
    MAX_SEATS,
    MAX_SERVICES,
    GoesWith,
    GradePrice,
    Group,
    Need,
    Service,
    Skill,
    as_done,
)
from parlour.plugins.bookings.habit import Habit
from parlour.plugins.bookings.kept import Code, Hold, Token, Waiting, WaitingToken
from parlour.plugins.bookings.review import Review
from parlour.plugins.bookings.treatment import Treatment
from parlour.plugins.bookings.visit import Appointment, Line

__all__ = [
    "MAX_MINUTES",
    "MAX_SEATS",
    "MAX_SERVICES",
    "Appointment",
    "Code",
    "GoesWith",
    "GradePrice",
    "Group",
    "Habit",
    "Hold",
    "Line",
    "Need",
    "Review",
    "Service",
    "Skill",
    "Token",
    "Treatment",
    "Waiting",
    "WaitingToken",
    "as_done",
]
