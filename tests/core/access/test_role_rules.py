"""What people make of a role: rows, fields, restrictions; and that nobody gives away more than their own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parlour.access import accesslog, role_rules, rules
from parlour.access.grants import Declared, Grant
from parlour.access.memberships import Duty, beyond, scope_for, set_duties
from parlour.access.models import Rule
from parlour.access.role_words import RoleWords
from parlour.access.roles import add_role, apply_grants, role_by_code, set_permissions
from parlour.db.engine import reader
from parlour.db.session import Scope, open_session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.i18n import localizer
from parlour.records.registry import fields_of
from parlour.records.write import Change, write
from tests.core.access.conftest import employ, inside

PREFIX = "core:probe:"
OWN = {"and": [["responsible", "=", "me"]]}


@pytest.fixture
def anna(engine, organisation):
    return employ(engine, organisation, "anna@example.com", "specialist")


@pytest.fixture
def desk(engine, organisation, probe, owner, anna):
    """An owner's session, and a specialist with three rows of which one is hers."""
    with inside(engine, organisation) as session:
        apply_grants(
            session,
            "core",
            Declared(
                {PREFIX + action: action for action in ("read", "write", "create", "export")},
                {
                    "specialist": [
                        Grant(PREFIX + "read", fields_except=["phone"]),
                        Grant(PREFIX + "write", fields_except=["phone"]),
                        Grant(PREFIX + "create"),
                        Grant(PREFIX + "export"),
                    ]
                },
            ),
        )
        write(
            session,
            probe.cls,
            [
                Change({"name": "hers", "weight": 1, "responsible": anna.id}),
                Change({"name": "heavy", "weight": 9}),
                Change({"name": "nobody's", "weight": 5}),
            ],
        )
        session.commit()
    session = open_session(engine)
    scope_for(session, owner, organisation)
    yield session
    session.close()


@pytest.fixture
def role(desk):
    return role_by_code(desk, "specialist").id


@pytest.fixture
def hers(engine, organisation, anna, desk):
    """What Anna may do now, read by a session of her own once the owner's changes are committed."""
    opened = []

    def enter(to_write=False):
        desk.commit()
        opened.append(open_session(engine if to_write else reader(engine)))
        scope_for(opened[-1], anna, organisation)
        return opened[-1]

    yield enter
    for session in opened:
        session.close()


def names(session, probe, action="read"):
    condition = rules.predicate(session, probe, action)
    statement = select(probe.cls.name).order_by(probe.cls.name)
    return list(session.scalars(statement if condition is None else statement.where(condition)))


def test_rows_of_a_role_are_limited_for_the_acts_that_are_named(desk, role, hers, probe):
    role_rules.set_rows(desk, role, probe, ["read", "write"], OWN)
    assert names(hers(), probe) == ["hers"]
    role_rules.set_rows(desk, role, probe, ["read"], None)
    session = hers()
    assert len(names(session, probe)) == 3
    assert names(session, probe, "write") == ["hers"]


def test_nothing_is_done_with_rows_that_are_not_seen(desk, role, hers, probe, monkeypatch):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    session = hers()
    assert names(session, probe, "export") == ["hers"]
    monkeypatch.setattr(rules, "needed", lambda action: (action,))
    assert len(names(session, probe, "export")) == 3, "the control: each act judged alone"


def test_fields_are_hidden_or_read_only(desk, role, hers, probe):
    role_rules.set_fields(desk, role, probe, hidden={"note"}, readonly={"weight"})
    session = hers()
    seen = {item.name for item in fields_of(session, probe)}
    set_ = {item.name for item in fields_of(session, probe, "write")}
    assert "note" not in seen and {"phone", "weight"} <= seen
    assert "phone" in set_ and not {"note", "weight"} & set_


def test_fields_that_somebody_does_not_see_stay_as_they_are(desk, role, hers, probe, engine, organisation):
    role_rules.set_fields(desk, role, probe, hidden={"phone", "note"}, readonly=())
    lead = add_role(desk, "Lead")
    for permission, fields in ((PREFIX + "read", ["note"]), ("core:roles:write", None)):
        desk.add(
            Rule(
                role_id=lead.id, kind="permission", permission=permission, fields_except=fields, source="test"
            )
        )
    desk.commit()
    boss = employ(engine, organisation, "lead@example.com", lead.code)
    with open_session(engine) as session:
        scope_for(session, boss, organisation)
        role_rules.set_fields(session, role, probe, hidden={"phone"}, readonly=())
        session.commit()
    assert rules.hidden_fields(hers(), probe, "read") >= {"phone", "note"}


