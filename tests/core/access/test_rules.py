"""What a person may do: permissions are OR-ed, restrictions are AND-ed, none means no."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from parlour.access import rules
from parlour.access.grants import Declared, Grant, Restriction
from parlour.access.memberships import Duty, scope_for, set_duties
from parlour.access.models import Role, Rule
from parlour.access.roles import add_role, apply_grants, role_by_code
from parlour.db.engine import reader
from parlour.db.session import open_session
from parlour.errors import NotAllowed
from parlour.plugin import lifecycle
from parlour.records.write import Change, write
from parlour.testing.site import statements
from tests.core.access.conftest import employ, inside

READ, WRITE, CREATE = "core:probe:read", "core:probe:write", "core:probe:create"


@pytest.fixture
def anna(engine, organisation):
    return employ(engine, organisation, "anna@example.com", "specialist")


@pytest.fixture
def rows(engine, organisation, probe, anna):
    """Three rows, one of them Anna's; their ids by name."""
    with inside(engine, organisation) as session:
        done = write(
            session,
            probe.cls,
            [
                Change(values={"name": "light", "weight": 1, "responsible": anna.id}),
                Change(values={"name": "heavy", "weight": 9}),
                Change(values={"name": "middle", "weight": 5}),
            ],
        )
        session.commit()
    return dict(zip(("light", "heavy", "middle"), done.ids, strict=True))


@pytest.fixture
def give(engine, organisation):
    """`give("specialist", Grant(...))` adds rules to a role, or to everyone with None."""

    def add(code, *grants):
        with inside(engine, organisation) as session:
            role = role_by_code(session, code).id if code else None
            for number, grant in enumerate(grants):
                session.add(
                    Rule(
                        role_id=role,
                        kind=grant.kind,
                        permission=grant.permission,
                        filter=grant.filter,
                        fields_except=list(grant.fields_except) or None,
                        source="test",
                        number=number,
                    )
                )
            session.commit()

    return add


@pytest.fixture
def as_anna(engine, organisation, anna):
    opened = []

    def enter():
        session = open_session(reader(engine))
        scope_for(session, anna, organisation)
        opened.append(session)
        return session

    yield enter
    for session in opened:
        session.close()


def seen(session, probe, action="read"):
    condition = rules.predicate(session, probe, action)
    statement = select(probe.cls.name).order_by(probe.cls.name)
    return list(session.scalars(statement if condition is None else statement.where(condition)))


def test_without_a_permission_nothing_is_allowed(as_anna, probe):
    session = as_anna()
    assert not rules.allows(session, READ)
    with pytest.raises(NotAllowed):
        rules.predicate(session, probe, "read")
    with pytest.raises(NotAllowed):
        rules.require(session, READ)
    assert rules.hidden_fields(session, probe, "read") == {item.name for item in probe.fields}


def test_a_permission_without_a_filter_gives_every_row(as_anna, probe, rows, give):
    give("specialist", Grant(READ))
    assert rules.predicate(as_anna(), probe, "read") is None


def test_permissions_add_up(as_anna, probe, rows, give):
    give(
        "specialist",
        Grant(READ, {"and": [["responsible", "=", "me"]]}),
        Grant(READ, {"and": [["weight", ">", 8]]}),
    )
    assert seen(as_anna(), probe) == ["heavy", "light"]


def test_one_wide_permission_opens_what_a_narrow_one_would_not(as_anna, probe, rows, give):
    give("specialist", Grant(READ, {"and": [["weight", ">", 8]]}), Grant(READ))
    assert len(seen(as_anna(), probe)) == 3


def test_every_restriction_holds(as_anna, probe, rows, give):
    give("specialist", Grant(READ))
    give(None, Restriction(READ, {"and": [["weight", "<", 9]]}))
    give("specialist", Restriction(READ, {"and": [["weight", ">", 1]]}))
    assert seen(as_anna(), probe) == ["middle"]


def test_a_restriction_without_rows_or_fields_takes_the_permission_away(as_anna, probe, rows, give):
    give("specialist", Grant(READ))
    assert rules.allows(as_anna(), READ)
    give(None, Restriction(READ))
    session = as_anna()
    assert not rules.allows(session, READ)
    with pytest.raises(NotAllowed):
        rules.predicate(session, probe, "read")


