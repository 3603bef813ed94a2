"""The plugin's own pages: birthdays, duplicates, who looks after whom, consents, notes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access import terms
from parlour.access.models import TermsVersion
from parlour.access.rules import allows
from parlour.access.views import forms
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _
from parlour.jobs import enqueue
from parlour.plugins.contacts import duplicates, equals, services
from parlour.plugins.contacts.happenings import consent_words
from parlour.plugins.contacts.lists import CONSENT_CHANNELS, CONSENT_SOURCES, PURPOSES
from parlour.plugins.contacts.models import Contact
from parlour.plugins.contacts.panels import birthday_item
from parlour.records.defaults import defaults_of
from parlour.records.pages.addresses import file_url
from parlour.records.pages.undoing import done
from parlour.records.query import read, visible
from parlour.records.registry import fields_of
from parlour.web import flash
from parlour.web.addresses import back_to
from parlour.web.contexts import OrganisationContext
from parlour.web.slots import PageContext

max_queries = 45
READ, MERGE = "contacts:contact:read", "contacts:contact:merge"
PAIRS = 20
# Hand-overs up to this many clients are done at once, larger ones in the background.
AT_ONCE = 500
PERIODS = (7, 30, 90)


def includeme(config: Configurator) -> None:
    config.add_route("contacts.birthdays", "/birthdays")
    config.add_route("contacts.duplicates", "/duplicates")
    config.add_route("contacts.apart", "/duplicates/apart")
    config.add_route("contacts.responsible", "/responsible")
    config.add_route("contacts.consent", r"/{id:\d{1,18}}/consents")
    config.add_route("contacts.note", r"/{id:\d{1,18}}/notes")


# ---- birthdays


@view_config(route_name="contacts.birthdays", permission=READ, renderer="contacts/birthdays.jinja2")
def birthdays(context: OrganisationContext, request: Request) -> dict[str, Any]:
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in PERIODS else PERIODS[1]
    place = PageContext(request.loc, request.url_of)
    found = services.birthdays(request.db, days, limit=500)
    tabs = [
        {
            "title": request.loc.plural("${n} day", "${n} days", period),
            "url": request.url_of("contacts.birthdays", query={"days": period}),
            "active": period == days,
        }
        for period in PERIODS
    ]
    return {"birthdays": [birthday_item(place, one) for one in found], "tabs": tabs}


# ---- duplicates


@view_config(route_name="contacts.duplicates", permission=MERGE, renderer="duplicates.jinja2")
def pairs(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Pairs that may be one client: by the reasons that Parlour suggests, or by fields that somebody chooses."""
    chosen = list(dict.fromkeys(name for name in request.GET.getall("field") if name))[:2]
    if chosen:
        return _equal_pairs(request, chosen)
    after = _cursor(request.GET.get("after", ""))
    by = [reason for reason in duplicates.REASONS if reason in request.GET.getall("by")] or list(
        duplicates.REASONS
    )
    found = duplicates.find_duplicates(request.db, after, PAIRS, by)
    ids = {side for pair in found.pairs for side in (pair.first, pair.second)}
    cards = _cards(request, ids)
    following = None
    if found.next is not None:
        cursor = "-".join(map(str, found.next))
        following = request.url_of(
            "contacts.duplicates", query=[("after", cursor), *(("by", one) for one in by)]
        )
    return {
        **_duplicates_page(request, ()),
        "rules": {
            "url": request.url_of("contacts.duplicates"),
            "items": [
                {"name": reason, "title": _BY[reason], "checked": reason in by}
                for reason in duplicates.REASONS
            ],
        },
        "pairs": [
            _pair(request, pair.first, pair.second, [_WHY[reason] for reason in pair.reasons], cards)
            for pair in found.pairs
        ],
        "pages": {"prev_url": None, "next_url": following, "text": ""},
    }


