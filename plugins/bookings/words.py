"""What the widget says, by name. They travel with its first screen, so every language with a catalogue works without a build."""

from __future__ import annotations

from functools import lru_cache

from parlour.i18n import LOCALES, Localizer, _, localizer
from parlour.web.api.answers import encode

_TEXTS = {
    "title": _("Book a visit"),
    "branch": _("Where?"),
    "service": _("What would you like?"),
    "another": _("What else?"),
    "staff": _("Who does it?"),
    "staff_for": _("Who does “${name}”?"),
    "time": _("When?"),
    "contact": _("Who comes?"),
    "visits": _("My visits"),
    "any": _("Anybody who is free"),
    "any_hint": _("Shows the most times"),
    "from": _("from ${price}"),
    "minutes": _("${n} min"),
    "hours": _("${n} h"),
    "add": _("Add a service"),
    "remove": _("Remove ${name}"),
    "back": _("Back"),
    "morning": _("Morning"),
    "day": _("Day"),
    "evening": _("Evening"),
    "days": _("Days"),
    "earlier": _("Earlier days"),
    "later": _("Later days"),
    "full": _("no time free"),
    "nothing": _("There is nothing to be booked online at the moment."),
    "none": _("No time is free until ${day}."),
    "none_hint": _("Choose somebody else or another service, or call us."),
    "next_free": _("Next free: ${day}"),
    "clock": _("Times are on the salon’s clock (${zone}): ${time} there is ${own} on yours."),
    "call": _("Call ${phone}"),
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "comment": _("Wishes"),
    "optional": _("not required"),
    "other": _("The visit is for somebody else"),
    "visitor": _("Name of who comes"),
    "name_own": _("Your name"),
    "code_title": _("Is it you?"),
    "code_sent": _("A code is on its way to ${to}"),
    "code_field": _("Code from the message"),
    "code_check": _("Continue"),
    "code_wait": _("Another code in ${n} s"),
    "code_again": _("Send another code"),
    "code_by_email": _("Send it by e-mail"),
    "code_by_phone": _("Send it by SMS"),
    "code_hint": _("It can take a minute. The code is good for 10 minutes; the newest one counts."),
    "sessions": _("Classes and group sessions"),
    "sessions_hint": _("At set times, with others"),
    "sessions_none": _("No group sessions are planned in these days."),
    "sessions_left": _("Places left: ${n}"),
    "sessions_full": _("no place left"),
    "seats": _("Places"),
    "seats_booked": _("Places: ${n}"),
    "guests": _("Who comes along"),
    "wait": _("Join the waiting list"),
    "wait_hint": _("We write to you when a time comes free."),
    "wait_text": _(
        "Say when you could come. The first time that comes free within these days is kept for you and offered."
    ),
    "wait_send": _("Put me on the list"),
    "since": _("First day"),
    "until": _("Last day"),
    "part": _("Part of the day"),
    "part_any": _("Any time"),
    "waits": _("You are on the waiting list"),
    "waits_days": _("From ${since} until ${until}"),
    "waits_text": _(
        "When a time comes free, a message goes to you. It is kept for you for ${time} then; take it in the message or here."
    ),
    "find_title": _("Booked elsewhere, or by phone?"),
    "phone_or_email": _("Phone or e-mail"),
    "find": _("Find my visits"),
    "find_none": _("No visits are known for this phone or e-mail."),
    "kept_here": _("This list is kept in this browser alone."),
    "forget": _("Forget it here"),
    "forgotten": _("This browser has forgotten your visits. They stay booked."),
    "agree": _("I agree to the processing of my data."),
    "terms": _("Read the text"),
    "advertising": _("Tell me about offers and news."),
    "deposit": _("A deposit of ${price} is to be paid; we tell you how."),
    "deposit_within": _("A deposit of ${price} is to be paid within ${time}; we tell you how."),
    "late_fee": _("Cancelling is free until ${time}, after that it costs ${price}."),
    "late_fee_now": _("Cancelling costs ${price}."),
    "missed_fee": _("Not coming costs ${price}."),
    "deposit_asked": _("Deposit to be paid: ${price}"),
    "deposit_paid": _("Deposit paid: ${price}"),
    "deposit_lapsed": _("The deposit was not paid in time: ${price}"),
    "deposit_returned": _("Deposit returned: ${price}"),
    "deposit_kept": _("Deposit kept: ${price}"),
    "fee_owed": _("To be paid for it: ${price}"),
    "kept": _("We keep this time for you for ${time}."),
    "book": _("Book the visit"),
    "booking": _("Booking ..."),
    "loading": _("Loading ..."),
    "needed": _("This is needed."),
    "gone": _("This time has just been taken. These are near:"),
    "gone_none": _("This time has just been taken."),
    "other_day": _("Choose another day"),
    "done": _("You are booked"),
    "requested": _("Your request has arrived"),
    "requested_hint": _("We look at it and confirm it."),
    "calendar": _("Add to calendar"),
    "again": _("Book another visit"),
    "repeat": _("Book again"),
    "move": _("Move"),
    "moving": _("Move the visit"),
    "moved": _("The visit is moved"),
    "cancel": _("Cancel the visit"),
    "cancel_sure": _("Cancel this visit?"),
    "cancel_costs": _("Cancel this visit? That costs ${price} now."),
    "cancel_yes": _("Yes, cancel it"),
    "cancel_no": _("No, keep it"),
    "too_late": _("Online it cannot be changed any more; call us."),
    "code": _("Code of an offer, from our message"),
    "take": _("Take the offered time"),
    "coming": _("Coming"),
    "past": _("Past"),
    "no_visits": _("No visits have been booked here with this browser."),
    "status_requested": _("not confirmed yet"),
    "status_booked": _("booked"),
    "status_confirmed": _("confirmed"),
    "status_arrived": _("you are here"),
    "status_in_progress": _("in progress"),
    "status_done": _("took place"),
    "status_no_show": _("missed"),
    "status_cancelled_client": _("cancelled by you"),
    "status_cancelled_salon": _("cancelled by the salon"),
    "chosen": _("What you have chosen"),
    "failed": _("Booking does not answer at the moment."),
    "failed_hint": _(
        "What you chose and typed is still here. Look at your connection and try again, or call us."
    ),
    "failed_first": _("Look at your connection and try again, or call us."),
    "retry": _("Try again"),
    "own_page": _("Open the booking page"),
}


# What is said when nobody answers, without the first screen and so without knowing the salon.
_FAILED = ("failed", "failed_first", "retry", "own_page")


@lru_cache(maxsize=1)
def words_of_failure() -> str:
    """A line of script with them in every language, which goes in front of the module."""
    said = {name: {key: words(localizer(name))[key] for key in _FAILED} for name in LOCALES}
    return f"const OTHERWISE = {encode(said)};\n"


def words(loc: Localizer) -> dict[str, str]:
    """All of them in one language. `${name}` is left for the widget to fill in."""
    return {name: loc.translate(str(text)) for name, text in _TEXTS.items()}
