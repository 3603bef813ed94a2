"""What clients and staff are told about visits, where the plugin messages is on.

Nothing is sent because it was true once: each kind reads its visit again right before it goes. What comes from a file or
the command line tells nobody anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from parlour.access.models import Branch
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.i18n import _
from parlour.mail.letters import site_address
from parlour.plugins.bookings import reviews, waiting
from parlour.plugins.bookings.bridges.messages import code
from parlour.plugins.bookings.bridges.messages.late_and_series import LATE, ON_TIME, SERIES
from parlour.plugins.bookings.late import telling
from parlour.plugins.bookings.models import Appointment, Line, Waiting
from parlour.plugins.bookings.online.codes import CodeWay
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.bookings.statuses import CANCELLED
from parlour.plugins.bookings.tokens import make_token, make_waiting_token
from parlour.plugins.catalog.models import Item
from parlour.plugins.messages import services
from parlour.plugins.messages.kinds import (
    ADVERTISING,
    EMAIL,
    SAMPLE_MOMENT,
    SMS,
    STAFF,
    About,
    MessageKind,
    Shipped,
    Variable,
)
from parlour.plugins.messages.models import DELIVERED, SENDING, SENT, UNCERTAIN, Message
from parlour.plugins.messages.services import Address
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.models import Staff
from parlour.records.history import undoing
from parlour.records.registry import RecordType
from parlour.records.values import Money
from parlour.records.write import RowChange
from parlour.settings import Settings

VISIT = "bookings.appointment"
# Subject, body and short text.
_Texts = tuple[str, str, str]
COMING = ("requested", "booked", "confirmed")
# Ways in which visits come that nobody is told about: they have been agreed on elsewhere.
SILENT = ("import", "cli")


def _coming(session: Session, about: About) -> Mapping[str, Any] | None:
    """The visit as it is now; None once it was moved, cancelled or is over. `version` is the start that was spoken of."""
    visit = _visit(session, about)
    if visit is None or visit["status"] not in COMING or visit["start"] <= now():
        return None
    if about.version is not None and minutes(visit["start"]) != about.version:
        return None
    return visit


def _for_client(session: Session, about: About) -> Mapping[str, Any] | None:
    """As `_coming`, with a key of the client's own: whoever has the message can move and cancel the visit."""
    visit = _coming(session, about)
    if visit is None:
        return None
    return {**visit, "link": _link(session, about, f"visit={make_token(session, about.id)}")}


def _off(session: Session, about: About) -> Mapping[str, Any] | None:
    """The cancelled visit; None when it has come back meanwhile."""
    visit = _visit(session, about)
    return visit if visit is not None and visit["status"] in CANCELLED else None


