"""What can be done with visits at a click: on a card, with many in a list, and over the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import deposits, groups, series, services
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.kinds import wall_moment
from parlour.plugins.bookings.late import MAX_LATE, WAITS, is_today, run_late, whose
from parlour.plugins.bookings.models import MAX_SEATS, Appointment, Group, Habit, Review
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.statuses import CANCELLED, OPEN, STATUSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule import clocks
from parlour.plugins.schedule.models import Staff
from parlour.records import declare
from parlour.records.actions import Outcome, action
from parlour.records.values import Money
from parlour.records.write import Change, open_change_set, write

BOOKINGS = "bookings"
# After so many weeks a client is booked again whose habit nobody knows.
USUAL_WEEKS = 4


def _may_become(*wanted: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a visit may become one of these from where it is."""

    def applies(row: Mapping[str, Any]) -> bool:
        status = STATUSES.get(row.get("status") or "")
        return status is not None and any(each in status.then for each in wanted)

    return applies


def _become(session: Session, ids: Sequence[int], status: str, reason: str | None = None) -> int:
    """Let all of them become this, or none of them; returns what undoes it."""
    change_set = open_change_set(session, label=status)
    for row_id in ids:
        services.set_status(session, row_id, status, reason=reason, change_set=change_set)
    return change_set


def _step(name: str, status: str, title: Any, icon: str, said: Any) -> None:
    """Declare an action that does nothing but change the status."""

    @action(Appointment, name, plugin=BOOKINGS, title=title, icon=icon, applies=_may_become(status))
    def run(session: Session, ids: Sequence[int]) -> Outcome:
        return Outcome(said, _become(session, ids, status))


_step("confirm", "confirmed", _("Confirm"), "calendar-check", _("Confirmed."))
_step("arrive", "arrived", _("Has arrived"), "door-open", _("Noted: the client is here."))
_step("begin", "in_progress", _("Begin"), "scissors", _("Noted: it has begun."))
_step("finish", "done", _("Done"), "check-check", _("Noted: it is done."))
_step("miss", "no_show", _("Did not come"), "user-x", _("Noted: the client did not come."))
_step("reopen", "booked", _("Back to booked"), "calendar", _("The visit is booked again."))


_CANCEL: Mapping[str, Any] = {
    "by": declare.choice(
        _("Who cancels"), (("client", _("The client")), ("salon", _("We"))), required=True, default="client"
    ),
    "reason": declare.text(_("Why"), max_length=500),
}


@action(
    Appointment,
    "cancel",
    plugin=BOOKINGS,
    title=_("Cancel the visit"),
    icon="calendar-x",
    danger=True,
    applies=_may_become(*CANCELLED),
    fields=_CANCEL,
)
def cancel(session: Session, ids: Sequence[int], by: str, reason: str | None) -> Outcome:
    """Cancel the visits and free their time, as the client's wish or the salon's."""
    done = _become(session, ids, f"cancelled_{by}", reason)
    return Outcome(_("Cancelled; the time is free again."), done)


def _repeats(row: Mapping[str, Any]) -> bool:
    return row.get("series") is not None and row.get("status") in OPEN


@action(
    Appointment,
    "cancel_following",
    plugin=BOOKINGS,
    title=_("Cancel this and following"),
    icon="calendar-x",
    danger=True,
    bulk=False,
    applies=_repeats,
    fields=_CANCEL,
)
def cancel_following(session: Session, ids: Sequence[int], by: str, reason: str | None) -> Outcome:
    """Cancel the visit and those of its series that come after it."""
    for one in series.following(session, ids[0]):
        desk.still_theirs(session, one, "write")
    gone, change_set = series.cancel_following(session, ids[0], f"cancelled_{by}", reason=reason)
    return Outcome(_("Cancelled visits: ${n}.", mapping={"n": len(gone)}), change_set)


@action(
    Appointment,
    "move_following",
    plugin=BOOKINGS,
    title=_("Move this and following"),
    icon="calendar-clock",
    bulk=False,
    applies=_repeats,
    fields={
        "starts": wall_moment(
            _("Begins"), required=True, hint=_("The later visits move by as many days, to the same hour.")
        )
    },
)
def move_following(session: Session, ids: Sequence[int], starts: datetime) -> Outcome:
    """Move the visit and those of its series after it, all or none."""
    for one in series.following(session, ids[0]):
        desk.still_theirs(session, one, "write")
    try:
        moved, change_set = series.move_following(session, ids[0], clocks.minutes(starts))
    except Refusal as refused:
        raise _at_starts(refused) from refused
    return Outcome(_("Moved visits: ${n}.", mapping={"n": len(moved)}), change_set)


