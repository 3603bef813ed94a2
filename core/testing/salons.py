"""The salon that most tests begin with: furnished once per process, its rows written again for every later test.

Furnishing one row by row took longer than many a test. What is written again is what the domain's own functions have
written before, so a test sees no difference; where something else might happen, they do it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from parlour.access.grants import declared_by
from parlour.access.models import Branch, Organisation, Role, Rule
from parlour.access.organisations import add_organisation
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.bulk import insert_all
from parlour.db.session import RAW, Scope, Session, open_session, system
from parlour.plugin import lifecycle
from parlour.plugin.gate import CORE
from parlour.plugin.models import OrganisationPlugin
from parlour.plugin.registry import Plugins, current

# All that it takes as long as no plugin adds anything of its own; in the order of their links.
_TABLES: list[Any] = [each.__table__ for each in (Organisation, Branch, Role, OrganisationPlugin, Rule)]
_Rows = list[list[dict[str, Any]]]
# Kind of database, plugins and what they grant -> when it was furnished, and the rows of each table.
_furnished: dict[tuple[str, ...], tuple[datetime, _Rows]] = {}


def jasmine(engine: Engine, plugins: Plugins) -> Organisation:
    """A salon in Russia that speaks English, with every loaded plugin on; committed."""
    granted = (repr((name, declared_by(name))) for name in (CORE, *plugins.order))
    key = (engine.dialect.name, *granted)
    with open_session(engine) as session:
        with system(session):
            first = session.scalars(select(Organisation.id).limit(1)).first() is None
        alike = first and not current().pm.hook.plugin_enabled.get_hookimpls()
        if alike and key in _furnished:
            return _written_again(session, *_furnished[key])
        made = add_organisation(session, "Jasmine", region="RU", locale="en")
        for name in plugins.order:
            lifecycle.enable(session, name)
        rows = [_rows(session, table) for table in _TABLES]
        session.commit()
        # The numbers are left to the database, which counts from one there too.
        if alike and all(row["id"] == n for some in rows for n, row in enumerate(some, 1)):
            _furnished[key] = now(), rows
        return made


def _rows(session: Session, table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.raw(select(table).order_by(table.c.id)).mappings()]


def _written_again(session: Session, then: datetime, rows: _Rows) -> Organisation:
    later = now() - then
    session.enter(Scope(rows[0][0]["id"], trusted=True, via="cli"))
    for table, some in zip(_TABLES, rows, strict=True):
        anew = [
            {
                name: value + later if isinstance(value, datetime) else value
                for name, value in row.items()
                if name != "id"
            }
            for row in some
        ]
        insert_all(session, table, anew, {RAW: True})
    made = own_organisation(session)
    session.commit()
    return made
