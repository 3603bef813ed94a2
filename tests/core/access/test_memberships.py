"""Who works where, and the owner who cannot be locked out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete, select

from parlour.access import invitations, memberships, sessions, users
from parlour.access.leaving import remove_member, set_last_day, set_member_active
from parlour.access.memberships import (
    Duty,
    add_member,
    scope_for,
    set_duties,
    set_user_active,
)
from parlour.access.models import Membership, MembershipRole, Role
from parlour.access.organisations import organisation_by_id, organisations_of, save_branch
from parlour.access.roles import add_role, remove_role, role_by_code, set_permissions
from parlour.db.session import Scope, open_session, system
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from tests.core.access.conftest import PASSWORD, employ, inside


def role(session, code):
    return role_by_code(session, code).id


@pytest.fixture
def as_manager(engine, organisation, owner):
    person = employ(engine, organisation, "manager@example.com", "manager")
    with open_session(engine) as session:
        scope_for(session, person, organisation)
        yield session


def test_a_new_member_gets_a_password_that_is_returned_once(session, engine):
    user, made = add_member(session, "anna@example.com", "Anna", [Duty(role(session, "receptionist"))])
    session.commit()
    assert user.password_temporary
    with open_session(engine) as other:
        assert users.authenticate(other, "anna@example.com", made, "192.0.2.1").id == user.id


def test_somebody_who_works_elsewhere_keeps_their_password(engine, organisation, other_organisation):
    person = employ(engine, other_organisation, "anna@example.com", "owner")
    with inside(engine, organisation) as session:
        same, made = add_member(
            session, "ANNA@example.com", "Another name", [Duty(role(session, "specialist"))]
        )
        session.commit()
        assert (same.id, made, same.name) == (person.id, None, "Anna")
    with open_session(engine) as session:
        names = [item.name for item in organisations_of(session, person.id)]
        assert names == ["Jasmine", "Orchid"]
    with open_session(engine) as session:
        assert users.authenticate(session, "anna@example.com", PASSWORD, "192.0.2.1").id == person.id


def test_nobody_is_added_twice(session, engine, organisation):
    person = employ(engine, organisation, "anna@example.com", "specialist")
    for active in (True, False):
        set_member_active(session, person.id, active)
        with pytest.raises(Invalid) as refused:
            add_member(session, "anna@example.com", "Anna", [Duty(role(session, "specialist"))])
        assert set(refused.value.fields) == {"email"}


def test_a_member_needs_a_role_from_here(session, engine, other_organisation):
    with inside(engine, other_organisation) as other:
        theirs = role(other, "specialist")
    for duties in ([], [Duty(theirs)], [Duty(role(session, "specialist"), 4711)]):
        with pytest.raises(Invalid):
            add_member(session, "anna@example.com", "Anna", duties)
        session.rollback()


def test_an_owner_owns_everything_and_not_one_branch(session):
    branch = save_branch(session, None, {"name": "North"})
    with pytest.raises(Invalid):
        add_member(session, "anna@example.com", "Anna", [Duty(role(session, "owner"), branch.id)])


def test_who_does_not_work_here_cannot_enter(engine, organisation, other_organisation):
    person = employ(engine, other_organisation, "anna@example.com", "owner")
    with open_session(engine) as session, pytest.raises(NotFound):
        scope_for(session, person, organisation)


def test_who_was_switched_off_cannot_enter_and_can_again_when_switched_on(session, engine, organisation):
    person = employ(engine, organisation, "anna@example.com", "specialist")
    set_member_active(session, person.id, False)
    session.commit()
    with open_session(engine) as other, pytest.raises(NotFound):
        scope_for(other, person, organisation)
    set_member_active(session, person.id, True)
    session.commit()
    with open_session(engine) as other:
        assert scope_for(other, person, organisation).user_id == person.id


def test_members_are_listed_with_roles_in_three_queries(session, engine, organisation, owner):
    from sqlalchemy import event

    for number in range(5):
        employ(engine, organisation, f"m{number}@example.com", "specialist", "receptionist")
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    found = memberships.members(session)
    asked = [
        text for text in statements if text.lstrip().upper().startswith("SELECT") and "set_config" not in text
    ]
    assert len(found) == 6
    assert len(asked) <= 3
    assert [member.owner for member in found].count(True) == 1
    assert all(len(member.duties) == 2 for member in found if not member.owner)


# ---- the last owner


def take_away(session, person):
    set_duties(session, person.id, [Duty(role(session, "manager"))])


def switch_off(session, person):
    set_member_active(session, person.id, False)


def send_away(session, person):
    set_last_day(session, person.id, "2099-12-31")


WAYS = pytest.mark.parametrize(
    "way", [take_away, switch_off, send_away, lambda *who: remove_member(who[0], who[1].id)]
)


@WAYS
def test_the_last_owner_stays(session, owner, way):
    with pytest.raises(Refusal):
        way(session, owner)


@WAYS
def test_one_of_two_owners_may_go(session, engine, organisation, owner, way):
    employ(engine, organisation, "second@example.com", "owner")
    way(session, owner)
    session.commit()
    with pytest.raises(Refusal):
        way(session, users.user_by_email(session, "second@example.com"))


def test_an_owner_who_is_switched_off_does_not_count(session, engine, organisation, owner):
    second = employ(engine, organisation, "second@example.com", "owner")
    with open_session(engine) as operator:
        set_user_active(operator, second.id, False)
        operator.commit()
    with pytest.raises(Refusal):
        switch_off(session, owner)


def test_an_operator_cannot_switch_off_the_last_owner_of_any_organisation(
    engine, organisation, other_organisation, owner
):
    with inside(engine, other_organisation) as session:
        add_member(session, "owner@example.com", "Owner", [Duty(role(session, "owner"))])
        session.commit()
    employ(engine, organisation, "second@example.com", "owner")
    with open_session(engine) as operator, pytest.raises(Refusal) as refused:
        set_user_active(operator, owner.id, False)
    assert "Orchid" in str(refused.value)


def test_switching_somebody_off_ends_their_log_ins(engine, organisation, owner):
    person = employ(engine, organisation, "anna@example.com", "specialist")
    with open_session(engine) as session:
        token = sessions.start_login(session, person)
        session.commit()
        set_user_active(session, person.id, False)
        session.commit()
        set_user_active(session, person.id, True)
        session.commit()
        assert sessions.user_of_token(session, token) is None


def both_at_once(engine, organisation, people, act):
    """Two owners take each other's role away at the same instant; how many succeeded, and how many owners are
    left.
    """
    barrier = Barrier(2)

    def one(victim):
        with inside(engine, organisation) as session:
            try:
                act(session, victim, barrier)
                session.commit()
            except Refusal:
                return 0
            return 1

    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(one, people))
    with inside(engine, organisation) as session:
        left = session.scalars(
            select(MembershipRole.user_id)
            .join(Role, Role.id == MembershipRole.role_id)
            .where(Role.code == "owner")
        ).all()
    return done, len(left)


def test_two_owners_who_remove_each_other_at_once_leave_one(engine, organisation, owner):
    second = employ(engine, organisation, "second@example.com", "owner")

    def act(session, victim, barrier):
        barrier.wait()
        take_away(session, victim)

    assert both_at_once(engine, organisation, [owner, second], act) == (1, 1)


def test_without_the_lock_two_owners_who_remove_each_other_leave_nobody(
    engine, organisation, owner, database_kind
):
    """The control: counting first and writing afterwards loses both."""
    second = employ(engine, organisation, "second@example.com", "owner")

    def act(session, victim, barrier):
        with inside(engine, organisation) as counting:
            owners = memberships._owners(counting)
        barrier.wait()
        if not owners - {victim.id}:
            raise Refusal("nobody left")
        session.execute(delete(MembershipRole).where(MembershipRole.user_id == victim.id))

    assert both_at_once(engine, organisation, [owner, second], act) == (2, 0)


# ---- who may do what to whom


def test_a_manager_makes_no_owner_and_touches_none(as_manager, owner):
    session = as_manager
    own = role(session, "owner")
    for attempt in (
        lambda: add_member(session, "new@example.com", "New", [Duty(own)]),
        lambda: set_duties(session, owner.id, [Duty(role(session, "manager"))]),
        lambda: set_member_active(session, owner.id, False),
        lambda: memberships.reset_password(session, owner.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    user, _made = add_member(session, "new@example.com", "New", [Duty(role(session, "specialist"))])
    assert user.id


@pytest.fixture
def director(engine, organisation):
    """Somebody with a role that may do something that a manager may not."""
    with inside(engine, organisation) as session:
        made = add_role(session, "Director")
        set_permissions(session, made.id, {"core:roles:write"}, {"core:roles:write"})
        session.commit()
    return employ(engine, organisation, "boss@example.com", made.code)


@pytest.fixture
def anna(engine, organisation):
    return employ(engine, organisation, "anna@example.com", "specialist")


def test_a_manager_gives_no_role_that_may_do_more(director, anna, as_manager):
    session, boss = as_manager, director
    more = Duty(role(session, "director"))
    for attempt in (
        lambda: add_member(session, "new@example.com", "New", [more]),
        lambda: set_duties(session, anna.id, [more]),
        lambda: invitations.invite(session, "new@example.com", "", [more]),
        lambda: memberships.reset_password(session, boss.id),
    ):
        with pytest.raises(NotAllowed, match="more than you"):
            attempt()
    # What somebody has already is not given by who leaves it as it is.
    set_duties(session, boss.id, [more, Duty(role(session, "specialist"))])
    memberships.reset_password(session, anna.id)


def test_a_manager_changes_no_roles_of_their_own_and_an_owner_may(engine, organisation, as_manager, owner):
    with pytest.raises(NotAllowed, match="somebody else"):
        set_duties(as_manager, as_manager.scope.user_id, [Duty(role(as_manager, "receptionist"))])
    as_manager.rollback()
    with open_session(engine) as session:
        scope_for(session, owner, organisation)
        set_duties(session, owner.id, [Duty(role(session, code)) for code in ("owner", "specialist")])


def test_a_manager_of_one_branch_gives_roles_there_alone(session, engine, organisation, owner):
    north = save_branch(session, None, {"name": "North"})
    south = save_branch(session, None, {"name": "South"})
    session.commit()
    person = employ(engine, organisation, "north@example.com", "manager", branch=north.id)
    anna = employ(engine, organisation, "anna@example.com", "specialist", branch=south.id)
    with open_session(engine) as theirs:
        scope_for(theirs, person, organisation)
        for place in (None, south.id):
            with pytest.raises(NotAllowed):
                set_duties(theirs, anna.id, [Duty(role(theirs, "manager"), place)])
        set_duties(theirs, anna.id, [Duty(role(theirs, "manager"), north.id)])


def test_an_initial_password_opens_no_door_of_another_organisation(
    session, engine, organisation, other_organisation
):
    person = employ(engine, organisation, "anna@example.com", "specialist")
    made = memberships.reset_password(session, person.id)
    session.commit()
    with open_session(engine) as asking:
        assert users.authenticate(asking, "anna@example.com", made, "192.0.2.1").id == person.id
    with inside(engine, other_organisation) as other:
        add_member(other, "anna@example.com", "Anna", [Duty(role(other, "specialist"))])
        other.commit()
    with pytest.raises(NotAllowed):
        memberships.reset_password(session, person.id)


def test_people_of_another_organisation_cannot_be_touched(session, engine, other_organisation):
    person = employ(engine, other_organisation, "anna@example.com", "specialist")
    for attempt in (
        lambda: set_member_active(session, person.id, False),
        lambda: set_duties(session, person.id, [Duty(role(session, "specialist"))]),
        lambda: memberships.reset_password(session, person.id),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_my_branches_are_those_i_have_a_role_in(session, engine, organisation):
    north, south = (save_branch(session, None, {"name": name}) for name in ("North", "South"))
    session.commit()
    person = employ(engine, organisation, "anna@example.com", "specialist", branch=north.id)
    everywhere = employ(engine, organisation, "olga@example.com", "specialist")
    with open_session(engine) as other:
        scope_for(other, person, organisation)
        assert memberships.my_branches(other) == (north.id,)
    with open_session(engine) as other:
        scope_for(other, everywhere, organisation, branch_id=south.id)
        assert {north.id, south.id} <= set(memberships.my_branches(other))
        assert other.scope.branch_id == south.id


# ---- roles


def test_roles_of_ones_own_are_removed_when_nobody_has_them(session):
    custom = add_role(session, "Старший мастер", like=role(session, "specialist"))
    assert custom.code == "starshiy_master"
    assert add_role(session, "Старший мастер").code == "starshiy_master_2"
    user, _made = add_member(session, "anna@example.com", "Anna", [Duty(custom.id)])
    with pytest.raises(Refusal):
        remove_role(session, custom.id)
    set_duties(session, user.id, [Duty(role(session, "specialist"))])
    remove_role(session, custom.id)
    with pytest.raises(Refusal):
        remove_role(session, role(session, "specialist"))


def test_the_owners_role_cannot_be_narrowed(session):
    from parlour.access.roles import set_permissions

    with pytest.raises(Refusal):
        set_permissions(session, role(session, "owner"), set(), {"core:export"})


def test_the_database_itself_keeps_roles_inside_their_organisation(
    session, engine, organisation, other_organisation
):
    from sqlalchemy.exc import IntegrityError

    person = employ(engine, organisation, "anna@example.com", "specialist")
    with inside(engine, other_organisation) as other:
        theirs = role(other, "specialist")
    session.add(MembershipRole(user_id=person.id, role_id=theirs))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()
    with system(session):
        assert session.scalars(select(Membership).where(Membership.user_id == person.id)).one()
    assert organisation_by_id(session, organisation.id).id == organisation.id


# ---- ways of losing the last owner, each at the same instant as the other


@pytest.mark.parametrize(
    ("one", "other"),
    [(switch_off, switch_off), (take_away, switch_off), (switch_off, "operator")],
)
def test_whatever_two_do_to_each_other_at_once_an_owner_is_left(engine, organisation, owner, one, other):
    second = employ(engine, organisation, "second@example.com", "owner")
    assert lose_two(engine, organisation, [(one, owner), (other, second)]) == (1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [(switch_off, switch_off), (take_away, switch_off), (switch_off, "operator")],
)
def test_without_counting_under_the_lock_nobody_would_be_left(
    engine, organisation, owner, one, other, monkeypatch
):
    """The control: each counts what was there before the other began."""
    second = employ(engine, organisation, "second@example.com", "owner")
    everybody = {owner.id, second.id, -1}
    monkeypatch.setattr(memberships, "_owners", lambda _session: everybody)
    assert lose_two(engine, organisation, [(one, owner), (other, second)]) == (2, 0)


def lose_two(engine, organisation, acts):
    """How many of two acts at the same instant succeed, and how many owners can come in afterwards."""
    barrier = Barrier(2)

    def one(given):
        act, victim = given
        scope = None if act == "operator" else Scope(organisation.id, trusted=True)
        with open_session(engine, scope) as session:
            barrier.wait()
            try:
                if act == "operator":
                    set_user_active(session, victim.id, False)
                else:
                    act(session, victim)
                session.commit()
            except Refusal:
                return 0
            return 1

    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(one, acts))
    with inside(engine, organisation) as session:
        return done, len(
            [member for member in memberships.members(session) if member.owner and member.active]
        )
