"""What an organisation holds back from everybody, its owners' own slips included.

Two things, both changed by an owner only and each change logged: fields that nobody may change, whatever their
role, and whether several records may be deleted at once at all. Parlour itself (`trusted` without a person) is
not bound: computed figures and the operator's command line must go on working.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parlour.access import accesslog, rules
from parlour.access.models import Organisation
from parlour.db.session import Session, system
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import _

if TYPE_CHECKING:
    from parlour.records.registry import Field, RecordType

_KEY = "protection"
# Names within the organisation's settings.
_FIELDS, _BULK_DELETE = "protected_fields", "bulk_delete"


@dataclass(frozen=True)
class Protection:
    """`fields` maps a record's name to the fields that nobody changes."""

    bulk_delete: bool = False
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)


def protection_of(session: Session) -> Protection:
    """What the session's organisation holds back; read once per session."""
    found = session.scope.cache.get(_KEY)
    if not isinstance(found, Protection):
        from parlour.access.roles import own_organisation

        kept = own_organisation(session).settings or {}
        found = Protection(
            bool(kept.get(_BULK_DELETE)),
            {name: frozenset(names) for name, names in (kept.get(_FIELDS) or {}).items()},
        )
        session.scope.cache[_KEY] = found
    return found


def protected(session: Session, record: RecordType) -> frozenset[str]:
    """Names of the fields of a record that nobody changes."""
    if session.scope.trusted and session.scope.user_id is None:
        return frozenset()
    return protection_of(session).fields.get(record.name, frozenset())


def may_bulk_delete(session: Session) -> bool:
    """Whether the person may delete several records at once: the right, and the organisation's switch.

    Both bind an owner too, who has the right and sets the switch.
    """
    if session.scope.trusted:
        return True
    return protection_of(session).bulk_delete and rules.allows(session, "core:bulk_delete")


def require_bulk_delete(session: Session) -> None:
    """Raises NotAllowed, saying which of the two is missing, unless `may_bulk_delete`."""
    if may_bulk_delete(session):
        return
    if rules.allows(session, "core:bulk_delete"):
        raise NotAllowed(
            _("Deleting several records at once is switched off here; an owner can allow it in the settings.")
        )
    raise NotAllowed(_("You may not delete many records at once."))


def protectable(session: Session, record: RecordType) -> list[Field]:
    """The fields here that can be protected: not those without which nothing could be added, nor computed ones."""
    from parlour.records.registry import fields_of

    return [item for item in fields_of(session, record) if not item.required and not item.computed]


def protect(session: Session, record: RecordType, names: Collection[str]) -> None:
    """Let exactly these fields of a record be protected, beside those that are not there now because their plugin is off.
    Raises NotAllowed but for an owner, Invalid.
    """
    known = {item.name for item in protectable(session, record)}
    for name in sorted(set(names) - known):
        wrong = _(
            "${field} cannot be protected: it does not exist, is computed, or nothing could be added without it.",
            mapping={"field": name[:80]},
        )
        raise Invalid(wrong, {0: {record.name: wrong}})
    before = sorted(protection_of(session).fields.get(record.name, ()))
    after = sorted({*names, *before} - (known - set(names)))
    if before == after:
        _require_owner(session)
        return
    organisation = _locked(session)
    kept = dict((organisation.settings or {}).get(_FIELDS) or {})
    kept[record.name] = after
    _keep(session, organisation, _FIELDS, {name: found for name, found in kept.items() if found})
    accesslog.note(
        session, accesslog.PROTECTION, record.name, 0, fields=after, detail={"before": before, "after": after}
    )


def allow_bulk_delete(session: Session, on: bool) -> None:
    """Let those who have the right delete several records at once, or nobody. Raises NotAllowed but for an owner."""
    if protection_of(session).bulk_delete == on:
        _require_owner(session)
        return
    _keep(session, _locked(session), _BULK_DELETE, on)
    accesslog.note(session, accesslog.PROTECTION, "", 0, detail={"bulk_delete": on})


def _require_owner(session: Session) -> None:
    if not rules.is_owner(session):
        raise NotAllowed(_("Only an owner changes this."))


def _locked(session: Session) -> Organisation:
    from parlour.access.roles import lock_organisation

    _require_owner(session)
    return lock_organisation(session)


def _keep(session: Session, organisation: Organisation, name: str, value: Any) -> None:
    with system(session):
        organisation.settings = {**(organisation.settings or {}), name: value}
    session.scope.cache.pop(_KEY, None)
    rules.forget(session)
