"""The page on which an organisation sets up its messages, and tries a channel out."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour import outgoing
from parlour.access.users import clean_email
from parlour.access.views import forms
from parlour.errors import Invalid, Refusal
from parlour.i18n import _
from parlour.mail import is_on
from parlour.plugins.messages import services
from parlour.plugins.messages.access import SETTINGS
from parlour.plugins.messages.channels import Refused, channels
from parlour.plugins.messages.channels.sms import METHODS, headers_of
from parlour.plugins.messages.kinds import CHANNELS, EMAIL, SMS
from parlour.plugins.messages.options import Options, options_of, save_options
from parlour.plugins.messages.own_kinds import TRIAL
from parlour.plugins.messages.providers import providers_of
from parlour.records.defaults import defaults_of
from parlour.records.kinds import PhoneKind
from parlour.records.values import Fault
from parlour.web import flash
from parlour.web.contexts import OrganisationContext
from parlour.web.rendering import template

TIMES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
HOURS = [("", _("none")), *((text, text) for text in TIMES)]
YES_NO = (("yes", _("yes")), ("no", _("no")))
WAYS_OF_SMS = (
    ("", _("No SMS")),
    ("http", _("A provider with an address")),
    ("log", _("Only into the journal, to try things out")),
)
# What takes a secret away that is kept and never shown.
NONE = "-"
_CHOICES = {
    "first": [code for code, _title in CHANNELS],
    "quiet_from": ["", *TIMES],
    "quiet_to": ["", *TIMES],
    "sms_method": list(METHODS),
}
_PLAIN = (
    "quiet_from",
    "quiet_to",
    "sms",
    "sms_sender",
    "sms_url",
    "sms_method",
    "sms_headers",
    "sms_body",
    "sms_accepted",
    "sms_number",
    "telegram_url",
    "webhook_url",
)
_SECRETS = ("sms_secret", "telegram_token", "webhook_secret")
_COUNTS = {"sms_per_day": (0, 100_000), "sms_per_hour": (1, 1000)}


def _form(request: Request, options: Options) -> forms.Form:
    return forms.Form(
        request,
        *_general(),
        *_email(request),
        *_sms(options, _ways_of_sms(request)),
        *_others(options),
        action=request.url_of("messages.settings"),
    )


def _general() -> list[Any]:
    night = _("Quiet hours")
    first = _("Where a client prefers none. The others follow as far as they work.")
    clock = _("On the client's clock. What is not urgent waits for the morning.")
    return [
        forms.text("sender", _("Name of the sender"), hint=_("Empty: the name of the salon.")),
        forms.choice("first", _("First channel"), CHANNELS, hint=first),
        forms.choice("quiet_from", _("Quiet from"), HOURS, group=night),
        forms.choice("quiet_to", _("Quiet until"), HOURS, group=night, hint=clock),
    ]


def _email(request: Request) -> list[Any]:
    group = _("E-mail")
    off = _("The site has no mail server yet (PARLOUR_MAIL_URL).")
    hint = None if is_on(request.registry["parlour.settings"]) else off
    answers = _("Empty: to the address of the site.")
    return [
        forms.choice("email", _("Send e-mails"), YES_NO, group=group, hint=hint),
        forms.email("reply_to", _("Answers go to"), group=group, hint=answers),
    ]


def _ways_of_sms(request: Request) -> list[tuple[str, Any]]:
    """The ways that are always there, and the providers that plugins bring."""
    return [*WAYS_OF_SMS, *((code, one.title) for code, one in sorted(providers_of(request.db).items()))]


def _sms(options: Options, ways: list[tuple[str, Any]]) -> list[Any]:
    group = _("SMS")
    names = _(
        "Names in braces are filled in: {to} {digits} {text} {sender} {secret} {id}. In a JSON body, put them between quotes."
    )
    latin = _("Twice as much fits into one part.")
    accepted = _('What a good answer contains, as "status":"OK". Empty: any answer with a status of 2xx.')
    number = _("Where the number of the message stands in a JSON answer, as messages.0.id.")
    # What is not set up stands behind "More".
    place = {"group": _("Provider of SMS"), "more": options.sms != "http" and options.provider is None}
    return [
        forms.choice("sms", _("Send SMS"), ways, group=group),
        forms.text(
            "sms_sender", _("Name of the sender in SMS"), group=group, hint=_("As agreed with the provider.")
        ),
        forms.choice("sms_latin", _("Russian in Latin letters"), YES_NO, group=group, hint=latin),
        forms.text(
            "sms_per_day",
            _("Most parts of SMS a day"),
            group=group,
            hint=_("The rest waits for the next day. They cost money."),
        ),
        forms.text("sms_per_hour", _("Most SMS to one number an hour"), group=group),
        forms.text("sms_url", _("Address of the provider"), hint=names, **place),
        forms.choice("sms_method", _("Method"), [(name, name) for name in METHODS], **place),
        forms.lines(
            "sms_headers",
            _("Headers"),
            rows=3,
            hint=_("One to a line, as Content-Type: application/json"),
            **place,
        ),
        forms.lines("sms_body", _("Body"), rows=4, **place),
        _secret("sms_secret", _("Secret of the provider"), options.sms_secret, place),
        forms.text("sms_accepted", _("Sign of a good answer"), hint=accepted, **place),
        forms.text("sms_number", _("Place of the number"), hint=number, **place),
    ]


def _others(options: Options) -> list[Any]:
    told = _(
        "Gets every message as JSON, signed with the secret. It must know a repeated one by the header Idempotency-Key."
    )
    bot = {"group": "Telegram", "more": not options.telegram_token}
    program = {"group": _("Own program"), "more": not options.webhook_url}
    return [
        _secret("telegram_token", _("Token of the bot"), options.telegram_token, bot),
        forms.text("telegram_url", _("Address of the Bot API"), **bot),
        forms.text("webhook_url", _("Address of the program"), hint=told, **program),
        _secret("webhook_secret", _("Secret of the program"), options.webhook_secret, program),
    ]


def _secret(name: str, title: Any, kept: str, place: dict[str, Any]) -> Any:
    hint = _("It is kept and not shown. Empty leaves it; a dash takes it away.") if kept else None
    return forms.password(name, title, autocomplete="off", hint=hint, **place)


def _shown(options: Options) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(options, name) for name in _PLAIN}
    return values | {
        "sender": options.sender,
        "first": options.ordered[0],
        "reply_to": options.reply_to,
        "email": "yes" if options.email else "no",
        "sms_latin": "yes" if options.sms_latin else "no",
        **{name: str(getattr(options, name)) for name in _COUNTS},
    }


def _page(request: Request, options: Options, form: Any, trial: Any = None) -> dict[str, Any]:
    return {
        "title": _("Messages"),
        "lead": _("How messages reach clients, and when they do not."),
        "actions": [
            {
                "title": _("Which over which channel"),
                "url": request.url_of("messages.matrix"),
                "icon": "table-2",
            }
        ],
        "form": form,
        "parts": [_trial_part(request, options, trial)],
    }


def _trial_part(request: Request, options: Options, trial: Any) -> Markup:
    form = _trial(request, options)
    values = {"form": trial or (form.show({}) if form else None)}
    return template(request, "messages/trial.jinja2", values)


@view_config(
    route_name="messages.settings", request_method="GET", permission=SETTINGS, renderer="settings.jinja2"
)
def settings(context: OrganisationContext, request: Request) -> dict[str, Any]:
    options = options_of(request.db)
    return _page(request, options, _form(request, options).show(_shown(options)))


@view_config(
    route_name="messages.settings", request_method="POST", permission=SETTINGS, renderer="settings.jinja2"
)
def save(context: OrganisationContext, request: Request) -> Any:
    options = options_of(request.db)
    form = _form(request, options)
    try:
        values = _read(request, options, form.read())
    except Invalid as error:
        return _page(request, options, form.again(error))
    save_options(request.db, values, request.registry["parlour.settings"].secret)
    flash.say(request, _("Saved."))
    return HTTPSeeOther(request.url_of("messages.settings"))


def _read(request: Request, options: Options, given: dict[str, Any]) -> dict[str, Any]:
    """What was typed, as settings. Raises Invalid by field."""
    errors: dict[str, Any] = {
        name: _("Choose one of these.") for name, known in _CHOICES.items() if given[name] not in known
    }
    if given["sms"] not in dict(_ways_of_sms(request)):
        errors["sms"] = _("Choose one of these.")
    values: dict[str, Any] = {name: given[name].strip() for name in _PLAIN}
    values |= {
        "sender": given["sender"].strip()[:100],
        "order": tuple(dict.fromkeys((given["first"], *options.ordered))),
        "email": given["email"] != "no",
        "sms_latin": given["sms_latin"] == "yes",
        "reply_to": given["reply_to"],
    }
    if values["reply_to"]:
        try:
            values["reply_to"] = clean_email(values["reply_to"])
        except ValueError:
            errors["reply_to"] = _("This is not an e-mail address.")
    for name, (least, most) in _COUNTS.items():
        text = given[name].strip()
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            values[name] = int(text)
        else:
            errors[name] = _(
                "A whole number from ${least} to ${most}.", mapping={"least": least, "most": most}
            )
    for name in ("sms_url", "telegram_url", "webhook_url"):
        if values[name]:
            try:
                outgoing.check(values[name].replace("{", "").replace("}", ""))
            except Refusal as error:
                errors[name] = error.message
    if values["sms"] == "http" and not values["sms_url"]:
        errors["sms_url"] = _("Say where the provider is.")
    try:
        headers_of(values["sms_headers"], {})
    except Refused:
        errors["sms_headers"] = _("A header is a line such as: Content-Type: application/json")
    for name in _SECRETS:
        values[name] = None if given[name].strip() == NONE else given[name].strip()
    if values["webhook_url"] and not (options.webhook_secret or values["webhook_secret"]):
        errors.setdefault("webhook_secret", _("Without a secret the program cannot know who is speaking."))
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})
    return values


# ---- trying a channel out


def _trial(request: Request, options: Options) -> forms.Form | None:
    """The form of the trial, for the channels that are set up."""
    site = request.registry["parlour.settings"]
    working = channels()
    offered = [(code, title) for code, title in CHANNELS if working[code].ready(options, site)]
    if not offered:
        return None
    hint = _("Your e-mail address, your phone, the number of your Telegram chat.")
    return forms.Form(
        request,
        forms.choice("channel", _("Channel"), offered),
        forms.text("to", _("To"), hint=hint, required=True),
        action=request.url_of("messages.trial"),
        name="trial",
        save=_("Send a trial message"),
    )


@view_config(
    route_name="messages.trial", request_method="POST", permission=SETTINGS, renderer="settings.jinja2"
)
def trial(context: OrganisationContext, request: Request) -> Any:
    """Send a trial message to where its sender says."""
    options = options_of(request.db)
    form = _trial(request, options)
    if form is None:
        raise Refusal(_("No channel is set up yet."))
    try:
        given = form.read()
        to = _address(request, given["channel"], given["to"].strip(), options)
    except Invalid as error:
        return _page(request, options, _form(request, options).show(_shown(options)), form.again(error))
    message = services.send(
        request.db,
        TRIAL.code,
        address=services.Address(given["channel"], to, request.user.name),
        language=request.loc.name,
        dedupe_key=f"trial:{token_hex(12)}",
    )
    flash.say(request, _("The trial is on its way; this page says what becomes of it."), "info")
    return HTTPSeeOther(request.url_of("record.card", record="messages.message", id=message))


def _address(request: Request, channel: str, to: str, options: Options) -> str:
    """Raises Invalid for what is no address of this channel."""
    try:
        if channel == EMAIL:
            return clean_email(to)
        if channel == SMS:
            return str(PhoneKind().clean(to, defaults_of(request.db)))
    except (ValueError, Fault) as error:
        wrong = _("This is not an address of this channel.")
        raise Invalid(_("Not saved yet."), {0: {"to": wrong}}) from error
    return options.webhook_url if channel == "webhook" else to[:40]
