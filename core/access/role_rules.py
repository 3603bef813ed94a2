"""What a role may do with which rows and fields: changed by people, kept apart from what plugins granted.

A plugin's grant is never written over: it is laid aside (inactive), and a rule of the organisation's own takes its
place. So resetting a role is taking those away and laying nothing aside any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from parlour.access import accesslog, rules
from parlour.access.models import MembershipRole, Role, Rule
from parlour.access.roles import BY_OWNER, lock_organisation, role_by_id
from parlour.access.rules import OWNER, PERMISSION, RESTRICTION
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import _
from parlour.records.filters import compile_filter
from parlour.records.registry import RecordType, all_records, fields_of

MAX_RESTRICTIONS = 20


@dataclass(frozen=True)
class Held:
    """What a role has of one permission. `filter` None is all rows; `fields_except` are those left out."""

    given: bool
    filter: Any = None
    fields_except: frozenset[str] = frozenset()
    # Filters that have to hold as well, one for each restriction; None takes the permission away.
    only: tuple[Any, ...] = ()


def changeable(session: Session, role_id: int) -> Role:
    """The role, locked with its organisation. Raises NotFound, and Refusal for the owner's role: what it may do is no
    list, so that no rule can lock the last owner out.

    Who is no owner may not change a role of their own, or they would promote themselves.
    """
    role = role_by_id(session, role_id)
    if role.code == OWNER:
        raise Refusal(_("The owner may do everything; this cannot be narrowed."))
    lock_organisation(session)
    if not rules.is_owner(session):
        mine = select(func.count(MembershipRole.id)).where(
            MembershipRole.role_id == role_id, MembershipRole.user_id == session.scope.user_id
        )
        if session.scalar(mine):
            raise NotAllowed(_("This is a role of your own. Ask an owner to change it."))
    return role


def may_give(session: Session, permission: str) -> None:
    """Raises NotAllowed for a permission that the person does not have in full: nobody gives away more than their own.

    Who exports a limited number of rows gives no exporting: whom they give it to would have no limit.
    """
    if rules.is_owner(session):
        return
    mine = rules.rules_of(session)
    whole = any(not rule.filter and not rule.fields_except for rule in mine.permissions.get(permission, ()))
    if not whole or mine.restrictions.get(permission):
        raise NotAllowed(_("You can only give rights that you have yourself, for all rows and fields."))
    for record in all_records():
        if record.permission("export") == permission:
            if accesslog.export_limits(session, record) != (None, None):
                raise NotAllowed(_("Your own exports are limited, so only an owner can let others export."))


def held(session: Session, role_id: int) -> dict[str, Held]:
    """What a role has, by permission: its active rules and those that hold for everyone taken together. One query."""
    return summed(
        session.scalars(select(Rule).where(_binds(role_id), Rule.active).order_by(Rule.kind, Rule.id)).all()
    )


def shipped(session: Session, role_id: int) -> dict[str, Held]:
    """What plugins granted the role, whatever people have made of it since."""
    statement = select(Rule).where(_binds(role_id), Rule.source != BY_OWNER)
    return summed(session.scalars(statement.order_by(Rule.kind, Rule.id)).all())


def _binds(role_id: int) -> ColumnElement[bool]:
    return (Rule.role_id == role_id) | Rule.role_id.is_(None)


def summed(found: Sequence[Rule]) -> dict[str, Held]:
    """Rules taken together, by permission: permissions are OR-ed, a field is left out where all of them leave it out."""
    by_permission: dict[str, list[Rule]] = {}
    for rule in found:
        by_permission.setdefault(rule.permission, []).append(rule)
    return {permission: _sum(several) for permission, several in by_permission.items()}


def _sum(found: Sequence[Rule]) -> Held:
    gives = [rule for rule in found if rule.kind == PERMISSION]
    takes = [rule for rule in found if rule.kind == RESTRICTION]
    whole = [rule for rule in gives if not rule.filter]
    filters = [rule.filter for rule in gives if rule.filter]
    narrowed = None if whole or not filters else filters[0] if len(filters) == 1 else {"or": filters}
    hidden = [frozenset(rule.fields_except or ()) for rule in whole or gives]
    shown = frozenset.intersection(*hidden) if whole else frozenset().union(*hidden)
    taken = frozenset(name for rule in takes for name in rule.fields_except or ())
    only = tuple(rule.filter or None for rule in takes if rule.filter or not rule.fields_except)
    return Held(bool(gives), narrowed, shown | taken, only)


def _own_rule(session: Session, role_id: int, permission: str) -> Rule:
    """The organisation's own rule for a permission of a role, holding what the active rules amount to; every other one
    is laid aside.
    """
    found = session.scalars(
        select(Rule).where(Rule.role_id == role_id, Rule.kind == PERMISSION, Rule.permission == permission)
    ).all()
    own = next((rule for rule in found if rule.source == BY_OWNER), None)
    active = [rule for rule in found if rule.active]
    # What was taken away comes back as it was worded last, with the fields that it hides.
    before = _sum(active or ([own] if own else found))
    if own is None:
        own = Rule(role_id=role_id, kind=PERMISSION, permission=permission, source=BY_OWNER)
        session.add(own)
    own.filter, own.fields_except = before.filter, sorted(before.fields_except) or None
    own.active = True
    for rule in found:
        if rule is not own:
            rule.active = False
    return own


def set_rows(
    session: Session, role_id: int, record: RecordType, actions: Collection[str], given: Any
) -> None:
    """Limit what a role may do with a record to the rows of a filter, None for all rows; the role gets what it did not
    have yet.

    `actions` are those of the record ("read", "write", ...). Raises FilterFault for a filter that cannot be
    understood.
    """
    role = changeable(session, role_id)
    # What cannot be compiled would close the rule without anybody noticing.
    compile_filter(session, record, given)
    for action in actions:
        permission = record.permission(action)
        may_give(session, permission)
        _own_rule(session, role_id, permission).filter = given or None
    _done(session, role, record.name, {"rows": given, "actions": sorted(actions)})


def set_fields(
    session: Session,
    role_id: int,
    record: RecordType,
    hidden: Collection[str],
    readonly: Collection[str],
) -> None:
    """Which fields of a record a role does not see, and which it sees and may not set. Fields that are not there for
    who asks stay as they are.
    """
    role = changeable(session, role_id)
    now = held(session, role_id)
    known = {item.name for item in fields_of(session, record)}
    hidden = known.intersection(hidden)
    readonly = known.intersection(readonly) - hidden
    changed = {}
    for action, wanted in (("read", hidden), ("write", readonly), ("create", readonly)):
        permission = record.permission(action)
        have = now.get(permission, Held(False))
        names = wanted | (have.fields_except - known)
        differing = have.fields_except ^ names
        if action != "read":
            # A hidden field is read-only anyway, so whether a rule for "write" names it as well says nothing.
            differing -= hidden
        if not have.given or not differing:
            continue
        may_give(session, permission)
        _own_rule(session, role_id, permission).fields_except = sorted(names) or None
        changed[action] = sorted(names)
    if changed:
        _done(session, role, record.name, {"without": changed})


def restrict(
    session: Session, role_id: int, record: RecordType, actions: Collection[str], given: Any
) -> None:
    """Add a restriction for each action: only rows of the filter, whatever else the role is given; it holds together with
    all others. Raises FilterFault, Refusal for none or too many.
    """
    role = changeable(session, role_id)
    if not given:
        raise Refusal(_("Add a condition first; a restriction without one would take everything away."))
    compile_filter(session, record, given)
    for action in actions:
        permission = record.permission(action)
        numbers = session.scalars(
            select(Rule.number).where(
                Rule.role_id == role_id,
                Rule.kind == RESTRICTION,
                Rule.permission == permission,
                Rule.source == BY_OWNER,
            )
        ).all()
        if len(numbers) >= MAX_RESTRICTIONS:
            raise Refusal(_("There are ${n} restrictions already.", mapping={"n": MAX_RESTRICTIONS}))
        session.add(
            Rule(
                role_id=role_id,
                kind=RESTRICTION,
                permission=permission,
                filter=given,
                source=BY_OWNER,
                number=max(numbers, default=-1) + 1,
            )
        )
    _done(session, role, record.name, {"only": given, "actions": sorted(actions)})


def restrictions(session: Session, role_id: int, record: RecordType) -> list[Rule]:
    """The restrictions of a role on a record, plugins' own and those for everyone (without a `role_id`) among them."""
    prefix = record.permission("")
    return [
        rule
        for rule in session.scalars(
            select(Rule)
            .where(_binds(role_id), Rule.kind == RESTRICTION, Rule.active)
            .order_by(Rule.permission, Rule.id)
        )
        if rule.permission.startswith(prefix)
    ]


