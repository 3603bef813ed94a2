"""Data that left is written down."""

from __future__ import annotations

from datetime import timedelta

from parlour.access import accesslog
from parlour.db.base import now
from tests.core.access.conftest import inside


def test_an_export_is_noted_with_who_what_and_how_much(session_as):
    session = session_as("accountant")
    accesslog.note(
        session,
        accesslog.EXPORT,
        "contacts.contact",
        2000,
        fields=["name"],
        detail={"format": "xlsx"},
        ip="192.0.2.1",
    )
    (line,) = accesslog.latest(session)
    assert (line.what, line.record, line.row_count, line.fields) == (
        "export",
        "contacts.contact",
        2000,
        ["name"],
    )
    assert (line.user_id, line.ip, line.detail) == (session.scope.user_id, "192.0.2.1", {"format": "xlsx"})


def test_lines_come_newest_first_and_page_backwards(session):
    for number in range(5):
        accesslog.note(session, accesslog.FILE, "contacts.contact", number)
    lines = accesslog.latest(session, limit=2)
    assert [line.row_count for line in lines] == [4, 3]
    assert [line.row_count for line in accesslog.latest(session, before=lines[-1].at)] == [2, 1, 0]


def test_another_organisation_sees_nothing_of_it(session, engine, other_organisation):
    accesslog.note(session, accesslog.EXPORT, "contacts.contact", 1)
    session.commit()
    with inside(engine, other_organisation) as other:
        assert accesslog.latest(other) == []


def test_old_lines_are_pruned(session):
    for age in (timedelta(days=1), accesslog.KEPT + timedelta(days=1)):
        accesslog.note(session, accesslog.EXPORT, "contacts.contact", age.days)
        accesslog.latest(session, limit=1)[0].at = now() - age
    session.flush()
    accesslog.prune(session)
    assert [line.row_count for line in accesslog.latest(session)] == [1]
