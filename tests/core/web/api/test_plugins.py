"""Calls that plugins add: there where the plugin is on, for who has a token and, on public addresses, for everybody."""

from __future__ import annotations

import pytest
from webtest import TestApp

from parlour.plugin import lifecycle
from parlour.testing import people

TODAY, ARRIVE = "/api/v1/visitors/today", "/api/v1/public/jasmine/visitors/arrive"
VISITORS = "/api/v1/records/visitors.visitor"


@pytest.fixture
def stranger(app, organisation):
    return TestApp(app)


def test_a_call_of_a_plugin_asks_for_a_token_and_its_permission(program, stranger):
    assert program().get(TODAY).json == {"count": 0}
    stranger.get(TODAY, status=401)
    program(None).get(TODAY, status=403)
    program(scopes=["contacts.contact:read"]).get(TODAY, status=403)
    assert program().post_json(TODAY, {}, status=405).headers["Allow"] == "GET, HEAD"


def test_everybody_may_call_a_public_address_once_for_each_key(program, stranger):
    for _number in range(2):
        answer = stranger.post_json(ARRIVE, {"name": "Anna"}, headers={"Idempotency-Key": "k1"}, status=201)
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert [item["name"] for item in program().get(VISITORS).json["items"]] == ["Anna"]
    assert stranger.post_json(ARRIVE, {"name": ""}, status=422).json["errors"]["name"]
    stranger.post_json(ARRIVE.replace("jasmine", "nowhere"), {"name": "Anna"}, status=404)
    stranger.post(ARRIVE, b"x" * 1_000_001, content_type="application/json", status=413)


def test_public_calls_reach_the_organisation_that_they_name(program, stranger, other_organisation):
    stranger.post_json(ARRIVE.replace("jasmine", other_organisation.slug), {"name": "Anna"}, status=201)
    assert program().get(VISITORS).json["items"] == []
    assert len(program(where=other_organisation).get(VISITORS).json["items"]) == 1


def test_they_are_gone_where_the_plugin_is_off(program, stranger, engine, organisation):
    caller = program()
    assert TODAY in caller.get("/api/v1/openapi.json").json["paths"]
    with people.trusted(engine, organisation) as session:
        lifecycle.disable(session, "visitors")
        session.commit()
    caller.get(TODAY, status=404)
    stranger.post_json(ARRIVE, {"name": "Anna"}, status=404)
    assert TODAY not in caller.get("/api/v1/openapi.json").json["paths"]
