"""A copy into the other kind of database, and back, is the same to the last value; or nothing is copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, text

from parlour.access.models import Organisation
from parlour.cli.demo import demo_settings, prepare
from parlour.db import numbers, restore
from parlour.db.copy import copy
from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.migrations import runner
from parlour.settings import Settings
from parlour.testing import databases, people, postgresql
from tests.core.db.test_backup import everything


def other_kind(kind: str) -> str:
    return next(each for each in databases.KINDS if each != kind)


@pytest.fixture
def salon(engine: Engine, organisation: Organisation) -> Organisation:
    with people.trusted(engine, organisation) as session:
        people.add_person(session, "owner", name="Ольга Ёлкина 💇🏽‍♀️ \\ \" '")
        session.commit()
    engine.dispose()
    return organisation


def numbers_given(settings: Settings) -> dict[str, int]:
    engine = make_engine(settings.owner_database_url)
    with engine.connect() as connection:
        found = numbers.given(connection)
    engine.dispose()
    return found


@pytest.mark.postgresql
def test_a_furnished_salon_goes_to_postgresql_and_back_unchanged(tmp_path: Path) -> None:
    """A salon of demonstration size, with photos, money, birthdays, tags and its history."""
    if databases.absent("postgresql"):
        pytest.skip(f"postgresql: {databases.absent('postgresql')}")
    first = demo_settings(tmp_path / "first", 0)
    prepare(first, "ru")
    told: list[tuple[str, int, int]] = []
    with (
        databases.fresh("postgresql", tmp_path, empty=True) as there,
        databases.fresh("sqlite", tmp_path, empty=True) as back,
    ):
        sums = copy(
            first,
            there.settings.owner_database_url,
            site_role=postgresql.SITE,
            progress=lambda *said: told.append(said),
        )
        assert sums["contacts_contact"].rows == 2000
        assert everything(there.settings) == everything(first)
        # Progress ends at the number of all rows.
        assert told[-1][1:] == (sum(each.rows for each in sums.values()),) * 2
        engine = make_engine(there.settings.database_url)
        with (
            engine.begin() as connection
        ):  # the site's role may work in the copy, and only within an organisation
            assert connection.execute(text("SELECT count(*) FROM contacts_contact")).scalar_one() == 0
            connection.execute(text("SELECT set_config('parlour.organisation', '1', true)"))
            assert connection.execute(text("SELECT count(*) FROM contacts_contact")).scalar_one() == 2000
        engine.dispose()
        returned = copy(there.settings, back.settings.owner_database_url)
        assert returned == sums
        assert everything(back.settings) == everything(first)
        assert numbers_given(back.settings) == numbers_given(first)
        assert all(item.up_to_date for item in runner.status(back.settings))


def test_new_rows_of_a_copy_do_not_take_the_numbers_of_deleted_ones(
    salon: Organisation, settings: Settings, owner_engine: Engine, target: Callable[..., Any]
) -> None:
    """41 clients came and went; their history is still there under their numbers."""
    with owner_engine.begin() as connection:
        numbers.go_on_after(connection, "contacts_contact", 41)
    with target(empty=True) as other:
        copy(settings, other.settings.owner_database_url)
        assert numbers_given(other.settings)["contacts_contact"] == 41


@pytest.fixture
def target(database_kind: str, tmp_path: Path) -> Callable[..., Any]:
    """A database of the other kind than the test's own."""
    return lambda **more: databases.fresh(other_kind(database_kind), tmp_path, **more)


def test_a_target_in_use_is_refused(
    salon: Organisation, settings: Settings, target: Callable[..., Any]
) -> None:
    with target() as other:
        engine = make_engine(other.settings.owner_database_url)
        copy(settings, other.settings.owner_database_url)  # tables without rows are empty enough
        before = everything(other.settings)
        with pytest.raises(Refusal, match="in use already"):
            copy(settings, other.settings.owner_database_url)
        assert everything(other.settings) == before
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM core_organisation"))
            connection.execute(text("DELETE FROM core_user"))
            connection.execute(text("CREATE TABLE price_list (id INTEGER)"))
        with pytest.raises(Refusal, match="not Parlour's: price_list"):
            copy(settings, other.settings.owner_database_url)
        engine.dispose()


def test_a_value_that_changes_on_the_way_leaves_the_target_empty(
    salon: Organisation, settings: Settings, target: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the checksums: one letter is lost between reading and writing."""
    real = restore.from_plain

    def careless(column: sa.Column[Any]) -> Any:
        return (lambda value: value.replace("Ё", "Е")) if column.name == "name" else real(column)

    monkeypatch.setattr(restore, "from_plain", careless)
    with target(empty=True) as other:
        with pytest.raises(Refusal, match="The table core_user holds something else"):
            copy(settings, other.settings.owner_database_url)
        engine = make_engine(other.settings.owner_database_url)
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


@pytest.mark.postgresql
def test_a_row_that_the_other_kind_cannot_hold_is_named(tmp_path: Path) -> None:
    if databases.absent("postgresql"):
        pytest.skip(f"postgresql: {databases.absent('postgresql')}")
    with (
        databases.fresh("sqlite", tmp_path) as here,
        databases.fresh("postgresql", tmp_path, empty=True) as there,
    ):
        engine = make_engine(here.settings.database_url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO core_user (email, email_key, name, password_hash, created_at)"
                    " VALUES ('a@example.com', 'a@example.com', 'zero' || char(0) || 'byte', '!', '2026-01-01 00:00:00')"
                )
            )
        engine.dispose()
        with pytest.raises(Refusal, match="The table core_user cannot take a row"):
            copy(here.settings, there.settings.owner_database_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not the address of a database"),
        ("mysql://root@localhost/salon", "must name sqlite or postgresql"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(settings: Settings, url: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        copy(settings, url)
    with pytest.raises(Refusal, match="used now"):
        copy(settings, settings.owner_database_url)
