"""What the person of a session may do, compiled to SQL.

One table, two kinds of rules. A **permission** gives: any one of the person's roles is enough, and a filter
narrows it to some rows. A **restriction** takes away, and every one of them holds: with a filter only the
rows that match stay, with fields these are hidden, with neither the permission is gone altogether. No
permission means no.

Three people are beyond the table. The owner of an organisation has everything in every plugin that is
switched on, and no restriction binds them: nobody can lock the owner out. A trusted scope (jobs, the command
line) is Parlour itself. Rules of a plugin that is off do not count, for nobody.

Whatever is done with a row needs that the person sees it: each action's condition holds together with the one for
"read". Otherwise "sees own clients" beside "exports clients" would export everybody's.

Fields are decided per record and not per row, and on the safe side. A field is shown when some permission
without a filter shows it, or when every permission of the person shows it. A permission for "own clients,
with phones" beside one for "all clients, without phones" therefore shows no phones at all: a list could not
hide them in some rows only without telling by sorting and searching what it hides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ColumnElement, and_, bindparam, false, func, or_, select

from parlour.access.models import Role, Rule
from parlour.access.scopes import cover
from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.i18n import _

if TYPE_CHECKING:
    from parlour.records.registry import RecordType

OWNER = "owner"
PERMISSION = "permission"
RESTRICTION = "restriction"
Predicate = ColumnElement[bool]
_KEY = "access_rules"
_CODES = "role_codes"
_READ = "rules_read"


@dataclass(frozen=True)
class Held:
    """One rule that applies to the person."""

    filter: dict[str, Any] | None
    fields_except: frozenset[str]


@dataclass
class RuleSet:
    """All rules of one person in one organisation, by permission. `everything` is the owner."""

    everything: bool = False
    permissions: dict[str, list[Held]] = field(default_factory=dict)
    restrictions: dict[str, list[Held]] = field(default_factory=dict)


def rules_of(session: Session) -> RuleSet:
    """The rules of the session's person; two queries, once per session."""
    found = session.scope.cache.get(_KEY)
    if not isinstance(found, RuleSet):
        found = session.scope.cache[_KEY] = _load(session)
    return found


def is_owner(session: Session) -> bool:
    """Whether nothing binds the session's person: an owner here, or Parlour itself."""
    return session.scope.trusted or rules_of(session).everything


def forget(session: Session) -> None:
    """Let this session read its rules anew; called by what changes them."""
    session.scope.cache.pop(_KEY, None)
    session.scope.cache.pop(_READ, None)
    for key in [key for key in session.scope.cache if str(key).startswith("fields:")]:
        del session.scope.cache[key]


def known_roles(session: Session, codes: Collection[str]) -> None:
    """Save this session the query for the codes of its roles, which have been read already."""
    session.scope.cache[_CODES] = tuple(codes)


def known_rules(session: Session, lines: Iterable[Sequence[Any]]) -> None:
    """Save this session the query for its rules: those of `lines`, as `lines_of` brings them, that apply to its roles."""
    roles = (None, *session.scope.role_ids)
    session.scope.cache[_READ] = [tuple(rest) for role, *rest in lines if role in roles]


_RULE = Rule.__table__


def lines_of(dialect: str, organisation: Any, roles: Any) -> Any:
    """A column of another statement that brings the rules of these roles of the organisation, and those of everyone, in
    their order, for `known_rules`.
    """
    postgresql = dialect == "postgresql"
    build = func.json_build_array if postgresql else func.json_array
    given = [_RULE.c[name] for name in ("filter", "fields_except")]
    line = build(
        *(_RULE.c[name] for name in ("role_id", "kind", "permission")),
        *(given if postgresql else map(func.json, given)),
    )
    found = (
        select(line.label("line"))
        .where(_RULE.c.organisation_id == organisation, _RULE.c.active)
        .where(or_(_RULE.c.role_id.in_(roles), _RULE.c.role_id.is_(None)))
        .order_by(_RULE.c.id)
        .subquery()
    )
    if postgresql:
        return select(func.json_agg(found.c.line, type_=JSON)).scalar_subquery()
    # SQLite forgets on the way that a line is JSON already.
    return select(func.json_group_array(func.json(found.c.line), type_=JSON)).scalar_subquery()


_APPLYING = (
    select(_RULE.c.kind, _RULE.c.permission, _RULE.c.filter, _RULE.c.fields_except)
    .where(
        _RULE.c.organisation_id == bindparam("organisation"),
        _RULE.c.active,
        or_(_RULE.c.role_id.in_(bindparam("roles", expanding=True)), _RULE.c.role_id.is_(None)),
    )
    .order_by(_RULE.c.id)
)


def _load(session: Session) -> RuleSet:
    role_ids = session.scope.role_ids
    found = RuleSet()
    if role_ids:
        codes = session.scope.cache.get(_CODES)
        if codes is None:
            codes = session.scalars(select(Role.code).where(Role.id.in_(role_ids))).all()
        found.everything = OWNER in codes
    if found.everything:
        return found
    rows = session.scope.cache.pop(_READ, None)
    if rows is None:
        rows = session.raw(_APPLYING, {"organisation": session.scope.organisation_id, "roles": role_ids})
    for kind, permission, given, fields_except in rows:
        held = Held(given or None, frozenset(fields_except or ()))
        bucket = found.permissions if kind == PERMISSION else found.restrictions
        bucket.setdefault(permission, []).append(held)
    return found


