"""The page on which an organisation sets up its messages."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.users import clean_email
from parlour.access.views import forms
from parlour.errors import Invalid
from parlour.i18n import _
from parlour.mail import is_on
from parlour.plugins.messages.access import SETTINGS
from parlour.plugins.messages.kinds import CHANNELS
from parlour.plugins.messages.options import Options, options_of, save_options
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

HOURS = [
    ("", _("none")),
    *((f"{hour:02}:{minute:02}", f"{hour:02}:{minute:02}") for hour in range(24) for minute in (0, 30)),
]
YES_NO = (("yes", _("yes")), ("no", _("no")))


def _form(request: Request) -> forms.Form:
    order = [(code, title) for code, title in CHANNELS]
    quiet, mail = _("Quiet hours"), _("E-mail")
    off = (
        None
        if is_on(request.registry["parlour.settings"])
        else _("The site has no mail server yet (PARLOUR_MAIL_URL).")
    )
    return forms.Form(
        request,
        forms.text("sender", _("Name of the sender"), hint=_("Empty: the name of the salon.")),
        forms.choice(
            "first",
            _("First channel"),
            order,
            hint=_("Where a client prefers none. The others follow as far as they work."),
        ),
        forms.choice("quiet_from", _("Quiet from"), HOURS, group=quiet),
        forms.choice(
            "quiet_to",
            _("Quiet until"),
            HOURS,
            group=quiet,
            hint=_("On the client's clock. What is not urgent waits for the morning."),
        ),
        forms.choice("email", _("Send e-mails"), YES_NO, group=mail, hint=off),
        forms.email("reply_to", _("Answers go to"), group=mail, hint=_("Empty: to the address of the site.")),
        action=request.url_of("messages.settings"),
    )


def _shown(options: Options) -> dict[str, Any]:
    return {
        "sender": options.sender,
        "first": options.ordered[0],
        "quiet_from": options.quiet_from,
        "quiet_to": options.quiet_to,
        "email": "yes" if options.email else "no",
        "reply_to": options.reply_to,
    }


def _page(form: Any) -> dict[str, Any]:
    return {
        "title": _("Messages"),
        "lead": _("How messages reach clients, and when they do not."),
        "form": form,
    }


@view_config(
    route_name="messages.settings", request_method="GET", permission=SETTINGS, renderer="settings.jinja2"
)
def settings(context: OrganisationContext, request: Request) -> dict[str, Any]:
    return _page(_form(request).show(_shown(options_of(request.db))))


@view_config(
    route_name="messages.settings", request_method="POST", permission=SETTINGS, renderer="settings.jinja2"
)
def save(context: OrganisationContext, request: Request) -> Any:
    form = _form(request)
    try:
        given = form.read()
        values = _read(options_of(request.db), given)
    except Invalid as error:
        return _page(form.again(error))
    save_options(request.db, values, request.registry["parlour.settings"].secret)
    flash.say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("messages.settings"))


def _read(options: Options, given: dict[str, Any]) -> dict[str, Any]:
    """What was typed as settings. Raises Invalid by field."""
    errors: dict[str, Any] = {}
    known = [code for code, _title in HOURS]
    for name in ("quiet_from", "quiet_to"):
        if given[name] not in known:
            errors[name] = _("Choose a time.")
    reply_to = given["reply_to"]
    if reply_to:
        try:
            reply_to = clean_email(reply_to)
        except ValueError:
            errors["reply_to"] = _("This is not an e-mail address.")
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})
    return {
        "sender": given["sender"].strip()[:100],
        "order": tuple(dict.fromkeys((given["first"], *options.ordered))),
        "quiet_from": given["quiet_from"],
        "quiet_to": given["quiet_to"],
        "email": given["email"] != "no",
        "reply_to": reply_to,
    }
