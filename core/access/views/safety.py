"""What an organisation holds back from everybody, why somebody may or may not, and the end of a look as another."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access import memberships, protection, viewing
from parlour.access.explain import FITS_NOT, GIVES, HOLDS, TAKES, Explanation, Reason, explain
from parlour.access.organisations import organisation_by_id
from parlour.access.role_words import THEMSELVES
from parlour.access.rules import is_owner, needed
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.access.views.roles import WRITE, acts_of
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.pages.filter_words import Words
from parlour.records.query import titles
from parlour.records.registry import RecordType, enabled_records, fields_of
from parlour.web.flash import say


@view(route_name="settings.safety", request_method="GET", permission=WRITE, renderer="safety.jinja2")
def safety_page(request: Request) -> Any:
    held = protection.protection_of(request.db)
    owner = is_owner(request.db)
    return {
        "title": _("Protection"),
        "lead": _("What nobody may do here, whatever their role. Every change is written into the log."),
        "own_url": request.url_of("settings.safety"),
        "locked": None if owner else _("Only an owner changes this."),
        "bulk_delete": held.bulk_delete,
        "records": [
            {
                "name": record.name,
                "title": record.plural,
                "fields": [
                    {
                        "name": item.name,
                        "title": item.title,
                        "checked": item.name in held.fields.get(record.name, ()),
                    }
                    for item in protection.protectable(request.db, record)
                ],
            }
            for record in enabled_records(request.db)
            if not record.lookup and protection.protectable(request.db, record)
        ],
    }


@view(route_name="settings.safety", request_method="POST", permission=WRITE)
def save_safety(request: Request) -> Any:
    posted = [text for text in request.POST.getall("field") if isinstance(text, str)]
    protection.allow_bulk_delete(request.db, forms.posted(request, "bulk_delete") == "on")
    for record in enabled_records(request.db):
        if record.lookup:
            continue
        mine = [text.partition("|")[2] for text in posted if text.partition("|")[0] == record.name]
        protection.protect(request.db, record, mine)
    say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.safety"))


# ---- why


_VERDICTS = {
    GIVES: ("check", "good", _("gives it")),
    HOLDS: ("check", "good", _("the record meets it")),
    FITS_NOT: ("minus", "warn", _("holds for other records, not for this one")),
    TAKES: ("x", "bad", _("forbids it")),
}


@view(route_name="settings.explain", request_method="GET", permission=WRITE, renderer="explain.jinja2")
def explain_page(request: Request) -> Any:
    given, session, loc = request.GET, request.db, request.loc
    members = [one for one in memberships.members(session) if one.active]
    records = [record for record in enabled_records(session) if not record.lookup]
    record = next(
        (one for one in records if one.name == given.get("record")), records[0] if records else None
    )
    who = next((one for one in members if str(one.id) == given.get("who")), None)
    row = given.get("row", "").strip()
    action = given.get("action", "read")
    known = acts_of(request, record) if record else []
    action = action if action in [name for name, _title in known] else "read"
    names = [(item.name, item.title) for item in fields_of(session, record)] if record else []
    name = given.get("field", "") if given.get("field", "") in dict(names) else ""
    page: dict[str, Any] = {
        "title": _("Explain rights"),
        "lead": _("Why one person can or cannot do something with one record, and which rule decides it."),
        "own_url": request.url_of("settings.explain"),
        "people": [(str(one.id), one.user.name) for one in members],
        "who": str(who.id) if who else "",
        "records": [(one.name, one.title) for one in records],
        "record": record.name if record else "",
        "row": row,
        "actions": known,
        "action": action,
        "fields": [("", _("the record as a whole")), *names],
        "field": name,
        "answer": None,
        "error": None,
    }
    if who is None and given.get("who"):
        return {**page, "error": _("Nobody who works here has this number. Choose a person.")}
    if who is None or record is None or not row:
        return page
    try:
        if not row.isdecimal() or len(row) > 18:
            raise NotFound(_("Enter the number of the record; it stands in the address of its card."))
        found = explain(session, who.user, record, int(row), action, name=name)
    except NotFound as missing:
        return {**page, "error": missing.message}
    subject = titles(session, record, {int(row)}).get(int(row), f"#{row}")
    act = loc.translate(dict(known)[action])
    return {
        **page,
        "answer": {
            "yes": found.allowed,
            "title": loc.translate(
                _("${who}: ${act}, ${what}: yes") if found.allowed else _("${who}: ${act}, ${what}: no"),
                {"who": who.user.name, "act": act, "what": _what(request, record, subject, name)},
            ),
            "row_url": request.url_of("record.card", record=record.name, id=int(row)),
            "reasons": _reasons(request, record, found),
            "needs": len(needed(action)) > 1,
        },
    }


def _what(request: Request, record: RecordType, subject: str, name: str) -> str:
    if not name:
        return subject
    return f"{subject}, {request.loc.translate(record.field(name).title)}"


def _reasons(request: Request, record: RecordType, found: Explanation) -> list[dict[str, Any]]:
    """The reasons in words, the one that decided first."""
    ordered = [found.decided_by, *(reason for reason in found.reasons if reason is not found.decided_by)]
    return [{**_reason(request, record, reason), "decided": reason is found.decided_by} for reason in ordered]


def _reason(request: Request, record: RecordType, reason: Reason) -> dict[str, Any]:
    loc = request.loc
    icon, tone, verdict = _VERDICTS[reason.verdict]
    title = loc.translate(request.permission_titles.get(reason.permission, reason.permission))
    if reason.text is not None:
        return {"icon": icon, "tone": tone, "title": title, "text": loc.translate(reason.text)}
    parts = [loc.translate(verdict)]
    if reason.filter:
        words = Words(request.db, record, loc, me=THEMSELVES).say(reason.filter)
        parts.append(loc.translate(_("only where: ${rows}"), {"rows": words}))
    if reason.fields_except:
        named = [loc.translate(item.title) for item in record.fields if item.name in reason.fields_except]
        parts.append(loc.translate(_("without: ${fields}"), {"fields": ", ".join(named)}))
    role = loc.translate(reason.role) if reason.role is not None else loc.translate(_("Everyone"))
    return {"icon": icon, "tone": tone, "title": f"{role}: {title}", "text": "; ".join(parts)}


# ---- the end of a look as somebody else


@view(route_name="viewing.stop", request_method="POST", permission=NO_PERMISSION_REQUIRED)
def stop(request: Request) -> Any:
    login = request.identity.login if request.identity is not None else None
    if login is None or not login.viewing:
        return HTTPSeeOther(request.url_of("home"))
    organisation = organisation_by_id(request.db, login.viewing["organisation"])
    viewing.stop(request.db, login)
    say(request, _("You see everything as yourself again."))
    return HTTPSeeOther(request.url_of("today", organisation=organisation.slug))
