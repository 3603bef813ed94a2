"""Two rows become one: side by side, field by field, and one undo takes them apart again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.errors import NotFound, Refusal
from parlour.i18n import _
from parlour.records.merge import merge
from parlour.records.pages.addresses import card_url, crumbs, file_url, photo_field, reader_of, title_of
from parlour.records.pages.conflict import CHOICE
from parlour.records.pages.shown import show
from parlour.records.pages.undoing import done
from parlour.records.query import get
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.removal import Consequence, consequences
from parlour.web.contexts import RecordContext
from parlour.web.requests import Params

max_queries = 45


def _pair(params: Params) -> tuple[int, list[int]]:
    """The row that stays and those that go into it, one after the other. Raises Refusal."""
    ids = [text for name in ("keep", "lose") for text in params.getall(name)]
    numbers = [int(text) for text in ids if text.isdecimal() and len(text) <= 18]
    wanted = list(dict.fromkeys(numbers))
    if len(wanted) < 2 or len(numbers) != len(ids):
        raise Refusal(_("Choose two records to merge."))
    return wanted[0], wanted[1:]


@view_config(route_name="record.merge", request_method="GET", renderer="merge.jinja2", permission="merge")
def compare(context: RecordContext, request: Request) -> dict[str, Any]:
    record, session = context.record, request.db
    keep, lose = _pair(request.GET)
    left, right = get(session, record, keep), get(session, record, lose[0])
    if left["archived_at"] or right["archived_at"]:
        raise NotFound(_("One of these records is gone or not yours to change; open the list again."))
    swapped = [("keep", str(lose[0])), ("lose", str(keep)), *(("lose", str(one)) for one in lose[1:])]
    warnings = []
    if len(lose) > 1:
        text = request.loc.plural(
            "${n} more follows after this one", "${n} more follow after this one", len(lose) - 1
        )
        warnings.append(text)
    return {
        "title": _("Merge"),
        "crumbs": crumbs(request, record),
        "post_url": request.url_of("record.merge", record=record.name),
        "back_url": request.url_of("record.list", record=record.name),
        "swap_url": request.url_of("record.merge", query=swapped, record=record.name),
        "left": _head(request, record, left),
        "right": _head(request, record, right),
        "fields": _fields(request, record, left, right),
        "moves": _moves(request, record, keep, lose[0]),
        "warnings": warnings,
        "keep": [("keep", str(keep)), *(("lose", str(one)) for one in lose)],
    }


def _head(request: Request, record: RecordType, row: Mapping[str, Any]) -> dict[str, Any]:
    photo = photo_field(request, record)
    return {
        "id": row["id"],
        "title": title_of(record, row),
        "url": card_url(request, record, row["id"]),
        "photo_url": file_url(request, row.get(photo.name), "small") if photo else None,
        "sub": f"#{row['id']}",
    }


def _fields(
    request: Request, record: RecordType, left: Mapping[str, Any], right: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields in which something stands on either side."""
    reader = reader_of(request)
    found = []
    for item in fields_of(request.db, record):
        one, other = left.get(item.name), right.get(item.name)
        if item.computed or (_empty(one) and _empty(other)):
            continue
        # Lists are united: nothing is to be chosen, and where one side has nothing the other simply stays.
        united = item.storage in ("part", "links")
        left_shown, right_shown = (show(item, value, reader) or _plain(value) for value in (one, other))
        found.append(
            {
                "name": item.name,
                "title": item.title,
                "left": left_shown or right_shown if united else left_shown,
                "right": right_shown,
                "same": one == other or (united and (_empty(one) or _empty(other))),
                "both": united,
                "chosen": "right" if _empty(one) else "left",
            }
        )
    return found


def _empty(value: Any) -> bool:
    return value in (None, "", [], False)


def _plain(value: Any) -> str | None:
    """A picture has no words; that it is there has."""
    return None if _empty(value) else "✓"


def _moves(request: Request, record: RecordType, keep: int, lose: int) -> list[dict[str, Any]]:
    """What hangs on each side: visits, notes, payments."""
    say = request.loc.translate
    counts: dict[tuple[str, str], list[int]] = {}
    links: dict[tuple[str, str], Consequence] = {}
    for side, row_id in enumerate((keep, lose)):
        for one in consequences(request.db, record, [row_id]):
            place = (one.record.name, one.field.name)
            counts.setdefault(place, [0, 0])[side] = one.count
            links[place] = one
    # Only where a record leads here in two ways does its name not say enough.
    ways = Counter(record_name for record_name, _field in links)
    return [
        {
            "title": say(one.record.plural)
            if ways[one.record.name] == 1
            else f"{say(one.record.plural)}: {say(one.field.title)}",
            "left_text": request.loc.number(found[0]),
            "right_text": request.loc.number(found[1]),
        }
        for place, found in counts.items()
        for one in (links[place],)
    ]


@view_config(route_name="record.merge", request_method="POST", permission="merge")
def unite(context: RecordContext, request: Request) -> HTTPSeeOther:
    record = context.record
    keep, lose = _pair(request.POST)
    sides = {"left": keep, "right": lose[0]}
    made = merge(request.db, record, keep, lose[:1], _choices(request, fields_of(request.db, record), sides))
    address = card_url(request, record, keep)
    if lose[1:]:
        rest = [("keep", str(keep)), *(("lose", str(one)) for one in lose[1:])]
        address = str(request.url_of("record.merge", query=rest, record=record.name))
    return done(request, _("The two are one now."), made, address)


def _choices(request: Request, fields: list[Field], sides: Mapping[str, int]) -> dict[str, int]:
    chosen = {item.name: request.POST.get(f"{CHOICE}{item.name}") for item in fields}
    return {name: sides[side] for name, side in chosen.items() if side in sides}