def test_a_rule_counts_only_for_its_own_role_and_action(as_anna, probe, rows, give):
    give("manager", Grant(READ))
    give("specialist", Grant(WRITE))
    session = as_anna()
    assert not rules.allows(session, READ)
    assert rules.allows(session, WRITE)


def test_an_inactive_rule_does_not_count(engine, organisation, as_anna, probe, give):
    give("specialist", Grant(READ))
    with inside(engine, organisation) as session:
        session.scalars(select(Rule).where(Rule.permission == READ)).one().active = False
        session.commit()
    assert not rules.allows(as_anna(), READ)


def test_a_rule_whose_path_leads_nowhere_lets_nothing_through(as_anna, probe, rows, give):
    give("specialist", Grant(READ, {"and": [["gone.field", "=", 1]]}))
    assert seen(as_anna(), probe) == []


def test_negating_a_path_that_leads_nowhere_does_not_open_everything(as_anna, probe, rows, give):
    give("specialist", Grant(READ, {"not": {"and": [["gone.field", "=", 1]]}}))
    assert seen(as_anna(), probe) == []


def test_a_restriction_whose_path_leads_nowhere_closes_everything(as_anna, probe, rows, give):
    give("specialist", Grant(READ), Restriction(READ, {"and": [["gone.field", "=", 1]]}))
    assert seen(as_anna(), probe) == []


def test_the_predicate_of_an_alias_is_about_the_alias(as_anna, probe, rows, give):
    from sqlalchemy.orm import aliased

    give("specialist", Grant(READ, {"and": [["weight", ">", 8]]}))
    session = as_anna()
    other = aliased(probe.cls)
    found = session.scalars(select(other.name).where(rules.predicate(session, probe, "read", entity=other)))
    assert list(found) == ["heavy"]


def test_parlour_itself_may_everything(session, probe):
    assert rules.allows(session, "no:such:permission")
    assert rules.predicate(session, probe, "read") is None
    assert rules.hidden_fields(session, probe, "read") == frozenset()


# ---- owners


def test_an_owner_may_everything_and_no_restriction_binds_them(
    engine, organisation, owner, probe, rows, give
):
    give(None, Restriction(READ), Restriction(READ, fields_except=["phone"]))
    with open_session(engine) as session:
        scope_for(session, owner, organisation)
        assert rules.predicate(session, probe, "read") is None
        assert rules.hidden_fields(session, probe, "read") == frozenset()
        assert rules.allows(session, "core:plugins:write")


def test_rules_of_a_plugin_that_is_off_count_for_nobody(engine, organisation, owner, plugins, give, as_anna):
    name = next(iter(reversed(plugins.loaded)), None)
    if name is None:
        pytest.skip("no plugin is installed here")
    permission = f"{name}:thing:read"
    give("specialist", Grant(permission))
    with open_session(engine) as session:
        scope_for(session, owner, organisation)
        assert rules.allows(session, permission)
    assert rules.allows(as_anna(), permission)
    with inside(engine, organisation) as session:
        lifecycle.disable(session, name)
        session.commit()
    with open_session(engine) as session:
        scope_for(session, owner, organisation)
        assert not rules.allows(session, permission)
    assert not rules.allows(as_anna(), permission)


# ---- fields


def hidden(session, probe, action="read"):
    return rules.hidden_fields(session, probe, action) - {"health"}


def test_a_field_that_the_only_permission_leaves_out_is_hidden(as_anna, probe, give):
    give("specialist", Grant(READ, fields_except=["phone"]))
    assert hidden(as_anna(), probe) == {"phone"}


def test_a_wide_permission_that_shows_the_field_shows_it(as_anna, probe, give):
    give("specialist", Grant(READ, fields_except=["phone"]), Grant(READ, fields_except=["note"]))
    assert hidden(as_anna(), probe) == set()


def test_a_field_shown_for_some_rows_only_is_hidden_in_all(as_anna, probe, give):
    own = {"and": [["responsible", "=", "me"]]}
    give("specialist", Grant(READ, own), Grant(READ, fields_except=["phone"]))
    assert hidden(as_anna(), probe) == {"phone"}


def test_a_field_that_every_narrow_permission_shows_is_shown(as_anna, probe, give):
    own, heavy = {"and": [["responsible", "=", "me"]]}, {"and": [["weight", ">", 8]]}
    give("specialist", Grant(READ, own, ["note"]), Grant(READ, heavy, ["note", "weight"]))
    assert hidden(as_anna(), probe) == {"note", "weight"}


