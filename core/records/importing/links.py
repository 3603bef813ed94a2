"""Names in link fields become numbers of rows; those of value lists that are not there yet become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from parlour.db.session import Session
from parlour.i18n import _
from parlour.records.importing.convert import Converted, creates
from parlour.records.registry import Field
from parlour.records.values import key_of
from parlour.records.write import Change, write

# So many names go into one question.
CHUNK = 500


def resolve(
    session: Session,
    links: Iterable[Field],
    rows: Sequence[Converted],
    open: Callable[[], int],
    *,
    dry_run: bool,
) -> None:
    """Put numbers in place of the names that a batch gives for these fields, read in one statement for each of them.

    `open` returns the change set of rows that are made; a dry run makes none.
    """
    for item in links:
        named: dict[str, str] = {}
        for row in rows:
            given = row.values.get(item.name)
            for one in given if isinstance(given, list) else [given] if given else []:
                if isinstance(one, str):
                    named.setdefault(key_of(one), one)
        if not named:
            continue
        known = _known(session, item, sorted(named))
        missing = {key: name for key, name in named.items() if key not in known}
        if item.storage == "link" and missing and creates(item) and not dry_run:
            assert item.target is not None
            made = write(
                session,
                item.target,
                [Change({item.target.title_field: name}) for name in missing.values()],
                change_set=open(),
                system=True,
            )
            known.update(zip(missing, made.ids, strict=True))
        for row in rows:
            _put(row, item, known, dry_run)


def _known(session: Session, item: Field, keys: Sequence[str]) -> dict[str, int]:
    assert item.target is not None
    target: Any = item.target.cls
    # A number of their own, where they have one, says more than what they are called.
    unique = [one.key_column for one in item.target.fields if one.unique and one.storage == "column"]
    known: dict[str, int] = {}
    for name in [f"{item.target.title_field}_key", *filter(None, unique)]:
        column = getattr(target, name)
        for start in range(0, len(keys), CHUNK):
            statement = (
                select(column, target.id)
                .where(column.in_(keys[start : start + CHUNK]))
                .order_by(target.id.desc())
            )
            known.update((key, row_id) for key, row_id in session.execute(statement))
    return known


def _put(row: Converted, item: Field, known: Mapping[str, int], dry_run: bool) -> None:
    given = row.values.get(item.name)
    if isinstance(given, list):
        found = [known.get(key_of(one), one) if isinstance(one, str) else one for one in given]
        row.values[item.name] = list(dict.fromkeys(found))
        if not creates(item):
            for one in [one for one in row.values[item.name] if isinstance(one, str)]:
                row.values[item.name].remove(one)
                row.problems.append((item.name, one, _("There is no such record.")))
    elif isinstance(given, str):
        row_id = known.get(key_of(given))
        if row_id is not None:
            row.values[item.name] = row_id
            return
        del row.values[item.name]
        if not (dry_run and creates(item)):
            row.problems.append((item.name, given, _("There is no such record.")))
