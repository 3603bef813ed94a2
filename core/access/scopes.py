"""What a token is narrowed to. Scopes only take away: whatever they say, a token can do no more than its person.

    read                      see whatever the person may see
    write                     see, add, change and delete whatever the person may
    export                    see and export
    contacts.contact:read     the same for one record: RECORD:read, RECORD:write, RECORD:export
    contacts.contact:block    see one record and run one action on it: RECORD:ACTION

Several add up. A token without scopes is as able as its person.
"""

from __future__ import annotations

from collections.abc import Iterable

from parlour.errors import Invalid
from parlour.i18n import _

READ, WRITE, EXPORT = WORDS = ("read", "write", "export")
MAX_SCOPES = 100


def clean(given: Iterable[str]) -> list[str]:
    """The scopes in order, each once. Raises Invalid for one that means nothing here; a blank one is none, not all."""
    from parlour.records.registry import all_records

    known = {record.name: record for record in all_records()}
    found = sorted({scope.strip() for scope in given})
    for scope in found:
        name, colon, word = scope.partition(":")
        record = known.get(name)
        if scope in WORDS or (colon and record is not None and (word in WORDS or word in record.actions)):
            continue
        wrong = _(
            "${scope} is no scope; write read, write, export, RECORD:read, RECORD:write, RECORD:export or RECORD:ACTION.",
            mapping={"scope": scope[:80] or '""'},
        )
        raise Invalid(wrong, {0: {"scopes": wrong}})
    if len(found) > MAX_SCOPES:
        many = _("At most ${n} fit.", mapping={"n": MAX_SCOPES})
        raise Invalid(many, {0: {"scopes": many}})
    return found


def cover(scopes: frozenset[str] | None, permission: str) -> bool:
    """Whether a token with these scopes may use a permission ("contacts:contact:read") that its person has."""
    if scopes is None:
        return True
    plugin, _colon, rest = permission.partition(":")
    middle, _colon, action = rest.rpartition(":")
    word = action if action in (READ, EXPORT) else WRITE
    if word in scopes or (word == READ and not scopes.isdisjoint(WORDS)):
        return True
    record = f"{plugin}.{middle.partition('.')[0]}:"
    if not middle:
        # "core:bulk" and its like only say how; what is changed has a permission of its own.
        return word == WRITE and any(scope.endswith(f":{WRITE}") for scope in scopes)
    return record + word in scopes or (word == READ and any(scope.startswith(record) for scope in scopes))


def covers_action(scopes: frozenset[str] | None, record: str, action: str) -> bool:
    """Whether a token may run a named action of a record."""
    return scopes is None or not {WRITE, f"{record}:{WRITE}", f"{record}:{action}"}.isdisjoint(scopes)
