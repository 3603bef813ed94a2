"""Figures for Prometheus: of all processes together, for who may ask, and of nobody in particular."""

from __future__ import annotations

import dataclasses
import re
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pyramid.router import Router
from sqlalchemy import Engine
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.app import make_app
from parlour.db.base import now
from parlour.errors import Refusal
from parlour.jobs import enqueue
from parlour.jobs.models import UNCERTAIN, Job
from parlour.settings import Settings, load
from parlour.testing import people
from parlour.testing.browsers import browser_of
from tests.core.cli.process import environment, running

TOKEN = "a token for the one who looks after it"
ASKED = {"Authorization": f"Bearer {TOKEN}"}


def figures(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def counted(settings: Settings, engine: Engine) -> Router:
    return make_app(dataclasses.replace(settings, metrics_token=TOKEN), engine=engine)


def test_who_may_not_ask_finds_nothing(app: Router, counted: Router, organisation: Organisation) -> None:
    """Without a setting there is no such page; with a token it is there for who has it, with addresses for who is there."""
    TestApp(app).get("/metrics", headers=ASKED, status=404)
    TestApp(counted).get("/metrics", status=404)
    TestApp(counted).get("/metrics", headers={"Authorization": f"Bearer {TOKEN} "}, status=404)
    assert TestApp(counted).get("/metrics", headers=ASKED).content_type == "text/plain"
    counted.registry["parlour.settings"] = dataclasses.replace(
        counted.registry["parlour.settings"], metrics_token="", metrics_from="127.0.0.1, 10.0.0.0/8"
    )
    TestApp(counted).get("/metrics", headers=ASKED, status=404)
    TestApp(counted, extra_environ={"REMOTE_ADDR": "192.0.2.1"}).get("/metrics", status=404)
    TestApp(counted, extra_environ={"REMOTE_ADDR": "10.1.2.3"}).get("/metrics")


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="PARLOUR_METRICS_FROM"):
        load({"PARLOUR_METRICS_FROM": "the office"}, tmp_path, data=tmp_path).metrics_networks  # noqa: B018


def test_a_request_is_counted_under_its_route_whatever_its_address(
    counted: Router, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as session:
        user = people.add_person(session, "owner")
        session.commit()
    browser = browser_of(counted, engine, user)
    before = figures(browser.get("/metrics", headers=ASKED).text)
    for number in range(3):
        browser.get(f"/o/jasmine/r/contacts.contact?q=secret{number}")
        browser.get(f"/secret{number}", status=404)
        browser.request(f"/secret{number}", method=f"SECRET{number}", status="*")
    said = browser.get("/metrics", headers=ASKED).text
    after = figures(said)
    key = ("parlour_requests_total", *sorted(("GET", "/o/{organisation}/r/{record}", "200")))
    assert after[key] - before.get(key, 0) == 3
    statements = ("parlour_request_statements_sum", "/o/{organisation}/r/{record}")
    assert after[statements] - before.get(statements, 0) > 9
    assert after["parlour_memory_bytes",] > 10_000_000
    assert ("parlour_database_connections", "in use") in after
    assert "secret" not in said.lower()
    assert organisation.slug not in said
    assert not re.search(r"example\.com", said)
    for number in range(3, 9):
        browser.get(f"/o/jasmine/r/contacts.contact?q=secret{number}")
        browser.get(f"/secret{number}", status=404)
        browser.request(f"/secret{number}", method=f"SECRET{number}", status="*")
    assert len(figures(browser.get("/metrics", headers=ASKED).text)) == len(after)


def test_jobs_are_counted_by_queue_and_state(
    counted: Router, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as session:
        enqueue(session, "core.prune")
        unsure = enqueue(session, "core.prune")
        session.commit()
    with engine.begin() as connection:
        connection.execute(
            Job.__table__.update()
            .where(Job.__table__.c.id == unsure)
            .values(state=UNCERTAIN, finished_at=now())
        )
    found = figures(TestApp(counted).get("/metrics", headers=ASKED).text)
    assert sum(value for key, value in found.items() if key[0] == "parlour_jobs" and "waiting" in key) == 1
    assert found["parlour_sends_uncertain",] == 1
    assert found["parlour_outbox_age_seconds",] >= 0


def test_processes_are_counted_together(
    settings: Settings, organisation: Organisation, database_kind: str
) -> None:
    if database_kind != "sqlite":
        return  # how processes add up does not depend on it
    more = {"PARLOUR_METRICS_FROM": "127.0.0.1"}
    with running("serve", "--port", "0", "--workers", "2", environ=environment(settings) | more) as site:
        url = site.line().split()[-1]
        for _number in range(20):
            urllib.request.urlopen(f"{url}/healthz", timeout=60).close()
        with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
            found = figures(answer.read().decode())
        assert found["parlour_requests_total", *sorted(("GET", "/healthz", "200"))] == 20
        assert site.end() == 0
