"""From input to values: every field of every row is checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from parlour.access.rules import predicate
from parlour.db.bulk import is_gathering
from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.records.defaults import Defaults, defaults_of
from parlour.records.kinds import FileKind, LinksKind, link_id
from parlour.records.registry import Field, RecordType
from parlour.records.values import Fault, key_of

if TYPE_CHECKING:
    from parlour.records.write import RowChange

MAX_LINES = 50
MAX_LINKS = 200
Errors = dict[int, dict[str, Any]]
_NOT_YOURS = _("There is no such record, or it is not yours to see.")


def clean_values(
    session: Session, fields: Mapping[str, Field], given: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], Errors]:
    """The plain values of every row, and what cannot be saved. A field that does not exist is a fault, never dropped."""
    defaults = defaults_of(session)
    rows: list[dict[str, Any]] = []
    errors: Errors = {}
    for position, values in enumerate(given):
        row: dict[str, Any] = {}
        for name, value in values.items():
            item = fields.get(name)
            if item is None:
                fault: Any = _(
                    "There is no field ${field} that you may fill in.", mapping={"field": str(name)[:80]}
                )
                errors.setdefault(position, {})[name] = fault
                continue
            try:
                row[name] = clean_one(item, value, defaults)
            except Fault as found:
                errors.setdefault(position, {})[name] = found.message
        rows.append(row)
    return rows, errors


def clean_one(item: Field, value: Any, defaults: Defaults) -> Any:
    """One value. Raises Fault."""
    if item.storage == "part":
        return _clean_lines(item, value, defaults)
    if item.storage == "links":
        return _clean_links(item, value)
    return item.kind.clean(value, defaults)


def clean_inputs(session: Session, fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each of these fields, which stand on no record; its default, or None, where nothing was given.

    Raises Invalid with the messages under row 0.
    """
    known = {item.name: item for item in fields}
    (values,), errors = clean_values(session, known, [given])
    faults = errors.get(0, {})
    for item in fields:
        if item.name in faults:
            continue
        empty = values.get(item.name) in (None, "", [])
        if empty and item.default is not None:
            values[item.name] = item.default() if callable(item.default) else item.default
        elif empty and item.required:
            faults[item.name] = _("This is needed.")
        else:
            values.setdefault(item.name)
        if item.target is not None and item.name not in faults:
            wanted = set(_ids(values[item.name]))
            if wanted - existing(session, item.target, wanted):
                faults[item.name] = _NOT_YOURS
    if faults:
        raise Invalid(_("This cannot be done yet."), {0: faults})
    return values


def _clean_lines(item: Field, value: Any, defaults: Defaults) -> list[dict[str, Any]]:
    if value in (None, ""):
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Fault(_("This must be a list."))
    main = item.lines[0]
    lines: list[dict[str, Any]] = []
    for given in value:
        whole = given if isinstance(given, Mapping) else {main.name: given}
        unknown = whole.keys() - item.line_names
        if unknown:
            raise Fault(
                _("A line has no field ${field}.", mapping={"field": sorted(map(str, unknown))[0][:80]})
            )
        line = {inner.name: inner.kind.clean(whole.get(inner.name), defaults) for inner in item.lines}
        if all(found in (None, "", False) for found in line.values()):
            continue
        for inner in item.lines:
            if inner.required and line[inner.name] is None:
                raise Fault(_("A line needs: ${field}.", mapping={"field": inner.title}))
        # The same phone written twice is one phone.
        twice = line in lines if item.repeats else line[main.name] in [other[main.name] for other in lines]
        if not twice or (line[main.name] is None and not item.repeats):
            lines.append(line)
    if len(lines) > MAX_LINES:
        raise Fault(_("At most ${n} fit.", mapping={"n": MAX_LINES}))
    return lines


def _clean_links(item: Field, value: Any) -> list[Any]:
    """Ids, and names still to be made into rows, each once."""
    if value in (None, ""):
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise Fault(_("This must be a list."))
    ids: set[int] = set()
    names: dict[str, str] = {}
    create = isinstance(item.kind, LinksKind) and item.kind.create
    for one in value:
        if isinstance(one, Mapping) and "id" not in one and "title" in one:
            one = one["title"]
        if isinstance(one, str) and create:
            name = " ".join(one.split())
            if len(name) > 100:
                raise Fault(_("A name has at most ${n} characters.", mapping={"n": 100}))
            if name:
                names.setdefault(key_of(name), name)
        else:
            found = link_id(one)
            if found is not None:
                ids.add(found)
    if len(ids) + len(names) > MAX_LINKS:
        raise Fault(_("At most ${n} fit.", mapping={"n": MAX_LINKS}))
    return [*sorted(ids), *names.values()]


