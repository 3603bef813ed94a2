"""The salons that most tests begin with: furnished once per process, their rows written again for every later test.

Furnishing one row by row took longer than many a test. What is written again is what the domain's own functions have
written before, so a test sees no difference; where something else might happen, they do it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

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
# Name, kind of database, plugins and what they grant -> when it was furnished, and the rows of each table.
_furnished: dict[tuple[str, ...], tuple[datetime, _Rows]] = {}


def jasmine(engine: Engine, plugins: Plugins) -> Organisation:
    """A salon in Russia that speaks English, with every loaded plugin on; committed."""
    return _salon(engine, plugins, "Jasmine", region="RU", locale="en")


def orchid(engine: Engine, plugins: Plugins) -> Organisation:
    """Another salon, in Great Britain, with every loaded plugin on; committed."""
    return _salon(engine, plugins, "Orchid", region="GB")


def _salon(engine: Engine, plugins: Plugins, name: str, **where: str) -> Organisation:
    granted = (repr((plugin, declared_by(plugin))) for plugin in (CORE, *plugins.order))
    key = (name, engine.dialect.name, *granted)
    with open_session(engine) as session:
        alike = not current().pm.hook.plugin_enabled.get_hookimpls()
        if alike and key in _furnished:
            return _written_again(session, *_furnished[key])
        made = add_organisation(session, name, **where)
        for plugin in plugins.order:
            lifecycle.enable(session, plugin)
        rows = [_rows(session, table) for table in _TABLES]
        session.commit()
        if alike:
            _furnished[key] = now(), rows
        return made


def _rows(session: Session, table: Any) -> list[dict[str, Any]]:
    """What belongs to the session's organisation."""
    whose = table.c.id if table is Organisation.__table__ else table.c.organisation_id
    of_it = whose == session.scope.organisation_id
    return [dict(row) for row in session.raw(select(table).where(of_it).order_by(table.c.id)).mappings()]


def _written_again(session: Session, then: datetime, rows: _Rows) -> Organisation:
    """Numbers are left to the database, so links are put right on the way."""
    later = now() - then
    (own,), *others = [
        [{name: _later(value, later) for name, value in row.items() if name != "id"} for row in some]
        for some in rows
    ]
    with system(session):
        session.execute(insert(Organisation), own)
        number = session.scalars(select(Organisation.id).where(Organisation.slug == own["slug"])).one()
    session.enter(Scope(number, trusted=True, via="cli"))
    roles: dict[int | None, int | None] = {None: None}
    for table, some, before in zip(_TABLES[1:], others, rows[1:], strict=True):
        for row in some:
            row["organisation_id"] = number
            if "role_id" in row:
                row["role_id"] = roles[row["role_id"]]
        insert_all(session, table, some, {RAW: True})
        if table is Role.__table__:
            after = [row["id"] for row in _rows(session, table)]
            roles.update(zip([row["id"] for row in before], after, strict=True))
    organisation = own_organisation(session)
    session.commit()
    return organisation


def _later(value: Any, later: timedelta) -> Any:
    return value + later if isinstance(value, datetime) else value