def test_restrictions_always_hide_their_fields(as_anna, probe, give):
    give("specialist", Grant(READ))
    give(None, Restriction(READ, fields_except=["phone"]))
    session = as_anna()
    assert hidden(session, probe) == {"phone"}
    assert rules.predicate(session, probe, "read") is None


def test_a_guarded_field_needs_a_permission_of_its_own(as_anna, probe, give):
    give("specialist", Grant(READ))
    assert rules.hidden_fields(as_anna(), probe, "read") == {"health"}
    give("specialist", Grant("core:probe.health:read"))
    assert rules.hidden_fields(as_anna(), probe, "read") == set()


def test_reading_a_guarded_field_is_not_writing_it(as_anna, probe, give):
    give("specialist", Grant(WRITE), Grant("core:probe.health:read"))
    assert rules.hidden_fields(as_anna(), probe, "write") == {"health"}


def test_who_may_only_add_is_judged_by_what_they_may_add(as_anna, probe, give):
    give("specialist", Grant(CREATE, fields_except=["note"]))
    session = as_anna()
    assert hidden(session, probe, "write") == {"note"}
    assert hidden(session, probe, "create") == {"note"}


# ---- grants of plugins


def declared(*grants, role="specialist"):
    return Declared({READ: "Read", WRITE: "Write"}, {role: list(grants)})


def stored(session):
    return {
        (rule.permission, rule.active, (rule.filter or {}).get("and", [[None]])[0][0])
        for rule in session.scalars(select(Rule).where(Rule.source == "sample"))
    }


def test_granting_again_changes_nothing(session):
    for _time in range(3):
        apply_grants(session, "sample", declared(Grant(READ), Grant(WRITE)))
    assert stored(session) == {(READ, True, None), (WRITE, True, None)}


def test_what_an_owner_took_away_stays_away(session):
    from parlour.access.roles import set_permissions

    role = role_by_code(session, "specialist")
    apply_grants(session, "sample", declared(Grant(READ), Grant(WRITE)))
    set_permissions(session, role.id, {READ}, {READ, WRITE})
    apply_grants(session, "sample", declared(Grant(READ), Grant(WRITE)))
    assert stored(session) == {(READ, True, None), (WRITE, False, None)}


def test_what_an_owner_took_away_stays_away_when_the_plugin_grants_it_again_later(session):
    from parlour.access.roles import set_permissions

    role = role_by_code(session, "specialist")
    grants = declared(Grant(READ), Grant(WRITE, {"and": [["weight", "=", 1]]}), Grant(WRITE))
    apply_grants(session, "sample", grants)
    set_permissions(session, role.id, {READ}, {READ, WRITE})
    for _version in range(2):
        apply_grants(session, "sample", declared(Grant(READ)))
        assert stored(session) == {(READ, True, None)}
        apply_grants(session, "sample", grants)
        assert (WRITE, True) not in {item[:2] for item in stored(session)}
    held = select(Rule.permission).where(Rule.role_id == role.id, Rule.active)
    assert WRITE not in set(session.scalars(held))


def test_a_grant_that_nobody_took_away_comes_back_with_a_later_version(session):
    for grants in ([Grant(READ), Grant(WRITE)], [Grant(READ)], [Grant(READ), Grant(WRITE)]):
        apply_grants(session, "sample", declared(*grants))
    assert stored(session) == {(READ, True, None), (WRITE, True, None)}


def test_what_is_given_back_is_what_the_plugin_meant(session):
    from parlour.access.roles import set_permissions

    role = role_by_code(session, "specialist")
    apply_grants(session, "sample", declared(Grant(READ, {"and": [["weight", "=", 1]]})))
    set_permissions(session, role.id, set(), {READ})
    set_permissions(session, role.id, {READ}, {READ})
    assert stored(session) == {(READ, True, "weight")}


def test_a_new_version_brings_its_grants_up_to_date(session):
    apply_grants(session, "sample", declared(Grant(READ, {"and": [["weight", "=", 1]]}), Grant(WRITE)))
    apply_grants(session, "sample", declared(Grant(READ, {"and": [["phone", "=", "1"]]})))
    assert stored(session) == {(READ, True, "phone")}


