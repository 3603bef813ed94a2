"""Who saw what: cards, lists, files, exports, and the changes of what protects them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.request import Request

from parlour.access import accesslog, memberships
from parlour.access.models import AccessLog, User
from parlour.access.roles import all_roles, title_of
from parlour.access.users import users_by_ids
from parlour.access.views.declare import view
from parlour.i18n import _
from parlour.records.pages.filter_words import Words
from parlour.records.query import titles
from parlour.records.registry import RecordType, all_records, enabled_records

PAGE = 50
_SAID = {
    accesslog.EXPORT: (_("Exported"), "download"),
    accesslog.FILE: (_("File"), "paperclip"),
    accesslog.PERSON: (_("Everything about a person"), "shield-user"),
    accesslog.CARD: (_("Card"), "eye"),
    accesslog.LIST: (_("List"), "list"),
    accesslog.API: (_("By a program"), "plug"),
    accesslog.ROLE: (_("Role changed"), "key-round"),
    accesslog.PROTECTION: (_("Protection changed"), "shield"),
    accesslog.VIEWING: (_("Looked as somebody else"), "scan-eye"),
    accesslog.FACTOR: (_("Second factor reset"), "shield-off"),
}
# What the page is narrowed to, by the word in its address.
_KINDS = {
    "": (_("Everything"), ()),
    "left": (_("Data that left"), accesslog.LEFT),
    "reads": (_("Looked at"), accesslog.READS),
    "changes": (_("Changes of rights"), accesslog.CHANGES),
}


@view(
    route_name="settings.log", request_method="GET", permission="core:log:read", renderer="access_log.jinja2"
)
def log_page(request: Request) -> Any:
    given, session, loc = request.GET, request.db, request.loc
    kind = given.get("kind", "") if given.get("kind", "") in _KINDS else ""
    records = {record.name: record for record in enabled_records(session)}
    record = records.get(given.get("record", ""))
    who, row_id, before = (_number(given.get(name, "")) for name in ("who", "row", "before"))
    lines = accesslog.latest(
        session,
        what=_KINDS[kind][1],
        user_id=who,
        record=record.name if record else "",
        row_id=row_id if record else None,
        limit=PAGE + 1,
        before=before,
    )
    state = {
        "kind": kind,
        "who": who,
        "record": record.name if record else "",
        "row": row_id if record else "",
    }
    shown = lines[:PAGE]
    members = memberships.members(session)
    return {
        "title": _("Who saw what"),
        "lead": loc.translate(
            _(
                "Who looked at whose data is kept for a year, what left and who changed rights for three years."
            )
        ),
        "about": _about(request, record, row_id),
        "own_url": request.url_of("settings.log"),
        "tabs": [
            {
                "title": title,
                "url": request.url_of("settings.log", query=_kept({**state, "kind": name})),
                "active": name == kind,
            }
            for name, (title, _what) in _KINDS.items()
        ],
        "kind": kind,
        "people": [(str(one.id), one.user.name) for one in members],
        "who": str(who or ""),
        "records": [(one.name, one.plural) for one in records.values() if not one.lookup],
        "record": record.name if record else "",
        "row": str(row_id or "") if record else "",
        "rows": _rows(request, shown),
        "narrowed": bool(who or record or kind),
        "pages": {
            "prev_url": request.url_of("settings.log", query=_kept(state)) if before else None,
            "next_url": request.url_of("settings.log", query=_kept({**state, "before": shown[-1].id}))
            if len(lines) > PAGE
            else None,
        },
    }


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _kept(state: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in state.items() if value]


def _about(request: Request, record: RecordType | None, row_id: int | None) -> dict[str, Any] | None:
    """The row that the page is narrowed to."""
    if record is None or row_id is None:
        return None
    name = titles(request.db, record, {row_id}).get(row_id, f"#{row_id}")
    return {"title": name, "url": request.url_of("record.card", record=record.name, id=row_id)}


def _rows(request: Request, lines: Sequence[AccessLog]) -> list[dict[str, Any]]:
    loc, session = request.loc, request.db
    details = [line.detail or {} for line in lines]
    named = [*(line.user_id for line in lines), *(detail.get("user") for detail in details)]
    people = users_by_ids(session, [one for one in named if one is not None])
    # Roles are written down by code, and those that somebody looked as by number.
    of_roles = all_roles(session) if any("role" in detail for detail in details) else ()
    called = {key: title_of(role) for role in of_roles for key in (role.code, role.id)}
    known = {record.name: record for record in all_records()}
    names = _names(request, lines, known)
    found = []
    for line in lines:
        title, icon = _SAID.get(line.what, (line.what, "circle"))
        if line.what == accesslog.FACTOR:
            title = _("Second factor of ${name} reset", mapping={"name": (line.detail or {}).get("name", "")})
        record = known.get(line.record)
        row = names.get((line.record, line.row_id or 0))
        said = [loc.translate(title)]
        if row:
            said.append(row)
        elif record is not None:
            said.append(loc.translate(record.plural))
        if line.what in (*accesslog.LEFT, *accesslog.READS) and line.row_id is None:
            said.append(loc.plural("${n} row", "${n} rows", line.row_count))
        who = people[line.user_id].name if line.user_id in people else loc.translate(_("Parlour"))
        url = None
        if row and line.row_id:
            url = request.url_of("record.card", record=line.record, id=line.row_id)
        found.append(
            {
                "icon": icon,
                "title": ": ".join(part for part in (said[0], ", ".join(said[1:])) if part),
                "url": url,
                "sub": _more(request, line, record, people, called),
                "who": who,
                "when": {"kind": "moment", "text": loc.ago(line.at), "title": loc.moment(line.at, "full")},
                "ip": line.ip,
            }
        )
    return found


def _names(
    request: Request, lines: Sequence[AccessLog], known: dict[str, RecordType]
) -> dict[tuple[str, int], str]:
    """What the rows of these lines are called; one query for each record."""
    on = {record.name for record in enabled_records(request.db)}
    found: dict[tuple[str, int], str] = {}
    for name in {line.record for line in lines} & known.keys() & on:
        ids = {line.row_id for line in lines if line.record == name and line.row_id}
        named = titles(request.db, known[name], ids)
        found.update({(name, row_id): named.get(row_id, f"#{row_id}") for row_id in ids})
    return found


def _more(
    request: Request,
    line: AccessLog,
    record: RecordType | None,
    people: Mapping[int, User],
    called: Mapping[Any, Any],
) -> str:
    """What else the line knows: fields, filter, what was looked for, which role, as whom."""
    loc, detail = request.loc, line.detail or {}
    parts = []
    if detail.get("q"):
        parts.append(f"“{detail['q']}”")
    if detail.get("filter") and record is not None:
        parts.append(Words(request.db, record, loc).say(detail["filter"]))
    if line.fields and record is not None:
        named = {item.name: loc.translate(item.title) for item in record.fields}
        parts.append(
            loc.translate(
                _("fields: ${fields}"), {"fields": ", ".join(named.get(name, name) for name in line.fields)}
            )
        )
    if isinstance(detail.get("format"), str):
        parts.append(detail["format"])
    role = detail.get("role")
    if role in called or isinstance(role, str):
        parts.append(loc.translate(called.get(role, role)))
    if line.what == accesslog.VIEWING:
        if detail.get("user") in people:
            parts.append(people[detail["user"]].name)
        parts.append(loc.translate(_("began") if detail.get("began") else _("stopped")))
    if line.what == accesslog.PROTECTION and "bulk_delete" in detail:
        on = _("deleting several at once: allowed")
        off = _("deleting several at once: switched off")
        parts.append(loc.translate(on if detail["bulk_delete"] else off))
    if "security" in detail:
        parts.append(loc.translate(_("what is demanded of log-ins")))
    if line.what == accesslog.FILE and detail.get("name"):
        parts.append(str(detail["name"]))
    if detail.get("as"):
        parts.append(loc.translate(_("looking as somebody else")))
    return " · ".join(parts)
