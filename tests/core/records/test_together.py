"""Fields that are unique together: refused in words, by the database at the latest, and telling nobody what is not theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.i18n import localizer
from parlour.jobs.progress import progress_of
from parlour.migrations import runner
from parlour.records import bulk, together
from parlour.records.declare import record_base
from parlour.records.declare import text as text_field
from parlour.records.history import undo
from parlour.records.importing.plan import propose
from parlour.records.importing.run import import_table
from parlour.records.merge import merge
from parlour.records.registry import RecordType, record_type
from parlour.records.removal import delete
from parlour.records.tables import open_table
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing.databases import Database
from parlour.testing.jobs import run_due
from parlour.testing.people import trusted
from parlour.testing.site import statements
from parlour_visitors.models import Visitor

CLIENT, VISITOR = "contacts.contact", "visitors.visitor"
MORNING = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def client(session: Session) -> int:
    return save(session, CLIENT, {"name": "Anna Orlova"})


def _refusal(session: Session, values: dict[str, Any], row_id: int | None = None) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        save(session, VISITOR, values, row_id)
    loc = localizer("en")
    return {name: loc.translate(why) for name, why in refused.value.fields.items()}


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Visitor)) or 0


def test_one_sentence_names_the_fields_and_the_other_row(session: Session, client: int) -> None:
    save(session, VISITOR, {"name": "Anna", "contact": client, "arrived_at": MORNING})
    said = _refusal(session, {"name": "Anna again", "contact": client, "arrived_at": MORNING})
    assert said == {"contact": "“Anna” has the same “Client” and “Arrived” already."}


def test_one_equal_value_or_an_empty_one_is_no_matter(session: Session, client: int) -> None:
    other = save(session, CLIENT, {"name": "Boris Orlov"})
    save(session, VISITOR, {"name": "Anna", "contact": client, "arrived_at": MORNING})
    for values in (
        {"contact": client, "arrived_at": NOON},
        {"contact": other, "arrived_at": MORNING},
        {"contact": client},
        {"contact": client},
        {"arrived_at": MORNING},
        {"arrived_at": MORNING},
    ):
        save(session, VISITOR, {"name": "Somebody", **values})
    assert _count(session) == 7


def test_a_change_of_one_half_is_seen_with_the_other_as_it_stands(session: Session, client: int) -> None:
    save(session, VISITOR, {"name": "Anna", "contact": client, "arrived_at": MORNING})
    second = save(session, VISITOR, {"name": "Later", "contact": client, "arrived_at": NOON})
    assert "contact" in _refusal(session, {"arrived_at": MORNING}, second)
    save(session, VISITOR, {"name": "Later still", "arrived_at": NOON}, second)


def test_the_sentence_is_whole_in_logs_too(session: Session, client: int) -> None:
    values = {"name": "Anna", "contact": client, "arrived_at": MORNING}
    save(session, VISITOR, values)
    with pytest.raises(Invalid, match="has the same “Client” and “Arrived” already"):
        save(session, VISITOR, values)


def test_twice_in_one_batch_is_refused_at_the_second(session: Session, client: int) -> None:
    values = {"name": "Anna", "contact": client, "arrived_at": MORNING}
    with pytest.raises(Invalid) as refused:
        write(session, VISITOR, [Change(values), Change({**values, "name": "Anna again"})])
    assert list(refused.value.errors) == [1]


def test_what_another_organisation_has_does_not_count(
    session: Session, engine: Engine, other_organisation: Organisation, client: int
) -> None:
    session.commit()
    with trusted(engine, other_organisation) as elsewhere:
        theirs = save(elsewhere, CLIENT, {"name": "Vera"})
        save(elsewhere, VISITOR, {"name": "Vera", "contact": theirs, "arrived_at": MORNING})
        elsewhere.commit()
    save(session, VISITOR, {"name": "Anna", "contact": client, "arrived_at": MORNING})


def test_the_other_row_is_named_to_those_only_who_may_see_it(
    session: Session, session_as: Callable[..., Session], client: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(session, VISITOR, {"name": "Secret guest", "contact": client, "arrived_at": MORNING})
    session.commit()
    again = {"name": "Anna", "contact": client, "arrived_at": MORNING}
    manager = session_as("manager")
    assert "Secret guest" in str(_refusal(manager, again))
    manager.rollback()
    # A row out of sight, then a field out of sight.
    with monkeypatch.context() as patch:
        patch.setattr(together, "predicate", lambda *_: Visitor.id < 0)
        said = _refusal(manager, again)
    assert said == {"contact": "There is one with the same “Client” and “Arrived” already."}
    manager.rollback()
    with monkeypatch.context() as patch:
        readable = [item for item in record_type(VISITOR).fields if item.name != "contact"]
        patch.setattr(together, "fields_of", lambda *_: readable)
        said = _refusal(manager, again)
    assert said == {"arrived_at": "Another record has these values already."}


@pytest.mark.parametrize(("indexed", "left"), [(True, 1), (False, 2)], ids=["indexed", "control"])
def test_of_two_who_write_at_once_the_database_lets_one(
    engine: Engine,
    owner_engine: Engine,
    organisation: Organisation,
    session: Session,
    client: int,
    database_kind: str,
    indexed: bool,
    left: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session.commit()
    if not indexed:
        with owner_engine.begin() as connection:
            connection.execute(text("DROP INDEX uq_visitors_visitor_contact_arrived_at"))
    checked, barrier = together.check_together, Barrier(2)

    def both_free(mine: Session, record: RecordType, *rest: Any) -> None:
        # On SQLite the second waits for the first to commit; that it finds nothing has to be played there.
        if database_kind == "postgresql" and record.name == VISITOR:
            checked(mine, record, *rest)
            barrier.wait(20)

    monkeypatch.setattr(together, "check_together", both_free)

    def come(name: str) -> dict[str, Any]:
        with trusted(engine, organisation) as mine:
            try:
                save(mine, VISITOR, {"name": name, "contact": client, "arrived_at": MORNING})
                mine.commit()
            except Invalid as refused:
                return refused.fields
            return {}

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(come, ["Anna", "Anna again"]))
    assert _count(session) == left
    assert sorted(map(list, said)) == ([[], ["contact"]] if indexed else [[], []])


def test_an_import_finds_its_rows_by_them_and_says_which_row_is_refused(
    session: Session, client: int, tmp_path: Path
) -> None:
    file = tmp_path / "visitors.json"
    rows = [
        {
            "name": "Anna",
            "phone": "+79161234567",
            "contact": "Orlova Anna",
            "arrived_at": "2026-05-04T09:30:00Z",
        },
        {
            "name": "Anna?",
            "phone": "+79161234568",
            "contact": "Orlova Anna",
            "arrived_at": "2026-05-04T09:30:00Z",
        },
        {"name": "Vera", "phone": "+79161234569"},
    ]
    file.write_text(json.dumps(rows), "utf-8")
    table = open_table(file)
    done = import_table(session, record_type(VISITOR), table, propose(session, record_type(VISITOR), table))
    assert (done.created, done.rejected) == (2, 1)
    (refused,) = [problem for problem in done.problems if problem.column == "contact"]
    assert refused.row == 2


def test_without_another_unique_field_they_are_the_key_of_an_import(
    session: Session, client: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_type(VISITOR).field("phone"), "unique", False)
    file = tmp_path / "visitors.json"
    row = {"name": "Anna", "contact": "Orlova Anna", "arrived_at": "2026-05-04T09:30:00Z"}
    for name, expected in (("Anna", (1, 0, 0)), ("Anna", (0, 0, 1)), ("Anna Orlova", (0, 1, 0))):
        file.write_text(json.dumps([{**row, "name": name}]), "utf-8")
        table = open_table(file)
        done = import_table(
            session, record_type(VISITOR), table, propose(session, record_type(VISITOR), table)
        )
        assert (done.created, done.updated, done.unchanged) == expected


def test_bulk_work_is_refused_before_it_begins(session: Session, client: int) -> None:
    kind = record_type(VISITOR)
    other = save(session, CLIENT, {"name": "Boris Orlov"})
    ids = [
        save(session, VISITOR, {"name": "Somebody", "contact": one, "arrived_at": MORNING})
        for one in (client, other)
    ]
    with pytest.raises(Invalid):
        bulk.set_field(session, kind, ids, "contact", client)
    with pytest.raises(Invalid):
        bulk.ask_for(
            session, kind, ids, {"act": "set", "field": "contact", "value": client, "mode": bulk.REPLACE}
        )


def test_of_many_rows_the_first_are_tried_at_once_and_all_before_the_job_writes(
    session: Session,
    client: int,
    engine: Engine,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TRIED", "BATCH"):
        monkeypatch.setattr(bulk, name, 2)
    others = [save(session, CLIENT, {"name": f"Client {n}"}) for n in range(4)]
    arrivals = [MORNING + timedelta(hours=n) for n in range(4)]
    save(session, VISITOR, {"name": "Somebody", "contact": client, "arrived_at": arrivals[-1]})
    ids = [
        save(session, VISITOR, {"name": "Somebody", "contact": one, "arrived_at": at})
        for one, at in zip(others, arrivals, strict=True)
    ]
    work = {"act": "set", "field": "contact", "value": client, "mode": bulk.REPLACE}
    number = bulk.ask_for(session, record_type(VISITOR), ids, work)
    session.commit()
    run_due(engine, settings)
    assert progress_of(session, number)["state"] == "failed"
    assert session.scalars(select(Visitor.contact_id).order_by(Visitor.id)).all() == [client, *others]


@pytest.mark.parametrize("told", ["index", "columns"])
def test_the_words_are_of_the_combination_that_was_refused_and_not_of_one_that_begins_like_it(
    session: Session, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    kind = record_type(VISITOR)
    both = (("name", "contact"), ("name", "contact", "arrived_at"))
    monkeypatch.setattr(kind, "unique_together", both)
    table = kind.cls.__tablename__
    messages = {
        "index": f'violates unique constraint "{together.index_name(table, both[1])}"',
        "columns": "UNIQUE constraint failed: "
        + ", ".join(
            f"{table}.{name}" for name in ("organisation_id", "name_key", "contact_id", "arrived_at")
        ),
    }
    (said,) = (together.refused(session, kind, messages[told]) or {}).values()
    assert "Arrived" in localizer("en").translate(said)


def test_a_merge_that_would_make_two_of_them_alike_is_refused_in_words(session: Session, client: int) -> None:
    other = save(session, CLIENT, {"name": "Anna Orlova-Belova"})
    for one in (client, other):
        save(session, VISITOR, {"name": "Anna", "contact": one, "arrived_at": MORNING})
    with pytest.raises(Refusal) as refused:
        merge(session, record_type(CLIENT), client, [other])
    assert "has the same “Client” and “Arrived” already" in localizer("en").translate(refused.value.message)


def test_a_merge_of_two_of_them_moves_the_combination_to_the_kept_one(session: Session, client: int) -> None:
    kind = record_type(VISITOR)
    keep = save(session, VISITOR, {"name": "Anna", "contact": client})
    lose = save(session, VISITOR, {"name": "Anna O", "contact": client, "arrived_at": MORNING})
    made = merge(session, kind, keep, [lose])
    assert session.scalar(select(Visitor.arrived_at).where(Visitor.id == keep)) == MORNING
    assert undo(session, made).left == []
    assert session.scalar(select(Visitor.arrived_at).where(Visitor.id == lose)) == MORNING


def test_undo_leaves_alone_what_another_row_has_by_now(session: Session, client: int) -> None:
    kind = record_type(VISITOR)
    gone = save(session, VISITOR, {"name": "Anna", "contact": client, "arrived_at": MORNING})
    made = delete(session, kind, [gone]).change_set
    assert made is not None
    save(session, VISITOR, {"name": "Anna again", "contact": client, "arrived_at": MORNING})
    done = undo(session, made)
    assert (done.rows, [(name, row) for name, row, _why in done.left]) == (0, [(VISITOR, gone)])
    assert "has the same" in localizer("en").translate(done.left[0][2])
    assert _count(session) == 1


def test_a_batch_costs_the_same_number_of_statements_for_ten_rows_and_for_a_hundred(
    session: Session, engine: Engine, client: int
) -> None:
    def cost(count: int) -> int:
        with statements(engine) as seen:
            write(
                session,
                VISITOR,
                [
                    Change(
                        {
                            "name": "Anna",
                            "contact": client,
                            "arrived_at": MORNING + timedelta(days=count, seconds=n),
                        }
                    )
                    for n in range(count)
                ],
            )
        return len(seen)

    cost(3)
    assert cost(10) == cost(100)


def test_a_declaration_that_names_no_two_own_fields_is_a_fault() -> None:
    for wrong in ((("name", "surname"),), (("name",),), (("name", "name"),)):
        base = record_base("odd")
        with pytest.raises(ValueError, match="unique_together of odd_thing"):
            type(base)(
                "Thing",
                (base,),
                {"__module__": __name__, "name": text_field("Name"), "code": text_field("Code")},
                name="odd.thing",
                title="Thing",
                unique_together=wrong,
            )


def test_a_migration_says_which_rows_are_in_the_way(
    database: Database, engine: Engine, session: Session, client: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    runner.downgrade(database.settings, "visitors", "visitors_0001")
    with monkeypatch.context() as patch:
        patch.setattr(together, "check_together", lambda *_: None)
        values = {"name": "Anna", "contact": client, "arrived_at": MORNING}
        ids = write(session, VISITOR, [Change(values), Change(values)]).ids
    session.commit()
    with pytest.raises(Refusal, match=f"ids {ids[0]}, {ids[1]}"):
        runner.upgrade(database.settings)
    delete(session, record_type(VISITOR), ids[1:])
    session.commit()
    runner.upgrade(database.settings)
    assert "contact" in _refusal(session, values)
