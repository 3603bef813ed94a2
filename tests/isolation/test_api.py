"""A token opens one salon: over the API no row of another one is seen, linked, changed or run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from parlour.records.registry import all_records
from parlour.testing.browsers import Program
from tests.isolation.walk import shows
from tests.isolation.world import DIGITS, MARK, World, digest

RECORDS = "/api/v1/records"
Call = tuple[str, str, object]


@pytest.fixture
def caller(program: Callable[..., Program]) -> Program:
    """A program of our owner, made while the guards were on."""
    return program("owner")


def calls(ours: World, theirs: World) -> Iterator[Call]:
    """Method, address and body of everything that could reach a row of theirs, looking first and deleting last."""
    late: list[Call] = []
    for record in all_records():
        base, row, own = f"{RECORDS}/{record.name}", theirs.rows[record.name], ours.rows[record.name]
        yield "GET", base, {}
        for asked in (MARK[:5], DIGITS[:6]):
            yield "GET", base, {"q": asked}
        yield "GET", base, {"filter": json.dumps(["id", "=", row]), "archived": "any"}
        yield "GET", f"{base}/{row}", {}
        for item in record.fields:
            if item.target is not None and item.storage in ("link", "links") and not item.computed:
                foreign = theirs.rows[item.target.name]
                late.append(
                    ("PATCH", f"{base}/{own}", {item.name: foreign if item.storage == "link" else [foreign]})
                )
        name = next((item.name for item in record.fields if item.kind.name == "text"), record.title_field)
        late += [
            ("POST", f"{base}/{row}/actions/{act}", {}) for act in ("archive", "restore", *record.actions)
        ]
        late.append(("PATCH", f"{base}/{row}", {name: "taken over"}))
        late.append(("PATCH", base, [{"id": own, name: "mine"}, {"id": row, name: "taken over"}]))
        late.append(("DELETE", f"{base}/{row}", None))
    yield from late


def ask(program: Program, call: Call) -> tuple[int, str]:
    method, address, given = call
    if method == "GET":
        answer = program.get(address, given, expect_errors=True)
    elif method == "DELETE":
        answer = program.delete(address, expect_errors=True)
    else:
        send = program.post_json if method == "POST" else program.patch_json
        answer = send(address, given, expect_errors=True)
    headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
    return answer.status_int, headers + answer.text


@pytest.mark.parametrize("role", ["owner", "receptionist"])
def test_a_token_reaches_no_row_of_another_salon(
    program: Callable[..., Program], owner_engine: Engine, ours: World, theirs: World, role: str
) -> None:
    caller = program(role)
    before = digest(owner_engine, theirs.organisation)
    for call in calls(ours, theirs):
        status, text = ask(caller, call)
        assert not shows(text), f"{call} shows what belongs to the other salon"
        assert status < 500, f"{call} answers {status}"
        if call[0] != "GET":
            assert status >= 400, f"{call} answers {status}"
    assert digest(owner_engine, theirs.organisation) == before


def test_a_token_of_the_salon_itself_reaches_all_of_it(
    program: Callable[..., Program], owner_engine: Engine, ours: World, theirs: World
) -> None:
    """The control: the same calls, with a token of those to whom the rows belong."""
    caller = program("owner", theirs.organisation)
    before = digest(owner_engine, theirs.organisation)
    seen = {
        call[1].split("/")[4]
        for call in calls(ours, theirs)
        if call[0] == "GET" and shows(ask(caller, call)[1])
    }
    assert seen == {record.name for record in all_records()}
    for call in calls(ours, theirs):
        ask(caller, call)
    after = digest(owner_engine, theirs.organisation)
    assert {"contacts_contact", "contacts_tag", "visitors_visitor"} <= {
        table for table in after if after[table] != before[table]
    }


def test_control_without_the_filter_of_reads_a_token_shows_what_is_not_its_own(
    database_kind: str, caller: Program, ours: World, theirs: World, unfiltered: None
) -> None:
    leaks = [call for call in calls(ours, theirs) if call[0] == "GET" and shows(ask(caller, call)[1])]
    # On PostgreSQL row-level security still holds: that is the point of having both.
    assert bool(leaks) == (database_kind == "sqlite")
