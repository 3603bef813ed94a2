"""Roles, and what each may do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from parlour.access import accesslog, rules
from parlour.access.grants import EVERYONE, ROLES, Declared, declared_by
from parlour.access.models import MembershipRole, Organisation, Role, Rule
from parlour.access.rules import OWNER, PERMISSION
from parlour.db.session import Session, system
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import _

# The source of rules that people made here, beside the names of plugins.
BY_OWNER = "owner"
MAX_ROLES = 100


def own_organisation(session: Session) -> Organisation:
    """The session's organisation, read once: the session itself keeps only what somebody else holds on to."""
    with system(session):
        found = session.get_one(Organisation, session.scope.organisation_id)
    session.scope.cache["organisation"] = found
    return found


def lock_organisation(session: Session) -> Organisation:
    """The session's organisation, locked until the transaction ends.

    Whatever counts before it writes (owners, branches, switches) does so under this lock; on SQLite every
    writing transaction is alone anyway.
    """
    with system(session):
        return session.scalars(
            select(Organisation)
            .where(Organisation.id == session.scope.organisation_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()


def title_of(role: Role) -> Any:
    """What a role is called: its own title, or the translated one of a ready-made role."""
    return role.title or ROLES.get(role.code, role.code)


def add_ready_made(session: Session) -> dict[str, Role]:
    """The ready-made roles of the session's organisation, made where they are missing, by code."""
    found = {role.code: role for role in session.scalars(select(Role).where(Role.builtin))}
    for code in ROLES:
        if code not in found:
            found[code] = Role(code=code, builtin=True)
            session.add(found[code])
    session.flush()
    return found


def all_roles(session: Session) -> list[Role]:
    """Roles of the organisation: the ready-made ones first, in their own order, then by title."""
    order = {code: place for place, code in enumerate(ROLES)}
    roles = session.scalars(select(Role)).all()
    return sorted(roles, key=lambda role: (order.get(role.code, len(order)), role.title.casefold(), role.id))


def role_by_id(session: Session, role_id: int | None) -> Role:
    """Raises NotFound."""
    found = session.scalars(select(Role).where(Role.id == role_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such role."))
    return found


def role_by_code(session: Session, code: str) -> Role:
    """Raises NotFound, naming the codes that exist."""
    found = session.scalars(select(Role).where(Role.code == code)).one_or_none()
    if found is None:
        codes = ", ".join(role.code for role in all_roles(session))
        raise NotFound(
            _("There is no role ${role}. There are: ${roles}.", mapping={"role": code, "roles": codes})
        )
    return found


def add_role(session: Session, title: str, *, like: int | None = None) -> Role:
    """A role of the organisation's own, with the rules of the role `like` if given. Raises Invalid."""
    from parlour.access.organisations import slug_of
    from parlour.access.role_rules import may_give

    title = " ".join(title.split())
    roles = all_roles(session)
    if not title or len(title) > 200:
        raise Invalid(_("Enter a name for the role."), {0: {"title": _("Enter a name for the role.")}})
    if len(roles) >= MAX_ROLES:
        raise Refusal(_("There are ${n} roles already; remove one first.", mapping={"n": MAX_ROLES}))
    taken = {role.code for role in roles}
    base = slug_of(title, "role").replace("-", "_")
    names = [base, *(f"{base}_{number}" for number in range(2, MAX_ROLES + 2))]
    code = next(name for name in names if name not in taken)
    role = Role(code=code, title=title, builtin=False)
    session.add(role)
    session.flush()
    if like is not None:
        model = session.scalars(select(Role).where(Role.id == like)).one_or_none()
        if model is None or model.code == OWNER:
            raise Refusal(_("Choose another role to start from: an owner's rights are not a list."))
        for rule in session.scalars(select(Rule).where(Rule.role_id == like, Rule.active)).all():
            may_give(session, rule.permission)
            session.add(_copy(rule, role.id))
        role.export_rows, role.export_rows_day = model.export_rows, model.export_rows_day
    session.flush()
    return role


def rename_role(session: Session, role: Role, title: str) -> None:
    """Give a role of the organisation's own another name. Raises Invalid."""
    title = " ".join(title.split())
    if not title or len(title) > 200:
        raise Invalid(_("Enter a name for the role."), {0: {"title": _("Enter a name for the role.")}})
    role.title = title
    session.flush()


def _copy(rule: Rule, role_id: int) -> Rule:
    return Rule(
        role_id=role_id,
        kind=rule.kind,
        permission=rule.permission,
        filter=rule.filter,
        fields_except=rule.fields_except,
        source=rule.source,
        number=rule.number,
    )


def remove_role(session: Session, role_id: int) -> None:
    """Remove a role of the organisation's own. Raises Refusal for a ready-made one and for one that somebody
    has.
    """
    role = role_by_id(session, role_id)
    if role.builtin:
        raise Refusal(_("A ready-made role cannot be removed; take away what it may do instead."))
    lock_organisation(session)
    held = session.scalar(select(func.count(MembershipRole.id)).where(MembershipRole.role_id == role_id)) or 0
    if held:
        raise Refusal(_("Somebody still has this role. Give them another one first."))
    session.delete(role)
    session.flush()


def set_permissions(session: Session, role_id: int, wanted: Collection[str], known: Collection[str]) -> None:
    """Let a role have, of the permissions `known` (those on the page), exactly `wanted`; others are left
    alone.

    A plugin's rule that is taken away stays as an inactive row and comes back as it was, filter and all; a
    permission that no plugin granted becomes a rule of the owner's own, for all rows. Raises Refusal for the
    owner's role, NotAllowed for what the person does not have to give.
    """
    from parlour.access.role_rules import changeable, may_give

    role = changeable(session, role_id)
    changed: dict[str, list[str]] = {"given": [], "taken": []}
    having: dict[str, list[Rule]] = {}
    for rule in session.scalars(select(Rule).where(Rule.role_id == role_id, Rule.kind == PERMISSION)):
        having.setdefault(rule.permission, []).append(rule)
    for permission in sorted(set(known)):
        existing = having.get(permission, [])
        had = any(rule.active for rule in existing)
        if permission in wanted and not had:
            may_give(session, permission)
            own = [rule for rule in existing if rule.source == BY_OWNER]
            # What people have worded themselves stands for what the plugin granted.
            for rule in own or existing:
                rule.active = True
            if not existing:
                session.add(Rule(role_id=role_id, kind=PERMISSION, permission=permission, source=BY_OWNER))
            changed["given"].append(permission)
        elif permission not in wanted and had:
            for rule in existing:
                rule.active = False
            changed["taken"].append(permission)
    session.flush()
    rules.forget(session)
    if changed["given"] or changed["taken"]:
        accesslog.note(session, accesslog.ROLE, "", 0, detail={"role": role.code, **changed})


def apply_grants(session: Session, plugin: str, declared: Declared | None = None) -> None:
    """Write a plugin's grants as rules of the session's organisation; doing it again changes nothing.

    What people switched off stays off, and where they have decided about a permission of a role, what the plugin
    grants anew is laid aside. A grant that the plugin's new version words differently is brought up to date, one that
    it no longer makes is removed; that people took it away is kept, for a version that makes it again.
    """
    declared = declared or declared_by(plugin)
    lock_organisation(session)
    ids: dict[str, int | None] = {code: role.id for code, role in add_ready_made(session).items()}
    ids[EVERYONE] = None
    stale = {_identity(rule): rule for rule in session.scalars(select(Rule).where(Rule.source == plugin))}
    copies = _custom_roles(session)
    decided = _decided(session)
    for code, grants in declared.grants.items():
        numbers: dict[tuple[str, str], int] = {}
        for grant in grants:
            number = numbers[grant.kind, grant.permission] = (
                numbers.get((grant.kind, grant.permission), -1) + 1
            )
            key = (ids[code], grant.kind, grant.permission, number)
            rule = stale.pop(key, None)
            if rule is None:
                rule = Rule(role_id=key[0], kind=key[1], permission=key[2], number=number, source=plugin)
                rule.active = grant.kind != PERMISSION or key[::2] not in decided
                session.add(rule)
            rule.filter = dict(grant.filter) if grant.filter else None
            rule.fields_except = list(grant.fields_except) or None
    worded = _worded(session)
    for rule in stale.values():
        about = (rule.role_id, rule.permission)
        # A copied role keeps what it was copied with, as long as the permission exists.
        if rule.role_id in copies and rule.permission in declared.permissions:
            continue
        if rule.kind == PERMISSION and about in decided - worded:
            rule.source = BY_OWNER
            worded.add(about)
        else:
            session.delete(rule)
    session.flush()
    rules.forget(session)


def _custom_roles(session: Session) -> frozenset[int]:
    return frozenset(session.scalars(select(Role.id).where(Role.builtin.is_(False))))


def _decided(session: Session) -> set[tuple[int | None, str]]:
    """The (role, permission) pairs about which people have decided: worded themselves, or taken away altogether."""
    found = session.scalars(select(Rule).where(Rule.kind == PERMISSION)).all()
    given = {(rule.role_id, rule.permission) for rule in found if rule.active}
    return _worded(session) | {(rule.role_id, rule.permission) for rule in found} - given


def _worded(session: Session) -> set[tuple[int | None, str]]:
    """The (role, permission) pairs for which people have a rule of their own."""
    own = select(Rule.role_id, Rule.permission).where(Rule.kind == PERMISSION, Rule.source == BY_OWNER)
    return {(role_id, permission) for role_id, permission in session.execute(own)}


def _identity(rule: Rule) -> tuple[int | None, str, str, int]:
    return (rule.role_id, rule.kind, rule.permission, rule.number)
