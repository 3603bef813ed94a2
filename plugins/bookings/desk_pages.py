"""Booking at the desk, and what a hand does in the calendar: dragging and stretching visits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import colander
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from parlour.access.rules import allows
from parlour.access.views import forms
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import desk, services
from parlour.plugins.bookings.calendar import titles_of
from parlour.plugins.bookings.calendar_asked import BOOK, MOVE
from parlour.plugins.bookings.desk import Place
from parlour.plugins.bookings.models import Appointment
from parlour.plugins.bookings.offers import NotOffered, Wanted, zone_of
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import DAY, moment
from parlour.plugins.schedule.models import Absence
from parlour.plugins.schedule.services import Taken
from parlour.records.defaults import defaults_of
from parlour.records.pages.undoing import done, undo_url
from parlour.records.query import read, visible
from parlour.records.registry import record_type
from parlour.records.values import Fault
from parlour.records.write import Change, save, write
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import template
from parlour.web.widgets import CheckboxWidget, LinkWidget, TimeWidget

# What can be blocked at a press, in minutes.
BLOCKS = (30, 60, 120)
BLOCK = "schedule:absence:create"
ADD_CLIENT, SEE_CLIENTS = "contacts:contact:create", "contacts:contact:read"
# Services of a visit that the form asks for; further ones are added on the card.
SERVICES = 3
max_queries = 60


class _Booking:
    """The form of a new visit: what it starts with, and what becomes of it."""

    def __init__(self, request: Request):
        self.request, self.session = request, request.db
        # What the address said first stays in the form's own address when it comes back with mistakes.
        given = request.GET.get
        branch = given("branch", "")
        known = defaults_of(request.db).branches
        self.branch = (
            int(branch) if branch.isdecimal() and int(branch[:18]) in known else request.db.scope.branch_id
        )
        self.zone = zone_of(request.db, self.branch)
        self.staff = given("staff", "")
        self.at = desk.instant(given("at", ""), self.zone)
        self.client = given("client", "")
        self.choices = desk.choices(request.db, self.branch)
        self.form = forms.Form(request, *self._nodes(), action=request.path_qs, name="book", save=_("Book"))

    def _nodes(self) -> list[Any]:
        able = self.choices.able.get(int(self.staff) if self.staff.isdecimal() else 0)
        services_ = [
            (str(key), f"{name} · {self.request.loc.plural('${n} minute', '${n} minutes', length)}")
            for key, (name, length) in self.choices.services.items()
            if not able or key in able
        ]
        people = [(str(key), name) for key, name in self.choices.staff.items()]
        nodes = []
        if allows(self.session, SEE_CLIENTS):
            nodes.append(self._client())
        if allows(self.session, ADD_CLIENT):
            hint = _("Empty, too: somebody who walks in and gives no name.")
            nodes.append(forms.text("new_name", _("Or a new client"), hint=hint))
            nodes.append(forms.phone("new_phone", _("Phone of the new client")))
        for place in range(SERVICES):
            # The first one is always there; the others wait behind "More".
            title = _("Service") if place == 0 else _("And then")
            node = forms.choice(f"item{place}", title, [("", ""), *services_], required=place == 0)
            node.more = place > 0
            nodes.append(node)
        nodes.append(forms.choice("staff", _("Specialist"), [("", _("Whoever is free")), *people]))
        nodes.append(forms.day("day", _("Day"), required=True))
        time = forms.text("time", _("Time"), required=True)
        time.widget = TimeWidget()
        nodes.append(time)
        visitor = forms.text(
            "visitor", _("Who comes"), hint=_("A child or a friend, when it is not the client.")
        )
        note = forms.lines("note", _("Note"), rows=2)
        visitor.more = note.more = True
        nodes += [visitor, note]
        if desk.force_allowed(self.session):
            nodes.append(
                colander.SchemaNode(
                    colander.Boolean(),
                    name="force",
                    title=_("Put it over what stands there"),
                    widget=CheckboxWidget(),
                    missing=False,
                    more=True,
                )
            )
        return nodes

    def _client(self) -> Any:
        request = self.request
        node = forms.choice("client", _("Client"), [], hint=_("Type a name or a phone."))
        kind = record_type(Contact)

        def title_of(text: str) -> str | None:
            return self._client_title(int(text)) if text.isdecimal() and len(text) < 19 else None

        node.widget = LinkWidget(values=[], title_of=title_of)
        node.widget.data_url = request.url_of("record.suggest", record=kind.name)
        return node

    def _client_title(self, client: int) -> str | None:
        kind = record_type(Contact)
        conditions = [Contact.id == client, *visible(self.session, kind)]
        rows = read(self.session, kind, [kind.field("name")], conditions)
        return (rows[0]["name"] or f"#{client}") if rows else None

    def start(self) -> dict[str, Any]:
        """What stands in the form at first."""
        zone = ZoneInfo(self.zone)
        local = moment(self.at).astimezone(zone) if self.at is not None else None
        today = datetime.now(zone).date()
        return {
            "staff": self.staff,
            "client": self.client,
            "day": (local.date() if local else today).isoformat(),
            "time": f"{local:%H:%M}" if local else "",
        }

    def block(self) -> dict[str, Any] | None:
        """What it takes to block the time instead: the second tap after the one on free time."""
        if (
            self.at is None
            or self.staff not in map(str, self.choices.staff)
            or not allows(self.session, BLOCK)
        ):
            return None
        loc = self.request.loc
        choices = [
            {"minutes": str(length), "text": loc.plural("${n} minute", "${n} minutes", length)}
            for length in BLOCKS
        ]
        choices.append({"minutes": "rest", "text": loc.translate(_("Rest of the day"))})
        return {
            "url": self.request.url_of("bookings.block"),
            "staff": self.staff,
            "at": self.request.GET["at"],
            "branch": self.request.GET.get("branch", ""),
            "choices": choices,
        }

    def book(self) -> Response:
        """Book what was filled in; everything that is wrong is said at its box."""
        given = self.form.read()
        start = desk.instant(f"{given['day']}T{given['time'][:5]}", self.zone)
        if start is None:
            raise Invalid(_("Not saved yet."), {0: {"time": _("This is no day or time.")}})
        wanted = self._wanted(given)
        force = bool(given.get("force"))
        if force and not desk.force_allowed(self.session):
            raise NotAllowed(_("Putting a visit over another is not yours to do."))
        values = self._values(given)
        try:
            booked = services.book(
                self.session, wanted, start, by="staff", branch_id=self.branch, values=values, force=force
            )
        except (NotOffered, Taken) as refused:
            length = sum(self.choices.services[one.item][1] for one in wanted)
            said = desk.why_not(
                self.session, self.request.loc, wanted, start, start + length, refused, branch_id=self.branch
            )
            raise Invalid(_("Not saved yet."), {0: {"time": said}}) from refused
        desk.still_theirs(self.session, booked.id, "create")
        back = self.request.url_of("bookings.day", query={"date": given["day"]} | self._kept())
        return done(self.request, _("Booked."), booked.change_set, back)

    def _kept(self) -> dict[str, Any]:
        branch = self.request.GET.get("branch")
        return {"branch": branch} if branch else {}

    def _wanted(self, given: Mapping[str, Any]) -> list[Wanted]:
        items = [given[f"item{place}"] for place in range(SERVICES) if given[f"item{place}"]]
        chosen = [int(item) if item.isdecimal() else 0 for item in items]
        if any(item not in self.choices.services for item in chosen):
            raise Invalid(_("Not saved yet."), {0: {"item0": _("Choose from the list.")}})
        staff = int(given["staff"]) if given["staff"].isdecimal() else None
        if staff is not None and staff not in self.choices.staff:
            raise Invalid(_("Not saved yet."), {0: {"staff": _("Choose from the list.")}})
        able = self.choices.able.get(staff or 0, set())
        # Who is asked for does all that they can do; for the rest anybody is found.
        return [
            Wanted(item, staff if item in able or place == 0 else None) for place, item in enumerate(chosen)
        ]

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of the visit beside its time: whose it is, and what was noted."""
        values: dict[str, Any] = {"visitor": given["visitor"] or None, "note": given["note"] or None}
        client, name = given.get("client") or "", given.get("new_name") or ""
        phone = given.get("new_phone") or ""
        if client:
            if not client.isdecimal() or self._client_title(int(client[:18])) is None:
                raise Invalid(_("Not saved yet."), {0: {"client": _("Choose from the list.")}})
            values["client"] = int(client)
        elif name or phone:
            values["client"] = self._new_client(name, phone)
        values["source"] = "desk" if client or name or phone else "walk_in"
        return values

    def _new_client(self, name: str, phone: str) -> int:
        if not name:
            raise Invalid(_("Not saved yet."), {0: {"new_name": _("This is needed.")}})
        kind = record_type(Contact)
        values: dict[str, Any] = {"name": name, "kind": "person"}
        if phone:
            try:
                number = record_type(Appointment).field("phone").kind.clean(phone, defaults_of(self.session))
            except Fault as fault:
                raise Invalid(_("Not saved yet."), {0: {"new_phone": fault.message}}) from fault
            holder = self._holder(number)
            if holder is not None:
                said = _("This is the phone of ${name}; choose them above.", mapping={"name": holder})
                raise Invalid(_("Not saved yet."), {0: {"new_phone": said}})
            values["phones"] = [{"number": number}]
        return save(self.session, kind, values)

    def _holder(self, number: Any) -> str | None:
        """Who has this phone already, if this person may see them."""
        kind = record_type(Contact)
        phones: Any = kind.field("phones").cls
        owners = select(phones.owner_id).where(phones.number == number)
        conditions = [Contact.id.in_(owners), *visible(self.session, kind)]
        rows = read(self.session, kind, [kind.field("name")], conditions, limit=1)
        return rows[0]["name"] or "–" if rows else None


