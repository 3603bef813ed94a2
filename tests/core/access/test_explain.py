"""Why somebody may or may not: the answer is that of the real predicate, and it names the rule that decided."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from parlour.access import protection, rules
from parlour.access.explain import FITS_NOT, GIVES, TAKES, explain
from parlour.access.leaving import set_member_active
from parlour.access.memberships import Duty, scope_for, set_duties
from parlour.access.models import Rule
from parlour.access.roles import role_by_code
from parlour.db.session import open_session
from parlour.errors import NotAllowed, NotFound
from parlour.records.registry import fields_of
from parlour.records.write import Change, write
from tests.core.access.conftest import employ, inside
from tests.support.examples import examples

PREFIX = "core:probe:"
ROLES = ("specialist", "receptionist")
ACTIONS = ("read", "write", "export")
FIELDS = ("phone", "note", "health")
FILTERS = (
    None,
    {"and": [["responsible", "=", "me"]]},
    {"and": [["weight", ">", 4]]},
    {"not": ["weight", ">", 8]},
    {"or": [["phone", "empty", True], ["weight", "<", 2]]},
    # Leads nowhere: such a rule closes.
    {"and": [["gone", "=", 1]]},
)


@pytest.fixture
def people(engine, organisation):
    """An owner, somebody with two roles, somebody with one, and somebody who has left."""
    found = {
        "olga": employ(engine, organisation, "olga@example.com", "owner"),
        "anna": employ(engine, organisation, "anna@example.com", *ROLES),
        "boris": employ(engine, organisation, "boris@example.com", "specialist"),
        "vera": employ(engine, organisation, "vera@example.com", "receptionist"),
    }
    with inside(engine, organisation) as session:
        set_member_active(session, found["vera"].id, False)
        session.commit()
    return found


@pytest.fixture
def desk(engine, organisation, probe, people):
    """A session that takes back what it wrote, and three rows."""
    with inside(engine, organisation) as session:
        made = write(
            session,
            probe.cls,
            [
                Change({"name": "hers", "weight": 1, "responsible": people["anna"].id, "phone": "1"}),
                Change({"name": "heavy", "weight": 9}),
                Change({"name": "his", "weight": 5, "responsible": people["boris"].id}),
            ],
        )
        session.info["rows"] = made.ids
        session.flush()
        yield session
        session.rollback()


@st.composite
def tables_of_rules(draw):
    rule = st.tuples(
        st.sampled_from(["permission", "permission", "restriction"]),
        st.sampled_from([*ROLES, None]),
        st.sampled_from(
            [*(PREFIX + action for action in ACTIONS), "core:probe.health:read", "core:probe.health:write"]
        ),
        st.sampled_from(FILTERS),
        st.sets(st.sampled_from(FIELDS), max_size=2),
    )
    found = draw(st.lists(rule, max_size=10))
    return [one for one in found if one[0] == "restriction" or one[1] is not None]


def lay_down(session, table):
    """These rules and no others."""
    session.execute(delete(Rule).where(Rule.permission.like("core:probe%")))
    ids = {code: role_by_code(session, code).id for code in ROLES} | {None: None}
    for number, (kind, role, permission, filter_, without) in enumerate(table):
        session.add(
            Rule(
                role_id=ids[role],
                kind=kind,
                permission=permission,
                filter=filter_,
                fields_except=sorted(without) or None,
                source="test",
                number=number,
            )
        )
    session.flush()


def really(session, record, action):
    """Which rows the predicate lets through, and which fields go with them."""
    try:
        condition = rules.predicate(session, record, action)
    except NotAllowed:
        return set(), set()
    statement = select(record.cls.id)
    rows = set(session.scalars(statement if condition is None else statement.where(condition)))
    mode = "write" if action == "write" else "read"
    return rows, {item.name for item in fields_of(session, record, mode)}


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=tables_of_rules())
def test_explain_agrees_with_the_predicate_for_every_role_and_row(desk, organisation, probe, people, table):
    lay_down(desk, table)
    for name in ("olga", "anna", "boris"):
        with open_session(desk.connection()) as theirs:
            scope_for(theirs, people[name], organisation)
            for action in ACTIONS:
                rows, fields = really(theirs, probe, action)
                for row in desk.info["rows"]:
                    found = explain(desk, people[name], probe, row, action)
                    assert found.allowed == (row in rows), (name, action, found)
                    assert found.decided_by in found.reasons
                    assert (found.decided_by.verdict == GIVES) == found.allowed
                    for field in ("note", "health"):
                        about = explain(desk, people[name], probe, row, action, name=field)
                        expected = row in rows and field in fields
                        assert about.allowed == expected, (name, action, field, about)


def test_the_rule_that_decided_is_named(desk, probe, people):
    first, second, _third = desk.info["rows"]
    mine = FILTERS[1]
    lay_down(desk, [("permission", "specialist", PREFIX + "read", mine, set())])
    yes = explain(desk, people["anna"], probe, first, "read")
    assert (yes.allowed, yes.decided_by.verdict, yes.decided_by.filter) == (True, GIVES, mine)
    assert str(yes.decided_by.role) == "Specialist"
    no = explain(desk, people["anna"], probe, second, "read")
    assert (no.allowed, no.decided_by.verdict, no.decided_by.filter) == (False, FITS_NOT, mine)
    lay_down(
        desk,
        [
            ("permission", "specialist", PREFIX + "read", None, {"phone"}),
            ("restriction", None, PREFIX + "read", FILTERS[2], set()),
        ],
    )
    taken = explain(desk, people["anna"], probe, first, "read")
    assert (taken.allowed, taken.decided_by.verdict, taken.decided_by.role) == (False, TAKES, None)
    hidden = explain(desk, people["anna"], probe, second, "read", name="phone")
    assert (hidden.allowed, hidden.decided_by.fields_except) == (False, {"phone"})


def test_facts_beside_the_rules_are_said(desk, probe, people, organisation, engine):
    first = desk.info["rows"][0]
    lay_down(desk, [])
    assert "no role" in str(explain(desk, people["anna"], probe, first, "read").decided_by.text)
    assert "owner" in str(explain(desk, people["olga"], probe, first, "write").decided_by.text)
    assert "any more" in str(explain(desk, people["vera"], probe, first, "read").decided_by.text)
    protection.protect(desk, probe, ["note"])
    found = explain(desk, people["olga"], probe, first, "write", name="note")
    assert (found.allowed, "protected" in str(found.decided_by.text)) == (False, True)
    assert explain(desk, people["olga"], probe, first, "read", name="note").allowed
    with pytest.raises(NotFound):
        explain(desk, people["olga"], probe, 999_999, "read")
    with pytest.raises(NotFound):
        explain(desk, people["olga"], probe, first, "read", name="nothing")


def test_the_branch_in_which_somebody_works_counts(desk, probe, people, organisation):
    from parlour.access.organisations import save_branch

    first = desk.info["rows"][0]
    lay_down(desk, [("permission", "specialist", PREFIX + "read", None, set())])
    here, there = (save_branch(desk, None, {"name": name}).id for name in ("Here", "There"))
    specialist, receptionist = (role_by_code(desk, code).id for code in ROLES)
    set_duties(desk, people["boris"].id, [Duty(specialist, here), Duty(receptionist, there)])
    assert explain(desk, people["boris"], probe, first, "read", branch_id=here).allowed
    assert not explain(desk, people["boris"], probe, first, "read", branch_id=there).allowed
