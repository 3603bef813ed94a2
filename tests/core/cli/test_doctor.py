"""The doctor finds what would hurt later: secrets that others can read or guess, tables without protection, lost zones."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text

from parlour.access.models import Organisation
from parlour.settings import Settings
from tests.core.cli.conftest import Parlour


def wrong(parlour: Parlour) -> dict[str, Any]:
    said = parlour("doctor", "--json")
    found = {row["what"]: row["text"] for row in said.json["findings"] if row["state"] == "wrong"}
    assert said.code == (1 if found else 0)
    return found


def test_a_secret_that_others_can_guess_or_read_is_wrong(
    parlour: Parlour, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong(parlour) == {}
    monkeypatch.setenv("PARLOUR_SECRET", "jasmine")
    said = wrong(parlour)
    assert "can be guessed" in said["secret"]
    assert "jasmine" not in str(said)
    monkeypatch.delenv("PARLOUR_SECRET")
    assert wrong(parlour) == {}  # makes a strong one
    (settings.data / "secret").chmod(0o644)
    assert "others on this machine can read it" in wrong(parlour)["secret"]


def test_tables_without_row_level_security_are_named(
    parlour: Parlour, owner_engine: Engine, database_kind: str
) -> None:
    if database_kind == "sqlite":
        return  # has none; a session's own guards keep organisations apart
    with owner_engine.begin() as connection:
        connection.execute(text("ALTER TABLE contacts_contact DISABLE ROW LEVEL SECURITY"))
        connection.execute(text("DROP POLICY parlour_organisation ON core_branch"))
    assert set(wrong(parlour)) == {"table contacts_contact", "table core_branch"}


def test_a_zone_that_is_unknown_here_is_named(
    parlour: Parlour, organisation: Organisation, owner_engine: Engine
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(text("UPDATE core_organisation SET zone = 'Mars/Olympus'"))
    assert "Mars/Olympus" in wrong(parlour)["time zones"]


def test_an_owner_who_may_not_connect_is_found(
    parlour: Parlour, monkeypatch: pytest.MonkeyPatch, database_kind: str
) -> None:
    monkeypatch.setenv("PARLOUR_OWNER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert "database owner" in wrong(parlour)