def test_a_restriction_holds_beside_every_other_role(desk, role, hers, probe, anna):
    other = add_role(desk, "Helper")
    desk.add(Rule(role_id=other.id, kind="permission", permission=PREFIX + "read", source="test"))
    set_duties(desk, anna.id, [Duty(role), Duty(other.id)])
    role_rules.restrict(desk, role, probe, ["read"], {"and": [["weight", "<", 9]]})
    role_rules.restrict(desk, role, probe, ["read"], {"and": [["weight", ">", 1]]})
    assert names(hers(), probe) == ["nobody's"]
    (first, _second) = role_rules.restrictions(desk, role, probe)
    role_rules.lift(desk, role, first.id)
    assert names(hers(), probe) == ["heavy", "nobody's"]
    with pytest.raises(Refusal, match="condition"):
        role_rules.restrict(desk, role, probe, ["read"], None)


def test_a_new_row_outside_what_the_role_may_add_is_refused(desk, role, hers, probe):
    role_rules.set_rows(desk, role, probe, ["create"], {"and": [["weight", "<", 5]]})
    session = hers(to_write=True)
    assert write(session, probe.cls, [Change({"name": "light", "weight": 4})]).created == 1
    with pytest.raises(NotAllowed, match="limited"):
        write(session, probe.cls, [Change({"name": "heavy", "weight": 5})])


def test_what_people_decided_stands_when_the_plugin_is_brought_up_to_date(desk, role, hers, probe):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    apply_grants(desk, "core", Declared({PREFIX + "read": "x"}, {"specialist": [Grant(PREFIX + "read")]}))
    assert names(hers(), probe) == ["hers"]


def test_what_a_plugin_grants_anew_gives_nothing_back(desk, role, hers, probe):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    set_permissions(desk, role, set(), {PREFIX + "export"})
    grants = [Grant(PREFIX + act, filter=given) for act in ("read", "export") for given in (OWN, None)]
    apply_grants(
        desk,
        "core",
        Declared(dict.fromkeys([PREFIX + "read", PREFIX + "export"], ""), {"specialist": grants}),
    )
    assert names(hers(), probe) == ["hers"]
    assert not rules.allows(hers(), PREFIX + "export")
    role_rules.reset(desk, role)
    assert len(names(hers(), probe, "export")) == 3


def test_rows_of_an_act_that_was_taken_away_come_back_without_the_fields_it_hid(desk, role, hers, probe):
    set_permissions(desk, role, set(), {PREFIX + "read"})
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    assert rules.hidden_fields(hers(), probe, "read") >= {"phone"}
    role_rules.set_fields(desk, role, probe, hidden={"note"}, readonly=())
    set_permissions(desk, role, set(), {PREFIX + "read"})
    role_rules.set_rows(desk, role, probe, ["read"], None)
    assert rules.hidden_fields(hers(), probe, "read") >= {"note"}


def test_ticking_again_brings_back_what_people_decided_and_not_the_grant_beneath(desk, role, hers, probe):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    set_permissions(desk, role, set(), {PREFIX + "read"})
    assert not rules.allows(hers(), PREFIX + "read")
    set_permissions(desk, role, {PREFIX + "read"}, {PREFIX + "read"})
    assert names(hers(), probe) == ["hers"]


def test_a_ready_made_role_is_compared_with_what_it_was_and_reset(desk, role, hers, probe):
    before = role_rules.held(desk, role)
    assert role_rules.differences(before, role_rules.shipped(desk, role)) == {}
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    role_rules.set_fields(desk, role, probe, hidden=(), readonly=())
    role_rules.restrict(desk, role, probe, ["write"], OWN)
    set_permissions(desk, role, set(), {PREFIX + "export"})
    changed = role_rules.differences(role_rules.held(desk, role), role_rules.shipped(desk, role))
    assert set(changed) == {PREFIX + "read", PREFIX + "write", PREFIX + "export"}
    role_rules.reset(desk, role)
    assert role_rules.held(desk, role) == before
    assert len(names(hers(), probe, "export")) == 3


def test_a_copy_has_the_same_and_can_be_compared(desk, role, probe):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    role_rules.set_export_limits(desk, role, 100, 1000)
    copy = add_role(desk, "Junior", like=role)
    assert role_rules.differences(role_rules.held(desk, role), role_rules.held(desk, copy.id)) == {}
    assert (copy.export_rows, copy.export_rows_day) == (100, 1000)
    with pytest.raises(Refusal, match="ready-made"):
        role_rules.reset(desk, copy.id)


def test_no_rule_locks_the_last_owner_out(desk, probe, owner):
    """SEC-04: the owner's role is no list that could be narrowed, and what a second role takes does not bind them."""
    own = role_by_code(desk, "owner").id
    for change in (
        lambda: role_rules.set_rows(desk, own, probe, ["read"], OWN),
        lambda: role_rules.set_fields(desk, own, probe, {"name"}, ()),
        lambda: role_rules.restrict(desk, own, probe, ["read"], OWN),
        lambda: role_rules.set_export_limits(desk, own, 1, 1),
        lambda: set_permissions(desk, own, set(), {"core:roles:write"}),
    ):
        with pytest.raises(Refusal, match="everything"):
            change()
    role = role_by_code(desk, "specialist").id
    role_rules.restrict(desk, role, probe, ["read"], {"and": [["weight", ">", 100]]})
    set_duties(desk, owner.id, [Duty(own), Duty(role)])
    assert len(names(desk, probe)) == 3
    with pytest.raises(Refusal, match="last owner"):
        set_duties(desk, owner.id, [Duty(role)])