def _visit(session: Session, about: About) -> dict[str, Any] | None:
    row = session.execute(
        select(
            Appointment.status,
            Appointment.starts,
            Appointment.client_id,
            Appointment.visitor,
            Appointment.deposit_amount,
            Appointment.deposit_currency,
            Appointment.free_until,
            Branch.name.label("place"),
            Branch.address,
            Branch.phone,
        )
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id == about.id, Appointment.archived_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    lines = session.execute(
        select(Line.name, Staff.name.label("who"))
        .outerjoin(Staff, Staff.id == Line.staff_id)
        .where(Line.appointment_id == about.id, Line.archived_at.is_(None))
        .order_by(Line.position, Line.id)
    ).all()
    people = dict.fromkeys(line.who for line in lines if line.who)
    place = ", ".join(part for part in (row.place, row.address) if part)
    return {
        "start": row.starts,
        "services": ", ".join(line.name for line in lines if line.name) or "—",
        "specialist": ", ".join(people) or "—",
        "place": place or "—",
        "status": row.status,
        "who": row.visitor or "—",
        "deposit": None
        if row.deposit_amount is None
        else Money.from_minor(row.deposit_amount, row.deposit_currency),
        "free_until": row.free_until,
    }


_VARIABLES = (
    Variable("start", _("Begins"), SAMPLE_MOMENT),
    Variable("services", _("Services of the visit"), "Haircut, Blow-dry"),
    Variable("specialist", _("Specialist"), "Vera Zaitseva"),
    Variable("place", _("Where"), "Jasmine on Tverskaya, Tverskaya 12"),
    Variable("status", _("Status"), "booked"),
    Variable("who", _("Who comes"), "Anna Orlova"),
    Variable("deposit", _("Deposit"), Money(Decimal(500), "RUB")),
    Variable("free_until", _("Cancelled free of charge until"), SAMPLE_MOMENT - timedelta(days=1)),
)


_LINK = Variable("link", _("Where the visit is moved or cancelled"), "https://salon.example/#visit=kX3vQ9")


def _kind(code: str, title: Any, still: Any, english: _Texts, russian: _Texts, **more: Any) -> MessageKind:
    return MessageKind(
        code=f"bookings.{code}",
        title=title,
        variables=_VARIABLES if still is not _for_client else (*_VARIABLES, _LINK),
        texts={"en": Shipped(*english), "ru": Shipped(*russian)},
        still=still,
        **more,
    )


_WHAT = "\n\n{services}\n{specialist}\n{place}\n\n"
_DETAILS = _WHAT + "{salon}"
_CHANGE = _WHAT + "Look at it, move or cancel it: {link}\n\n{salon}"
_CHANGE_RU = _WHAT + "Посмотреть, перенести или отменить: {link}\n\n{salon}"
KINDS = (
    _kind(
        "booked",
        _("Visit booked"),
        _for_client,
        (
            "You are booked: {start}",
            "{first_name}, we expect you on {start.weekday}, {start.date} at {start.time}." + _CHANGE,
            "{salon}: {start.date} {start.time}, {services}",
        ),
        (
            "Вы записаны: {start}",
            "{first_name}, ждём вас: {start.weekday}, {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: {start.date} {start.time}, {services}",
        ),
        quiet=False,
        sequence=10,
    ),
    _kind(
        "moved",
        _("Visit moved"),
        _for_client,
        (
            "Your visit was moved: {start}",
            "{first_name}, your visit is now on {start.weekday}, {start.date} at {start.time}." + _CHANGE,
            "{salon}: moved to {start.date} {start.time}",
        ),
        (
            "Визит перенесён: {start}",
            "{first_name}, теперь ждём вас: {start.weekday}, {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: перенос на {start.date} {start.time}",
        ),
        quiet=False,
        sequence=11,
    ),
    _kind(
        "cancelled",
        _("Visit cancelled"),
        _off,
        (
            "Your visit was cancelled",
            "{first_name}, your visit on {start.date} at {start.time} was cancelled." + _DETAILS,
            "{salon}: {start.date} {start.time} is cancelled",
        ),
        (
            "Визит отменён",
            "{first_name}, визит {start.date} в {start.time} отменён." + _DETAILS,
            "{salon}: визит {start.date} {start.time} отменён",
        ),
        quiet=False,
        sequence=12,
    ),
    _kind(
        "reminder",
        _("Reminder of a visit"),
        _for_client,
        (
            "We expect you: {start}",
            "{first_name}, see you on {start.weekday}, {start.date} at {start.time}." + _CHANGE,
            "{salon}: see you {start.date} {start.time}",
        ),
        (
            "Ждём вас: {start}",
            "{first_name}, напоминаем о визите: {start.weekday}, {start.date}, {start.time}." + _CHANGE_RU,
            "{salon}: ждём вас {start.date} {start.time}",
        ),
        sequence=13,
    ),
    _kind(
        "online",
        _("Booked online, for the specialist"),
        _coming,
        (
            "Booked online: {start}",
            "{start.weekday}, {start.date} at {start.time}" + _DETAILS,
            "{start.date} {start.time}, {services}",
        ),
        (
            "Запись онлайн: {start}",
            "{start.weekday}, {start.date}, {start.time}" + _DETAILS,
            "{start.date} {start.time}, {services}",
        ),
        audience=STAFF,
        sequence=14,
    ),
)


def _offered(session: Session, about: About) -> Mapping[str, Any] | None:
    """The offer as it is now; None once it was taken or is over. `version` is the start that was offered."""
    row = session.execute(
        select(
            Waiting.status,
            Waiting.offered,
            Waiting.offered_until,
            Item.name,
            Branch.name.label("place"),
            Branch.address,
        )
        .join(Item, Item.id == Waiting.item_id)
        .outerjoin(Branch, Branch.id == Waiting.branch)
        .where(Waiting.id == about.id)
    ).one_or_none()
    if (
        row is None
        or row.status != "offered"
        or row.offered_until <= now()
        or minutes(row.offered) != about.version
    ):
        return None
    code = waiting.new_token(session, about.id)
    return {
        "start": row.offered,
        "until": row.offered_until,
        "services": row.name,
        "place": ", ".join(part for part in (row.place, row.address) if part) or "—",
        "code": code,
        "link": _link(session, about, f"waiting={make_waiting_token(session, about.id)}"),
    }


def _link(session: Session, about: About, what: str) -> str:
    """Where the widget's own page opens something that one person has the key of."""
    assert about.settings is not None
    page = f"/widget/{own_organisation(session).slug}/bookings#{what}"
    return site_address(about.settings, page)


OFFER = MessageKind(
    code="bookings.offer",
    title=_("A time has come free"),
    variables=(
        Variable("start", _("Begins"), SAMPLE_MOMENT),
        Variable("until", _("Kept until"), SAMPLE_MOMENT),
        Variable("services", _("Services of the visit"), "Haircut"),
        Variable("place", _("Where"), "Jasmine on Tverskaya, Tverskaya 12"),
        Variable("code", _("Code with which the offer is taken"), "kX3vQ9"),
        Variable("link", _("Address where the offer is taken"), "https://salon.example/#waiting=kX3vQ9"),
    ),
    texts={
        "en": Shipped(
            "A time has come free: {start}",
            "{first_name}, {start.weekday}, {start.date} at {start.time} has come free: {services}.\n{place}\n\n"
            "It is kept for you until {until.time}. Take it here, or leave the waiting list: {link}\n\n{salon}",
            "{salon}: {start.date} {start.time} is free, kept until {until.time}: {link}",
        ),
        "ru": Shipped(
            "Освободилось время: {start}",
            "{first_name}, освободилось время: {start.weekday}, {start.date}, {start.time}, {services}.\n{place}\n\n"
            "Держим его для вас до {until.time}. Занять его или выйти из листа ожидания: {link}\n\n{salon}",
            "{salon}: свободно {start.date} {start.time}, держим до {until.time}: {link}",
        ),
    },
    still=_offered,
    quiet=False,
    secret=("code",),
    sequence=15,
)


def _to_review(session: Session, about: About) -> Mapping[str, Any] | None:
    """The visit that was; None where it did not take place after all, was reviewed already, or a month ago somebody asked."""
    visit = _visit(session, about)
    if visit is None or visit["status"] != "done" or reviews.of_visits(session, [about.id]):
        return None
    lately = select(Message.id).where(
        Message.kind == REVIEW.code,
        Message.contact_id == about.contact_id,
        Message.state.in_((SENDING, SENT, DELIVERED, UNCERTAIN)),
        Message.sent_at > now() - SELDOM,
    )
    if session.scalars(lately.limit(1)).first() is not None:
        return None
    return {**visit, "link": _link(session, about, f"review={make_token(session, about.id)}")}


REVIEW = MessageKind(
    code="bookings.review",
    title=_("How was it?"),
    variables=(
        *_VARIABLES,
        Variable("link", _("Address of the review"), "https://salon.example/#review=kX3vQ9"),
    ),
    texts={
        "en": Shipped(
            "How was your visit?",
            "{first_name}, you were with us on {start.date}: {services}.\n\n"
            "How was it? A few stars and a word help us and others: {link}\n\n{salon}",
            "{salon}: how was your visit? {link}",
        ),
        "ru": Shipped(
            "Как прошёл визит?",
            "{first_name}, вы были у нас {start.date}: {services}.\n\n"
            "Как всё прошло? Оценка и пара слов помогут нам и другим: {link}\n\n{salon}",
            "{salon}: как прошёл визит? {link}",
        ),
    },
    # Asking for a review is advertising by the law of some countries, so it goes to those only who have agreed to it.
    purpose=ADVERTISING,
    still=_to_review,
    sequence=17,
)
SELDOM = timedelta(days=30)


def _ask_for_reviews(session: Session, rows: Sequence[RowChange]) -> None:
    """Ask clients how it was, some hours after their visit is done."""
    hours = policy_of(session).review
    done = [row.id for row in rows if row.kind == "update" and row.new.get("status") == "done"]
    if not hours or not done:
        return
    found = session.execute(
        select(Appointment.id, Appointment.ends, Appointment.client_id, Branch.zone)
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id.in_(done), Appointment.client_id.is_not(None))
    ).all()
    for visit in found:
        due = max(visit.ends, now()) + timedelta(hours=hours)
        services.send(
            session,
            REVIEW.code,
            contact_id=visit.client_id,
            about=(VISIT, visit.id),
            at=due,
            expires_at=due + timedelta(days=3),
            zone=visit.zone,
            dedupe_key=f"{REVIEW.code}:{visit.id}",
        )


