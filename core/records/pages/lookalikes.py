"""Before saving: does somebody like this exist already? Told while one types, and once more by the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import peppercorn
from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request
from pyramid.view import view_config

from parlour.i18n import _
from parlour.records.forms import readable_values
from parlour.records.pages.addresses import card_url
from parlour.records.pages.form_parts import build_form
from parlour.records.query import get
from parlour.records.registry import RecordType, fields_of
from parlour.web.contexts import RecordContext

# In the box of those seen: a match of which this person may not know who it is.
NAMELESS = "?"
_REASONS = {
    "phone": _("the same phone"),
    "email": _("the same e-mail"),
    "tax_number": _("the same tax number"),
    "born": _("the same birthday and first name"),
    "name": _("nearly the same name"),
}


def matches_of(
    request: Request, record: RecordType, values: Mapping[str, Any], exclude_id: int | None = None
) -> list[dict[str, Any]]:
    """Rows that the one with these values may be a second copy of, as the theme shows them."""
    if record.duplicates is None or not values:
        return []
    return [_match(request, record, one) for one in record.duplicates(request.db, values, exclude_id)]


def _match(request: Request, record: RecordType, found: Any) -> dict[str, Any]:
    loc = request.loc
    if found.id is None:
        title = loc.translate(_("Somebody whom you may not see"))
        return {"id": NAMELESS, "title": title, "sub": "", "why": "", "url": ""}
    why = ", ".join(loc.translate(_REASONS.get(reason, reason)) for reason in found.reasons)
    return {
        "id": str(found.id),
        "title": found.title,
        "sub": loc.translate(_("in the archive")) if found.archived else "",
        "why": why,
        "url": card_url(request, record, found.id),
    }


def arising(
    request: Request, record: RecordType, values: Mapping[str, Any], row: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Look-alikes that these values bring about: those that the row has as it stands are no news to anybody."""
    if row is None:
        return matches_of(request, record, values)
    fields = fields_of(request.db, record, "write")
    known = {item.name: row[item.name] for item in fields if row.get(item.name) is not None}
    matches = matches_of(request, record, {**known, **values}, row["id"])
    before = {match["id"] for match in matches_of(request, record, known, row["id"])} if matches else set()
    return [match for match in matches if match["id"] not in before]


def unseen(matches: Sequence[Mapping[str, Any]], seen: str | None) -> list[Mapping[str, Any]]:
    """The matches that were not on the screen when somebody pressed Save."""
    known = set((seen or "").split())
    return [match for match in matches if match["id"] not in known]


def seen_text(matches: Sequence[Mapping[str, Any]]) -> str:
    """What the form sends back about the matches that it showed."""
    return " ".join(str(match["id"]) for match in matches)


@view_config(route_name="record.check", request_method="POST", renderer="json", permission="read")
def check(context: RecordContext, request: Request) -> dict[str, Any]:
    """What a half-filled form looks like; nothing is saved."""
    record = context.record
    form = build_form(request, record, "full")
    try:
        typed = peppercorn.parse(list(request.POST.items()))
    except (ValueError, KeyError, TypeError) as error:  # not the structure of any form of ours
        raise HTTPBadRequest() from error
    values = readable_values(form, typed, fields_of(request.db, record, "write"))
    given = request.GET.get("id", "")
    row = get(request.db, record, int(given)) if given.isdecimal() and len(given) <= 18 else None
    return {"matches": arising(request, record, values, row)}
