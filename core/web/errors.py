"""Error pages: what happened, what to do now, and a code to quote. Never a traceback, which stays in the log.

Programs that ask for JSON get a problem document (RFC 9457) of the same content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken, PredicateMismatch
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPFound, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from parlour.db.engine import is_lost
from parlour.errors import Conflict, Invalid, NotAllowed, NotFound, ParlourError, Refusal, disk_full
from parlour.i18n import _
from parlour.web.api import for_programs
from parlour.web.api.answers import encode
from parlour.web.api.problems import ApiProblem
from parlour.web.rendering import template
from parlour.web.requests import known, language, reads_only

log = structlog.get_logger("parlour.web")
PROBLEM = "application/problem+json"

_STATUS: list[tuple[type[ParlourError], int]] = [
    (NotFound, 404),
    (NotAllowed, 403),
    (Conflict, 409),
    (Invalid, 422),
    (Refusal, 409),
]
_TITLES = {
    400: _("This could not be understood"),
    403: _("You may not do this"),
    404: _("There is nothing here"),
    405: _("This could not be understood"),
    409: _("That cannot be done"),
    401: _("Who are you?"),
    412: _("Somebody was faster"),
    413: _("This is too large"),
    415: _("This could not be understood"),
    422: _("This cannot be saved"),
    429: _("Too many attempts"),
    411: _("This could not be understood"),
    500: _("Something went wrong here"),
    503: _("Not ready yet"),
    507: _("There is no room left"),
}
_ADVICE = {
    400: _("Go back, open the page again and repeat what you did."),
    403: _("Ask an owner to give you the right for it."),
    404: _("The address is wrong, the record is gone, or it is not yours to see."),
    411: _("The request must say how long it is, in a Content-Length header."),
    413: _("More was sent at once than is taken here. Send a smaller file, or less at a time."),
    500: _("Nothing of what you did last was saved. Try again; if it happens again, quote the code."),
    503: _("Try again in a moment, and look first whether what you did last was saved."),
}


def includeme(config: Configurator) -> None:
    config.add_exception_view(refused, context=ParlourError)
    config.add_exception_view(http_error, context=HTTPException)
    config.add_exception_view(unreadable, context=UnicodeDecodeError)
    config.add_exception_view(stale_form, context=BadCSRFToken)
    config.add_exception_view(stale_form, context=BadCSRFOrigin)
    config.add_forbidden_view(forbidden)
    config.add_notfound_view(not_found)
    config.add_exception_view(broken, context=Exception)


@dataclass(frozen=True)
class Problem:
    """What is said to the person or program. `fields` are messages by field, for values that cannot be saved."""

    status: int
    detail: Any
    title: Any = ""
    fields: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # What a problem document says beside the usual.
    members: Mapping[str, Any] = field(default_factory=dict)


def refused(error: ParlourError, request: Request) -> Response:
    """One of the ways in which Parlour says no."""
    if isinstance(error, ApiProblem):
        return answer(
            request, Problem(error.status, error.message, headers=error.headers, members=error.members)
        )
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    fields = dict(error.fields) if isinstance(error, Invalid) else None
    return answer(request, Problem(status, error.message, fields=fields))


def http_error(error: HTTPException, request: Request) -> Response:
    """What Pyramid itself refuses; redirects pass through."""
    if error.status_code < 400:
        return error
    return answer(request, Problem(error.status_code, _ADVICE.get(error.status_code, "")))


def unreadable(error: UnicodeDecodeError, request: Request) -> Response:
    """Broken UTF-8 in an address or a form."""
    return answer(request, Problem(400, _ADVICE[400]))


def not_found(error: HTTPNotFound, request: Request) -> Response:
    if for_programs(request) and isinstance(error, PredicateMismatch) and (allowed := methods(request)):
        detail = _("This address answers to: ${methods}.", mapping={"methods": ", ".join(allowed)})
        return answer(request, Problem(405, detail, headers={"Allow": ", ".join(allowed)}))
    return answer(request, Problem(404, _ADVICE[404]))


def methods(request: Request) -> list[str]:
    """What the address of a call answers to, where it answers at all; empty otherwise."""
    route = getattr(request, "matched_route", None)
    if route is None:
        return []
    views = request.registry.introspector.get_category("views") or ()
    told = [found["introspectable"] for found in views]
    found: set[str] = set()
    for view in told:
        if view.get("route_name") == route.name:
            stated = view.get("request_methods") or ()
            found.update([stated] if isinstance(stated, str) else stated)
    if "GET" in found:
        found.add("HEAD")
    return sorted(found) if request.method not in found else []


def forbidden(error: HTTPForbidden, request: Request) -> Response:
    """The log-in page for who is not logged in, a refusal for everybody else."""
    stranger = known(request, "user") is None
    if stranger and reads_only(request) and not wants_json(request):
        here = request.path_qs if request.path != "/" else None
        return HTTPFound(request.url_of("login", query={"back": here} if here else None))
    return answer(request, Problem(401 if stranger else 403, _ADVICE[403], title=_TITLES[403]))


def stale_form(error: Exception, request: Request) -> Response:
    """A form without its token: the page was open for too long, or the form is not ours."""
    detail = _("The page was open for too long. Go back, open it again and repeat what you did.")
    return answer(request, Problem(400, detail))


def broken(error: Exception, request: Request) -> Response:
    """A fault of ours. The log has the traceback under the request's code."""
    log.error("request_failed", exc_info=error)
    if disk_full(error):
        said = _(
            "The server's disk is full, so nothing of what you did last was saved. Tell who looks after it."
        )
        return answer(request, Problem(507, said))
    if is_lost(error):
        return answer(request, Problem(503, _ADVICE[503], title=_("The database does not answer")))
    return answer(request, Problem(500, _ADVICE[500]))


