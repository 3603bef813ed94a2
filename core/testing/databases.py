"""Throw-away databases: migrated once per test process, then copied for every test that wants one."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from parlour.migrations import runner
from parlour.settings import Settings, load
from parlour.testing import postgresql, reuse

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """One test's own database, migrated and empty."""

    kind: str
    settings: Settings


def wanted() -> tuple[str, ...]:
    """The kinds to test on: PARLOUR_TEST_DATABASES, or both."""
    given = os.environ.get("PARLOUR_TEST_DATABASES")
    return tuple(kind.strip() for kind in given.split(",") if kind.strip()) if given else KINDS


def absent(kind: str) -> str | None:
    """Why a kind cannot be tested on here, or None."""
    if kind == "postgresql" and postgresql.server() is None:
        return "no server answers as a role that may create roles and databases (PARLOUR_TEST_POSTGRESQL)"
    return None


def settings_for(folder: Path, site: str, owner: str | None = None) -> Settings:
    """Settings over nothing but these URLs and a data folder."""
    return load(
        {}, folder, data=folder, database_url=site, owner_database_url=owner or site, secret="only-for-tests"
    )


@contextmanager
def fresh(kind: str, folder: Path, *, empty: bool = False) -> Iterator[Database]:
    """A database of one kind; `empty` has no tables at all."""
    if kind == "sqlite":
        file = folder / "parlour.sqlite"
        if not empty:
            shutil.copyfile(_sqlite_template(), file)
        yield Database(kind, settings_for(folder, f"sqlite:///{file}"))
        return
    template = None if empty else _postgresql_template()
    name = reuse.take(template) if template else None
    if name is None:
        name = postgresql.name_of(str(next(_numbers)))
        postgresql.create(name, template)
    try:
        site, owner = postgresql.url(name, postgresql.SITE), postgresql.url(name, postgresql.OWNER)
        yield Database(kind, settings_for(folder, site, owner))
    finally:
        if template:
            reuse.give_back(name, template)
        else:
            postgresql.drop(name)


_folder: Path | None = None


def keep_templates_in(folder: Path) -> None:
    """Called once per test process, before the first database."""
    global _folder
    _folder = folder


@lru_cache(maxsize=1)
def _sqlite_template() -> Path:
    assert _folder is not None
    file = _folder / "template.sqlite"
    runner.upgrade(settings_for(_folder, f"sqlite:///{file}"))
    # The last connection to close a database writes its log back into the file, so the file alone is whole.
    assert not file.with_name("template.sqlite-wal").exists()
    return file


@lru_cache(maxsize=1)
def _postgresql_template() -> str:
    assert _folder is not None
    name = postgresql.name_of("template")
    postgresql.create(name)
    site, owner = postgresql.url(name, postgresql.SITE), postgresql.url(name, postgresql.OWNER)
    runner.upgrade(settings_for(_folder, site, owner))
    return name


def make_templates() -> None:
    """Make them of what is loaded now, for each kind that is tested on here."""
    for kind, make in (("sqlite", _sqlite_template), ("postgresql", _postgresql_template)):
        if kind in wanted() and absent(kind) is None:
            make()


def forget_templates() -> None:
    """Called once per test process, after the last database."""
    reuse.drop_all()
    if _postgresql_template.cache_info().currsize:
        postgresql.drop(_postgresql_template())
