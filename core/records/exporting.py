"""Export: what a person may read and take along, streamed to csv, xlsx, json or vcf.

Export is a permission of its own; a field that may not be read is not there; every export is written to the access log. JSON and
vCard are exact. In csv and xlsx a list stands in one cell, and what a spreadsheet would execute is written as text; our import
reads all four back to the same values.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import Localizer, _
from parlour.records.clean import to_json
from parlour.records.query import stream
from parlour.records.registry import Field, RecordType, fields_of
from parlour.records.tables.write import write_table

FORMATS = ("csv", "xlsx", "json", "vcf")


def exportable(session: Session, record: RecordType, names: Sequence[str] | None = None) -> list[Field]:
    """The fields to write: those asked for, or all that this person may read and a file can bring back.

    Raises Refusal for an unknown one.
    """
    fields = [item for item in fields_of(session, record) if item.kind.name != "file"]
    if not names:
        return [item for item in fields if not item.computed]
    by_name = {item.name: item for item in fields}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise Refusal(
            _(
                "${record} has no field ${field}; there are: ${fields}.",
                mapping={"record": record.name, "field": unknown[0][:80], "fields": ", ".join(by_name)},
            )
        )
    return [by_name[name] for name in names]


def format_of(path: Path) -> str:
    """The format that the file's ending names. Raises Refusal."""
    ending = path.suffix.lstrip(".").lower()
    if ending not in FORMATS:
        raise Refusal(
            _(
                "The file must end in one of: ${endings}.",
                mapping={"endings": ", ".join("." + one for one in FORMATS)},
            )
        )
    return ending


def export(
    session: Session,
    record: RecordType,
    path: Path,
    loc: Localizer,
    *,
    fields: Sequence[str] | None = None,
    filter: Any = None,
    q: str = "",
    ids: Sequence[int] | None = None,
    archived: bool | None = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a file and return how many rows went into it; the file appears only when it is whole.

    Raises NotAllowed, Refusal. The caller logs the export (`access.accesslog`) with the number returned.
    """
    if not allows(session, record.permission("export")):
        raise NotAllowed(_("You may not export ${name}.", mapping={"name": record.plural}))
    ending = format_of(path)
    chosen = exportable(session, record, fields)
    if ending == "vcf" and not record.card:
        raise Refusal(
            _("${name} have no address cards; choose csv, xlsx or json.", mapping={"name": record.plural})
        )
    columns = headings(record, chosen, ending, loc)
    written = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal written
        for chunk in stream(session, record, chosen, filter=filter, q=q, ids=ids, archived=archived):
            for row in chunk:
                yield {columns[item.name]: cell(item, row[item.name], ending, loc) for item in chosen}
            written += len(chunk)
            if progress is not None:
                progress(written)

    write_table(path, ending, list(columns.values()), rows())
    return written


def headings(record: RecordType, fields: Sequence[Field], ending: str, loc: Localizer) -> dict[str, str]:
    """What each field is called in a file of a format: by name for machines, by title for people."""
    if ending == "json":
        return {item.name: item.name for item in fields}
    if ending == "vcf":
        return {item.name: record.card.get(item.name, item.name) for item in fields}
    titles = {item.name: loc.translate(item.title) for item in record.fields}
    shared = {title for title, count in Counter(titles.values()).items() if count > 1}
    return {
        item.name: f"{titles[item.name]} ({item.name})" if titles[item.name] in shared else titles[item.name]
        for item in fields
    }


def cell(item: Field, value: Any, ending: str, loc: Localizer) -> Any:
    """One value in the form of a format: exact in JSON and vCard, a single cell in the others."""
    if value is None:
        return None
    if item.storage == "link":
        return value["title"]
    if item.storage == "links":
        titles = [one["title"] for one in value]
        return titles if ending in ("json", "vcf") else "; ".join(map(_tag, titles))
    if ending == "json" or (
        ending == "vcf" and item.storage == "part" and item.lines[0].kind.shape in ("phone", "email")
    ):
        return to_json(item, value)
    if item.storage == "part":
        return _lines_cell(item, value)
    if item.kind.name == "boolean":
        return loc.translate(_("Yes")) if value else loc.translate(_("No"))
    if item.kind.name == "choice":
        return item.kind.show(value, loc)
    if item.kind.name == "money" and value.currency != loc.currency:
        return f"{value.amount} {value.currency}"
    return item.kind.to_cell(value)


def _tag(title: str) -> str:
    """A name in a list of names; in quotation marks when it holds what separates them."""
    return (
        '"{}"'.format(title.replace('"', '""')) if re.search('[;,|\n"]|:::|^\\s|\\s$|^\\*', title) else title
    )


def _lines_cell(item: Field, value: Sequence[dict[str, Any]]) -> str | None:
    """Phones and e-mails as people write them, "work: +7...; +7..."; lines of many fields as JSON."""
    if not value:
        return None
    main = item.lines[0]
    if main.kind.shape in ("phone", "email"):
        return "; ".join(
            f"{line['label']}: {line[main.name]}" if line.get("label") else str(line[main.name])
            for line in value
        )
    lines = [
        {name: found for name, found in line.items() if found is not None} for line in to_json(item, value)
    ]
    return json.dumps(lines, ensure_ascii=False)
