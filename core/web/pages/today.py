"""Today: the home of everybody who works here. Plugins fill it; a new salon is shown its first steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import func, select

from parlour.access.models import Membership
from parlour.access.rules import allows
from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.i18n import _
from parlour.plugin.registry import current
from parlour.records.registry import RecordType, enabled_records
from parlour.web import shell
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import rendered
from parlour.web.requests import routed
from parlour.web.slots import NEEDS, TODAY, Figure, Step

max_queries = 20


@view_config(route_name="today", renderer="today.jinja2", permission="member")
def today(context: OrganisationContext, request: Request) -> dict[str, Any]:
    loc = request.loc
    items = shell.slot_items(request, TODAY)
    return {
        "title": _("Today"),
        "lead": loc.date(loc.local(now()).date(), "full"),
        "figures": shell.as_figures(items),
        "parts": rendered(request, [item for item in items if not isinstance(item, Figure | Step)]),
        "start": first_steps(request, [item for item in items if isinstance(item, Step)]),
    }


@view_config(route_name="needs", renderer="today.jinja2", permission="member")
def needs(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """What waits for this person, as a page: for those without scripts, and with many of them."""
    items = shell.slot_items(request, NEEDS)
    return {
        "title": _("What needs me"),
        "mine": shell.needs(request),
        "parts": rendered(request, items),
        "figures": [],
    }


def first_steps(request: Request, brought: Sequence[Step]) -> list[dict[str, Any]]:
    """What is left to do in a new salon, for who may do it, with what plugins bring; nothing once it is all done."""
    session = request.db
    if not allows(session, "core:settings:write"):
        return []
    own = (_plugins(request), _people(request), *_records(request))
    steps = [step for step in own if step is not None]
    steps += [{"title": one.title, "text": one.text, "url": one.url, "done": one.done} for one in brought]
    return [] if all(step["done"] for step in steps) else steps


def _plugins(request: Request) -> dict[str, Any] | None:
    if not allows(request.db, "core:plugins:write"):
        return None
    # What every salon starts with was not chosen by anybody.
    chosen = {name for name, item in current().loaded.items() if not item.manifest.enabled_by_default}
    return {
        "title": _("Switch on what you need"),
        "text": _("Each plugin says what it does; all can be switched off again."),
        "url": request.url_of("plugins"),
        "done": not chosen or not chosen.isdisjoint(request.enabled),
    }


def _people(request: Request) -> dict[str, Any] | None:
    if not routed(request, "settings.members") or not allows(request.db, "core:users:write"):
        return None
    return {
        "title": _("Let your people in"),
        "text": _("Receptionists and specialists each get a log-in of their own."),
        "url": request.url_of("settings.members"),
        "done": _members(request.db) > 1,
    }


def _members(session: Session) -> int:
    counted = select(func.count(Membership.id)).where(
        Membership.organisation_id == session.scope.organisation_id, Membership.removed_at.is_(None)
    )
    with system(session):
        return int(session.scalar(counted) or 0)


def _records(request: Request) -> list[dict[str, Any]]:
    """Bring in the client base: the first record that holds people."""
    found = [record for record in enabled_records(request.db) if record.person]
    return [
        _bring_in(request, record) for record in found[:1] if allows(request.db, record.permission("create"))
    ]


def _bring_in(request: Request, record: RecordType) -> dict[str, Any]:
    route = "record.import" if routed(request, "record.import") else "record.new"
    some = request.db.execute(select(record.cls.id).limit(1)).first()
    return {
        "title": _("Bring in what you have"),
        "text": request.loc.translate(
            _("${what}: from a file of any kind, or one by one."), {"what": record.plural}
        ),
        "url": request.url_of(route, record=record.name),
        "done": some is not None,
    }
