"""Who gets in, and as whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from webtest import TestApp

from parlour.access import tokens
from parlour.access.models import ApiToken, Membership, MembershipRole, User
from parlour.access.organisations import archive_branch, save_branch
from parlour.access.roles import role_by_code
from parlour.db.base import now
from parlour.db.session import system
from parlour.plugin import lifecycle
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing import people
from parlour.testing.browsers import browser_of, program_of

LIST = "/api/v1/records/contacts.contact"


def test_without_a_token_nobody_gets_in(app):
    answer = TestApp(app).get(LIST, status=401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "given", ["Bearer nonsense", "Bearer", "Basic YTpi", "Bearer " + "x" * 500, "Bearer \x80"]
)
def test_a_token_that_is_none_opens_nothing(app, given):
    assert (
        "Bearer"
        in TestApp(app).get(LIST, headers={"Authorization": given}, status=401).headers["WWW-Authenticate"]
    )


def test_a_cookie_opens_no_call_and_a_token_no_page(app, engine, organisation, program, client):
    caller = program()
    browser = browser_of(app, engine, caller.user)
    browser.get("/o/jasmine/r/contacts.contact", status=200)
    browser.get(LIST, status=401)
    browser.post_json(LIST, {"name": "Boris"}, status=401)
    assert caller.get("/o/jasmine/r/contacts.contact", status=302).location.endswith("contacts.contact")


def test_a_token_sees_its_own_organisation_only(program, engine, organisation, other_organisation, client):
    with people.trusted(engine, other_organisation) as session:
        theirs = save(session, Contact, {"name": "Their Anna"})
        save(session, Contact, {"name": "Their Boris"})
        session.commit()
    ours, others = program(), program(where=other_organisation)
    assert [item["id"] for item in ours.get(LIST).json["items"]] == [client]
    assert len(others.get(LIST).json["items"]) == 2
    for caller, row in ((ours, theirs + 1), (others, client)):
        caller.get(f"{LIST}/{row}", status=404)
        caller.patch_json(f"{LIST}/{row}", {"name": "Changed"}, status=404)
        caller.delete(f"{LIST}/{row}", status=404)


@pytest.fixture
def north_and_south(app, engine, organisation):
    """A program of somebody who may write in the north and only read in the south, and the two branches."""
    with people.trusted(engine, organisation) as session:
        places = [save_branch(session, None, {"name": name}).id for name in ("North", "South")]
        user = people.add_person(session, "receptionist", branch_id=places[0])
        reading = role_by_code(session, "accountant").id
        session.add(MembershipRole(user_id=user.id, role_id=reading, branch_id=places[1]))
        made = program_of(app, session, user)
        session.commit()
    return made, *places


def test_a_call_says_in_which_branch_it_works(north_and_south, client):
    caller, north, south = north_and_south
    for asked, status in (
        ({}, 201),
        ({"Parlour-Branch": str(north)}, 201),
        ({"Parlour-Branch": str(south)}, 403),
    ):
        caller.post_json(LIST, {"name": "Boris"}, headers=asked, status=status)
        caller.get(LIST, headers=asked, status=200)


def test_a_branch_that_is_not_theirs_is_refused_naming_those_that_are(
    north_and_south, program, engine, organisation, client
):
    caller, north, south = north_and_south
    with people.trusted(engine, organisation) as session:
        third = save_branch(session, None, {"name": "Third"}).id
        session.commit()
    for asked in (str(third), "999999", "north", "0"):
        refused = caller.get(LIST, headers={"Parlour-Branch": asked}, status=403)
        assert refused.content_type == "application/problem+json"
        assert refused.json["branches"] == [{"id": north, "name": "North"}, {"id": south, "name": "South"}]
    everywhere = program("receptionist")
    everywhere.get(LIST, headers={"Parlour-Branch": str(third)}, status=200)
    with people.trusted(engine, organisation) as session:
        archive_branch(session, third)
        session.commit()
    everywhere.get(LIST, headers={"Parlour-Branch": str(third)}, status=403)
    program(None).get(LIST, headers={"Parlour-Branch": str(north)}, status=403)


def test_the_branch_is_in_the_document(program):
    paths = program().get("/api/v1/openapi.json").json["paths"]
    of_records = [item for path, item in paths.items() if path.startswith("/api/v1/records")]
    assert of_records
    for item in of_records:
        assert "Parlour-Branch" in [parameter["name"] for parameter in item["parameters"]]


def _ends(session, caller, what):
    with system(session):
        token = session.scalars(select(ApiToken).where(ApiToken.user_id == caller.user.id)).one()
        if what == "expired":
            token.expires_at = now() - timedelta(seconds=1)
        elif what == "person":
            session.execute(update(User).where(User.id == caller.user.id).values(active=False))
        elif what == "member":
            session.execute(
                update(Membership).where(Membership.user_id == caller.user.id).values(active=False)
            )
        else:
            tokens.revoke(session, token.id)


@pytest.mark.parametrize("what", ["expired", "revoked", "person", "member"])
def test_a_token_ends_at_once(program, engine, organisation, client, what):
    caller = program()
    caller.get(LIST, status=200)
    with people.trusted(engine, organisation) as session:
        _ends(session, caller, what)
        session.commit()
    caller.get(LIST, status=401)


@pytest.mark.parametrize(
    ("scopes", "allowed", "refused"),
    [
        (["read"], {"get"}, {"post", "patch", "delete", "block"}),
        (["contacts.contact:read"], {"get"}, {"post", "patch", "delete", "block", "tags"}),
        (["contacts.contact:write"], {"get", "post", "patch", "block", "delete"}, {"tags"}),
        (["contacts.contact:block"], {"get", "block"}, {"post", "patch", "delete", "unblock"}),
        (["contacts.tag:read"], {"tags"}, {"get", "post", "block"}),
        (["write"], {"get", "tags", "post", "patch", "block", "delete"}, set()),
    ],
)
def test_scopes_narrow_what_a_token_may(program, client, scopes, allowed, refused):
    caller = program("owner", scopes=scopes)
    calls = {
        "get": lambda: caller.get(f"{LIST}/{client}", status="*"),
        "tags": lambda: caller.get("/api/v1/records/contacts.tag", status="*"),
        "post": lambda: caller.post_json(LIST, {"name": "Boris"}, status="*"),
        "patch": lambda: caller.patch_json(f"{LIST}/{client}", {"note": "x"}, status="*"),
        "block": lambda: caller.post_json(f"{LIST}/{client}/actions/block", {}, status="*"),
        "unblock": lambda: caller.post_json(f"{LIST}/{client}/actions/unblock", {}, status="*"),
        "delete": lambda: caller.delete(f"{LIST}/{client}", status="*"),
    }
    found = {name: calls[name]().status_int for name in calls if name in allowed | refused}
    assert {name for name, status in found.items() if status < 300} == allowed, found
    assert {name for name, status in found.items() if status == 403} == refused, found


def test_a_token_for_one_action_finds_it_and_no_other(program):
    caller = program("owner", scopes=["contacts.contact:block"])
    (contact,) = caller.get("/api/v1/records").json["items"]
    assert (contact["may"], contact["actions"]) == (["read"], ["block"])
    paths = caller.get("/api/v1/openapi.json").json["paths"]
    assert [path.rpartition("/")[2] for path in paths if "/actions/" in path] == ["block"]
    paths = program("accountant", scopes=["contacts.contact:block"]).get("/api/v1/openapi.json").json["paths"]
    assert not [path for path in paths if "/actions/" in path]


def test_scopes_never_widen(program, client):
    """A receptionist may not delete clients, whatever the token says."""
    program("receptionist", scopes=["write"]).delete(f"{LIST}/{client}", status=403)
    program(None, scopes=["read", "write"]).get(LIST, status=403)


def test_what_is_switched_off_is_gone_with_the_next_call(program, plugins, engine, organisation, client):
    caller = program()
    assert "contacts.contact" in [item["name"] for item in caller.get("/api/v1/records").json["items"]]
    with people.trusted(engine, organisation) as session:
        for name in reversed(plugins.order):
            lifecycle.disable(session, name)
        session.commit()
    assert caller.get("/api/v1/records").json["items"] == []
    caller.get(LIST, status=404)
    caller.get(f"{LIST}/{client}", status=404)


def test_who_works_in_one_branch_calls_from_there(app, engine, organisation, client):
    with people.trusted(engine, organisation) as session:
        branch = save_branch(
            session, None, {"name": "Second", "zone": "Europe/Moscow", "address": "", "phone": ""}
        )
        user = people.add_person(session, "receptionist", branch_id=branch.id)
        caller = program_of(app, session, user)
        session.commit()
    assert caller.get(f"{LIST}/{client}").json["name"] == "Anna"


def test_only_a_hash_is_kept(program, engine, organisation):
    caller = program()
    with people.trusted(engine, organisation) as session:
        (shown,) = tokens.shown(session, caller.user.id)
        with system(session):
            kept = session.scalars(select(ApiToken)).all()
    assert caller.token.startswith(shown.begins)
    assert all(caller.token not in str(vars(row)) for row in kept)
