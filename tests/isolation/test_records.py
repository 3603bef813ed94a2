"""Every record, from every side, with the rows of another salon: nothing is found, counted, linked, changed or told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyramid.router import Router
from sqlalchemy import Engine

from parlour.access.grants import ROLES
from parlour.access.models import Organisation
from parlour.access.rules import allows
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, NotFound, Refusal
from parlour.i18n import localizer
from parlour.jobs import control
from parlour.jobs.progress import progress_of
from parlour.plugin import lifecycle
from parlour.plugin.gate import enabled
from parlour.records import bulk, files, removal
from parlour.records.actions import run_action
from parlour.records.exporting import export
from parlour.records.history import history_of, undo
from parlour.records.merge import merge
from parlour.records.query import count, get, may_read, page
from parlour.records.registry import RecordType, all_records, fields_of
from parlour.records.search import search_everything
from parlour.records.write import save
from parlour.testing.browsers import browser_of
from parlour.testing.people import add_person, session_of, trusted
from tests.isolation.walk import ask, calls
from tests.isolation.world import DIGITS, MARK, World, digest, marked, text_of

REFUSALS = (NotFound, NotAllowed, Refusal, Invalid)


def refused(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except REFUSALS:
        return True
    return False


def nothing_seen(session: Session, record: RecordType, row: int, folder: Path) -> None:
    for text in (MARK, MARK[:4], DIGITS, f"{MARK.lower()}@example.com"):
        assert page(session, record, q=text).rows == []
        assert count(session, record, q=text) == (0, False)
    assert row not in [found["id"] for found in page(session, record, archived=None, limit=200).rows]
    assert not may_read(session, record, row)
    for look in (get, history_of):
        with pytest.raises(NotFound):
            look(session, record, row)


def nothing_chosen(session: Session, record: RecordType, row: int, folder: Path) -> None:
    assert bulk.chosen(session, record, [row], action="read") == []
    assert row not in bulk.chosen(session, record, None, action="read", archived=None)


def nothing_counted_of_a_delete(session: Session, record: RecordType, row: int, folder: Path) -> None:
    assert sum(found.count for found in removal.consequences(session, record, [row])) == 0


def nothing_exported(session: Session, record: RecordType, row: int, folder: Path) -> None:
    try:
        export(session, record, folder / "all.json", localizer("en"))
        export(session, record, folder / "one.json", localizer("en"), ids=[row])
    except NotAllowed:
        return  # this role may not export at all
    assert MARK not in (folder / "all.json").read_text("utf-8")
    assert (folder / "one.json").read_text("utf-8").split() == ["[", "]"]


def nothing_written(session: Session, record: RecordType, row: int, folder: Path) -> None:
    name = record.title_field
    acts: dict[str, Callable[[], Any]] = {
        "edit": lambda: save(session, record, {name: "taken over"}, row_id=row),
        "archive": lambda: removal.archive(session, record, [row]),
        "delete": lambda: removal.delete(session, record, [row]),
        **{f"do {act}": lambda act=act: run_action(session, record, act, [row]) for act in record.actions},
    }
    for act, attempt in acts.items():
        assert refused(attempt), f"{act} of a {record.name} of another salon was not refused"
        session.rollback()


ATTEMPTS = [nothing_seen, nothing_chosen, nothing_counted_of_a_delete, nothing_exported, nothing_written]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reaches_a_row_of_another_salon(
    engine: Engine,
    owner_engine: Engine,
    organisation: Organisation,
    ours: World,
    theirs: World,
    tmp_path: Path,
    role: str,
) -> None:
    with trusted(engine, organisation) as session:
        user = add_person(session, role)
        session.commit()
    before = digest(owner_engine, theirs.organisation)
    for record in all_records():
        for attempt in ATTEMPTS:
            with session_of(engine, organisation, user) as session:
                if allows(session, record.permission("read")):
                    attempt(session, record, theirs.rows[record.name], tmp_path)
    with session_of(engine, organisation, user) as session:
        assert search_everything(session, MARK) == []
        for act in (
            lambda: files.readable(session, theirs.ids["file"]),
            lambda: files.file_of(session, theirs.ids["upload"]),
            lambda: undo(session, theirs.ids["change_set"]),
            lambda: progress_of(session, theirs.ids["job"]),
            lambda: control.cancel(session, theirs.ids["job"]),
            lambda: control.retry(session, theirs.ids["job"]),
            lambda: control.decide(session, theirs.ids["job"], sent=True),
        ):
            with pytest.raises(REFUSALS):
                act()
    assert digest(owner_engine, theirs.organisation) == before


def test_control_the_same_attempts_succeed_at_home(engine: Engine, theirs: World, tmp_path: Path) -> None:
    """Each attempt finds, exports or changes something for an owner of the salon that the rows belong to."""
    for record in all_records():
        for attempt in ATTEMPTS:
            if attempt is nothing_counted_of_a_delete and record.name != "contacts.contact":
                continue  # nothing hangs on the others
            if attempt is nothing_written and (record.journal or record.name == "contacts.consent"):
                continue  # written by what happens, never changed
            with session_of(engine, theirs.organisation, theirs.user) as session:
                try:
                    attempt(session, record, theirs.rows[record.name], tmp_path)
                except (AssertionError, pytest.fail.Exception):  # "did not raise" among them
                    continue
                finally:
                    session.rollback()
            raise AssertionError(f"{attempt.__name__} cannot fail for {record.name}")


def test_no_link_leads_into_another_salon(
    engine: Engine, organisation: Organisation, ours: World, theirs: World
) -> None:
    tried = 0
    for record in all_records():
        for item in record.fields:
            if item.storage not in ("link", "links") or item.computed or item.target is None:
                continue
            foreign, own = theirs.rows[item.target.name], ours.rows[record.name]
            value: Any = foreign if item.storage == "link" else [foreign]
            with session_of(engine, organisation, ours.user) as session:
                pointed = partial(save, session, record, {item.name: value}, row_id=own)
                assert refused(pointed), f"{record.name}.{item.name} was pointed at a row of another salon"
            tried += 1
    assert tried > 3


def test_a_merge_takes_no_row_of_another_salon(
    engine: Engine, organisation: Organisation, ours: World, theirs: World
) -> None:
    for record in all_records():
        own, foreign = ours.rows[record.name], theirs.rows[record.name]
        for keep, lose in ((own, foreign), (foreign, own)):
            with session_of(engine, organisation, ours.user) as session:
                merged = partial(merge, session, record, keep, [lose])
                assert refused(merged), f"{record.name} was merged with a row of another salon"


def test_a_value_that_is_taken_elsewhere_is_free_here(
    engine: Engine, organisation: Organisation, ours: World, theirs: World
) -> None:
    """What is unique is unique within a salon: otherwise a refusal would tell that another one knows the phone."""
    tried = 0
    for record in all_records():
        unique = [item for item in record.fields if item.unique and item.storage == "column"]
        if not unique:
            continue
        with trusted(engine, theirs.organisation) as session:
            values = marked(session, record, 5)
        with session_of(engine, organisation, ours.user) as session:
            for item in unique:
                if item.name in values:
                    changed = {item.name: values[item.name]}
                    # A journal is written by its plugin alone, past the rights of whoever is there.
                    save(session, record, changed, row_id=ours.rows[record.name], system=record.journal)
                    tried += 1
    assert tried


def test_what_one_salon_switches_or_grants_is_not_remembered_for_another(
    engine: Engine, organisation: Organisation, ours: World, theirs: World
) -> None:
    """The caches: both salons are asked before and after by turns, in one process."""

    def seen(where: World) -> tuple[frozenset[str], list[str]]:
        with session_of(engine, where.organisation, where.user) as session:
            names = [item.name for item in fields_of(session, all_records()[2])]
            return frozenset(enabled(session)), names

    before = seen(ours), seen(theirs)
    with trusted(engine, theirs.organisation) as session:
        lifecycle.disable(session, "visitors")
        session.commit()
    assert seen(ours) == before[0]
    assert "visitors" not in seen(theirs)[0]
    assert seen(ours) == before[0]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
def test_no_page_shows_a_role_what_its_rules_hide(
    app: Router, engine: Engine, theirs: World, role: str
) -> None:
    """Every page of the salon, as somebody who works there in this role and may not read everything."""
    with trusted(engine, theirs.organisation) as session:
        user = add_person(session, role)
        # Something has changed, so that the history has something to hide.
        contact = theirs.rows["contacts.contact"]
        save(session, "contacts.contact", {"must_know": "changed", "profession": "changed"}, row_id=contact)
        session.commit()
    hidden = set()
    with session_of(engine, theirs.organisation, user) as session:
        for record in all_records():
            may = {item.name for item in fields_of(session, record)}
            if not allows(session, record.permission("read")) or not may_read(
                session, record, theirs.rows[record.name]
            ):
                may = set()
            hidden |= {text_of(record, item.name) for item in record.fields if item.name not in may}
    browser = browser_of(app, engine, user)
    for call in calls(app, theirs.organisation.slug, theirs, some=True):
        if call.method == "GET":
            status, text = ask(browser, call)
            assert status < 500, f"{call} answers {status}"
            assert not [one for one in hidden if one in text], f"{call} shows what a {role} may not read"
