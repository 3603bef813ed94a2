"""`parlour jobs`: what an operator sees and does about background work of all organisations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.session import Scope, open_session
from parlour.jobs import enqueue
from parlour.jobs.messages import keep
from parlour.jobs.models import Job
from tests.core.cli.conftest import Parlour


def ask(engine: Engine, organisation: Organisation | None, state: str = "waiting", **values: object) -> int:
    scope = Scope(organisation.id, trusted=True) if organisation is not None else None
    with open_session(engine, scope) as session:
        job_id = enqueue(session, "core.prune", run_at=now() + timedelta(hours=1))
        session.commit()
    with engine.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(state=state, **values))
    return job_id


def test_all_jobs_are_listed_newest_first_with_whose_they_are_and_what_went_wrong(
    parlour: Parlour, engine: Engine, organisation: Organisation, other_organisation: Organisation
) -> None:
    ours = ask(
        engine,
        organisation,
        "failed",
        error=keep("The post office is closed.") | {"detail": "Traceback"},
        attempts=8,
    )
    theirs, nobodys = ask(engine, other_organisation), ask(engine, None)
    rows = parlour("jobs", "list", "--json").json
    assert [(row["id"], row["organisation"]) for row in rows] == [
        (nobodys, None),
        (theirs, "orchid"),
        (ours, "jasmine"),
    ]
    assert rows[2]["error"] == "The post office is closed." and rows[2]["detail"] == "Traceback"
    assert rows[2]["code"] == f"J{ours}.8" and rows[2]["title"] == "Tidy up the installation"
    assert rows[0]["next_try"] and rows[2]["next_try"] is None
    assert [row["id"] for row in parlour("jobs", "list", "--org", "jasmine", "--json").json] == [ours]
    assert [row["id"] for row in parlour("jobs", "list", "--state", "failed", "--json").json] == [ours]
    assert [row["id"] for row in parlour("jobs", "list", "--before", str(theirs), "--json").json] == [ours]
    assert [row["id"] for row in parlour("jobs", "list", "--limit", "1", "--json").json] == [nobodys]
    said = parlour("jobs", "list").out
    assert "8 of 8" in said and "The post office is closed." in said and f"J{ours}.8" in said


def test_jobs_are_retried_and_cancelled_whosever_they_are(
    parlour: Parlour, engine: Engine, organisation: Organisation
) -> None:
    failed, nobodys = ask(engine, organisation, "failed"), ask(engine, None)
    assert parlour("jobs", "retry", str(failed), "--json").json == [{"id": failed, "state": "waiting"}]
    done = parlour("jobs", "cancel", str(failed), str(nobodys), "--json").json
    assert [row["state"] for row in done] == ["cancelled", "cancelled"]


def test_of_an_uncertain_job_the_operator_says_what_became_of_it(
    parlour: Parlour, engine: Engine, organisation: Organisation
) -> None:
    first, second = (ask(engine, organisation, "uncertain", send_key=f"k{n}") for n in range(2))
    refused = parlour("jobs", "retry", str(first))
    assert refused.code == 2 and "may have sent already" in refused.err
    assert parlour("jobs", "sent", str(first), "--json").json[0]["state"] == "done"
    assert parlour("jobs", "retry", str(second), "--not-sent", "--json").json[0]["state"] == "waiting"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["retry", "9999"], "There is no job 9999"),
        (["cancel", "x"], "x"),
        (["list", "--state", "lost"], "lost"),
        (["list", "--org", "nowhere"], "nowhere"),
        (["retry"], "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    parlour: Parlour, organisation: Organisation, arguments: list[str], said: str
) -> None:
    answer = parlour("jobs", *arguments)
    assert answer.code == 2 and said in answer.err
    assert len(answer.err.strip().splitlines()) == 1
