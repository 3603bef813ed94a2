"""The database connection is lost in the middle of a request: nothing is half-written, and the next one works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from structlog.testing import capture_logs

from parlour.access.models import Organisation
from parlour.testing.site import Enter

HERE = "/o/jasmine"
NAME = "Белова Мария"
NEVER = 10_000


@contextmanager
def losing(engine: Engine, step: int) -> Iterator[list[str]]:
    """The server ends the connection before statement number `step`, or before the commit that comes in its place."""
    seen: list[str] = []

    def count(connection: Any, what: str) -> None:
        if len(seen) == step:
            # On the server, by the same role: our side learns of it when it says the next thing.
            pid = connection.connection.dbapi_connection.info.backend_pid
            killer.execute(text("SELECT pg_terminate_backend(:pid, 1000)"), {"pid": pid})
        seen.append(what)

    def statement(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        count(connection, statement)

    def commit(connection: Any) -> None:
        count(connection, "COMMIT")

    other = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as killer:
        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", commit)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", commit)
    other.dispose()


@pytest.mark.postgresql
def test_a_save_that_loses_the_database_anywhere_is_told_so_and_leaves_nothing(
    login: Enter, engine: Engine, owner_engine: Engine, organisation: Organisation, database_kind: str
) -> None:
    if database_kind == "sqlite":
        return  # a file is not lost in between
    browser = login("owner")

    def rows() -> int:
        with owner_engine.connect() as connection:
            return sum(
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("contacts_contact", "contacts_phone", "core_change_set", "core_change")
            )

    asked = browser.get(f"{HERE}/r/contacts.contact/new").forms["record"]
    asked["name"] = "Весна Анна"
    with losing(engine, NEVER) as whole:
        asked.submit("save", status=303)
    first = next(step for step, each in enumerate(whole) if each.startswith(("INSERT", "UPDATE")))
    asked = browser.get(f"{HERE}/r/contacts.contact/new").forms["record"]
    asked["name"] = NAME
    before, said = rows(), []
    # Questions are all alike, so some of them are tried; then everything from the first change on.
    for step in [*range(0, first, 5), *range(first, len(whole))]:
        # The log would draw a traceback for each, which takes longer than all the rest.
        with losing(engine, step) as seen, capture_logs():
            answer = asked.submit("save", status=503)
        assert "The database does not answer" in answer.text
        assert rows() == before, f"something is left when lost before: {seen[step]}"
        said.append(seen[step])
    asked.submit("save", status=303)
    assert "COMMIT" in said
    assert any(each.startswith("INSERT INTO contacts_contact") for each in said)
    assert rows() > before
    with losing(engine, 1), capture_logs():
        document = browser.get(f"{HERE}", headers={"Accept": "application/json"}, status=503)
    assert document.content_type == "application/problem+json"
    assert browser.get(HERE).status_int == 200