@view_config(route_name="bookings.book", request_method="GET", permission=BOOK)
def ask(context: OrganisationContext, request: Request) -> Response:
    """The form of a new visit; a dialog where scripts run."""
    booking = _Booking(request)
    return _page(request, booking.form.show(booking.start()), block=booking.block())


@view_config(route_name="bookings.book", request_method="POST", permission=BOOK)
def book(context: OrganisationContext, request: Request) -> Response:
    booking = _Booking(request)
    try:
        with request.db.begin_nested():
            return booking.book()
    except (Invalid, Refusal) as error:
        return _page(request, booking.form.again(error), 422)


def _page(
    request: Request, form: Any, status: int = 200, *, block: Mapping[str, Any] | None = None
) -> Response:
    values: dict[str, Any] = {
        "title": _("New visit"),
        "lead": "",
        "crumbs": [{"title": _("Calendar"), "url": request.url_of("bookings.day")}],
        "form": form,
    }
    if "X-Fragment" in request.headers:
        name, values["block"] = "bookings/_book.jinja2", block
    else:
        name = "form.jinja2"
        values["aside"] = [template(request, "bookings/_beside.jinja2", {"block": block})] if block else []
    response = render_to_response(name, values, request=request)
    response.status_code = status
    return response


@view_config(route_name="bookings.block", request_method="POST", permission=BLOCK)
def block(context: OrganisationContext, request: Request) -> Response:
    """Take time of a specialist out of the day. Visits that lie in it stay, and are counted."""
    given = request.POST.get
    staff, branch = given("staff", ""), given("branch", "")
    zone = zone_of(request.db, int(branch) if branch.isdecimal() and len(branch) < 19 else None)
    start = desk.instant(given("at", ""), zone)
    length = given("minutes", "")
    if start is None or not staff.isdecimal() or len(staff) > 18:
        raise HTTPBadRequest()
    local = moment(start).astimezone(ZoneInfo(zone))
    first = local.hour * 60 + local.minute
    last = first + int(length) if length in map(str, BLOCKS) else DAY
    values = {
        "staff": int(staff),
        "reason": "break",
        "since": local.date(),
        "since_time": first,
        "until": local.date(),
        # Up to midnight is no time of day.
        "until_time": last if last < DAY else None,
    }
    done_ = write(request.db, Absence, [Change(values)], label="block")
    there = desk.in_the_way(request.db, [int(staff)], start, start + min(last, DAY) - first)
    said: Any = _("The time is blocked.")
    if there:
        names = ", ".join(titles_of(row) or "–" for row in there)
        said = _("The time is blocked. Still in it: ${names}.", mapping={"names": names})
    query = {"date": local.date().isoformat()} | ({"branch": branch} if branch else {})
    return done(request, said, done_.change_set, request.url_of("bookings.day", query=query))