def test_a_copied_role_keeps_its_rules_through_new_versions(session):
    apply_grants(session, "sample", declared(Grant(READ), Grant(WRITE)))
    copy = add_role(session, "Junior", like=role_by_code(session, "specialist").id)
    apply_grants(session, "sample", declared(Grant(WRITE)))
    held = session.scalars(select(Rule.permission).where(Rule.role_id == copy.id, Rule.source == "sample"))
    assert set(held) == {READ, WRITE}


def test_a_permission_without_a_grant_becomes_a_rule_of_the_owners_own(session):
    from parlour.access.roles import set_permissions

    role = role_by_code(session, "specialist")
    set_permissions(session, role.id, {READ}, {READ})
    rule = session.scalars(select(Rule).where(Rule.permission == READ)).one()
    assert (rule.source, rule.filter, rule.role_id) == ("owner", None, role.id)


def test_permissions_that_were_not_on_the_page_are_left_alone(session):
    from parlour.access.roles import set_permissions

    role = role_by_code(session, "specialist")
    set_permissions(session, role.id, {READ, WRITE}, {READ, WRITE})
    set_permissions(session, role.id, set(), {WRITE})
    active = session.scalars(select(Rule.permission).where(Rule.role_id == role.id, Rule.active))
    assert READ in set(active)


@pytest.mark.parametrize(
    "wrong",
    [
        Declared({"other:thing:read": "Read"}, {}),
        Declared({"sample:thing:read": "Read"}, {"boss": [Grant("sample:thing:read")]}),
        Declared({"sample:thing:read": "Read"}, {"owner": [Grant("sample:thing:read")]}),
        Declared({}, {"manager": [Grant("sample:thing:read")]}),
        Declared({"sample:thing:read": "Read"}, {"*": [Grant("sample:thing:read")]}),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_named(wrong):
    from parlour.access.grants import fault

    assert fault("sample", wrong)


def test_every_core_grant_is_declared():
    from parlour.access.grants import declared_by, fault

    assert fault("core", declared_by("core")) is None


# ---- whose roles


def test_a_role_in_one_branch_counts_in_that_branch_only(engine, organisation, probe, give, anna):
    from parlour.access.organisations import save_branch

    give("specialist", Grant(READ))
    give("receptionist", Grant(WRITE))
    with inside(engine, organisation) as session:
        north, south = (save_branch(session, None, {"name": name}).id for name in ("North", "South"))
        roles = {role.code: role.id for role in session.scalars(select(Role))}
        set_duties(session, anna.id, [Duty(roles["specialist"], north), Duty(roles["receptionist"], south)])
        session.commit()
    for branch, expected in (
        (north, (True, False)),
        (south, (False, True)),
        (None, (True, False)),
        (99, (True, False)),
    ):
        with open_session(engine) as session:
            scope = scope_for(session, anna, organisation, branch_id=branch)
            assert (rules.allows(session, READ), rules.allows(session, WRITE)) == expected
            assert scope.branch_id == (branch if branch in (north, south) else north)


@pytest.mark.parametrize("codes", [("receptionist",), ("manager",), ("specialist", "organiser")])
def test_rules_that_another_statement_brought_are_those_that_would_be_asked_for(
    engine, organisation, probe, give, codes
):
    """The statement brings the rules of all roles here; those of others must not count."""
    give("manager", Grant(WRITE, filter=["weight", ">", 4], fields_except=("note",)))
    give(None, Restriction(READ, filter=["weight", "<", 8]), Restriction(WRITE, fields_except=("note",)))
    with inside(engine, organisation) as session:
        session.execute(update(Rule).where(Rule.permission == CREATE).values(active=False))
        session.commit()
    person = employ(engine, organisation, "vera@example.com", *codes)
    with open_session(engine) as session:
        scope_for(session, person, organisation)
        asked = rules.rules_of(session)
        assert asked.permissions.keys() | asked.restrictions.keys() > {READ, WRITE}
        dialect = session.get_bind().dialect.name
        brought = session.raw(
            select(rules.lines_of(dialect, organisation.id, select(Role.__table__.c.id)))
        ).scalar()
        assert len(brought) > len([*asked.permissions, *asked.restrictions])
        rules.forget(session)
        rules.known_rules(session, brought)
        with statements(engine) as seen:
            assert rules.rules_of(session) == asked
        assert not any("core_rule" in one for one in seen)
        # What changes rules makes forgotten what was brought before.
        rules.forget(session)
        rules.known_rules(session, [])
        rules.forget(session)
        assert rules.rules_of(session) == asked