def test_who_is_no_owner_gives_no_more_than_their_own_and_changes_no_role_of_theirs(
    desk, role, probe, engine, organisation
):
    lead = add_role(desk, "Lead")
    for permission in (PREFIX + "read", "core:roles:write"):
        desk.add(Rule(role_id=lead.id, kind="permission", permission=permission, source="test"))
    desk.commit()
    boss = employ(engine, organisation, "lead@example.com", lead.code)
    with open_session(engine) as session:
        scope_for(session, boss, organisation)
        role_rules.set_rows(session, role, probe, ["read"], OWN)
        with pytest.raises(NotAllowed, match="yourself"):
            role_rules.set_rows(session, role, probe, ["export"], None)
        with pytest.raises(NotAllowed, match="yourself"):
            set_permissions(session, role, {"core:export"}, {"core:export"})
        with pytest.raises(NotAllowed, match="yourself"):
            add_role(session, "Twin", like=role)
        with pytest.raises(NotAllowed, match="of your own"):
            set_permissions(session, lead.id, {"core:export"}, {"core:export"})
        with pytest.raises(NotAllowed, match="Only an owner"):
            role_rules.set_export_limits(session, role, 5, None)


def test_who_exports_a_limited_number_of_rows_lets_nobody_else_export(desk, probe, engine, organisation):
    lead, made = add_role(desk, "Lead"), add_role(desk, "Other")
    for permission in (PREFIX + "read", PREFIX + "export"):
        desk.add(Rule(role_id=lead.id, kind="permission", permission=permission, source="test"))
    role_rules.set_export_limits(desk, lead.id, 10, None)
    desk.commit()
    boss = employ(engine, organisation, "lead@example.com", lead.code)
    with open_session(engine) as session:
        scope_for(session, boss, organisation)
        for known in ({PREFIX + "read"}, {PREFIX + "export"}):
            if PREFIX + "export" in known:
                with pytest.raises(NotAllowed, match="limited"):
                    set_permissions(session, made.id, known, known)
            else:
                set_permissions(session, made.id, known, known)


@pytest.mark.parametrize(
    ("theirs", "given"), [((10, None), False), ((None, 10), False), ((5, 100), True), ((5, 1000), False)]
)
def test_who_exports_within_a_limit_gives_no_role_that_exports_more(
    desk, probe, engine, organisation, theirs, given
):
    lead, other = add_role(desk, "Lead"), add_role(desk, "Other")
    for made in (lead, other):
        desk.add(Rule(role_id=made.id, kind="permission", permission=PREFIX + "export", source="test"))
    role_rules.set_export_limits(desk, lead.id, 10, 100)
    role_rules.set_export_limits(desk, other.id, *theirs)
    desk.commit()
    boss = employ(engine, organisation, "lead@example.com", lead.code)
    with open_session(engine) as session:
        scope_for(session, boss, organisation)
        assert beyond(session, [Duty(other.id)]) is not given
        assert not beyond(session, [Duty(lead.id)]), "their own"


def test_roles_of_another_organisation_are_not_there(other_organisation, desk, role, probe, engine):
    with open_session(reader(engine), Scope(other_organisation.id, trusted=True)) as session:
        theirs = role_by_code(session, "specialist").id
    with pytest.raises(NotFound):
        role_rules.set_rows(desk, theirs, probe, ["read"], None)


def test_changes_of_roles_are_in_the_log(desk, role, probe, owner):
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    (line,) = accesslog.latest(desk, what=[accesslog.ROLE])
    assert (line.record, line.user_id) == ("core.probe", owner.id)
    assert line.detail == {"role": "specialist", "rows": OWN, "actions": ["read"]}


def test_a_role_is_said_in_plain_sentences(desk, role, probe, anna):
    titles = {PREFIX + action: action for action in ("read", "create", "write", "export")}
    words = RoleWords(desk, probe, localizer("en"), titles)
    assert words.say(role_rules.held(desk, role)) == (
        "Sees all of them, adds new ones, changes them, exports them. Does not see: Phone."
    )
    role_rules.set_rows(desk, role, probe, ["read"], OWN)
    role_rules.set_fields(desk, role, probe, hidden=(), readonly={"weight"})
    role_rules.restrict(desk, role, probe, ["write"], {"and": [["weight", "<", 9]]})
    set_permissions(desk, role, set(), {PREFIX + "export"})
    assert words.say(role_rules.held(desk, role)) == (
        "Sees those where Responsible: the person themselves, adds new ones, changes those where Weight less than 9. "
        "No exporting. Sees and cannot change: Weight."
    )
    set_permissions(desk, role, set(), {PREFIX + "read"})
    assert words.say(role_rules.held(desk, role)) == "Sees none of it."
