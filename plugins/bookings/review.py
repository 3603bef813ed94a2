"""What a client says of a visit that was."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from parlour.i18n import _
from parlour.plugins.bookings.bookable import Record
from parlour.plugins.bookings.derived import derive_reviews, heading_of_review
from parlour.plugins.bookings.visit import Appointment
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Staff
from parlour.records.declare import boolean, integer, link, text

MAX_STARS = 5


class Review(
    Record,
    name="bookings.review",
    title=_("Review"),
    plural=_("Reviews"),
    new_title=_("New review"),
    icon="star",
    default_sort="-name",
    compute=derive_reviews,
    heading=heading_of_review,
):
    """A review of one visit, by its client. Nobody outside reads it before somebody has published it."""

    name: Mapped[str] = text(_("Title"), computed=True, search=True, sort=True, sequence=5)
    appointment: Mapped[Appointment] = link(
        Appointment,
        _("Visit"),
        reverse="reviews",
        on_delete="CASCADE",
        required=True,
        unique=True,
        quick=True,
        sequence=10,
    )
    rating: Mapped[int] = integer(
        _("Stars"), minimum=1, maximum=MAX_STARS, required=True, listed=True, quick=True, sequence=11
    )
    answer: Mapped[str | None] = text(
        _("Our answer"), multiline=True, quick=True, sequence=16, hint=_("Stands below the review.")
    )
    text: Mapped[str | None] = text(
        _("What the client says"), multiline=True, listed=True, quick=True, sequence=12
    )
    staff: Mapped[Staff | None] = link(
        Staff, _("Specialist"), reverse="reviews", computed=True, listed=True, sequence=13
    )
    client: Mapped[Contact | None] = link(
        Contact, _("Client"), reverse="reviews", computed=True, listed=True, sequence=10
    )
    published: Mapped[bool] = boolean(
        _("Published"),
        listed=True,
        quick=True,
        sequence=15,
        hint=_(
            "Everybody who books online sees the stars and the words, without a name. The client cannot change it any more."
        ),
    )
