"""The pages of roles: what they say about one record, and what choosing rows there does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parlour.access.models import Rule
from parlour.access.roles import role_by_code
from parlour.testing import people

READ = "contacts:contact:read"


@pytest.fixture
def role(engine, organisation):
    with people.trusted(engine, organisation) as session:
        return role_by_code(session, "receptionist").id


@pytest.fixture
def page(role):
    return f"/o/jasmine/settings/roles/{role}/r/contacts.contact"


def test_rows_are_chosen_for_the_acts_that_are_ticked_and_for_no_other(
    login, engine, organisation, role, page
):
    owner = login("owner")
    assert owner.get(f"{page}/rows").html.select("input[name=act][checked]"), "one is proposed"
    refused = owner.post(f"{page}/rows", {"only": ""}, status=303).follow()
    assert "Choose at least one" in refused.text
    with people.trusted(engine, organisation) as session:
        rules = session.scalars(select(Rule).where(Rule.role_id == role, Rule.permission == READ)).all()
        assert [(rule.source, rule.active) for rule in rules] == [("contacts", True)]


def test_what_is_taken_from_everyone_is_shown_at_each_role(login, engine, organisation, role, page):
    with people.trusted(engine, organisation) as session:
        session.add(
            Rule(kind="restriction", permission=READ, fields_except=["note"], source="contacts", number=9)
        )
        session.add(
            Rule(kind="restriction", permission="contacts:contact:write", source="contacts", number=9)
        )
        session.commit()
    owner = login("owner")
    found = owner.get(page)
    assert "for everyone" in found.text
    assert not found.html.select("form[action*=lift]")
    said = found.html.select_one(".said").text
    assert "Does not see: " in said
    assert "changing" in said