# ---- what a hand does


class _Hand:
    """Where a visit is dragged to, or how long it becomes, as the script says it."""

    def __init__(self, request: Request, given: Any):
        self.request = request
        line = given.get("line", "")
        if not line.isdecimal() or len(line) > 18:
            raise HTTPBadRequest()
        self.place: Place = desk.place_of(request.db, int(line))
        zone = zone_of(request.db, self.place.branch)
        length = given.get("minutes", "")
        self.length = int(length) if length.isdecimal() and len(length) < 5 else None
        start = desk.instant(given.get("at", ""), zone)
        self.start = self.place.start if start is None else start
        staff = given.get("staff", "")
        self.staff = int(staff) if staff.isdecimal() and len(staff) < 19 else None
        self.force = given.get("force") == "1"

    @property
    def stretched(self) -> bool:
        return self.length is not None and self.length != self.place.minutes

    def refused(self, error: Refusal) -> dict[str, Any]:
        """What is in the way, in words."""
        wanted = [Wanted(0, self.staff or self.place.staff)]
        length = self.length or self.place.minutes
        said = desk.why_not(
            self.request.db,
            self.request.loc,
            wanted,
            self.start,
            self.start + length,
            error,
            branch_id=self.place.branch,
            visit=self.place.visit,
        )
        may = not self.stretched and desk.force_allowed(self.request.db)
        return {"free": False, "text": said, "force": may}


