"""How an organisation lets itself be booked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import colander

from parlour.access.plugin_settings import settings_of
from parlour.db.session import Session
from parlour.i18n import _
from parlour.web.widgets import SelectWidget

# A month; longer than that nobody is bound.
MAX_FREE_HOURS = 720
_ORIGIN = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")


def _as_browsers_say(value: Any) -> Any:
    """One address to a line, in small letters, without the slash that people copy along."""
    return "\n".join(one.rstrip("/") for one in value.lower().replace(",", " ").split()) if value else value


def _origins(_node: Any, value: str) -> None:
    """They go into headers, so nothing else may stand there."""
    for one in value.split():
        if not _ORIGIN.fullmatch(one):
            raise colander.Invalid(
                _node,
                _(
                    "${text} is no address such as https://salon.example, with nothing after the name.",
                    mapping={"text": one[:60]},
                ),
            )


def _minutes(name: str, title: Any, default: int, most: int, hint: Any = "", least: int = 0) -> Any:
    return colander.SchemaNode(
        colander.Integer(),
        name=name,
        title=title,
        description=hint,
        default=default,
        missing=default,
        validator=colander.Range(least, most),
    )


def _percent(name: str, title: Any, hint: Any = "") -> Any:
    return _minutes(name, title, 0, 100, hint)


CODES = (
    ("none", _("Never")),
    ("new", _("Once with each phone and browser")),
    ("always", _("Each time")),
)
SETTINGS = [
    _minutes("step", _("Times are offered every, minutes"), 30, 720, least=5),
    _minutes(
        "lead",
        _("Online at the latest, minutes before"),
        60,
        43_200,
        _("Who wants to come sooner calls."),
    ),
    _minutes("window", _("Online at the earliest, days before"), 60, 730, least=1),
    _minutes("cancel_until", _("Clients cancel at the latest, minutes before"), 720, 43_200),
    _minutes("move_until", _("Clients move at the latest, minutes before"), 720, 43_200),
    _minutes("hold", _("A chosen time is kept, minutes"), 10, 60, least=1),
    _minutes("holds_per_network", _("Times kept at once for one network"), 10, 1000, least=1),
    _minutes("visits_per_client", _("Coming visits of one client, booked online"), 5, 100, least=1),
    _minutes(
        "review",
        _("Clients are asked for a review, hours after the visit"),
        0,
        720,
        _("0: not at all. Only those are asked who have agreed to advertising, once a month at most."),
    ),
    colander.SchemaNode(
        colander.String(),
        name="code",
        title=_("Who books online confirms their phone with a code"),
        description=_(
            "Codes go by SMS, or by e-mail where there are no SMS; see the settings of messages. Whoever has confirmed a phone is"
            " booked under their own card."
        ),
        widget=SelectWidget(values=list(CODES)),
        default="none",
        missing="none",
        validator=colander.OneOf([code for code, _title in CODES]),
    ),
    _minutes(
        "codes_per_day",
        _("Codes that are sent a day"),
        200,
        100_000,
        _("No joker shall cost you more than that. 0: none are sent."),
    ),
    _minutes("offer", _("A time is kept for who waits, minutes"), 30, 1440, least=5),
    _minutes(
        "remind",
        _("Clients are reminded, hours before"),
        24,
        720,
        _("0: not at all. The texts stand in the settings of messages."),
    ),
    _percent(
        "deposit_percent",
        _("Deposit, percent of the price"),
        _("A service may have a deposit of its own. 0: none."),
    ),
    colander.SchemaNode(
        colander.Decimal(quant="0.01"),
        name="deposit_amount",
        title=_("Deposit, amount for each service"),
        description=_("Instead of a percentage, in your currency. 0: by the percentage."),
        default=Decimal(0),
        missing=Decimal(0),
        validator=colander.Range(Decimal(0), Decimal(1_000_000_000)),
    ),
    colander.SchemaNode(
        colander.Boolean(),
        name="deposit_desk",
        title=_("Ask for deposits at the desk as well"),
        description=_("Otherwise only who books online pays one."),
        default=False,
        missing=False,
    ),
    _minutes(
        "deposit_within",
        _("A deposit is paid within, minutes"),
        0,
        43_200,
        _("Then the visit is cancelled and its time is free again. 0: the visit stays."),
    ),
    _minutes("free_hours", _("Cancelled free of charge, hours before"), 24, MAX_FREE_HOURS),
    _percent("late_percent", _("Fee for cancelling later, percent of the price")),
    _percent("missed_percent", _("Fee for not coming, percent of the price")),
    colander.SchemaNode(
        colander.String(),
        name="origins",
        title=_("Addresses of web sites that show the widget"),
        description=_("One per line, such as https://salon.example. Empty: none but this one."),
        default="",
        missing="",
        preparer=_as_browsers_say,
        validator=colander.All(colander.Length(max=2000), _origins),
    ),
]


@dataclass(frozen=True)
class Policy:
    """The settings, typed. Minutes, days for `window`, hours for `remind` and `free_hours`."""

    step: int
    lead: int
    window: int
    cancel_until: int
    move_until: int
    hold: int
    holds_per_network: int
    visits_per_client: int
    offer: int
    remind: int
    deposit_percent: int
    deposit_amount: Decimal
    deposit_desk: bool
    deposit_within: int
    free_hours: int
    late_percent: int
    missed_percent: int
    review: int
    code: str
    codes_per_day: int
    origins: str = ""

    @property
    def sites(self) -> tuple[str, ...]:
        """The web sites that may show the widget, as browsers name them."""
        return tuple(self.origins.split())


def policy_of(session: Session) -> Policy:
    """How the session's organisation lets itself be booked; read once per session."""
    found: Policy | None = session.scope.cache.get("bookings.policy")
    if found is None:
        found = Policy(**settings_of(session, "bookings"))
        session.scope.cache["bookings.policy"] = found
    return found
