"""What was done technically at a visit: formulas, times, what to mind; and how it looked before and after."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.bookings.bookable import Record
from parlour.plugins.bookings.derived import derive_treatments
from parlour.plugins.bookings.visit import Appointment
from parlour.plugins.schedule.models import Staff
from parlour.records.declare import image, link, text


class Treatment(
    Record,
    name="bookings.treatment",
    title=_("Technical note"),
    plural=_("Technical notes"),
    new_title=_("New technical note"),
    icon="notebook-pen",
    default_sort="-name",
    menu=False,
    compute=derive_treatments,
):
    """A note of a specialist about one visit, for whoever sees the client next. Who may read it is a right of its own."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    appointment: Mapped[Appointment] = link(
        Appointment,
        _("Visit"),
        reverse="treatments",
        on_delete="CASCADE",
        required=True,
        listed=True,
        quick=True,
        sequence=10,
    )
    staff: Mapped[Staff | None] = link(
        Staff,
        _("Specialist"),
        reverse="treatments",
        listed=True,
        quick=True,
        sequence=11,
        hint=_("Empty: whoever does the first service of the visit."),
    )
    text: Mapped[str | None] = text(
        _("What was done"),
        multiline=True,
        listed=True,
        quick=True,
        sequence=12,
        hint=_("Formula, shades, times, what to mind next time."),
    )
    before: Mapped[int | None] = image(_("Before"), quick=True, sequence=13)
    after: Mapped[int | None] = image(_("After"), quick=True, sequence=14)
