"""The parts of which card and preview are made: groups of fields, how to reach somebody, badges, actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.request import Request

from parlour.access.rules import allows
from parlour.i18n import _
from parlour.records import kinds
from parlour.records.actions import actions_of
from parlour.records.pages.addresses import file_url, heading_of, is_picture, photo_field, reader_of
from parlour.records.pages.shown import show
from parlour.records.registry import Field, RecordType, fields_of
from parlour.web.slots import CardContext


def card_context(request: Request, record: RecordType, row: Mapping[str, Any]) -> CardContext:
    """What plugins get to know about the row that a card shows."""
    return CardContext(request.loc, request.url_of, record, row)


def head_of(request: Request, record: RecordType, row: Mapping[str, Any]) -> dict[str, Any]:
    """What stands at the top: who it is."""
    photo = photo_field(request, record)
    marks = []
    if row["archived_at"] is not None:
        marks.append({"kind": "badge", "text": request.loc.translate(_("In the archive")), "tone": "warn"})
    tags = [
        {"text": one["title"], "href": _tag_url(request, record, item, one["id"])}
        for item in fields_of(request.db, record)
        if item.storage == "links" and getattr(item.kind, "create", False)
        for one in row.get(item.name) or ()
    ]
    return {
        "title": heading_of(request, record, row),
        "id": row["id"],
        "photo_url": file_url(request, row.get(photo.name), "medium") if photo else None,
        "badges": marks,
        "tags": tags,
    }


def _tag_url(request: Request, record: RecordType, item: Field, tag_id: int) -> str:
    """The list of everything that has this tag."""
    condition = f'[["{item.name}","any",[{tag_id}]]]'
    return str(request.url_of("record.list", query={"f": condition}, record=record.name))


def contacts_of(request: Request, record: RecordType, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Phones and e-mails of the row, to call and write with one touch; the main ones first."""
    found = []
    for item in fields_of(request.db, record):
        if item.storage == "part":
            main = item.lines[0]
            lines = [(line.get(main.name), _note(item, line)) for line in row.get(item.name) or ()]
            kind = main.kind
        elif item.storage in ("column", "extension"):
            kind, lines = item.kind, [(row.get(item.name), request.loc.translate(item.title))]
        else:
            continue
        for number, (value, note) in enumerate(lines):
            if value and isinstance(kind, kinds.PhoneKind):
                text, href = request.loc.phone(value), f"tel:{value}"
                found.append(_contact("phone", text, href, note, main=number == 0))
            elif value and isinstance(kind, kinds.EmailKind):
                found.append(_contact("email", value, f"mailto:{value}", note, main=number == 0))
    return sorted(found, key=lambda one: (one["kind"] != "phone", not one["main"]))


def _contact(kind: str, text: str, href: str, note: str, *, main: bool) -> dict[str, Any]:
    return {"kind": kind, "text": text, "href": href, "note": note, "main": main}


def _note(item: Field, line: Mapping[str, Any]) -> str:
    """What is said of a line beside its value: "work", "mother's"."""
    return ", ".join(str(line[inner.name]) for inner in item.lines[1:] if line.get(inner.name))


def groups_of(
    request: Request, record: RecordType, row: Mapping[str, Any], *, edit: bool, empty: bool = False
) -> list[dict[str, Any]]:
    """The fields in their groups, for reading. Empty fields are left out, and empty groups unless `empty`."""
    reader = reader_of(request)
    writable = {item.name for item in fields_of(request.db, record, "write")} if edit else set()
    order = list(record.groups) or ["main"]
    found: dict[str, dict[str, Any]] = {}
    for item in fields_of(request.db, record):
        if is_picture(item) or item.name == record.title_field or _is_tags(item):
            continue
        group = found.setdefault(
            item.group, {"name": item.group, "title": _title(record, item.group), "fields": [], "edit": None}
        )
        value = show(item, row.get(item.name), reader)
        if value is not None:
            group["fields"].append({"title": item.title, "value": value})
        if item.name in writable and group["edit"] is None:
            url = request.url_of("record.edit", record=record.name, id=row["id"], query={"group": item.group})
            group["edit"] = {"url": url}
    place = {name: number for number, name in enumerate(order)}
    ordered = sorted(found.values(), key=lambda group: place.get(group["name"], len(order)))
    return [group for group in ordered if group["fields"] or (empty and group["edit"])]


def _is_tags(item: Field) -> bool:
    return item.storage == "links" and bool(getattr(item.kind, "create", False))


def _title(record: RecordType, group: str) -> Any:
    return record.groups.get(group) or (_("Details") if group == "main" else group)


def row_actions(request: Request, record: RecordType, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The record's own actions for one row."""
    return [
        {
            "title": one.title,
            "icon": one.icon,
            "danger": one.danger,
            # What asks for something opens its form first.
            **({"dialog": True} if one.fields else {"method": "post"}),
            "url": request.url_of("record.act", record=record.name, id=row["id"], action=one.name),
        }
        for one in actions_of(request.db, record, bulk=False)
        if one.applies is None or one.applies(row)
    ]


def edit_action(request: Request, record: RecordType, row: Mapping[str, Any]) -> dict[str, Any] | None:
    if not allows(request.db, record.permission("write")):
        return None
    url = request.url_of("record.edit", record=record.name, id=row["id"])
    return {"title": _("Edit"), "icon": "pencil", "url": url, "key": "e"}


def more_actions(request: Request, record: RecordType, row: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """What stands behind the dots of a card."""
    session = request.db
    found: list[dict[str, Any]] = row_actions(request, record, row)
    if found:
        found.append({"rule": True})
    here = {"record": record.name, "id": row["id"]}
    if allows(session, "core:history:read"):
        url = request.url_of("record.history", **here)
        found.append({"title": _("History"), "icon": "history", "url": url})
    if allows(session, "core:log:read"):
        url = request.url_of("settings.log", query={"record": record.name, "row": row["id"]})
        found.append({"title": _("Who looked at it"), "icon": "eye", "url": url})
    if allows(session, "core:roles:write"):
        url = request.url_of("settings.explain", query={"record": record.name, "row": row["id"]})
        found.append({"title": _("Explain rights"), "icon": "circle-question-mark", "url": url})
    if record.person and allows(session, "core:export_person"):
        url = request.url_of("record.person", **here)
        found.append({"title": _("Personal data"), "icon": "shield-user", "url": url})
    if allows(session, record.permission("write")):
        away = row["archived_at"] is None
        name = "record.archive" if away else "record.restore"
        found.append(
            {
                "title": _("Archive") if away else _("Bring back from the archive"),
                "icon": "archive" if away else "archive-restore",
                "method": "post",
                "url": request.url_of(name, **here),
            }
        )
    if allows(session, record.permission("delete")):
        url = request.url_of("record.delete", **here)
        found.append({"title": _("Delete"), "icon": "trash-2", "url": url, "danger": True})
    return found
