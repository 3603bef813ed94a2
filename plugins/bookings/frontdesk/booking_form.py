"""The form of a new visit at the desk: what it starts with, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import colander
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import select

from parlour.access.rules import allows
from parlour.access.views import forms
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.i18n import _
from parlour.plugins.bookings import services, waiting
from parlour.plugins.bookings.frontdesk import desk
from parlour.plugins.bookings.frontdesk.calendar_asked import number_in, write_down
from parlour.plugins.bookings.models import MAX_SERVICES, Appointment, Waiting
from parlour.plugins.bookings.offers import NotOffered, Wanted, zone_of
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import DAY, moment
from parlour.plugins.schedule.services import Taken
from parlour.records.defaults import defaults_of
from parlour.records.pages.undoing import done
from parlour.records.query import read, visible
from parlour.records.registry import Field, RecordType, fields_of, record_type
from parlour.records.values import Fault
from parlour.records.write import Change, open_change_set, save, write
from parlour.web.widgets import CheckboxWidget, LinkWidget, TextInputWidget, TimeWidget

# What can be blocked at a press, in minutes.
BLOCKS = (30, 60, 120)
BLOCK = "schedule:absence:create"
ADD_CLIENT, SEE_CLIENTS = "contacts:contact:create", "contacts:contact:read"
# The button for another service, and those of free times near the one that was asked for.
MORE, TAKE = "more", "take"


class Booking:
    """The form of a new visit: what it starts with, and what becomes of it."""

    def __init__(self, request: Request):
        self.request, self.session = request, request.db
        # What the address said first stays in the form's own address when it comes back with mistakes.
        given = request.GET.get
        branch = number_in(given("branch", ""))
        known = defaults_of(request.db).branches
        self.branch = branch if branch in known else request.db.scope.branch_id
        self.zone = zone_of(request.db, self.branch)
        self.staff = number_in(given("staff", ""))
        self.at = desk.instant(given("at", ""), self.zone)
        self.choices = desk.choices(request.db)
        self.form = forms.Form(
            request,
            *self._nodes(),
            action=request.path_qs,
            name="book",
            save=_("Book"),
            also=[(MORE, _("Another service"))] if self.places < MAX_SERVICES else (),
            back=request.url_of("bookings.day"),
        )

    @cached_property
    def places(self) -> int:
        """For how many services there are boxes: as many as the form came with, and one more when that was pressed."""
        request = self.request
        given = request.POST if request.method == "POST" else request.GET
        missing = (place for place in range(MAX_SERVICES) if f"item{place}" not in given)
        return min(max(1, next(missing, MAX_SERVICES) + (MORE in given)), MAX_SERVICES)

    def _nodes(self) -> list[Any]:
        able = self.choices.able.get(self.staff or 0, {})
        people = [(str(key), name) for key, name in self.choices.staff.items()]
        nodes = []
        if allows(self.session, SEE_CLIENTS):
            nodes.append(self._client())
        if allows(self.session, ADD_CLIENT):
            hint = _("Empty, too: somebody who walks in and gives no name.")
            nodes.append(forms.text("new_name", _("Or a new client"), hint=hint))
            nodes.append(forms.phone("new_phone", _("Phone of the new client")))
        nodes.append(self._service(0, able))
        nodes.append(forms.choice("staff", _("Specialist"), [("", _("Whoever is free")), *people]))
        for place in range(1, self.places):
            nodes.append(self._service(place))
            whoever = ("", _("The same, or whoever is free"))
            nodes.append(forms.choice(f"staff{place}", _("By whom"), [whoever, *people]))
        nodes.append(forms.day("day", _("Day"), required=True))
        time = forms.text("time", _("Time"), required=True)
        time.widget = TimeWidget()
        nodes.append(time)
        length = forms.text("minutes", _("Minutes"), hint=_("Empty: as long as the services take."))
        length.widget = TextInputWidget(inputmode="numeric", max_length=4)
        length.more = "minutes" not in self.request.GET
        visitor = forms.text(
            "visitor", _("Who comes"), hint=_("A child or a friend, when it is not the client.")
        )
        note = forms.lines("note", _("Note"), rows=2)
        visitor.more = note.more = True
        nodes += [length, visitor, note]
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

    def _service(self, place: int, able: Mapping[int, Any] | None = None) -> Any:
        """The box of a service; of the first one only what the specialist does who was asked for, as far as that is known."""
        choices = [
            (str(key), f"{name} · {self.request.loc.plural('${n} minute', '${n} minutes', length)}")
            for key, (name, length) in self.choices.services.items()
            if not able or key in able
        ]
        title = _("And then") if place else _("Service")
        hint = None if self.choices.services else _("Nothing can be booked yet: give a service a duration.")
        return forms.choice(f"item{place}", title, [("", ""), *choices], required=place == 0, hint=hint)

    def _client(self) -> Any:
        request = self.request
        node = forms.choice("client", _("Client"), [], hint=_("Type a name or a phone."))
        kind = record_type(Contact)

        def title_of(text: str) -> str | None:
            client = number_in(text)
            return None if client is None else self._client_title(client)

        node.widget = LinkWidget(values=[], title_of=title_of)
        node.widget.data_url = request.url_of("record.suggest", record=kind.name)
        return node

    def _client_title(self, client: int) -> str | None:
        kind = record_type(Contact)
        conditions = [Contact.id == client, *visible(self.session, kind)]
        rows = read(self.session, kind, self._name_of(kind), conditions)
        return (rows[0].get("name") or f"#{client}") if rows else None

    def start(self) -> dict[str, Any]:
        """What stands in the form at first: what its address says."""
        zone = ZoneInfo(self.zone)
        local = moment(self.at).astimezone(zone) if self.at is not None else None
        today = datetime.now(zone).date()
        given = {
            name: text for name, text in self.request.GET.items() if name not in ("at", "branch", "waiting")
        }
        return (
            given
            | self._waiting()
            | {
                "day": (local.date() if local else today).isoformat(),
                "time": f"{local:%H:%M}" if local else "",
            }
        )

    def again(self) -> Any:
        """The form as it was filled in, with a box for another service, or with the free time in it that was pressed."""
        given = {name: text for name, text in self.request.POST.items() if isinstance(text, str)}
        day, _t, time = given.get(TAKE, "").partition("T")
        taken = {"day": day, "time": time} if desk.instant(given.get(TAKE, ""), self.zone) is not None else {}
        return self.form.show(given | {"force": "force" in given} | taken)

    def block(self) -> dict[str, Any] | None:
        """What it takes to block the time instead: the second tap after the one on free time."""
        if self.at is None or self.staff not in self.choices.staff or not allows(self.session, BLOCK):
            return None
        loc = self.request.loc
        given = number_in(self.request.GET.get("minutes", ""))
        lengths = sorted({*BLOCKS, given}) if given and given < DAY else BLOCKS
        choices = [
            {"minutes": str(length), "text": loc.plural("${n} minute", "${n} minutes", length)}
            for length in lengths
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
        change_set = open_change_set(self.session, label="book")
        entry = self._entry()
        if entry is not None:
            waiting.take_off(self.session, entry, change_set)
        try:
            booked = services.book(
                self.session,
                wanted,
                start,
                by="staff",
                branch_id=self.branch,
                values=values,
                force=force,
                change_set=change_set,
            )
        except (NotOffered, Taken) as refused:
            length = sum(one.minutes or self.choices.minutes(one.item, one.staff) for one in wanted)
            why = desk.why_not(
                self.session, self.request.loc, wanted, start, start + length, refused, branch_id=self.branch
            )
            write_down(self.request, why.visits)
            choices = [{"name": TAKE, "value": at, "title": words} for at, words in why.near]
            if choices:
                self.form.node("time").offers = {"title": _("Free instead:"), "choices": choices}
            raise Invalid(_("Not saved yet."), {0: {"time": why.said}}) from refused
        desk.still_theirs(self.session, booked.id, "create")
        if entry is not None:
            change = Change({"visit": booked.id}, entry)
            write(self.session, Waiting, [change], change_set=change_set, system=True)
        back = self.request.url_of("bookings.day", query={"date": given["day"]} | self._kept())
        return done(self.request, _("Booked."), change_set, back)

    def _entry(self) -> int | None:
        """For whom on the waiting list this is; they wait no more then."""
        entry = number_in(self.request.GET.get("waiting", ""))
        if entry is None:
            return None
        conditions = visible(self.session, record_type(Waiting), action="write")
        return self.session.scalars(select(Waiting.id).where(Waiting.id == entry, *conditions)).first()

    def _waiting(self) -> dict[str, Any]:
        """Who waits, where they have no card: what they gave is what the form begins with."""
        entry = self._entry()
        if entry is None or not allows(self.session, ADD_CLIENT):
            return {}
        kind = record_type(Waiting)
        fields = [
            item for item in fields_of(self.session, kind) if item.name in ("client", "visitor", "phone")
        ]
        [row] = read(self.session, kind, fields, [Waiting.id == entry])
        if row.get("client"):
            return {"visitor": row.get("visitor") or ""}
        return {"new_name": row.get("visitor") or "", "new_phone": row.get("phone") or ""}

    def _kept(self) -> dict[str, Any]:
        branch = self.request.GET.get("branch")
        return {"branch": branch} if branch else {}

    def _wanted(self, given: Mapping[str, Any]) -> list[Wanted]:
        wanted: list[Wanted] = []
        first = self._one_of(self.choices.staff, given, "staff")
        for place in range(self.places):
            item = self._one_of(self.choices.services, given, f"item{place}")
            if item is None:
                continue
            staff = self._one_of(self.choices.staff, given, f"staff{place}") if place else first
            if place and staff is None and item in self.choices.able.get(first or 0, {}):
                # Who is asked for does all that they can do; for the rest anybody is found.
                staff = first
            wanted.append(Wanted(item, staff))
        # Where free time in a room was pressed.
        room, length = number_in(self.request.GET.get("room", "")), given["minutes"]
        box = "item0"
        try:
            if room is not None:
                wanted = desk.in_room(self.session, wanted, room)
            box = "minutes"
            return self.choices.lasting(wanted, number_in(length) or 0) if length else wanted
        except Refusal as refused:
            raise Invalid(_("Not saved yet."), {0: {box: refused.message}}) from refused

    @staticmethod
    def _one_of(known: Collection[int], given: Mapping[str, Any], name: str) -> int | None:
        """What was chosen in a box; None where nothing was. Raises Invalid for what the box does not offer."""
        if not given[name]:
            return None
        found = number_in(given[name])
        if found is None or found not in known:
            raise Invalid(_("Not saved yet."), {0: {name: _("Choose from the list.")}})
        return found

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of the visit beside its time: whose it is, and what was noted."""
        values: dict[str, Any] = {"visitor": given["visitor"] or None, "note": given["note"] or None}
        client, name = given.get("client") or "", given.get("new_name") or ""
        phone = given.get("new_phone") or ""
        if client:
            chosen = number_in(client)
            if chosen is None or self._client_title(chosen) is None:
                raise Invalid(_("Not saved yet."), {0: {"client": _("Choose from the list.")}})
            values["client"] = chosen
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
        rows = read(self.session, kind, self._name_of(kind), conditions, limit=1)
        return rows[0].get("name") or f"#{rows[0]['id']}" if rows else None

    def _name_of(self, kind: RecordType) -> list[Field]:
        """What clients are called, where this person may read that."""
        return [item for item in fields_of(self.session, kind) if item.name == "name"]
