"""Lists and single records over the API."""

from __future__ import annotations

import json

import pytest

from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write
from parlour.testing import people
from parlour.testing.site import statements

LIST = "/api/v1/records/contacts.contact"


@pytest.fixture
def clients(engine, organisation):
    """Ids of Anna, Boris and Ёлкина."""
    rows = [
        {"name": "Anna", "phones": ["8 916 111-22-33"], "birthday": "1990-05-14"},
        {"name": "Boris", "emails": ["boris@example.com"], "spent_before": "12.50"},
        {"name": "Ёлкина", "tags": ["vip"]},
    ]
    with people.trusted(engine, organisation) as session:
        ids = write(session, Contact, [Change(row) for row in rows]).ids
        session.commit()
    return ids


def test_values_are_in_the_form_of_the_contract(program, clients):
    found = program().get(LIST).json
    assert [item["name"] for item in found["items"]] == ["Anna", "Boris", "Ёлкина"]
    anna, boris, vera = found["items"]
    assert anna["phones"][0]["number"] == "+79161112233"
    assert anna["birthday"] == "1990-05-14"
    assert boris["spent_before"] == {"amount": "12.50", "currency": "RUB"}
    assert [tag["title"] for tag in vera["tags"]] == ["vip"]
    assert found["next"] is None


def test_next_leads_through_all_rows_each_once(program, clients):
    caller, seen, after = program(), [], ""
    while after is not None:
        found = caller.get(LIST, {"limit": 1, "sort": "-name", "after": after, "fields": "name"}).json
        seen += [item["name"] for item in found["items"]]
        after = found["next"]
    assert seen == ["Ёлкина", "Boris", "Anna"]


def test_search_filter_and_fields(program, clients):
    caller = program()
    assert [item["id"] for item in caller.get(LIST, {"q": "елкина"}).json["items"]] == [clients[2]]
    given = json.dumps(["phones", "empty", False])
    (only,) = caller.get(LIST, {"filter": given, "fields": "name,phones"}).json["items"]
    assert set(only) == {"id", "version", "archived_at", "name", "phones"}


@pytest.mark.parametrize(
    "given",
    [
        {"limit": "1000000000"},
        {"limit": "0"},
        {"limit": "-5"},
        {"limit": "ten"},
        {"fields": "name,salary"},
        {"sort": "salary"},
        {"after": "nonsense"},
        {"after": "WyJhIiwgMWUzMDld"},
        {"filter": "{"},
        {"filter": '["salary", "=", 1]'},
        {"filter": '{"xor": []}'},
        {"archived": "maybe"},
        {"offset": "10"},
        {"q": "x" * 201},
    ],
)
def test_what_cannot_be_understood_is_said_in_words(program, clients, given):
    answer = program().get(LIST, given, status=400)
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 400
    assert len(answer.json["detail"]) > 15


def test_a_parameter_that_stands_twice_is_refused(program, clients):
    program().get(f"{LIST}?limit=1&limit=2", status=400)


def test_one_row_has_a_tag_and_is_not_sent_again_to_who_has_it(program, clients):
    caller = program()
    first = caller.get(f"{LIST}/{clients[0]}")
    assert first.json["name"] == "Anna"
    again = caller.get(f"{LIST}/{clients[0]}", headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    caller.get(f"{LIST}/{clients[0]}", headers={"If-None-Match": '"1.other"'}, status=200)


def test_tags_differ_for_who_sees_other_fields(program, clients):
    """A specialist does not see phones: what the owner was sent is not what they would be sent."""
    tags = {program(role).get(f"{LIST}/{clients[0]}").headers["ETag"] for role in ("owner", "specialist")}
    assert len(tags) == 2


@pytest.mark.parametrize("row", ["0", "999999", "abc", "9" * 19, "%D9%A3"])
def test_a_row_that_is_not_there(program, clients, row):
    assert program().get(f"{LIST}/{row}", status=404).json["status"] == 404


def test_a_field_that_may_not_be_read_is_nowhere(program, clients):
    caller = program("specialist")
    assert "phones" not in caller.get(LIST).json["items"][0]
    caller.get(LIST, {"fields": "phones"}, status=400)
    caller.get(LIST, {"filter": '["phones.number", "contains", "7"]'}, status=400)


def test_the_records_are_those_that_the_token_may_see(program, clients):
    names = [item["name"] for item in program("receptionist").get("/api/v1/records").json["items"]]
    assert "contacts.contact" in names
    assert program(None).get("/api/v1/records").json["items"] == []
    program(None).get(LIST, status=403)
    program().get("/api/v1/records/contacts.nothing", status=404)


@pytest.mark.parametrize("address", [LIST, "/api/v1/records"])
def test_the_number_of_statements_does_not_depend_on_rows(program, engine, organisation, clients, address):
    caller = program()
    caller.get(address)
    with statements(engine) as few:
        caller.get(address)
    with people.trusted(engine, organisation) as session:
        write(session, Contact, [Change({"name": f"Client {n}", "tags": ["vip"]}) for n in range(97)])
        session.commit()
    with statements(engine) as many:
        caller.get(address, {"limit": 100} if address == LIST else {})
    assert len(many) == len(few), "\n".join(many)


def test_a_plain_list_takes_three_statements(program, engine, clients):
    """Who calls, and the rows; on PostgreSQL the organisation is told to the database as well. What is personal is noted
    afterwards, by another thread, so nothing personal is asked for here.
    """
    caller = program()
    caller.get(LIST)
    with statements(engine) as seen:
        caller.get(LIST, {"fields": "is_client,is_supplier,blocked"})
    assert len(seen) <= 3, "\n".join(seen)
