"""Who works in an organisation, in which roles and branches.

An organisation always has an owner who can log in: whoever would take the last one away is refused, and the
count is made under a lock on the organisation, so that two owners who remove each other at the same instant
do not both succeed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, bindparam, delete, select

from parlour.access import passwords, rules, security
from parlour.access.accesslog import most_generous
from parlour.access.models import Branch, Membership, MembershipRole, Organisation, Role, Rule, User
from parlour.access.organisations import organisations_of
from parlour.access.roles import lock_organisation
from parlour.access.rules import OWNER, known_roles
from parlour.access.users import add_user, user_by_email
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import Scope, Session, open_session, system
from parlour.db.several import Several
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import _
from parlour.plugin import gate
from parlour.records.defaults import defaults_of
from parlour.records.registry import all_records


@dataclass(frozen=True)
class Duty:
    """A role, in one branch or everywhere."""

    role_id: int
    branch_id: int | None = None


@dataclass(frozen=True)
class Member:
    """A person as an organisation sees them."""

    user: User
    # Whether they may come in now, and from when on no more.
    active: bool
    ends_at: datetime | None
    duties: tuple[Duty, ...]
    owner: bool

    @property
    def id(self) -> int:
        return self.user.id


# What a person may work as and where.
_STANDING = Several(
    duties=select(MembershipRole.role_id, MembershipRole.branch_id, Role.code)
    .join(Role, Role.id == MembershipRole.role_id)
    .where(MembershipRole.user_id == bindparam("user", type_=MembershipRole.user_id.type)),
    branches=select(Branch.id, Branch.name, Branch.archived_at).order_by(Branch.id),
)


def scope_for(
    session: Session,
    user: User,
    organisation: Organisation,
    *,
    branch_id: int | None = None,
) -> Scope:
    """Enter the organisation with this session as this person, and return the scope.

    Roles count where they were given: those of everywhere always, those of a branch in that branch. Who has
    roles in branches only always works in one of them, the first by default; a branch that is not theirs any
    more is left aside. Raises NotFound, as if the organisation did not exist, for a person who does not work
    there.
    """
    with system(session):
        membership = session.scalars(
            select(Membership).where(
                Membership.organisation_id == organisation.id,
                Membership.user_id == user.id,
                Membership.working(now()),
            )
        ).one_or_none()
    if membership is None or not user.active or organisation.archived_at is not None:
        raise NotFound(_("There is no organisation ${slug}.", mapping={"slug": organisation.slug}))
    session.enter(Scope(organisation.id, user.id))
    found = _STANDING.ask(session, user=user.id)
    duties = [Duty(role_id, branch) for role_id, branch, _code in found["duties"]]
    open_branches = [branch for branch, _name, archived in found["branches"] if archived is None]
    everywhere = any(duty.branch_id is None for duty in duties)
    own = [
        branch for branch in open_branches if everywhere or any(duty.branch_id == branch for duty in duties)
    ]
    chosen = branch_id if branch_id in own else None
    if chosen is None and not everywhere and own:
        chosen = own[0]
    roles = {duty.role_id for duty in duties if duty.branch_id is None or duty.branch_id == chosen}
    scope = Scope(organisation.id, user.id, tuple(sorted(roles)), chosen)
    scope.cache["my_branches"] = tuple(own)
    session.enter(scope)
    known_roles(session, {code for role_id, _branch, code in found["duties"] if role_id in roles})
    if organisation in session:  # else it was read by another one, who knows when
        gate.known_version(session, organisation.plugins_version)
        # Nearly every page names them.
        vars(defaults_of(session))["branches"] = {one: name for one, name, _archived in found["branches"]}
    return scope


def my_branches(session: Session) -> tuple[int, ...]:
    """Ids of the open branches in which the session's person has a role; all of them for Parlour itself."""
    cache = session.scope.cache
    if "my_branches" not in cache:
        statement = select(Branch.id).where(Branch.archived_at.is_(None)).order_by(Branch.id)
        own = list(session.scalars(statement))
        if session.scope.user_id is not None and not session.scope.trusted:
            duties = _duties(session, session.scope.user_id)
            if not any(duty.branch_id is None for duty in duties):
                own = [branch for branch in own if any(duty.branch_id == branch for duty in duties)]
        cache["my_branches"] = tuple(own)
    return tuple(cache["my_branches"])


