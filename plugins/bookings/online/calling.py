"""What all calls for the widget share: who may read the answer, how a body is read, and how it is said that a time is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from parlour.i18n import _
from parlour.plugins.bookings import offers
from parlour.plugins.bookings.occupied import VISIT
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.online import public
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.schedule.clocks import minutes
from parlour.plugins.schedule.services import Taken
from parlour.web.api.problems import ApiProblem


def call(route: str, method: str) -> Callable[[Any], Any]:
    """A call for everybody, which pages of the organisation's own web sites may make from the browser."""

    def declare(view: Callable[[Request], Response]) -> Any:
        def call(_context: Any, request: Request) -> Response:
            let_in(request)
            return view(request)

        call.__name__, call.__doc__, call.__module__ = view.__name__, view.__doc__, view.__module__
        # The module that declares the call is the one that is scanned, not this one.
        return view_config(
            route_name=route, request_method=method, permission=NO_PERMISSION_REQUIRED, _depth=1
        )(call)

    return declare


def preflight(_context: Any, request: Request) -> Response:
    """What a browser asks before it lets a page call: answered for the web sites that the settings name."""
    let_in(request)
    return Response(status=204)


def let_in(request: Request) -> None:
    """Let the web site that asks read the answer, problems too, when the settings name it."""
    origin = request.headers.get("Origin", "")
    known = origin in policy_of(request.db).sites

    def tell(_request: Request, response: Response) -> None:
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Origin"]))
        if not known:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = (
                "Content-Type, Idempotency-Key, Accept-Language"
            )
            response.headers["Access-Control-Max-Age"] = "3600"

    request.add_response_callback(tell)


def number(text: Any, name: str) -> int:
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text < 2**63:
        return text
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise ApiProblem(_("${name} takes the number of a record.", mapping={"name": name}), status=422)


def start_of(given: Mapping[str, Any]) -> int:
    """The start that a body asks for. Raises ApiProblem 422."""
    start = given.get("start")
    try:
        return minutes(public.instant_of(start if isinstance(start, str) else ""))
    except (ValueError, OverflowError) as error:
        raise ApiProblem(
            _("${name} takes a moment with its offset.", mapping={"name": "start"}), status=422
        ) from error


def an_object(value: Any, names: Sequence[str], where: str = "") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ApiProblem(_("${name} must be an object.", mapping={"name": where or "JSON"}), status=422)
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise ApiProblem(
            _("There is no ${name} to be given.", mapping={"name": str(unknown[0])[:60]}), status=422
        )
    return value


def text_of(given: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise ApiProblem(
            _("${name} is text of up to ${n} characters.", mapping={"name": name, "n": longest}), status=422
        )
    return value.strip() or None


def gone(
    request: Request,
    why: Exception,
    wanted: Sequence[Wanted],
    start: int,
    branch: int | None,
    visit: int | None = None,
) -> ApiProblem:
    """409 with the nearest times that are to be had; the `visit` that is to be moved is not in its own way."""
    own = None if visit is None else (VISIT, [visit])
    found, starts = offers.alternatives(request.db, wanted, start, branch_id=branch, without=own)
    message = why.message if isinstance(why, NotOffered | Taken) else why
    return ApiProblem(message, status=409, members={"alternatives": public.slots(found, wanted, starts)})