def wants_json(request: Request) -> bool:
    """Whether the client asked for JSON rather than a page."""
    if for_programs(request):
        return True
    offered = request.accept.acceptable_offers(["text/html", "application/json", PROBLEM])
    return bool(offered) and offered[0][0] != "text/html"


def answer(request: Request, problem: Problem) -> Response:
    """The response for a problem: a page, a fragment's plain words, or a problem document."""
    title = problem.title or _TITLES.get(problem.status) or HTTPStatus(problem.status).phrase
    if wants_json(request):
        document = encode(_document(request, problem, title))
        # Words of a caller may hold what is no text.
        response = Response(document.encode("utf-8", "replace"), status=problem.status, content_type=PROBLEM)
        response.headers.update(problem.headers)
        return response
    page = template(
        request,
        "error.jinja2",
        {
            "status": problem.status,
            "title": title,
            "text": problem.detail,
            "code": request.id,
            "hints": list((problem.fields or {}).values()),
            "actions": _ways_on(request, problem),
        },
    )
    return Response(page, status=problem.status)


def _document(request: Request, problem: Problem, title: Any) -> dict[str, Any]:
    say = language(request).translate
    document = {
        "type": "about:blank",
        "title": say(title),
        "status": problem.status,
        "detail": say(problem.detail),
        "code": request.id,
        **problem.members,
    }
    if problem.fields:
        document["errors"] = {name: say(message) for name, message in problem.fields.items()}
    return document


def _ways_on(request: Request, problem: Problem) -> list[dict[str, Any]]:
    """Where one can go from an error page: never a page without a way forward."""
    ways = []
    if problem.status >= 500 and reads_only(request):
        ways.append({"title": _("Try again"), "url": request.path_qs, "icon": "rotate-cw"})
    slug = (request.matchdict or {}).get("organisation")
    home = request.url_of("today", organisation=slug) if slug and known(request, "user") else "/"
    ways.append({"title": _("To the start page"), "url": home, "icon": "house"})
    return ways
