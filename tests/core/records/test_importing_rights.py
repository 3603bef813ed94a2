"""An import as a job works with all rights, and does no more than the person who asked for it may."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from parlour.access.models import Rule
from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.jobs.progress import progress_of
from parlour.plugins.contacts.models import Contact, Source
from parlour.records import query
from parlour.records.files import store
from parlour.records.importing import job as importing
from parlour.records.importing.plan import Plan, propose, remember
from parlour.records.registry import fields_of, record_type
from parlour.records.tables import open_table
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due

CONTACT = record_type(Contact)
CSV = "Имя;Телефон;Аллергии\r\nАнна Орлова;8 913 148 75 93;Йод\r\n".encode()
COLUMNS = {"Имя": "name", "Телефон": "phones", "Аллергии": "health_notes"}


@pytest.fixture
def organiser(session_as: Callable[..., Session]) -> Session:
    """Somebody who may import clients, but neither see nor write what is noted about their health."""
    made = session_as("organiser")
    assert "health_notes" not in {item.name for item in fields_of(made, CONTACT, "write")}
    made.rollback()
    return made


@pytest.fixture
def bring_in(organiser: Session, engine: Engine, settings: Settings) -> Callable[..., dict[str, Any]]:
    """`bring_in(plan)` imports the file as the organiser and returns what the job has to say."""

    def run(plan: Plan, **more: Any) -> dict[str, Any]:
        stored = store(
            organiser, settings, io.BytesIO(CSV), "clients.csv", record=CONTACT.name, slot="import"
        )
        number = importing.start(organiser, CONTACT, stored.id, plan, **more)
        organiser.commit()
        run_due(engine, settings)
        done = progress_of(organiser, number)
        found = {"state": done["state"], **(done["result"] or {})}
        organiser.rollback()
        return found

    return run


def test_a_field_that_the_person_may_not_write_is_left_alone(
    bring_in: Callable[..., dict[str, Any]], session: Session
) -> None:
    for name, plan in {
        "column": Plan(columns=COLUMNS),
        "fixed": Plan(columns=COLUMNS, fixed={"health_notes": "Йод"}),
        "default": Plan(columns=COLUMNS, defaults={"health_notes": "Йод"}),
    }.items():
        done = bring_in(plan)
        assert (done["state"], done["rows"]) == ("done", 1), name
        (row,) = query.page(session, CONTACT).rows
        session.rollback()
        assert row["health_notes"] is None, name
        assert "Аллергии: Йод" in row["note"]
        told = [problem["reason"] for problem in done["problems"] if problem["column"] == "health_notes"]
        assert len(told) == (name != "column")


def test_nothing_is_told_apart_by_a_field_that_the_person_may_not_write(
    bring_in: Callable[..., dict[str, Any]],
) -> None:
    assert bring_in(Plan(columns=COLUMNS), keys=["health_notes"])["state"] != "done"


def test_a_row_that_the_person_may_not_see_goes_along_with_no_file(
    session: Session, organiser: Session, bring_in: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    hidden, seen = (save(session, Source, {"name": name}) for name in ("Проверка", "Флаер"))
    rule = {"kind": "restriction", "permission": "contacts:source:read", "source": "test"}
    session.add(Rule(**rule, filter=["name", "=", "Флаер"]))
    plans = [Plan(columns=COLUMNS, fixed={"source": {"id": one, "title": ""}}) for one in (hidden, seen)]
    file = tmp_path / "clients.csv"
    file.write_bytes(CSV)
    remember(session, CONTACT, open_table(file), plans[0])
    session.commit()
    organiser.scope.cache.clear()
    with pytest.raises(Refusal, match="not yours to see"):
        bring_in(plans[0])
    organiser.rollback()
    assert bring_in(plans[1])["created"] == 1
    assert propose(organiser, CONTACT, open_table(file)).fixed == {}