@view_config(route_name="bookings.landing", request_method="GET", permission=MOVE, renderer="json")
def landing(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Whether a visit may be put there: asked while it is dragged, so that the conflict is seen before the drop."""
    if "line" not in request.GET:
        return {"free": False, "text": ""}
    hand = _Hand(request, request.GET)
    try:
        if hand.stretched:
            end = hand.start + (hand.length or 0)
            staff = [hand.place.staff] if hand.place.staff else []
            if desk.in_the_way(request.db, staff, hand.start, end, without=hand.place.visit):
                raise Taken()
        else:
            desk.landing(request.db, hand.place, hand.start, hand.staff)
    except Refusal as error:
        return hand.refused(error)
    return {"free": True, "text": ""}


@view_config(route_name="bookings.landing", request_method="POST", permission=MOVE, renderer="json")
def land(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Move or stretch a visit. Answers with what was done and how to undo it, or 422 with what is in the way."""
    hand = _Hand(request, request.POST)
    db = request.db
    try:
        with db.begin_nested():
            if hand.stretched:
                change_set = desk.lengthen(db, hand.place, hand.length or 0)
                said = _("The visit takes ${n} minutes now.", mapping={"n": hand.length})
            else:
                change_set = desk.move(db, hand.place, hand.start, hand.staff, force=hand.force)
                local = moment(hand.start).astimezone(ZoneInfo(zone_of(db, hand.place.branch)))
                said = _("Moved to ${time}.", mapping={"time": request.loc.time(local.time())})
    except Refusal as error:
        request.response.status_code = 422
        return hand.refused(error)
    back = request.POST.get("back", "")
    undo = undo_url(request, change_set, back) if change_set else None
    return {
        "free": True,
        "text": request.loc.translate(said),
        "undo": undo,
        "undo_title": request.loc.translate(_("Undo")),
    }