@hookimpl
def bookings_code_ways(session: Session, settings: Settings) -> Sequence[CodeWay]:
    return code.ways(session, settings)


@hookimpl
def messages_kinds(session: Session) -> Sequence[MessageKind]:
    return (*KINDS, SERIES, LATE, ON_TIME, OFFER, code.CODE, REVIEW)


@hookimpl
def records_changed(session: Session, record: RecordType, rows: Sequence[RowChange]) -> None:
    """Ask for the messages of visits that were booked, moved or cancelled; they are sent when this is committed."""
    if session.scope.via in SILENT:
        return
    if record.cls is Appointment:
        _ask_for_reviews(session, rows)
        late, back = telling(session), undoing(session) == "late"
        told = {
            row.id: _what_back(row) if back else _what(row) if late is None else _what_late(row, late)
            for row in rows
        }
        wanted = [row_id for row_id, what in told.items() if what is not None]
        if wanted:
            for visit in _people(session, wanted):
                _tell(session, visit, told[visit.id] or "")
    elif record.cls is Waiting:
        _tell_offers(session, [row.id for row in rows if row.new.get("status") == "offered"])
    elif record.cls is Line:
        _tell_staff(session, [row for row in rows if row.kind == "create"])


def _what(row: RowChange) -> str | None:
    """Which message a change of a visit asks for."""
    if row.kind == "create":
        if row.new.get("status") not in COMING or row.new.get("source") == "import":
            return None
        return "series" if row.new.get("series") else "booked"
    if row.kind != "update":
        return None
    if row.new.get("status") in CANCELLED and row.old.get("status") in COMING:
        return "cancelled"
    if "starts" in row.new:
        return "moved"
    # Brought back: it holds again, and so does what was said about it.
    return "booked" if row.new.get("status") in COMING and row.old.get("status") in CANCELLED else None


