"""Background work as people see it: the Jobs page of an organisation, one job's progress, and what can be done to it."""

from __future__ import annotations

import hashlib
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotModified, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from parlour.access.policy import MEMBER
from parlour.access.rules import allows
from parlour.access.settings_nav import SettingsPage
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.jobs import control, listing
from parlour.jobs.models import CANCELLED, DONE, FAILED, PARKED, RUNNING, SENDING, UNCERTAIN, WAITING
from parlour.jobs.progress import progress_of
from parlour.web import flash
from parlour.web.addresses import back_to
from parlour.web.rendering import template

READ, WRITE = "core:jobs:read", "core:jobs:write"
PAGE = 30
# Statements of the page, whatever the number of jobs; a test counts them.
max_queries = 20

# Tab -> its title and states.
TABS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (_("All"), ()),
    "attention": (_("Need a look"), listing.ATTENTION),
    "work": (_("At work"), listing.WORK),
    "parked": (_("Parked"), (PARKED,)),
    "finished": (_("Finished"), listing.FINISHED_WELL),
}
# State -> icon and tone.
LOOKS = {
    WAITING: ("clock", ""),
    RUNNING: ("loader", "info"),
    SENDING: ("send", "info"),
    DONE: ("check", "good"),
    FAILED: ("circle-alert", "bad"),
    UNCERTAIN: ("circle-question-mark", "warn"),
    PARKED: ("pause", ""),
    CANCELLED: ("x", ""),
}
EMPTY = {
    "": _("Imports, messages and documents show up here while they are made, and for 30 days after."),
    "attention": _("Nothing has failed, and nothing is in doubt."),
    "work": _("Nothing is being worked on right now."),
    "parked": _("Work of a plugin that is switched off waits here until it is on again."),
    "finished": _("What is done stays here for 30 days."),
}


def includeme(config: Configurator) -> None:
    config.add_route("jobs", "/o/{organisation}/jobs")
    config.add_route("job", r"/o/{organisation}/jobs/{id:\d{1,18}}.json")
    for act in ("cancel", "retry", "decide"):
        config.add_route(f"job.{act}", rf"/o/{{organisation}}/jobs/{{id:\d{{1,18}}}}/{act}")
    config.add_settings_page(
        SettingsPage(
            title=_("Background work"), route="jobs", permission=READ, icon="list-checks", sequence=90
        )
    )
    config.scan(__name__)


@view_config(route_name="jobs", request_method="GET", permission=READ, renderer="jobs.jinja2")
def page(request: Request) -> Any:
    """The jobs of the organisation, newest first. A page that is open asks for the list alone, again and again, and is
    told 304 while nothing has changed.
    """
    show = request.GET.get("show", "")
    title, states = TABS.get(show, TABS[""])
    before = request.GET.get("before", "")
    start = int(before) if before.isdecimal() and len(before) <= 18 else None
    found = listing.page(request.db, states, before=start, limit=PAGE + 1)
    jobs, rest = found[:PAGE], found[PAGE:]
    values = {
        "jobs": [_row(request, job, allows(request.db, WRITE)) for job in jobs],
        "empty": {
            "icon": "list-checks",
            "title": _("Nothing here"),
            "text": EMPTY[show if show in EMPTY else ""],
        },
        "live": request.path_qs,
        "busy": any(not job.finished for job in jobs),
    }
    query = {"show": show} if show in TABS and show else {}
    older = request.url_of("jobs", query={**query, "before": jobs[-1].id}) if rest else None
    values["pages"] = {"prev_url": request.url_of("jobs", query=query) if start else None, "next_url": older}
    if "X-Fragment" in request.headers:
        return _list_alone(request, values, jobs)
    waiting = sum(listing.attention(request.db).values())
    tabs = [
        {
            "title": tab_title,
            "url": request.url_of("jobs", query={"show": name} if name else None),
            "active": title is tab_title,
            "count": waiting if name == "attention" else None,
        }
        for name, (tab_title, _states) in TABS.items()
    ]
    lead = _(
        "Imports, messages and documents are made in the background. What fails is tried again by itself."
    )
    return {"title": _("Background work"), "lead": lead, "tabs": tabs} | values


def _list_alone(request: Request, values: dict[str, Any], jobs: list[listing.Shown]) -> Response:
    stamp = hashlib.sha256(repr((request.loc.name, jobs)).encode()).hexdigest()[:32]
    headers = [("ETag", f'"{stamp}"'), ("Cache-Control", "no-store")]
    if stamp in request.headers.get("If-None-Match", ""):
        return HTTPNotModified(headers=headers)
    return Response(
        template(request, "_jobs.jinja2", values),
        headerlist=[*headers, ("Content-Type", "text/html; charset=UTF-8")],
    )


@view_config(route_name="job", request_method="GET", permission=MEMBER, renderer="json")
def show(request: Request) -> dict[str, Any]:
    """How far a job is, in the person's language; `total` is null while it is unknown."""
    job = _seen(request, READ)
    plain = {
        name: job[name] for name in ("id", "state", "finished", "done", "total", "cancel_asked", "attempts")
    }
    words = {name: request.loc.translate(job[name]) if job[name] else None for name in ("message", "error")}
    return plain | words


