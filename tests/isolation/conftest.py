"""Two furnished salons, and the guards taken off for the controls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session as OrmSession

from parlour.access.models import Organisation
from parlour.db import session as guards
from parlour.db.session import Session
from parlour.settings import Settings
from tests.isolation.world import World, furnish


@pytest.fixture
def ours(engine: Engine, settings: Settings, organisation: Organisation) -> World:
    return furnish(engine, settings, organisation, mark=False)


@pytest.fixture
def theirs(engine: Engine, settings: Settings, other_organisation: Organisation) -> World:
    """What must not be seen; the mark stands in every text of it."""
    return furnish(engine, settings, other_organisation, mark=True)


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The control: the filter of reads taken off, also of statements that are made once."""
    monkeypatch.setattr(Session, "execute", OrmSession.execute)
    event.remove(Session, "do_orm_execute", guards._guard_statement)
    yield
    event.listen(Session, "do_orm_execute", guards._guard_statement)