def _duplicates_page(request: Request, chosen: Sequence[str]) -> dict[str, Any]:
    """What the page says and offers in either way of looking."""
    say = request.loc.translate
    fields = [(item.name, say(item.title)) for item in equals.comparable(request.db)]
    choices = sorted(fields, key=lambda one: one[1].casefold())
    boxes = []
    for place, title in enumerate((_("Field"), _("And field"))):
        now_chosen = chosen[place] if place < len(chosen) else ""
        options = [("", "—"), *choices]
        boxes.append(
            {
                "title": title,
                "options": [
                    {"value": name, "title": text, "selected": name == now_chosen} for name, text in options
                ],
            }
        )
    address = request.url_of("contacts.duplicates")
    return {
        "title": _("Duplicates"),
        "lead": _("Cards that may be the same client. Merging loses nothing and can be undone."),
        "choose": {"url": address, "boxes": boxes, "name": "field", "clear_url": address if chosen else None},
    }


def _equal_pairs(request: Request, chosen: Sequence[str]) -> dict[str, Any]:
    """Clients who are equal in the chosen fields, each beside the oldest of the equal ones."""
    asked = request.GET.get("after", "")
    found = equals.find_equal(request.db, chosen, int(asked) if _is_id(asked) else 0, PAIRS)
    cards = _cards(request, {row_id for group in found.groups for row_id in group.ids})
    titles = {item.name: item.title for item in equals.comparable(request.db)}
    why = [titles[name] for name in chosen]
    shown = []
    for group in found.groups:
        more = group.count - len(group.ids)
        said = [*why, request.loc.plural("and ${n} more", "and ${n} more", more)] if more > 0 else why
        shown += [_pair(request, group.ids[0], other, said, cards) for other in group.ids[1:]]
    following = None
    if found.next is not None:
        query = [("after", str(found.next)), *(("field", name) for name in chosen)]
        following = request.url_of("contacts.duplicates", query=query)
    return {
        **_duplicates_page(request, chosen),
        "pairs": shown,
        "pages": {"prev_url": None, "next_url": following, "text": ""},
    }


def _cursor(text: str) -> tuple[int, int] | None:
    one, _dash, other = text.partition("-")
    if one.isdecimal() and other.isdecimal() and len(text) <= 40:
        return int(one), int(other)
    return None


def _cards(request: Request, ids: set[int]) -> dict[int, dict[str, Any]]:
    """What the page shows of each card, as far as this person may read it."""
    shown = ("name", "photo", "phones", "birthday")
    fields = [item for item in fields_of(request.db, services.kind()) if item.name in shown]
    conditions = [Contact.id.in_(ids), *visible(request.db, services.kind())]
    return {row["id"]: _card(request, row) for row in read(request.db, services.kind(), fields, conditions)}


def _card(request: Request, row: Mapping[str, Any]) -> dict[str, Any]:
    loc = request.loc
    said = [loc.phone(line["number"]) for line in (row.get("phones") or ())[:1]]
    if row.get("birthday"):
        said.append(services.kind().field("birthday").kind.show(row["birthday"], loc))
    return {
        "id": row["id"],
        "title": row.get("name") or f"#{row['id']}",
        "url": request.url_of("record.card", record=services.kind().name, id=row["id"]),
        "photo_url": file_url(request, row.get("photo"), "small"),
        "sub": " · ".join(said),
    }


_BY = {
    "phone": _("Phone"),
    "email": _("E-mail"),
    "tax_number": _("Tax number"),
    "born": _("Birthday and first name"),
    "name": _("Name"),
}
_WHY = {
    "phone": _("the same phone"),
    "email": _("the same e-mail"),
    "tax_number": _("the same tax number"),
    "born": _("the same birthday and first name"),
    "name": _("nearly the same name"),
}


def _pair(
    request: Request, first: int, second: int, why: Sequence[Any], cards: Mapping[int, dict[str, Any]]
) -> dict[str, Any]:
    both = {"keep": first, "lose": second}
    return {
        "left": cards[first],
        "right": cards[second],
        "why": why,
        "merge_url": request.url_of("record.merge", record=services.kind().name, query=both),
        "apart": {
            "title": _("Not the same"),
            "icon": "split",
            "method": "post",
            "url": request.url_of("contacts.apart"),
            "fields": {"one": first, "other": second, "back": request.path_qs},
        },
    }