def _on(session: Session, permission: str) -> bool:
    """Whether the plugin that the permission belongs to is switched on here."""
    from parlour.plugin.gate import enabled

    return permission.partition(":")[0] in enabled(session)


def allows(session: Session, permission: str) -> bool:
    """Whether the person has the permission at all, for some rows at least, and the token covers it."""
    return session.scope.trusted or (cover(session.scope.scopes, permission) and holds(session, permission))


def holds(session: Session, permission: str) -> bool:
    """Whether the person has the permission, whatever a token is narrowed to."""
    if session.scope.trusted:
        return True
    if not _on(session, permission) or _of_a_journal(permission):
        return False
    rules = rules_of(session)
    if rules.everything:
        return True
    return bool(rules.permissions.get(permission)) and not _forbidden(rules, permission)


def _of_a_journal(permission: str) -> bool:
    """Whether it would change what only the plugin itself writes; that is nobody's right, the owner's neither."""
    from parlour.records.registry import journals

    name, _colon, act = permission.rpartition(":")
    return act in _CHANGING and name.replace(":", ".", 1) in journals()


_CHANGING = frozenset({"create", "write", "delete", "merge"})


def _forbidden(rules: RuleSet, permission: str) -> bool:
    return any(not rule.filter and not rule.fields_except for rule in rules.restrictions.get(permission, ()))


def require(session: Session, permission: str) -> None:
    """Raises NotAllowed unless `allows`."""
    if not allows(session, permission):
        raise NotAllowed(_("You may not do this. Ask an owner for the right."))


def predicate(session: Session, record: RecordType, action: str, *, entity: Any = None) -> Predicate | None:
    """The condition on rows of `record` (or its alias `entity`) for an action; None when every row is
    allowed.

    Raises NotAllowed when the person has no permission for the action at all, or may not see the record.
    """
    conditions: list[Predicate] = []
    for wanted in needed(action):
        permission = record.permission(wanted)
        if not allows(session, permission):
            raise NotAllowed(_("You may not do this with ${records}.", mapping={"records": record.plural}))
        if not is_owner(session):
            conditions += _conditions(session, record, permission, entity)
    return and_(*conditions) if conditions else None


def needed(action: str) -> tuple[str, ...]:
    """The actions that must be allowed for one: nothing is done with a row that is not seen."""
    return (action,) if action in ("read", "create") else ("read", action)


def _conditions(session: Session, record: RecordType, permission: str, entity: Any) -> list[Predicate]:
    rules = rules_of(session)
    granted = rules.permissions[permission]
    conditions: list[Predicate] = []
    if all(rule.filter for rule in granted):
        conditions.append(or_(false(), *(compiled(session, record, rule.filter, entity) for rule in granted)))
    conditions.extend(
        compiled(session, record, rule.filter, entity)
        for rule in rules.restrictions.get(permission, ())
        if rule.filter
    )
    return conditions


def compiled(session: Session, record: RecordType, given: Any, entity: Any = None) -> Predicate:
    """A rule's filter; one that leads into a plugin that is off, or that cannot be read any more, lets
    nothing through.
    """
    from parlour.records.filters import compile_filter
    from parlour.records.operators import FilterFault

    try:
        return compile_filter(session, record, given, entity=entity, trusted=True)
    except FilterFault:
        return false()


def hidden_fields(session: Session, record: RecordType, action: str) -> frozenset[str]:
    """Names of the fields that the person may not see (action "read") or set ("write", "create").

    Without the permission every field is hidden. A form asks for "write" both when it changes and when it
    adds a record: who may only add is judged by what they may add. What the organisation protects is never set.
    """
    from parlour.access.protection import protected

    held_back = frozenset() if action == "read" else protected(session, record)
    if session.scope.trusted:
        return held_back
    permission = record.permission(action)
    if action == "write" and not allows(session, permission):
        permission = record.permission("create")
    if not allows(session, permission):
        return frozenset(item.name for item in record.fields)
    rules = rules_of(session)
    hidden = _guarded(session, record, action) | held_back
    if rules.everything:
        return hidden
    granted = rules.permissions[permission]
    shown_to_all_rows = [rule.fields_except for rule in granted if not rule.filter]
    for name in _named(granted):
        some = any(name not in hides for hides in shown_to_all_rows)
        if not some and any(name in rule.fields_except for rule in granted):
            hidden |= {name}
    return hidden | _named(rules.restrictions.get(permission, ()))


def _named(rules: Iterable[Held]) -> frozenset[str]:
    return frozenset(name for rule in rules for name in rule.fields_except)


def field_permission(record: RecordType, plugin: str, name: str, action: str) -> str:
    """The permission of a secret or guarded field: "contacts:contact.health:read". It belongs to the plugin
    that brought the field.
    """
    return f"{plugin}:{record.name.partition('.')[2]}.{name}:{action}"


def _guarded(session: Session, record: RecordType, action: str) -> frozenset[str]:
    """Secret and guarded fields need a permission each, besides that of the record."""
    wanted = "read" if action == "read" else "write"
    return frozenset(
        item.name
        for item in record.fields
        if (item.secret or item.guarded)
        and not allows(session, field_permission(record, item.plugin, item.name, wanted))
    )
