"""Throw-away databases: migrated once per test process, then copied for every test that wants one."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
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
def fresh(kind: str, folder: Path, *, empty: bool = False, plugin: str | None = None) -> Iterator[Database]:
    """A database of one kind; `empty` has no tables at all. `plugin` names one that was loaded since the templates
    were made, and is installed in this one too.
    """
    if kind == "sqlite":
        file = folder / "parlour.sqlite"
        if not empty:
            shutil.copyfile(_sqlite_template(plugin), file)
        yield Database(kind, settings_for(folder, f"sqlite:///{file}"))
        return
    template = None if empty else _postgresql_template(plugin)
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
# The templates on the server.
_made: list[str] = []


def keep_templates_in(folder: Path) -> None:
    """Called once per test process, before the first database."""
    global _folder
    _folder = folder


@cache
def _sqlite_template(plugin: str | None) -> Path:
    assert _folder is not None
    file = _folder / f"template{plugin or ''}.sqlite"
    if plugin is not None:
        shutil.copyfile(_sqlite_template(None), file)
    _furnish(settings_for(_folder, f"sqlite:///{file}"), plugin)
    # The last connection to close a database writes its log back into the file, so the file alone is whole.
    assert not file.with_name(f"{file.name}-wal").exists()
    return file


@cache
def _postgresql_template(plugin: str | None) -> str:
    assert _folder is not None
    name = postgresql.name_of(f"template{plugin or ''}")
    postgresql.create(name, None if plugin is None else _postgresql_template(None))
    site, owner = postgresql.url(name, postgresql.SITE), postgresql.url(name, postgresql.OWNER)
    _furnish(settings_for(_folder, site, owner), plugin)
    _made.append(name)
    return name


def _furnish(settings: Settings, plugin: str | None) -> None:
    runner.upgrade(settings, only=None if plugin is None else {plugin})


def make_templates() -> None:
    """Make them of what is loaded now, for each kind that is tested on here."""
    for kind, make in (("sqlite", _sqlite_template), ("postgresql", _postgresql_template)):
        if kind in wanted() and absent(kind) is None:
            make(None)


def forget_templates() -> None:
    """Called once per test process, after the last database."""
    reuse.drop_all()
    while _made:
        postgresql.drop(_made.pop())
    _postgresql_template.cache_clear()