def defaults_for(record: RecordType, values: Mapping[str, Any], defaults: Defaults) -> dict[str, Any]:
    """What a new row has where nothing was given."""
    start: dict[str, Any] = {}
    for item in record.fields:
        if item.name in values:
            continue
        if item.default is not None:
            start[item.name] = item.default() if callable(item.default) else item.default
    return start


def check_required(record: RecordType, batch: Sequence[RowChange], errors: Errors) -> None:
    for row in batch:
        if row.kind not in ("create", "update"):
            continue
        for item in record.fields:
            if not item.required or (row.kind == "update" and item.name not in row.new):
                continue
            found = errors.get(row.position, {})
            if row.new.get(item.name) in (None, "", []) and item.name not in found:
                errors.setdefault(row.position, {})[item.name] = _("This is needed.")


def check_links(
    session: Session, record: RecordType, batch: Sequence[RowChange], errors: Errors, system: bool
) -> None:
    """Every link must lead to a row that this person may see; names become ids where the row exists.

    Where Parlour itself writes several records as one it has just read what they link to, and foreign keys hold it to that.
    """
    read_already = system and is_gathering(session)
    for item in record.fields:
        rows = [row for row in batch if item.name in row.new]
        if not rows:
            continue
        if isinstance(item.kind, FileKind):
            _check_files(session, record, item, rows, errors, system)
        if item.target is None:
            continue
        if item.storage == "links":
            _resolve_names(session, item, rows)
        wanted = {one for row in rows for one in _ids(row.new[item.name])}
        known = wanted if read_already else existing(session, item.target, wanted, system)
        for row in rows:
            if set(_ids(row.new[item.name])) - known:
                errors.setdefault(row.position, {})[item.name] = _NOT_YOURS


def _ids(value: Any) -> list[int]:
    if value is None:
        return []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int)]


def existing(session: Session, target: RecordType, wanted: set[int], system: bool = False) -> set[int]:
    """Those of the ids that are rows which this person may see, for `system` rows at all. Raises NotAllowed."""
    if not wanted:
        return set()
    allowed = None if system else predicate(session, target, "read")
    ids = sorted(wanted)
    found: set[int] = set()
    for start in range(0, len(ids), 500):
        statement = select(target.cls.id).where(target.cls.id.in_(ids[start : start + 500]))
        found.update(session.scalars(statement if allowed is None else statement.where(allowed)))
    return found


def _check_files(
    session: Session, record: RecordType, item: Field, rows: Sequence[RowChange], errors: Errors, system: bool
) -> None:
    from parlour.records.files import refused

    for position, fault in refused(session, record, item, rows, system=system).items():
        errors.setdefault(position, {})[item.name] = fault


def _resolve_names(session: Session, item: Field, rows: Sequence[RowChange]) -> None:
    """Replace names by the ids of rows that are already called so; new names stay until everything is checked."""
    assert item.target is not None
    names = {key_of(one) for row in rows for one in row.new[item.name] if isinstance(one, str)}
    if not names:
        for row in rows:
            row.new[item.name] = sorted(row.new[item.name])
        return
    cls = item.target.cls
    key = getattr(cls, f"{item.target.title_field}_key")
    wanted = sorted(names)
    known: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        statement = select(key, cls.id).where(key.in_(wanted[start : start + 500]))
        known.update((name, row_id) for name, row_id in session.execute(statement))
    for row in rows:
        row.new[item.name] = _merged(row.new[item.name], known)


def _merged(values: Sequence[Any], known: Mapping[str, int]) -> list[Any]:
    resolved = [known.get(key_of(one), one) if isinstance(one, str) else one for one in values]
    ids = sorted({one for one in resolved if isinstance(one, int)})
    return [*ids, *(one for one in resolved if isinstance(one, str))]


def make_linked(session: Session, record: RecordType, batch: Sequence[RowChange], change_set: int) -> None:
    """Create the rows that are named and do not exist yet (tags), in the same change set."""
    from parlour.records.write import Change, write

    for item in record.fields:
        rows = [row for row in batch if item.storage == "links" and isinstance(row.new.get(item.name), list)]
        names = {key_of(one): one for row in rows for one in row.new[item.name] if isinstance(one, str)}
        if not names:
            continue
        assert item.target is not None
        title = item.target.title_field
        made = write(
            session,
            item.target,
            [Change({title: name}) for name in names.values()],
            change_set=change_set,
            system=True,
        )
        known = dict(zip(names, made.ids, strict=True))
        for row in rows:
            row.new[item.name] = _merged(row.new[item.name], known)


def to_json(item: Field, value: Any) -> Any:
    """A plain value in JSON form: what history keeps and export writes."""
    if value is None:
        return None
    if item.storage == "part":
        return [
            {inner.name: inner.kind.to_json(line.get(inner.name)) for inner in item.lines} for line in value
        ]
    if item.storage in ("links", "link"):
        return value
    return item.kind.to_json(value)
