"""What a card derives from its own values: the name with its parts, and whether the card is complete.

The name of a person is "Last First Middle". Whoever gives the parts gets the name composed; whoever gives a
name gets it split. A name that does not come apart cleanly ("Olga from the third floor") stays as typed and has
no parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parlour.db.session import Session
from parlour.plugins.contacts import names
from parlour.records.values import key_of

if TYPE_CHECKING:
    from parlour.records.write import RowChange

PARTS = ("last_name", "first_name", "middle_name")
NEEDS = ("kind", "name", *PARTS, "legal_name", "phones", "birthday", "tax_number")
# What a card must hold to be called complete.
ESSENTIAL = {"person": ("name", "phones", "birthday"), "company": ("name", "phones", "tax_number")}
PART_LENGTH = 100
_WORD = re.compile(r"[^\W\d_]+")


def derive(session: Session, rows: Sequence[RowChange]) -> None:
    """Fill in `name`, its parts and `complete` of rows about to be written."""
    for row in rows:
        if row.value("kind") == "company":
            _name_company(row)
        else:
            _name_person(row)
        row.new["complete"] = not missing({name: row.value(name) for name in NEEDS})


derive.needs = NEEDS  # type: ignore[attr-defined]


def missing(values: Mapping[str, Any]) -> list[str]:
    """The fields that a card lacks to be complete."""
    wanted = ESSENTIAL.get(values.get("kind") or "person", ESSENTIAL["person"])
    return [name for name in wanted if values.get(name) in (None, "", [])]


def display_name(last: str | None, first: str | None, middle: str | None) -> str:
    """What a person is called in lists: "Last First Middle", without what is not known."""
    return " ".join(part for part in (last, first, middle) if part)


def parts_of(name: str) -> dict[str, str | None] | None:
    """The parts of a person's name, or None when it is no mere name or a word of it would be lost."""
    if not names.comes_apart(name):
        return None
    found = names.split_name(name)
    if sorted(_words(str(found))) != sorted(_words(name)) or any(len(part) > PART_LENGTH for part in found):
        return None
    return {
        "last_name": found.last or None,
        "first_name": found.first or None,
        "middle_name": found.middle or None,
    }


def _words(text: str) -> list[str]:
    return _WORD.findall(key_of(text))


def _name_company(row: RowChange) -> None:
    for part in PARTS:
        if row.value(part):
            row.new[part] = None
    if not row.value("name") and row.value("legal_name"):
        row.new["name"] = row.value("legal_name")


def _name_person(row: RowChange) -> None:
    changed = [part for part in PARTS if part in row.new and row.new[part] != row.before.get(part)]
    name = row.new.get("name")
    renamed = bool(name) and name != row.before.get("name")
    if renamed and not any(row.value(part) for part in changed):
        parts = parts_of(str(name))
        for part in PARTS:
            row.new[part] = parts[part] if parts else None
        if not parts:
            return
    elif renamed and row.kind == "create" and changed:
        # Both came: the parts say more, and the name fills in those that are missing.
        for part, found in (parts_of(str(name)) or {}).items():
            if not row.value(part):
                row.new[part] = found
    elif not changed:
        return
    whole = display_name(*(row.value(part) for part in PARTS))
    if whole:
        row.new["name"] = whole
