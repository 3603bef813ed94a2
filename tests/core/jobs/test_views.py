"""Looking at a job and stopping it, as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pyramid.router import Router
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.jobs import enqueue, views
from parlour.jobs.messages import keep
from parlour.jobs.run import run_job
from parlour.testing import people
from parlour.testing.browsers import Browser, browser_of
from parlour.testing.site import statements
from tests.core.jobs.conftest import Desk


@pytest.fixture
def enter(desk: Desk, app: Router, organisation: Organisation) -> Callable[..., tuple[Browser, int]]:
    """`enter("receptionist")`: a browser of somebody new in that role, and their number."""

    def somebody(role: str, where: Organisation = organisation) -> tuple[Browser, int]:
        with people.trusted(desk.engine, where) as session:
            user = people.add_person(session, role)
            session.commit()
        return browser_of(app, desk.engine, user), user.id

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


def put(desk: Desk, state: str, **values: object) -> int:
    job_id = desk.ask("probe.letter", {"note": "x"})
    desk.change(job_id, state=state, **values)
    return job_id


def titles(browser: Browser, query: str = "") -> list[str]:
    page = browser.get(f"/o/jasmine/jobs{query}")
    return [item.select_one(".badge").text.strip() for item in page.html.select(".job")]


def test_the_jobs_page_shows_what_became_of_each_with_a_code_to_quote(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    failed = put(desk, "failed", attempts=2, error=keep("The post office is closed."))
    waiting = put(desk, "waiting", attempts=1, run_at=now() + timedelta(minutes=5), error=keep("Closed."))
    put(desk, "parked")
    put(desk, "running", attempts=1, progress_done=3, progress_total=7, locked_until=now() + timedelta(1))
    page = enter("manager")[0].get("/o/jasmine/jobs")
    shown = [" ".join(item.text.split()) for item in page.html.select(".job")]
    assert len(shown) == 4 and all(text.startswith("Letter") for text in shown)
    assert "running" in shown[0] and "3 / 7" in shown[0]
    assert "parked" in shown[1] and "plugin is on again" in shown[1]
    assert "tried again later" in shown[2] and "attempt 1 of 2" in shown[2] and f"J{waiting}.1" in shown[2]
    assert "The post office is closed." in shown[3] and f"J{failed}.2" in shown[3] and "Try again" in shown[3]


def test_tabs_show_what_needs_a_look_and_pages_go_on_by_key(
    desk: Desk, enter: Callable[..., tuple[Browser, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    for state in ("failed", "done", "uncertain", "cancelled", "failed"):
        put(desk, state)
    browser = enter("manager")[0]
    assert titles(browser, "?show=attention") == ["failed", "uncertain"]
    page = browser.get("/o/jasmine/jobs?show=attention")
    assert page.html.select_one(".tabs .count-pill").text == "3"
    assert [item.select_one(".badge").text for item in page.click("Next").html.select(".job")] == ["failed"]
    assert titles(browser, "?show=finished") == ["cancelled", "done"]
    assert titles(browser, "?show=work") == []
    for nonsense in ("?show=x&before=y", "?before=" + "9" * 40):
        assert len(titles(browser, nonsense)) == 2


def test_jobs_of_another_organisation_are_neither_seen_nor_touched(
    desk: Desk, other_desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    theirs = put(other_desk, "failed")
    browser = enter("manager")[0]
    assert titles(browser) == []
    browser.post(f"/o/jasmine/jobs/{theirs}/retry", status=404)
    browser.post(f"/o/jasmine/jobs/{theirs}/decide", {"sent": "1"}, status=404)
    assert other_desk.state(theirs) == "failed"
    assert "background job" not in browser.get("/o/jasmine/needs").text


def test_only_who_may_sees_the_page_and_only_who_may_changes_something(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    failed = put(desk, "failed")
    enter("receptionist")[0].get("/o/jasmine/jobs", status=403)
    organiser = enter("organiser")[0]
    assert f"/{failed}/retry" not in organiser.get("/o/jasmine/jobs").text
    organiser.post(f"/o/jasmine/jobs/{failed}/retry", status=403)
    assert "background job" not in organiser.get("/o/jasmine/needs").text
    manager = enter("manager")[0]
    manager.post(f"/o/jasmine/jobs/{failed}/retry", headers={"X-CSRF-Token": "guessed"}, status=400)
    manager.post(f"/o/jasmine/jobs/{failed}/retry", status=303)
    assert desk.state(failed) == "waiting"


def test_a_person_says_what_became_of_an_uncertain_job(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    first, second = (put(desk, "uncertain", send_key=f"k{n}") for n in range(2))
    browser = enter("manager")[0]
    assert "Was it sent?" in browser.get("/o/jasmine/jobs").text
    browser.post(f"/o/jasmine/jobs/{first}/decide", {}, status=404)
    browser.post(f"/o/jasmine/jobs/{first}/decide", {"sent": "1"}, status=303)
    browser.post(f"/o/jasmine/jobs/{second}/decide", {"sent": "0"}, status=303)
    assert (desk.state(first), desk.state(second)) == ("done", "waiting")
    browser.post(f"/o/jasmine/jobs/{first}/decide", {"sent": "0"}, status=409)


def test_what_failed_needs_a_person_until_it_is_set_aside(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    failed = put(desk, "failed")
    browser = enter("manager")[0]
    assert "1 background job failed" in browser.get("/o/jasmine").text
    assert "1 background job failed" in browser.get("/o/jasmine/needs").html.select_one("main").text
    browser.post(f"/o/jasmine/jobs/{failed}/cancel", status=303)
    assert "background job failed" not in browser.get("/o/jasmine").text


def test_an_open_page_is_sent_the_list_again_only_when_something_changed(
    desk: Desk, enter: Callable[..., tuple[Browser, int]]
) -> None:
    browser = enter("manager")[0]
    job_id = put(desk, "running", locked_until=now() + timedelta(1))
    alone = {"X-Fragment": "1"}
    first = browser.get("/o/jasmine/jobs", headers=alone)
    assert "<html" not in first.text and "data-live-busy" in first.text
    known = alone | {"If-None-Match": first.headers["ETag"]}
    browser.get("/o/jasmine/jobs", headers=known, status=304)
    desk.change(job_id, state="done", finished_at=now())
    assert "data-live-busy" not in browser.get("/o/jasmine/jobs", headers=known, status=200).text


def test_the_jobs_page_costs_the_same_for_one_job_and_for_many(
    desk: Desk, engine: Engine, enter: Callable[..., tuple[Browser, int]]
) -> None:
    browser = enter("manager")[0]

    def cost() -> int:
        browser.get("/o/jasmine/jobs")
        with statements(engine) as asked:
            browser.get("/o/jasmine/jobs")
        return len(asked)

    put(desk, "failed")
    one = cost()
    for state in ("failed", "running", "uncertain", "waiting") * 5:
        put(desk, state)
    assert cost() == one <= views.max_queries


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