@view_config(route_name="job.cancel", request_method="POST", permission=MEMBER)
def stop(request: Request) -> HTTPSeeOther:
    """Cancel a job and go back to where the button was (`back`)."""
    job = _seen(request, WRITE)
    control.cancel(request.db, job["id"])
    return _back(request, "today")


@view_config(route_name="job.retry", request_method="POST", permission=WRITE)
def retry(request: Request) -> HTTPSeeOther:
    """Let a job that failed or was cancelled begin anew."""
    control.retry(request.db, int(request.matchdict["id"]))
    flash.say(request, _("It is tried again now."), "info")
    return _back(request)


@view_config(route_name="job.decide", request_method="POST", permission=WRITE)
def decide(request: Request) -> HTTPSeeOther:
    """A person says of an uncertain job whether it was sent (`sent` is "1") or is to be sent now ("0")."""
    sent = request.POST.get("sent")
    if sent not in ("0", "1"):
        raise NotFound(_("There is no such job."))
    control.decide(request.db, int(request.matchdict["id"]), sent=sent == "1")
    flash.say(request, _("Noted: it was sent.") if sent == "1" else _("It is sent again now."), "info")
    return _back(request)


def _back(request: Request, otherwise: str = "jobs") -> HTTPSeeOther:
    return HTTPSeeOther(back_to(request, request.POST.get("back"), request.url_of(otherwise)))


def _seen(request: Request, permission: str) -> dict[str, Any]:
    """A job that the person started, or that the permission shows them. Raises NotFound for all others."""
    job = progress_of(request.db, int(request.matchdict["id"]))
    if job["created_by"] != request.user.id and not allows(request.db, permission):
        raise NotFound(_("There is no such job."))
    return job


# ---- one job on the page


def _row(request: Request, job: listing.Shown, may_write: bool) -> dict[str, Any]:
    loc = request.loc
    icon, tone = LOOKS[job.state]
    state = listing.STATE_TITLES[job.state]
    if job.cancel_asked and job.state == RUNNING:
        state = _("stopping")
    elif job.retrying:
        icon, tone, state = "rotate-cw", "warn", _("tried again later")
    return {
        "id": job.id,
        "title": job.title,
        "icon": icon,
        "tone": tone,
        "state": state,
        "message": _("Waits until its plugin is on again.") if job.state == PARKED else job.message,
        "error": job.error,
        "code": job.code,
        "question": job.state == UNCERTAIN,
        "facts": [fact for fact in _facts(request, job) if fact],
        "when": loc.ago(job.finished_at or job.created_at),
        "when_title": loc.moment(job.finished_at or job.created_at),
        "progress": _progress(request, job),
        "actions": _actions(request, job) if may_write else [],
    }


def _facts(request: Request, job: listing.Shown) -> list[str]:
    loc = request.loc
    who = job.created_by or loc.translate(_("by itself"))
    facts = [f"{who}, {loc.moment(job.created_at, 'short')}"]
    if job.attempts > 1 or job.error is not None:
        tried = _("attempt ${n} of ${most}", mapping={"n": job.attempts, "most": job.max_attempts})
        facts.append(loc.translate(tried))
    when = {"when": loc.moment(job.run_at, "short")}
    if job.retrying:
        facts.append(loc.translate(_("next try ${when}", mapping=when)))
    elif job.state == WAITING and job.run_at > job.created_at:
        facts.append(loc.translate(_("begins ${when}", mapping=when)))
    return facts


def _progress(request: Request, job: listing.Shown) -> dict[str, Any] | None:
    if job.state not in (RUNNING, SENDING) or not job.total:
        return None
    text = f"{request.loc.number(job.done)} / {request.loc.number(job.total)}"
    return {"done": min(job.done, job.total), "total": job.total, "text": text}


def _actions(request: Request, job: listing.Shown) -> list[dict[str, Any]]:
    say = request.loc.translate

    def act(name: str, title: Any, icon: str, **more: Any) -> dict[str, Any]:
        fields = {"back": request.path_qs, **more.pop("fields", {})}
        url = request.url_of(f"job.{name}", id=job.id)
        return {"title": title, "icon": icon, "url": url, "method": "post", "fields": fields, **more}

    if job.state == UNCERTAIN:
        sure = {
            "title": say(_("Send it again?")),
            "text": say(_("If the first one did go out after all, it arrives twice.")),
            "button": say(_("Send again")),
        }
        return [
            act("decide", _("It was sent"), "check", fields={"sent": "1"}),
            act("decide", _("Send again"), "send", fields={"sent": "0"}, confirm=sure),
        ]
    if job.state == FAILED:
        return [act("retry", _("Try again"), "rotate-cw"), act("cancel", _("Set aside"), "x")]
    if job.state == CANCELLED:
        return [act("retry", _("Try again"), "rotate-cw")]
    if job.state in (WAITING, PARKED) or (job.state == RUNNING and not job.cancel_asked):
        return [act("cancel", _("Cancel"), "x")]
    return []