def lift(session: Session, role_id: int, rule_id: int) -> None:
    """Take a restriction away. Raises NotFound; who is no owner may not, for that would give."""
    role = changeable(session, role_id)
    rule = session.scalars(
        select(Rule).where(Rule.id == rule_id, Rule.role_id == role_id, Rule.kind == RESTRICTION)
    ).one_or_none()
    if rule is None:
        raise NotFound(_("There is no such restriction any more."))
    may_give(session, rule.permission)
    name = rule.permission
    if rule.source == BY_OWNER:
        session.delete(rule)
    else:
        rule.active = False
    _done(session, role, "", {"lifted": name})


def reset(session: Session, role_id: int) -> None:
    """Let a ready-made role be again as its plugins ship it. Raises Refusal for a role of the organisation's own."""
    role = changeable(session, role_id)
    if not role.builtin:
        raise Refusal(_("Only a ready-made role can be reset: nobody made this one before you."))
    for rule in session.scalars(select(Rule).where(Rule.role_id == role_id)).all():
        if rule.source == BY_OWNER:
            session.delete(rule)
        else:
            if not rule.active:
                may_give(session, rule.permission)
            rule.active = True
    role.export_rows = role.export_rows_day = None
    _done(session, role, "", {"reset": True})


def set_export_limits(session: Session, role_id: int, rows: int | None, rows_day: int | None) -> None:
    """How many rows the role may export at once and within a day; None is any number. Raises Refusal for less than 1."""
    role = changeable(session, role_id)
    for number in (rows, rows_day):
        if number is not None and not 0 < number <= 100_000_000:
            raise Refusal(_("A limit of exports is a number from 1 to 100,000,000."))
    if (role.export_rows, role.export_rows_day) == (rows, rows_day):
        return
    if not rules.is_owner(session):
        raise NotAllowed(_("Only an owner changes this."))
    role.export_rows, role.export_rows_day = rows, rows_day
    _done(session, role, "", {"export_rows": rows, "export_rows_day": rows_day})


def differences(one: Mapping[str, Held], other: Mapping[str, Held]) -> dict[str, tuple[Held, Held]]:
    """The permissions in which two roles differ, with what each has."""
    none = Held(False)
    pairs = {name: (one.get(name, none), other.get(name, none)) for name in sorted(one.keys() | other.keys())}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _done(session: Session, role: Role, record: str, what: dict[str, Any]) -> None:
    session.flush()
    rules.forget(session)
    accesslog.note(session, accesslog.ROLE, record, 0, detail={"role": role.code, **what})
