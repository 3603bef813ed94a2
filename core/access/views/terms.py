"""Personal data: the revisions of an organisation's text, and the pages that everybody may read."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.access import terms
from parlour.access.models import TermsVersion
from parlour.access.policy import COOKIE
from parlour.access.rules import allows
from parlour.access.views import forms
from parlour.access.views.declare import view
from parlour.access.views.inout import CODE_COOKIE
from parlour.errors import Invalid, NotFound
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.plugin.registry import current
from parlour.records.defaults import defaults_of
from parlour.web import flash
from parlour.web.requests import LANGUAGE_COOKIE

READ, WRITE = "core:settings:read", "core:settings:write"
TITLE = _("Personal data")


# ---- what everybody may read


@view(route_name="terms", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="terms.jinja2")
def public_page(request: Request) -> Any:
    """The text that holds today, or with `?version=` an earlier one. Raises NotFound where there is none."""
    organisation = terms.enter_public(request.db, request.matchdict["salon"])
    held = terms.in_effect(request.db)
    wanted = request.GET.get("version")
    shown = next((one for one in held if wanted in (None, one.name)), None)
    if shown is None:
        raise NotFound(_("This salon has published no such text."))
    text, locale = terms.text_for(shown, request.loc.name, organisation.locale)
    here = {"salon": organisation.slug}
    return {
        "organisation": organisation,
        "title": request.loc.translate(_("Personal data at ${name}"), {"name": organisation.name}),
        "text": text,
        "text_locale": locale,
        "since": request.loc.date(shown.effective_on, "long"),
        "current": shown is held[0],
        "current_url": request.url_of("terms", **here),
        "versions": [
            {
                "title": request.loc.date(one.effective_on, "long"),
                "name": one.name,
                "url": request.url_of("terms", query={"version": one.name}, **here),
                "shown": one is shown,
            }
            for one in held
        ],
    }


@view(
    route_name="cookies", request_method="GET", permission=NO_PERMISSION_REQUIRED, renderer="cookies.jinja2"
)
def cookies_page(request: Request) -> Any:
    """Everything that Parlour leaves in a browser."""
    return {
        "kept": [
            (COOKIE, _("Says that you are logged in, until you log out."), _("only after log-in")),
            (
                CODE_COOKIE,
                _("Says that the password was right, until you type the code of the second factor."),
                _("ten minutes"),
            ),
            (
                "parlour_csrf",
                _("Keeps other sites from sending forms in your name."),
                _("until the browser closes"),
            ),
            (
                flash.COOKIE,
                _("Carries a message such as “Saved” to the next page."),
                _("until the browser closes"),
            ),
            (LANGUAGE_COOKIE, _("The language that you chose."), _("a year, only if you chose one")),
            (
                "parlour.nav",
                _("Whether the menu is folded. It never leaves the browser."),
                _("until you clear it"),
            ),
            *(
                line
                for item in current().loaded.values()
                for line in getattr(item.module("widget"), "STORED", ())
            ),
        ]
    }


# ---- settings


@view(route_name="settings.terms", request_method="GET", permission=READ, renderer="settings.jinja2")
def list_page(request: Request) -> Any:
    may = allows(request.db, WRITE)
    versions = terms.versions(request.db)
    held = [version for version in versions if not terms.changeable(request.db, version)]
    address = request.url_of("terms", salon=request.organisation.slug)
    rows = []
    for version in versions:
        coming = version not in held
        rows.append(
            {
                "title": request.loc.date(version.effective_on, "long"),
                "sub": ", ".join(LANGUAGES[name] for name in LOCALES if name in version.texts),
                "icon": "scroll-text",
                "url": request.url_of("settings.terms.version", id=version.id)
                if coming and may
                else f"{address}?version={version.name}",
                "badges": _badges(version, held, coming),
                "actions": [_remove(request, version)] if coming and may else [],
            }
        )
    new = {"title": _("New revision"), "url": request.url_of("settings.terms.new"), "icon": "plus"}
    lead = _("What you tell clients about their data. A consent names its revision.")
    read = {"title": _("As clients read it"), "url": address, "icon": "external-link"}
    return {
        "title": TITLE,
        "lead": lead,
        "rows": rows,
        "rows_empty": _("Nothing written yet"),
        "primary": new if may else None,
        "actions": [read] if held else [],
    }


def _badges(version: TermsVersion, held: Any, coming: bool) -> list[dict[str, Any]]:
    if coming:
        return [{"kind": "badge", "text": _("not in effect yet"), "tone": "info"}]
    return [{"kind": "badge", "text": _("in effect"), "tone": "good"}] if version is held[0] else []


def _remove(request: Request, version: TermsVersion) -> dict[str, Any]:
    return {
        "title": _("Remove"),
        "icon": "trash-2",
        "method": "post",
        "url": request.url_of("settings.terms.remove", id=version.id),
    }


def _form(request: Request, action: str) -> forms.Form:
    own = request.organisation.locale
    ordered = sorted(LOCALES, key=lambda name: name != own)
    return forms.Form(
        request,
        forms.day("effective_on", _("In effect from"), required=True),
        *(
            forms.lines(
                f"text_{name}",
                _("Text: ${language}", mapping={"language": LANGUAGES[name]}),
                rows=14,
                required=name == own,
                hint=_("Plain text; an empty line begins a new paragraph.") if name == own else None,
            )
            for name in ordered
        ),
        action=action,
    )


def _page(request: Request, title: Any, form: Any) -> dict[str, Any]:
    crumbs = [{"title": TITLE, "url": request.url_of("settings.terms")}]
    lead = _("From that day on it stays as it is: people may have agreed to it.")
    return {"title": title, "crumbs": crumbs, "lead": lead, "form": form}


@view(route_name="settings.terms.new", request_method="GET", permission=WRITE, renderer="settings.jinja2")
def new_page(request: Request) -> Any:
    """A new revision begins with the text that holds."""
    latest = next(iter(terms.versions(request.db)), None)
    texts = latest.texts if latest is not None else {}
    values = {f"text_{name}": text for name, text in texts.items()}
    form = _form(request, request.url_of("settings.terms.new"))
    today = defaults_of(request.db).today().isoformat()
    return _page(request, _("New revision"), form.show({"effective_on": today, **values}))


@view(route_name="settings.terms.new", request_method="POST", permission=WRITE, renderer="settings.jinja2")
def add(request: Request) -> Any:
    return _save(request, None, _("New revision"), request.url_of("settings.terms.new"))


@view(route_name="settings.terms.version", request_method="GET", permission=WRITE, renderer="settings.jinja2")
def version_page(request: Request) -> Any:
    version = terms.version_by_id(request.db, int(request.matchdict["id"]))
    form = _form(request, request.url_of("settings.terms.version", id=version.id))
    values = {f"text_{name}": text for name, text in version.texts.items()}
    shown = form.show({"effective_on": version.effective_on.isoformat(), **values})
    return _page(request, request.loc.date(version.effective_on, "long"), shown)


@view(
    route_name="settings.terms.version", request_method="POST", permission=WRITE, renderer="settings.jinja2"
)
def change(request: Request) -> Any:
    version = terms.version_by_id(request.db, int(request.matchdict["id"]))
    address = request.url_of("settings.terms.version", id=version.id)
    return _save(request, version, request.loc.date(version.effective_on, "long"), address)


def _save(request: Request, version: TermsVersion | None, title: Any, address: str) -> Any:
    form = _form(request, address)
    try:
        given = form.read()
        texts = {name: given[f"text_{name}"] for name in LOCALES}
        terms.save_version(request.db, version, _day(given["effective_on"]), texts)
    except Invalid as error:
        return _page(request, title, form.again(error))
    flash.say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("settings.terms"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("Not saved yet."), {0: {"effective_on": _("This is not a date.")}}) from error


@view(route_name="settings.terms.remove", request_method="POST", permission=WRITE)
def remove(request: Request) -> Any:
    terms.remove_version(request.db, int(request.matchdict["id"]))
    flash.say(request, _("The revision is removed."))
    return HTTPSeeOther(request.url_of("settings.terms"))