def _what_late(row: RowChange, tell: bool) -> str | None:
    """Which message a visit of a specialist who is late asks for; of one that moves, the reminder follows in each case."""
    if tell and row.value("status") in COMING and ("starts" in row.new or row.new.get("delay")):
        return "late"
    return "remind" if "starts" in row.new else None


def _what_back(row: RowChange) -> str | None:
    """Which message a visit asks for whose delay is taken back; it goes only to who was told of that."""
    return "on_time" if row.kind == "update" and {"starts", "delay"} & set(row.new) else None


def _people(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    return session.execute(
        select(
            Appointment.id,
            Appointment.version,
            Appointment.starts,
            Appointment.delay,
            Appointment.series,
            Appointment.client_id,
            Appointment.visitor,
            Appointment.phone,
            Appointment.email,
            Branch.zone,
        )
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(Appointment.id.in_(ids), Appointment.ends > now())
    ).all()


def _tell(session: Session, visit: Any, what: str) -> None:
    whom = _whom(visit)
    late = what in ("late", "on_time")
    expected = visit.starts + timedelta(minutes=visit.delay or 0) if late else visit.starts
    if whom is None or expected <= now():
        return
    common: dict[str, Any] = {**whom, "about": (VISIT, visit.id), "zone": visit.zone}
    start = minutes(visit.starts)
    if what == "series":
        # One for all that are booked together; it is read when it goes.
        services.send(
            session,
            "bookings.series",
            dedupe_key=f"bookings.series:{visit.series}:{now():%Y%m%d%H%M}",
            expires_at=visit.starts,
            **common | {"about": (VISIT, visit.series)},
        )
    elif what != "remind":
        services.send(
            session,
            f"bookings.{what}",
            # The version tells two moves to and fro apart; when a client is expected is read again in `told`.
            dedupe_key=f"bookings.{what}:{visit.id}:{visit.version}"
            + (f":{minutes(expected)}" if late else ""),
            version=None if what == "cancelled" else minutes(expected),
            expires_at=expected,
            **common,
        )
    ahead = timedelta(hours=policy_of(session).remind)
    due = visit.starts - ahead
    # Who has booked just now needs no reminder.
    if what == "cancelled" or not ahead or due < now() + timedelta(hours=1):
        return
    services.send(
        session,
        "bookings.reminder",
        dedupe_key=f"bookings.reminder:{visit.id}:{start}",
        version=start,
        at=due,
        expires_at=visit.starts - min(ahead / 2, timedelta(hours=1)),
        **common,
    )


def _whom(visit: Any) -> dict[str, Any] | None:
    """The client's card, else what the visitor left: an e-mail address costs nothing, so it goes first."""
    if visit.client_id is not None:
        return {"contact_id": visit.client_id}
    if visit.email:
        return {"address": Address(EMAIL, visit.email, visit.visitor or "")}
    if visit.phone:
        return {"address": Address(SMS, visit.phone, visit.visitor or "")}
    return None


def _tell_staff(session: Session, rows: Sequence[RowChange]) -> None:
    """Tell specialists who log in that somebody has booked them online."""
    found = session.execute(
        select(Appointment.id, Appointment.starts, Staff.user, Branch.zone)
        .join(Line, Line.appointment_id == Appointment.id)
        .join(Staff, Staff.id == Line.staff_id)
        .outerjoin(Branch, Branch.id == Appointment.branch)
        .where(
            Line.id.in_([row.id for row in rows]),
            Appointment.source == "online",
            Appointment.starts > now(),
            Staff.user.is_not(None),
        )
    ).all()
    for row in found:
        services.send(
            session,
            "bookings.online",
            user_id=row.user,
            about=(VISIT, row.id),
            version=minutes(row.starts),
            expires_at=row.starts,
            zone=row.zone,
            dedupe_key=f"bookings.online:{row.id}:{row.user}",
        )


def _tell_offers(session: Session, ids: Sequence[int]) -> None:
    found = session.execute(
        select(
            Waiting.id,
            Waiting.client_id,
            Waiting.visitor,
            Waiting.phone,
            Waiting.email,
            Waiting.offered,
            Waiting.offered_until,
            Branch.zone,
        )
        .outerjoin(Branch, Branch.id == Waiting.branch)
        .where(Waiting.id.in_(ids))
    ).all()
    for row in found:
        whom = _whom(row)
        if whom is not None:
            services.send(
                session,
                "bookings.offer",
                dedupe_key=f"bookings.offer:{row.id}:{minutes(row.offered)}",
                about=("bookings.waiting", row.id),
                version=minutes(row.offered),
                expires_at=row.offered_until,
                zone=row.zone,
                **whom,
            )
