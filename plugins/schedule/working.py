"""Staff and resources, when they work and when not."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.derived import name_absences, name_shifts
from parlour.plugins.schedule.kinds import clock
from parlour.records.declare import branch, choice, day, image, integer, link, record_base, spelt, text, user

Record = record_base("schedule")

WEEKDAYS = (
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
)
WEEKDAY_SPELLINGS = spelt(
    {
        "1": "понедельник, пн, monday, mon",
        "2": "вторник, вт, tuesday, tue",
        "3": "среда, ср, wednesday, wed",
        "4": "четверг, чт, thursday, thu",
        "5": "пятница, пт, friday, fri",
        "6": "суббота, сб, saturday, sat",
        "7": "воскресенье, вс, sunday, sun",
    }
)
REASONS = (
    ("vacation", _("Vacation")),
    ("sick", _("Ill")),
    ("day_off", _("Day off")),
    ("holiday", _("Holiday")),
    ("training", _("Training")),
    ("break", _("Break")),
    ("other", _("Other")),
)
REASON_SPELLINGS = spelt(
    {
        "vacation": "отпуск, holidays, leave",
        "sick": "больничный, болеет, sick, sick leave",
        "day_off": "выходной, отгул, off",
        "holiday": "праздник, public holiday, closed",
        "training": "обучение, учёба, course",
        "break": "перерыв, обед, lunch",
        "other": "другое",
    }
)
MAX_CAPACITY = 1000


def _place() -> Any:
    """Where somebody or something stands in the calendar."""
    return integer(
        _("Place in the calendar"),
        minimum=0,
        maximum=10_000,
        default=100,
        sort=True,
        sequence=15,
        required=True,
    )


def _number(**where: Any) -> Any:
    """What it is called by in another system."""
    return text(
        _("Code"),
        search=True,
        unique=True,
        max_length=60,
        hint=_("Its number in another system; a file that is imported again finds it by that."),
        aliases=("id", "код", "номер", "number"),
        **where,
    )


class Grade(
    Record,
    name="schedule.grade",
    title=_("Grade"),
    plural=_("Grades"),
    new_title=_("New grade"),
    icon="award",
    lookup=True,
):
    """How experienced a specialist is: stylist, top stylist, art director. Other plugins may let it decide about prices."""

    name: Mapped[str] = text(
        _("Title"), required=True, unique=True, search=True, sort=True, listed=True, quick=True
    )


class Staff(
    Record,
    name="schedule.staff",
    title=_("Specialist"),
    plural=_("Specialists"),
    new_title=_("New specialist"),
    icon="user-round",
    default_sort="position",
    groups={"work": _("Work")},
):
    """Somebody whose time is booked. Need not log in: a link to a member is there for those who do."""

    name: Mapped[str] = text(
        _("Name"),
        required=True,
        search=True,
        sort=True,
        listed=True,
        quick=True,
        sequence=10,
        aliases=("мастер", "сотрудник", "специалист", "фио", "employee", "staff", "master"),
    )
    job: Mapped[str | None] = text(
        _("Job title"), search=True, listed=True, quick=True, sequence=11, aliases=("должность",)
    )
    branch: Mapped[int | None] = branch(
        _("Branch"), listed=True, quick=True, sequence=12, hint=_("Empty: works in all of them.")
    )
    grade: Mapped[Grade | None] = link(
        Grade,
        _("Grade"),
        reverse="staff",
        listed=True,
        sequence=12,
        aliases=("категория", "уровень", "разряд", "level"),
    )
    photo = image(_("Photo"), sequence=14, hint=_("Clients see it where they choose."))
    about: Mapped[str | None] = text(
        _("About"), multiline=True, max_length=2000, sequence=14, hint=_("Clients read it where they choose.")
    )
    position: Mapped[int] = _place()
    since: Mapped[date | None] = day(_("First day of work"), group="work", sequence=20)
    until: Mapped[date | None] = day(
        _("Last day of work"),
        group="work",
        sequence=21,
        hint=_("From the next day on no time is offered; visits stay and are listed."),
    )
    user: Mapped[int | None] = user(
        _("Logs in as"), group="work", unique=True, sequence=22, hint=_("Then they see their own day.")
    )
    code: Mapped[str | None] = _number(group="work", sequence=24)
    contact: Mapped[Contact | None] = link(
        Contact, _("Card among clients"), reverse="staff", group="work", sequence=23
    )


class ResourceType(
    Record,
    name="schedule.resource_type",
    title=_("Type of resource"),
    plural=_("Types of resources"),
    new_title=_("New type of resource"),
    icon="shapes",
    lookup=True,
):
    """What services ask for: a massage room, a washing chair, a laser. Any free resource of the type does."""

    name: Mapped[str] = text(
        _("Title"), required=True, unique=True, search=True, sort=True, listed=True, quick=True
    )


class Resource(
    Record,
    name="schedule.resource",
    title=_("Room or equipment"),
    plural=_("Rooms and equipment"),
    new_title=_("New room or equipment"),
    icon="armchair",
    default_sort="position",
):
    """A room, a chair, a device. Without hours of its own it is there at any time."""

    name: Mapped[str] = text(
        _("Title"),
        required=True,
        search=True,
        sort=True,
        listed=True,
        quick=True,
        sequence=10,
        aliases=("кабинет", "помещение", "оборудование", "ресурс", "room", "equipment"),
    )
    type: Mapped[ResourceType | None] = link(
        ResourceType, _("Type of resource"), reverse="resources", listed=True, quick=True, sequence=11
    )
    capacity: Mapped[int] = integer(
        _("How many visits at once"),
        minimum=1,
        maximum=MAX_CAPACITY,
        default=1,
        required=True,
        listed=True,
        quick=True,
        sequence=12,
        hint=_(
            "Three washing chairs are one resource for 3 visits at once. It is not how many people fit in."
        ),
        aliases=("вместимость", "количество", "capacity"),
    )
    branch: Mapped[int | None] = branch(_("Branch"), listed=True, quick=True, sequence=13)
    position: Mapped[int] = _place()
    code: Mapped[str | None] = _number(sequence=16)


class StaffHours(
    Record,
    name="schedule.staff_hours",
    part_of=Staff,
    field="hours",
    title=_("Working hours"),
    options={"quick": True, "repeats": True, "sequence": 13},
):
    """A line of the week. Hours that end when they begin, or before, end on the next day."""

    weekday: Mapped[str] = choice(
        _("Day of the week"), WEEKDAYS, spellings=WEEKDAY_SPELLINGS, required=True, sequence=10
    )
    opens: Mapped[int] = clock(_("Starts at"), required=True, sequence=11)
    closes: Mapped[int] = clock(_("Ends at"), required=True, sequence=12)
    branch: Mapped[int | None] = branch(_("Branch"), sequence=13)
    since: Mapped[date | None] = day(_("Begins on"), sequence=14)
    until: Mapped[date | None] = day(_("Ends on"), sequence=15)


class ResourceHours(
    Record,
    name="schedule.resource_hours",
    part_of=Resource,
    field="hours",
    title=_("Hours"),
    options={"repeats": True, "sequence": 14},
):
    """As for staff. A resource with lines is there in these hours only."""

    weekday: Mapped[str] = choice(
        _("Day of the week"), WEEKDAYS, spellings=WEEKDAY_SPELLINGS, required=True, sequence=10
    )
    opens: Mapped[int] = clock(_("Starts at"), required=True, sequence=11)
    closes: Mapped[int] = clock(_("Ends at"), required=True, sequence=12)
    since: Mapped[date | None] = day(_("Begins on"), sequence=13)
    until: Mapped[date | None] = day(_("Ends on"), sequence=14)


class Shift(
    Record,
    name="schedule.shift",
    title=_("Shift"),
    plural=_("Shifts"),
    new_title=_("New shift"),
    icon="calendar-plus",
    menu=False,
    default_sort="-day",
    compute=name_shifts,
):
    """Hours on one date. Where somebody has a shift, the week's lines do not count for that date."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sequence=5)
    staff: Mapped[Staff] = link(
        Staff,
        _("Specialist"),
        reverse="shifts",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    day: Mapped[date] = day(_("Day"), required=True, sort=True, listed=True, quick=True, sequence=11)
    opens: Mapped[int] = clock(_("Starts at"), required=True, listed=True, quick=True, sequence=12)
    closes: Mapped[int] = clock(_("Ends at"), required=True, listed=True, quick=True, sequence=13)
    branch: Mapped[int | None] = branch(_("Branch"), quick=True, sequence=14)


class Absence(
    Record,
    name="schedule.absence",
    title=_("Absence"),
    plural=_("Absences and holidays"),
    new_title=_("New absence"),
    icon="calendar-off",
    default_sort="-since",
    compute=name_absences,
):
    """Time that is not worked, of one specialist, one resource, one branch or of all. Whole days where no times are given."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sequence=5)
    reason: Mapped[str] = choice(
        _("Reason"),
        REASONS,
        spellings=REASON_SPELLINGS,
        required=True,
        default="day_off",
        listed=True,
        quick=True,
        sequence=10,
    )
    staff: Mapped[Staff | None] = link(
        Staff,
        _("Specialist"),
        reverse="absences",
        on_delete="CASCADE",
        listed=True,
        quick=True,
        sequence=11,
        hint=_("Without a specialist, room and branch it holds for all."),
    )
    resource: Mapped[Resource | None] = link(
        Resource,
        _("Room or equipment"),
        reverse="absences",
        on_delete="CASCADE",
        listed=True,
        sequence=12,
    )
    branch: Mapped[int | None] = branch(_("Branch"), listed=True, sequence=13)
    since: Mapped[date] = day(_("First day"), required=True, sort=True, listed=True, quick=True, sequence=14)
    since_time: Mapped[int | None] = clock(_("Starts at"), listed=True, quick=True, sequence=15)
    until: Mapped[date] = day(_("Last day"), required=True, sort=True, listed=True, quick=True, sequence=16)
    until_time: Mapped[int | None] = clock(_("Ends at"), listed=True, quick=True, sequence=17)
    note: Mapped[str | None] = text(_("Note"), multiline=True, sequence=18)