def _duties(session: Session, user_id: int) -> list[Duty]:
    rows = session.execute(
        select(MembershipRole.role_id, MembershipRole.branch_id).where(MembershipRole.user_id == user_id)
    )
    return [Duty(role_id, branch_id) for role_id, branch_id in rows]


def members(session: Session) -> list[Member]:
    """Everybody who works or worked here and was not removed: the active first, then by name. Three queries for any
    number.
    """
    with system(session):
        rows = session.execute(
            select(User, Membership)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.organisation_id == session.scope.organisation_id, Membership.removed_at.is_(None)
            )
        ).all()
    duties: dict[int, list[Duty]] = {}
    owners: set[int] = set()
    for user_id, role_id, branch_id, code in session.execute(
        select(MembershipRole.user_id, MembershipRole.role_id, MembershipRole.branch_id, Role.code)
        .join(Role, Role.id == MembershipRole.role_id)
        .order_by(MembershipRole.id)
    ):
        duties.setdefault(user_id, []).append(Duty(role_id, branch_id))
        if code == OWNER:
            owners.add(user_id)
    at = now()
    found = [
        Member(
            user,
            user.active and here.works(at),
            here.ends_at,
            tuple(duties.get(user.id, ())),
            user.id in owners,
        )
        for user, here in rows
    ]
    return sorted(found, key=lambda member: (not member.active, member.user.name.casefold(), member.id))


def member(session: Session, user_id: int) -> Member:
    """One of `members`. Raises NotFound."""
    for found in members(session):
        if found.id == user_id:
            return found
    raise NotFound(_("Nobody of that kind works here."))


def add_member(
    session: Session,
    email: str,
    name: str,
    duties: Sequence[Duty],
    *,
    password: str | None = None,
    temporary: bool = True,
    locale: str | None = None,
) -> tuple[User, str | None]:
    """Let a person work here; returns them and the password made for them, to be handed over once.

    Somebody who logs in already (for another organisation) keeps name and password, and None is returned for
    it. Raises Invalid with a message per field, NotAllowed when somebody else than an owner makes an owner.
    """
    may_give(session, duties)
    lock_organisation(session)
    made = None
    user = user_by_email(session, email)
    if user is None:
        made = password or passwords.make_initial()
        user = add_user(session, email, name, made, temporary=temporary, locale=locale)
    with system(session):
        existing = session.scalars(membership_of(session, user.id)).one_or_none()
        if existing is None:
            session.add(Membership(organisation_id=session.scope.organisation_id, user_id=user.id))
        elif existing.removed_at is None:
            here = works_here(existing)
            raise Invalid(here, {0: {"email": here}})
        else:
            existing.active, existing.ends_at, existing.removed_at = True, None, None
        organisation = session.get_one(Organisation, session.scope.organisation_id)
    security.tighten(session, [user.id], security.security_of(organisation))
    _write_duties(session, user.id, duties)
    session.scope.cache.pop("defaults", None)
    return user, made


def works_here(membership: Membership) -> Any:
    """What to say to who adds somebody that is here already."""
    if membership.works(now()):
        return _("This person works here already.")
    return _("Switch this person on again below.")


def set_duties(session: Session, user_id: int, duties: Sequence[Duty]) -> None:
    """Give a member exactly these roles. Raises Invalid, NotAllowed, and Refusal for the last owner."""
    lock_organisation(session)
    before = member(session, user_id)
    may_touch(session, before)
    if user_id == session.scope.user_id and not rules.is_owner(session):
        raise NotAllowed(_("Your own roles are given by somebody else."))
    may_give(session, duties, before.duties)
    clear_duties(session, user_id)
    _write_duties(session, user_id, duties)
    if before.owner:
        keep_an_owner(session)