def _state(field: str, *wanted: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: row.get(field) in wanted


def _declared(
    name: str, title: Any, icon: str, said: Any, applies: Callable[..., bool], run: Callable[..., int | None]
) -> None:
    """Declare an action that says what became of a deposit or a fee."""

    @action(Appointment, name, plugin=BOOKINGS, title=title, icon=icon, applies=applies)
    def act(session: Session, ids: Sequence[int]) -> Outcome:
        change_set = open_change_set(session, label=name)
        for one in ids:
            run(session, one, change_set=change_set)
        return Outcome(said, change_set)


_declared(
    "deposit_paid",
    _("Deposit received"),
    "wallet",
    _("Noted: the deposit is paid."),
    _state("deposit_state", "asked", "lapsed"),
    deposits.receive,
)
_declared(
    "deposit_returned",
    _("Deposit returned"),
    "undo-2",
    _("Noted: the deposit was returned."),
    _state("deposit_state", "paid"),
    deposits.give_back,
)
_declared(
    "deposit_kept",
    _("Keep the deposit"),
    "lock",
    _("Noted: the deposit is kept."),
    lambda row: row.get("deposit_state") == "paid" and row.get("fee_state") == "owed",
    deposits.keep,
)
for _name, _title, _said in (
    ("paid", _("Fee received"), _("Noted: the fee is paid.")),
    ("waived", _("Waive the fee"), _("Noted: the fee is waived.")),
):
    _declared(
        f"fee_{_name}",
        _title,
        "receipt",
        _said,
        _state("fee_state", "owed"),
        partial(deposits.end_fee, state=_name),
    )


@action(
    Appointment,
    "ask_deposit",
    plugin=BOOKINGS,
    title=_("Ask for a deposit"),
    icon="wallet",
    bulk=False,
    applies=lambda row: row.get("status") in OPEN and row.get("deposit_state") not in ("paid", "kept"),
    fields={"deposit": declare.money(_("Deposit"), required=True)},
)
def ask_deposit(session: Session, ids: Sequence[int], deposit: Money) -> Outcome:
    """Ask for a deposit of this visit, whatever the settings say."""
    return Outcome(_("Noted: a deposit is to be paid."), deposits.ask(session, ids[0], deposit))


@action(
    Appointment,
    "move",
    plugin=BOOKINGS,
    title=_("Move"),
    icon="calendar-clock",
    bulk=False,
    applies=lambda row: row.get("status") not in CANCELLED,
    fields={
        "starts": wall_moment(_("Begins"), required=True),
        "staff": declare.link(Staff, _("Specialist"), hint=_("Empty: the same.")),
        "force": declare.boolean(
            _("Put it over what stands there"), hint=_("Needs a right that not everybody has.")
        ),
    },
)
def move(
    session: Session, ids: Sequence[int], starts: datetime, staff: int | None, force: bool | None
) -> Outcome:
    """Let the visit begin at another time, by another specialist where one is given."""
    if force and not desk.force_allowed(session):
        raise NotAllowed(_("Putting a visit over another is not yours to do."))
    visit = ids[0]
    who = dict.fromkeys(range(len(services.wanted_of(session, visit))), staff) if staff else {}
    try:
        done = services.move(session, visit, clocks.minutes(starts), by="staff", staff=who, force=bool(force))
    except Refusal as refused:
        raise _at_starts(refused) from refused
    desk.still_theirs(session, visit, "write")
    return Outcome(done.said, done.change_set)


@action(
    Group,
    "book",
    plugin=BOOKINGS,
    title=_("Book a place"),
    icon="user-plus",
    permission="read",
    needs="bookings:appointment:create",
    bulk=False,
    applies=lambda row: not row.get("cancelled"),
    fields={
        "client": declare.link(Contact, _("Client")),
        "visitor": declare.text(
            _("Who comes"), hint=_("When it is somebody else, a child or a friend, or nobody who has a card.")
        ),
        "seats": declare.integer(_("Places"), minimum=1, maximum=MAX_SEATS, required=True, default=1),
    },
)
def book_place(
    session: Session, ids: Sequence[int], client: int | None, visitor: str | None, seats: int
) -> Outcome:
    """Book places in the session for a client, or for somebody who has no card."""
    values = {"client": client, "visitor": visitor}
    try:
        booked = groups.book_seats(session, ids[0], by="staff", seats=seats, values=values)
    except groups.Full as full:
        raise Invalid(_("This cannot be done yet."), {0: {"seats": full.message}}) from full
    desk.still_theirs(session, booked.id, "create")
    return Outcome(_("Booked."), booked.change_set)


_LATE: Mapping[str, Any] = {
    "minutes": declare.integer(_("Late by, minutes"), minimum=1, maximum=MAX_LATE, required=True, default=15),
    "shift": declare.boolean(
        _("Move the visits"),
        default=True,
        hint=_("Only as far as needed: free time in between takes up the delay. Otherwise they are marked."),
    ),
    "tell": declare.boolean(_("Tell the clients"), default=True),
}


def _late(
    session: Session, staff: int, minutes: int, shift: bool | None, tell: bool | None, since: int | None
) -> Outcome:
    done = run_late(session, staff, minutes, shift=bool(shift), tell=bool(tell), since=since)
    return Outcome(done.said, done.change_set)


@action(
    Staff,
    "late",
    plugin=BOOKINGS,
    title=_("Report a delay"),
    icon="timer",
    permission="read",
    needs="bookings:appointment:write",
    bulk=False,
    fields=_LATE,
)
def staff_late(
    session: Session, ids: Sequence[int], minutes: int, shift: bool | None, tell: bool | None
) -> Outcome:
    """Say that a specialist is late today: the visits that wait for them begin later, or are marked."""
    return _late(session, ids[0], minutes, shift, tell, None)


@action(
    Appointment,
    "late",
    plugin=BOOKINGS,
    title=_("Report a delay"),
    icon="timer",
    bulk=False,
    applies=lambda row: row.get("status") in WAITS and is_today(row.get("starts")),
    fields=_LATE,
)
def visit_late(
    session: Session, ids: Sequence[int], minutes: int, shift: bool | None, tell: bool | None
) -> Outcome:
    """Say that whoever does this visit is late, from this visit on."""
    staff = whose(session, ids[0])
    if staff is None:
        raise Refusal(_("Nobody is assigned to this visit."))
    return _late(session, staff, minutes, shift, tell, ids[0])


def _next_time(session: Session, visit: int) -> Mapping[str, Any]:
    """The same hour and weekday after as long as the client usually stays away, four weeks where that is not known."""
    row = session.execute(
        select(Appointment.starts, Appointment.starts_zone, Habit.every)
        .outerjoin(Habit, Habit.id == Appointment.client_id)
        .where(Appointment.id == visit)
    ).one_or_none()
    if row is None:
        return {}
    local = row.starts.astimezone(ZoneInfo(row.starts_zone))
    weeks = max(1, round(row.every / 7)) if row.every else USUAL_WEEKS
    behind = (now().astimezone(local.tzinfo).date() - local.date()).days
    # From a visit of long ago on, the weeks are counted from today.
    return {"starts": local + timedelta(weeks=weeks + max(0, behind // 7))}


@action(
    Appointment,
    "rebook",
    plugin=BOOKINGS,
    title=_("Book the same again"),
    icon="repeat",
    permission="read",
    needs="bookings:appointment:create",
    bulk=False,
    begins=_next_time,
    fields={
        "starts": wall_moment(_("Begins"), required=True),
        "anybody": declare.boolean(_("Another specialist will do")),
    },
)
def rebook(session: Session, ids: Sequence[int], starts: datetime, anybody: bool | None) -> Outcome:
    """Book the same services for the same client at another time."""
    row = session.execute(
        select(
            Appointment.client_id,
            Appointment.visitor,
            Appointment.phone,
            Appointment.email,
            Appointment.branch,
        ).where(Appointment.id == ids[0])
    ).one()
    wanted = services.wanted_of(session, ids[0])
    if anybody:
        wanted = [Wanted(one.item) for one in wanted]
    values = {"client": row.client_id, "visitor": row.visitor, "phone": row.phone, "email": row.email}
    try:
        booked = services.book(
            session, wanted, clocks.minutes(starts), by="staff", branch_id=row.branch, values=values
        )
    except Refusal as refused:
        raise _at_starts(refused) from refused
    desk.still_theirs(session, booked.id, "create")
    return Outcome(_("Booked."), booked.change_set)


def _at_starts(refused: Refusal) -> Invalid:
    """A time that is not to be had, said at its box."""
    return Invalid(_("This cannot be done yet."), {0: {"starts": refused.message}})


def _show(name: str, published: bool, title: Any, icon: str, said: Any) -> None:
    """Declare an action that publishes reviews, or takes them back."""

    @action(
        Review,
        name,
        plugin=BOOKINGS,
        title=title,
        icon=icon,
        applies=lambda row: bool(row.get("published")) is not published,
    )
    def run(session: Session, ids: Sequence[int]) -> Outcome:
        changes = [Change({"published": published}, one) for one in ids]
        return Outcome(said, write(session, Review, changes, label=name).change_set)


_show("publish", True, _("Publish"), "eye", _("Published."))
_show("withdraw", False, _("Take it back"), "eye-off", _("Nobody outside reads it any more."))