@view_config(route_name="contacts.apart", request_method="POST", permission=MERGE)
def apart(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Two cards are two people; the pair is not shown again."""
    ids = {int(request.POST[name]) for name in ("one", "other") if _is_id(request.POST.get(name))}
    conditions = visible(request.db, services.kind(), archived=None)
    if len(ids) != 2 or len(read(request.db, services.kind(), [], [Contact.id.in_(ids), *conditions])) != 2:
        raise NotFound(_("There is no such record, or it is not yours to see."))
    duplicates.call_distinct(request.db, *ids)
    flash.say(request, _("Noted: these are two different clients."))
    return HTTPSeeOther(back_to(request, request.POST.get("back"), request.url_of("contacts.duplicates")))


def _is_id(text: Any) -> bool:
    return isinstance(text, str) and text.isdecimal() and len(text) <= 18


# ---- who looks after whom


def _hand_over_form(request: Request) -> forms.Form:
    defaults = defaults_of(request.db)
    people = sorted(
        ((str(key), name) for key, name in defaults.names.items()), key=lambda one: one[1].casefold()
    )
    nodes = [
        forms.choice("giver", _("From"), [("", ""), *people], required=True),
        forms.choice("taker", _("To"), [("", ""), *defaults.working], required=True),
    ]
    if len(defaults.branches) > 1:
        places = [(str(key), name) for key, name in defaults.branches.items()]
        hint = _("Clients whom they look after everywhere stay where one branch is chosen.")
        nodes.append(forms.choice("branch", _("Branch"), [("", _("All branches")), *places], hint=hint))
    return forms.Form(
        request, *nodes, action=request.url_of("contacts.responsible"), name="hand_over", save=_("Hand over")
    )


@view_config(
    route_name="contacts.responsible",
    request_method="GET",
    permission=services.ASSIGN,
    renderer="contacts/responsible.jinja2",
)
def responsible(context: OrganisationContext, request: Request) -> dict[str, Any]:
    giver = request.GET.get("from", "")
    return _responsible_page(request, _hand_over_form(request).show({"giver": giver}))


def _responsible_page(request: Request, form: Any) -> dict[str, Any]:
    def of_list(condition: Any) -> str:
        text = json.dumps(condition, separators=(",", ":"))
        return str(request.url_of("record.list", record=services.kind().name, query={"f": text}))

    names = defaults_of(request.db).names
    counted = services.clients_per_member(request.db)
    people = [
        {
            "id": user,
            "title": names.get(user, f"#{user}"),
            "count": request.loc.number(count),
            "url": of_list([["responsible.user", "=", user]]),
            "hand_url": request.url_of("contacts.responsible", query={"from": user}) + "#hand-over",
        }
        for user, count in sorted(counted.items(), key=lambda pair: -pair[1])
    ]
    return {"people": people, "form": form, "unassigned_url": of_list(services.UNASSIGNED["and"])}


@view_config(
    route_name="contacts.responsible",
    request_method="POST",
    permission=services.ASSIGN,
    renderer="contacts/responsible.jinja2",
)
def hand_over(context: OrganisationContext, request: Request) -> Any:
    form = _hand_over_form(request)
    try:
        given = form.read()
        known = defaults_of(request.db)
        offered = (known.names, {int(key) for key, _name in known.working})
        people = [int(given[name]) if _is_id(given[name]) else 0 for name in ("giver", "taker")]
        wrong = {
            name: _("Choose somebody.")
            for name, one, some in zip(("giver", "taker"), people, offered, strict=True)
            if one not in some
        }
        if not wrong and people[0] == people[1]:
            wrong = {"taker": _("Choose two different people.")}
        if wrong:
            raise Invalid(_("Not saved yet."), {0: wrong})
    except Invalid as error:
        return _responsible_page(request, form.again(error))
    branch = int(given["branch"]) if _is_id(given.get("branch")) else services.ANY
    back = request.url_of("contacts.responsible")
    moved = services.hand_over(request.db, *people, branch_id=branch, limit=AT_ONCE)
    if moved.after is None:
        message = request.loc.plural(
            "${n} client has changed hands.", "${n} clients have changed hands.", moved.count
        )
        return done(request, message, moved.change_set, back)
    enqueue(
        request.db,
        "contacts.hand_over",
        {
            "giver": people[0],
            "taker": people[1],
            "branch_id": branch,
            "after": moved.after,
            "change_set": moved.change_set,
            "count": moved.count,
        },
    )
    flash.say(request, _("The hand-over has begun and goes on in the background."), "info")
    return HTTPSeeOther(back)


# ---- consents and notes


class _Card:
    """The client whom a page is about. Raises NotFound for one whom this person may not see."""

    def __init__(self, request: Request):
        row_id = int(request.matchdict["id"])
        fields = [item for item in fields_of(request.db, services.kind()) if item.name == "name"]
        conditions = [Contact.id == row_id, *visible(request.db, services.kind(), archived=None)]
        rows = read(request.db, services.kind(), fields, conditions)
        if not rows:
            raise NotFound(_("There is no such record, or it is not yours to see."))
        self.id = row_id
        self.title = rows[0].get("name") or f"#{row_id}"
        self.url = request.url_of("record.card", record=services.kind().name, id=row_id)


def _version_box(request: Request, held: Sequence[TermsVersion], present: str) -> Any:
    """Which text it is about: a revision of the salon's own, or where it keeps none here, what somebody types."""
    title = _("Version of the text")
    if not held:
        hint = _("Which wording the person read: its date or number.")
        return forms.text("version_of_text", title, required=True, hint=hint)
    known = [(one.name, request.loc.date(one.effective_on, "long")) for one in held]
    if present and present not in dict(known):
        known.append((present, present))
    hint = _("Which wording the person read: the day from which it holds.")
    return forms.choice("version_of_text", title, known, required=True, hint=hint)


def _consent_form(
    request: Request, card: _Card, held: Sequence[TermsVersion], version: str = ""
) -> forms.Form:
    say_it = request.loc.translate

    def options(pairs: Any) -> list[tuple[str, str]]:
        return [(code, say_it(title)) for code, title in pairs]

    return forms.Form(
        request,
        forms.choice("given", _("What"), options((("yes", _("Agrees")), ("no", _("Withdraws"))))),
        forms.choice("purpose", _("To what"), options(PURPOSES)),
        forms.choice("channel", _("Over which channel"), options(CONSENT_CHANNELS)),
        forms.choice("source", _("How it was said"), options(CONSENT_SOURCES)),
        _version_box(request, held, version),
        action=request.url_of("contacts.consent", id=card.id),
        name="consent",
        save=_("Write down"),
    )


@view_config(
    route_name="contacts.consent",
    request_method="GET",
    permission="contacts:consent:create",
    renderer="form.jinja2",
)
def consent(context: OrganisationContext, request: Request) -> dict[str, Any]:
    card = _Card(request)
    latest = services.consents_of(request.db, card.id) if allows(request.db, "contacts:consent:read") else []
    version = max(latest, key=lambda one: one.at).version_of_text if latest else ""
    held = terms.in_effect(request.db)
    chosen = held[0].name if held else version
    shown = _consent_form(request, card, held, version).show({"given": "yes", "version_of_text": chosen})
    return _consent_page(card, shown)


def _consent_page(card: _Card, form: Any) -> dict[str, Any]:
    return {"title": _("Consent"), "crumbs": [{"title": card.title, "url": card.url}], "form": form}


@view_config(
    route_name="contacts.consent",
    request_method="POST",
    permission="contacts:consent:create",
    renderer="form.jinja2",
)
def give_consent(context: OrganisationContext, request: Request) -> Any:
    card = _Card(request)
    form = _consent_form(request, card, terms.in_effect(request.db))
    try:
        given = form.read()
        services.give_consent(
            request.db,
            card.id,
            given["purpose"],
            channel=given["channel"] or "any",
            given=given["given"] != "no",
            version_of_text=given["version_of_text"],
            source=given["source"],
        )
    except Invalid as error:
        return _consent_page(card, form.again(error))
    what = consent_words(given["purpose"], given["channel"] or "any")
    if given["given"] != "no":
        flash.say(request, _("Consent given: ${what}", mapping={"what": what}))
    else:
        flash.say(request, _("Consent withdrawn: ${what}", mapping={"what": what}))
    return HTTPSeeOther(card.url)


@view_config(route_name="contacts.note", request_method="POST", permission="contacts:note:create")
def add_note(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    card = _Card(request)
    text = request.POST.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refusal(_("Write the note first."))
    services.add_note(request.db, card.id, text)
    flash.say(request, _("The note is in the timeline."))
    return HTTPSeeOther(f"{card.url}#timeline")