def set_user_active(session: Session, user_id: int, active: bool) -> None:
    """Let a person log in or not, in every organisation; for operators, on a session without an organisation.

    Raises Refusal where they are the last owner. Their log-ins end.
    """
    from parlour.access.sessions import end_all

    if not active:
        for organisation in sorted(organisations_of(session, user_id), key=lambda item: item.id):
            with system(session):
                lock = select(Organisation.id).where(Organisation.id == organisation.id).with_for_update()
                session.scalars(lock).one()
            # One session sees one organisation; under the lock, what is committed there is what holds.
            with open_session(reader(_engine(session)), Scope(organisation.id, trusted=True)) as inside:
                owners = _owners(inside)
            if owners and not owners - {user_id}:
                raise Refusal(
                    _(
                        "This is the last owner of ${organisation}. Make somebody else an owner first.",
                        mapping={"organisation": organisation.name},
                    )
                )
        end_all(session, user_id)
    with system(session):
        session.get_one(User, user_id).active = active


def _engine(session: Session) -> Engine:
    engine = session.get_bind().engine
    assert isinstance(engine, Engine)
    return engine


def reset_password(session: Session, user_id: int) -> str:
    """A new initial password for a member, returned to be handed over once; all their log-ins end.

    Raises NotAllowed where it would open other doors: of a person who also works for somebody else, of an owner
    unless an owner asks, and of who may do more than the one who asks.
    """
    from parlour.access.users import set_password

    target = member(session, user_id)
    may_let_in(session, target)
    if _works_elsewhere(session, user_id):
        raise NotAllowed(
            _("This person also works for another organisation and changes the password themselves.")
        )
    made = passwords.make_initial()
    set_password(session, user_id, made, temporary=True)
    return made


def reset_second_factor(session: Session, user_id: int, *, ip: str = "") -> None:
    """Let a member who lost it log in without the second factor; their log-ins end, and the access log says who did it.

    Raises NotAllowed for who is no owner, and for a person who also works for somebody else: the operator helps then.
    """
    from parlour.access import accesslog, secondfactor
    from parlour.access.sessions import end_all

    target = member(session, user_id)
    if not rules.is_owner(session):
        raise NotAllowed(_("Only an owner can reset the second factor of somebody."))
    if _works_elsewhere(session, user_id):
        raise NotAllowed(
            _(
                "This person also works for another organisation. Whoever runs the site can reset the second factor "
                "with the command parlour users reset-factor."
            )
        )
    secondfactor.switch_off(session, user_id)
    end_all(session, user_id)
    accesslog.note(
        session, accesslog.FACTOR, "core.user", 1, detail={"user": user_id, "name": target.user.name}, ip=ip
    )


def _works_elsewhere(session: Session, user_id: int) -> bool:
    return any(item.id != session.scope.organisation_id for item in organisations_of(session, user_id))


def may_give(session: Session, duties: Sequence[Duty], before: Sequence[Duty] = ()) -> None:
    """Raises Invalid for roles or branches that are not there, NotAllowed when somebody else than an owner makes an owner,
    or gives more than they have themselves at that place; what was there `before` is not given anew.
    """
    roles = {role.id: role.code for role in session.scalars(select(Role))}
    here = set(session.scalars(select(Branch.id)))
    if not duties:
        none = _("Choose at least one role.")
        raise Invalid(none, {0: {"roles": none}})
    for duty in duties:
        if duty.role_id not in roles or (duty.branch_id is not None and duty.branch_id not in here):
            gone = _("Choose roles and branches from the list.")
            raise Invalid(gone, {0: {"roles": gone}})
        if roles[duty.role_id] == OWNER and duty.branch_id is not None:
            whole = _("An owner owns the whole organisation, not one branch.")
            raise Invalid(whole, {0: {"roles": whole}})
    if any(roles[duty.role_id] == OWNER for duty in duties) and not rules.is_owner(session):
        raise NotAllowed(_("Only an owner can make somebody an owner."))
    given = [duty for duty in duties if duty not in before and Duty(duty.role_id) not in before]
    if not rules.is_owner(session) and beyond(session, given):
        raise NotAllowed(_("You can only give roles that may do no more than you may there."))


