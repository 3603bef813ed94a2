"""How a client comes, counted from their visits and kept beside the card, where lists and audiences can ask for it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.bookings.bookable import Record
from parlour.plugins.contacts.models import Contact
from parlour.records.declare import day, integer, text

_VISITS = _("Visits")


class Habit(Record, extends=Contact):
    """All of it follows from the visits, see `habits`: it has no history, and nobody enters it.

    Who and what is usual are names: a link would make everybody's cards change when a specialist leaves.
    """

    visits: Mapped[int | None] = integer(_("Visits"), computed=True, group=_VISITS, sequence=200)
    missed: Mapped[int | None] = integer(_("Visits missed"), computed=True, group=_VISITS, sequence=201)
    late: Mapped[int | None] = integer(_("Visits cancelled late"), computed=True, group=_VISITS, sequence=202)
    last: Mapped[date | None] = day(_("Last visit"), computed=True, group=_VISITS, sequence=203)
    every: Mapped[int | None] = integer(_("Comes every, days"), computed=True, group=_VISITS, sequence=204)
    due: Mapped[date | None] = day(_("Next visit is due"), computed=True, group=_VISITS, sequence=205)
    staff: Mapped[str | None] = text(_("Usual specialist"), computed=True, group=_VISITS, sequence=206)
    item: Mapped[str | None] = text(_("Usual service"), computed=True, group=_VISITS, sequence=207)


Index("ix_bookings_contacts_contact_due", Habit.organisation_id, Habit.due, Habit.id)
