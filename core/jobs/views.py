"""Looking at one job, and stopping it: for who started it, and for who may see or stop background work."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.policy import MEMBER
from parlour.access.rules import allows
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.jobs.control import cancel
from parlour.jobs.progress import progress_of
from parlour.web.addresses import back_to


def includeme(config: Configurator) -> None:
    config.add_route("job", r"/o/{organisation}/jobs/{id:\d{1,18}}.json")
    config.add_route("job.cancel", r"/o/{organisation}/jobs/{id:\d{1,18}}/cancel")
    config.scan(__name__)


@view_config(route_name="job", request_method="GET", permission=MEMBER, renderer="json")
def show(request: Request) -> dict[str, Any]:
    """How far a job is, in the person's language; `total` is null while it is unknown."""
    job = _seen(request, "core:jobs:read")
    plain = {
        name: job[name] for name in ("id", "state", "finished", "done", "total", "cancel_asked", "attempts")
    }
    words = {name: request.loc.translate(job[name]) if job[name] else None for name in ("message", "error")}
    return plain | words


@view_config(route_name="job.cancel", request_method="POST", permission=MEMBER)
def stop(request: Request) -> HTTPSeeOther:
    """Cancel a job and go back to where the button was (`back`)."""
    job = _seen(request, "core:jobs:write")
    cancel(request.db, job["id"])
    return HTTPSeeOther(back_to(request, request.POST.get("back"), request.url_of("today")))


def _seen(request: Request, permission: str) -> dict[str, Any]:
    """A job that the person started, or that the permission shows them. Raises NotFound for all others."""
    job = progress_of(request.db, int(request.matchdict["id"]))
    if job["created_by"] != request.user.id and not allows(request.db, permission):
        raise NotFound(_("There is no such job."))
    return job