def beyond(session: Session, duties: Sequence[Duty]) -> bool:
    """Whether some of these hold a permission that the session's person does not have at that place, or export more rows
    than they may.
    """
    roles = {role.id: role for role in session.scalars(select(Role))}
    exports = {record.permission("export") for record in all_records()}
    gives: dict[int | None, set[str]] = defaultdict(set)
    takes: dict[int | None, set[str]] = defaultdict(set)
    for rule in session.scalars(select(Rule).where(Rule.active)):
        if rule.kind == rules.PERMISSION:
            gives[rule.role_id].add(rule.permission)
        elif not rule.filter and not rule.fields_except:
            takes[rule.role_id].add(rule.permission)

    def able(several: Collection[int]) -> set[str]:
        given = set().union(*(gives[role] for role in several))
        return given.difference(*(takes[role] for role in (*several, None)))

    def exports_more(role_id: int, own: Collection[int], permission: str) -> bool:
        mine = [roles[role] for role in own if permission in gives[role]]
        return any(
            most is not None and (wanted is None or wanted > most)
            for wanted, most in (
                (roles[role_id].export_rows, most_generous([role.export_rows for role in mine])),
                (roles[role_id].export_rows_day, most_generous([role.export_rows_day for role in mine])),
            )
        )

    mine = _duties(session, session.scope.user_id or 0)
    for duty in duties:
        given = able([duty.role_id])
        own = [one.role_id for one in mine if one.branch_id in (None, duty.branch_id)]
        if not given <= able(own) or any(exports_more(duty.role_id, own, name) for name in given & exports):
            return True
    return False


def may_touch(session: Session, target: Member) -> None:
    if target.owner and not rules.is_owner(session):
        raise NotAllowed(_("Only an owner can change an owner."))


def may_let_in(session: Session, target: Member) -> None:
    """Raises NotAllowed as `may_touch`, and for who may do more than the session's person, who would give that by it."""
    may_touch(session, target)
    if not rules.is_owner(session) and beyond(session, target.duties):
        raise NotAllowed(_("This person may do more than you. Ask an owner."))


def membership_of(session: Session, user_id: int) -> Select[Membership]:
    return select(Membership).where(
        Membership.organisation_id == session.scope.organisation_id, Membership.user_id == user_id
    )


def clear_duties(session: Session, user_id: int) -> None:
    session.execute(
        delete(MembershipRole)
        .where(MembershipRole.user_id == user_id)
        .execution_options(synchronize_session="fetch")
    )


def _write_duties(session: Session, user_id: int, duties: Sequence[Duty]) -> None:
    for duty in dict.fromkeys(duties):
        session.add(MembershipRole(user_id=user_id, role_id=duty.role_id, branch_id=duty.branch_id))
    session.flush()


def _owners(session: Session) -> set[int]:
    """Ids of the owners who can log in and enter, and will be able to."""
    session.flush()
    return set(
        session.scalars(
            select(MembershipRole.user_id)
            .join(Role, Role.id == MembershipRole.role_id)
            .join(
                Membership,
                (Membership.user_id == MembershipRole.user_id)
                & (Membership.organisation_id == MembershipRole.organisation_id),
            )
            .join(User, User.id == Membership.user_id)
            .where(Role.code == OWNER, Membership.active, Membership.ends_at.is_(None), User.active)
        )
    )


def keep_an_owner(session: Session) -> None:
    """Raises Refusal when nobody is left. The organisation must be locked."""
    if not _owners(session):
        raise Refusal(_("This is the last owner. Make somebody else an owner first."))
