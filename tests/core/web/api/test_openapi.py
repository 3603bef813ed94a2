"""The OpenAPI document, and the whole API called as it says."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from parlour.plugin import lifecycle
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing import people

LIST = "/api/v1/records/contacts.contact"
ADDRESS = "/api/v1/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Made-up calls of each operation. Without it few, and of clients only; with it all records are called.
EXAMPLES = int(os.environ.get("PARLOUR_TEST_API_EXAMPLES", "0"))


def test_the_document_says_what_a_key_may_look_like(program):
    caller = program()
    taken = caller.get(ADDRESS).json["paths"][LIST]["post"]["parameters"]
    key = validator_for(next(one["schema"] for one in taken if one["name"] == "Idempotency-Key"))
    for sent, status in (("5f0c", 201), ("x" * 201, 400), ("two words", 400)):
        assert key.is_valid(sent) is (status == 201)
        caller.post_json(LIST, {"name": "Anna"}, headers={"Idempotency-Key": sent}, status=status)


def test_the_document_is_valid(program):
    document = program().get(ADDRESS).json
    assert document["openapi"] == "3.1.0"
    assert list(OPENAPI_31_VALIDATOR.iter_errors(document)) == []
    assert list(OPENAPI_31_VALIDATOR.iter_errors({**document, "info": {}}))


def test_it_tells_what_this_token_may_see(program):
    def paths(role, **kw):
        return program(role, **kw).get(ADDRESS).json

    owner, specialist = paths("owner"), paths("specialist")
    assert set(owner["paths"][LIST]) == {"get", "post", "patch", "parameters"}
    assert "phones" in owner["components"]["schemas"]["contacts.contact"]["properties"]
    assert "phones" not in specialist["components"]["schemas"]["contacts.contact"]["properties"]
    assert set(paths("owner", scopes=["read"])["paths"][LIST]) == {"get", "parameters"}
    assert LIST not in paths(None)["paths"]


def test_what_is_switched_off_is_not_in_it(program, plugins, engine, organisation):
    caller = program()
    assert LIST in caller.get(ADDRESS).json["paths"]
    with people.trusted(engine, organisation) as session:
        for name in reversed(plugins.order):
            lifecycle.disable(session, name)
        session.commit()
    assert LIST not in caller.get(ADDRESS).json["paths"]


def test_rows_are_as_it_says(program, engine, organisation):
    caller = program()
    row = {
        "name": "Anna",
        "phones": ["+79161112233"],
        "tags": ["vip"],
        "birthday": "1990-05-14",
        "spent_before": "5",
    }
    made = caller.post_json(LIST, row).json
    document = caller.get(ADDRESS).json
    schema = {**document, "$ref": "#/components/schemas/contacts.contact"}
    assert list(validator_for(schema).iter_errors(made)) == []
    assert list(validator_for(schema).iter_errors({**made, "name": 5}))


@pytest.mark.parametrize("role", ["owner", "receptionist", None])
def test_no_call_ends_in_a_fault_or_in_what_is_not_described(
    app, program, engine, organisation, database_kind, role
):
    """Calls made up from the document, right and wrong ones. What a role may not see is not in its own document, so
    everybody makes the calls of the owner's.
    """
    if not EXAMPLES and role != "owner" and database_kind != "sqlite":
        return  # what differs between databases shows with the owner
    with people.trusted(engine, organisation) as session:
        for number in range(3):
            save(session, Contact, {"name": f"Client {number}", "tags": ["vip"]})
        session.commit()
    document = program().get(ADDRESS).json
    headers = {"Authorization": f"Bearer {program(role).token}"}
    described = schemathesis.openapi.from_dict(document)
    described.app = app
    described.location = "/"
    wrong, seen = [], set()
    for operation in described.get_all_operations():
        call = operation.ok()
        if not EXAMPLES and not call.path.startswith(LIST):
            continue
        strategy = call.as_strategy(generation_mode=GenerationMode.POSITIVE) | call.as_strategy(
            generation_mode=GenerationMode.NEGATIVE
        )

        @settings(
            max_examples=EXAMPLES or 3,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def make(case):
            response = case.call(app=app, headers=headers)
            seen.add(response.status_code)
            case.validate_response(response, checks=CHECKS, headers=headers)

        try:
            make()
        except Exception as error:
            wrong.append(f"{call.method.upper()} {call.path}: {error}")
    assert not wrong, "\n\n".join(wrong)
    assert (seen & {400, 422} and seen & {200, 201, 204}) if role else not seen & {200, 201, 204}, seen
