"""Looking at a job and stopping it, as a browser does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.app import make_app
from parlour.jobs import enqueue
from parlour.jobs.run import run_job
from parlour.settings import Settings
from parlour.testing import people
from parlour.testing.browsers import Browser, browser_of
from tests.core.jobs.conftest import Desk


@pytest.fixture
def enter(desk: Desk, settings: Settings, organisation: Organisation) -> Callable[..., tuple[Browser, int]]:
    """`enter("receptionist")`: a browser of somebody new in that role, and their number."""
    site = make_app(settings, engine=desk.engine)

    def somebody(role: str, where: Organisation = organisation) -> tuple[Browser, int]:
        with people.trusted(desk.engine, where) as session:
            user = people.add_person(session, role)
            session.commit()
        return browser_of(site, desk.engine, user), user.id

    return somebody


def ask(desk: Desk, user_id: int, name: str = "probe.batches", **args: object) -> int:
    with desk.session(user_id=user_id) as session:
        job_id = enqueue(session, name, args or {"note": "seen", "total": 2})
        session.commit()
    return job_id


def test_who_started_a_job_sees_how_far_it_is_in_their_language(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    browser, user_id = enter("receptionist")
    job_id = ask(desk, user_id)
    address = f"/o/jasmine/jobs/{job_id}.json"
    assert browser.get(address).json["state"] == "waiting"
    run_job(desk.engine, job_id)
    shown = browser.get(address).json
    assert (shown["state"], shown["done"], shown["total"], shown["finished"]) == ("done", 2, 2, True)
    assert "2" in shown["message"] and "$" not in shown["message"]
    assert "result" not in shown


def test_others_need_the_permission_to_see_background_work(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    job_id = ask(desk, enter("receptionist")[1])
    enter("receptionist")[0].get(f"/o/jasmine/jobs/{job_id}.json", status=404)
    assert enter("manager")[0].get(f"/o/jasmine/jobs/{job_id}.json").json["id"] == job_id


def test_a_job_of_another_organisation_does_not_exist(
    desk: Desk, other_organisation: Organisation, enter: Callable[..., tuple[Browser, int]]
) -> None:
    job_id = ask(desk, enter("receptionist")[1])
    stranger = enter("owner", other_organisation)[0]
    stranger.get(f"/o/{other_organisation.slug}/jobs/{job_id}.json", status=404)
    stranger.post(f"/o/{other_organisation.slug}/jobs/{job_id}/cancel", status=404)
    stranger.get(f"/o/jasmine/jobs/{job_id}.json", status=404)
    assert desk.state(job_id) == "waiting"


def test_a_job_is_cancelled_by_who_started_it_and_only_by_a_post_of_ours(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    browser, user_id = enter("receptionist")
    job_id = ask(desk, user_id)
    address = f"/o/jasmine/jobs/{job_id}/cancel"
    browser.get(address, status=404)
    browser.post(address, headers={"X-CSRF-Token": "guessed"}, status=400)
    enter("receptionist")[0].post(address, status=404)
    assert desk.state(job_id) == "waiting"
    answer = browser.post(address, {"back": "/o/jasmine/settings"}, status=303)
    assert answer.location.endswith("/o/jasmine/settings")
    assert desk.state(job_id) == "cancelled"
    assert browser.post(address, {"back": "https://elsewhere.example"}, status="*").status_int == 409


def test_going_back_never_leads_to_another_site(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    browser, user_id = enter("receptionist")
    answer = browser.post(
        f"/o/jasmine/jobs/{ask(desk, user_id)}/cancel", {"back": "//elsewhere.example"}, status=303
    )
    assert "elsewhere" not in answer.location


def test_numbers_that_no_job_has_are_not_found(enter: Callable[..., tuple[Browser, int]]) -> None:
    browser = enter("owner")[0]
    for number in ("0", "9" * 18, "9" * 40):
        browser.get(f"/o/jasmine/jobs/{number}.json", status=404)


def test_looking_at_a_job_writes_nothing_and_costs_few_queries(
    desk: Desk, engine: Engine, enter: Callable[..., tuple[Browser, int]]
) -> None:
    from sqlalchemy import event

    browser, user_id = enter("receptionist")
    job_id = ask(desk, user_id)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    browser.get(f"/o/jasmine/jobs/{job_id}.json")
    asked = [
        text
        for text in statements
        if text.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
    ]
    assert all(text.lstrip().upper().startswith("SELECT") for text in asked)
    assert len([text for text in asked if "set_config" not in text]) <= 8, asked
