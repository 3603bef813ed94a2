"""Tokens in Settings: made, shown once, listed, revoked."""

from __future__ import annotations

import re

from webtest import TestApp

from parlour.access.models import Rule
from parlour.access.roles import role_by_code
from parlour.testing import people

HERE = "/o/jasmine/settings/tokens"
LIST = "/api/v1/records/contacts.contact"


def test_a_token_is_shown_once_works_and_ends_when_it_is_revoked(app, login):
    owner = login("owner")
    page = owner.post(HERE, {"title": "Robot", "may": "read", "scopes": "", "expires": ""})
    (token,) = re.findall(r"parlour_[\w-]{43}", page.text)
    assert page.headers["Cache-Control"] == "no-store"
    program = TestApp(app, extra_environ={"HTTP_AUTHORIZATION": f"Bearer {token}"})
    program.get(LIST, status=200)
    program.post_json(LIST, {"name": "Anna"}, status=403)
    listed = owner.get(HERE)
    assert "Robot" in listed.text
    assert token not in listed.text
    (address,) = re.findall(rf"{HERE}/\d+/revoke", listed.text)
    owner.post(address, status=303)
    program.get(LIST, status=401)


def test_what_is_wrong_is_said_at_its_field(login):
    owner = login("owner")
    for wrong in (
        {"title": ""},
        {"title": "x", "scopes": "everything"},
        {"title": "x", "scopes": " , "},
        {"title": "x", "expires": "2001-01-01"},
    ):
        page = owner.post(HERE, {"title": "", "may": "", "scopes": "", "expires": ""} | wrong, status=422)
        assert not re.search(r"parlour_[\w-]{43}", page.text)


def test_who_may_make_tokens_sees_and_ends_only_their_own(app, login, program, engine, organisation):
    login("receptionist").get(HERE, status=403)
    with people.trusted(engine, organisation) as session:
        role = role_by_code(session, "receptionist")
        session.add(Rule(role_id=role.id, kind="permission", permission="core:tokens:write", source="owner"))
        session.commit()
    theirs = program("owner")
    desk = login("receptionist")
    desk.post(HERE, {"title": "Desk robot", "may": "", "scopes": "", "expires": ""})
    listed = desk.get(HERE).text
    assert "Desk robot" in listed
    assert "A test" not in listed
    for number in range(1, 4):
        desk.post(f"{HERE}/{number}/revoke", status="*")
    theirs.get(LIST, status=200)
