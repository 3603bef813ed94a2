"""The plugin's own pages: the texts of each kind, and an address that works again."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from parlour.access.rules import allows
from parlour.access.settings_nav import SettingsPage
from parlour.access.views import forms
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import LANGUAGES, LOCALES, _
from parlour.plugins.messages import options, preview, services, templates
from parlour.plugins.messages.access import SEND, SETTINGS
from parlour.plugins.messages.kinds import ADVERTISING, EMAIL, WRITTEN, MessageKind, kind_of, kinds_of
from parlour.plugins.messages.own_kinds import TRIAL
from parlour.plugins.messages.texts import MOMENT_FORMS, said, unknown_names
from parlour.records.query import may_read
from parlour.records.registry import record_type
from parlour.web import flash
from parlour.web.contexts import OrganisationContext

max_queries = 40
READ, WRITE = "messages:template:read", "messages:template:write"


def includeme(config: Configurator) -> None:
    config.add_route("messages.kinds", "/kinds")
    config.add_route("messages.kind", "/kinds/{kind}")
    config.add_route("messages.switch", "/kinds/{kind}/switch")
    config.add_route("messages.shipped", "/kinds/{kind}/shipped")
    config.add_route("messages.reachable", r"/{id:\d{1,18}}/reachable")
    config.add_route("messages.settings", "/settings")
    config.add_route("messages.trial", "/settings/trial")
    config.add_route("messages.matrix", "/settings/channels")
    config.add_settings_page(
        SettingsPage(
            title=_("Messages"),
            route="messages.settings",
            permission=SETTINGS,
            icon="message-square",
            group="plugins",
            plugin="messages",
        )
    )
    config.scan("parlour.plugins.messages.settings_page")
    config.scan("parlour.plugins.messages.matrix_page")


# ---- kinds


@view_config(route_name="messages.kinds", permission=READ, renderer="messages/kinds.jinja2")
def kinds(context: OrganisationContext, request: Request) -> dict[str, Any]:
    """Every kind of message, whose it is, and whether it is on."""
    off, own = options.options_of(request.db).off, templates.own_texts(request.db)
    may_write = allows(request.db, WRITE)
    groups: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds_of(request.db):
        if kind is TRIAL:
            continue
        changed = sum(code == kind.code for code, _language, _channel in own)
        groups.setdefault(kind.plugin, []).append(
            {
                "title": kind.title,
                "hint": kind.hint,
                "url": None if kind.once else request.url_of("messages.kind", kind=kind.code),
                "advertising": kind.purpose == ADVERTISING,
                "own": changed,
                "on": kind.code not in off,
                "switch_url": request.url_of("messages.switch", kind=kind.code),
                "may_switch": may_write,
            }
        )
    from parlour.plugin.registry import current

    return {"groups": [{"title": current().title(name), "kinds": rows} for name, rows in groups.items()]}


@view_config(route_name="messages.switch", request_method="POST", permission=WRITE)
def switch(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Switch a kind on or off."""
    kind = kind_of(request.db, request.matchdict["kind"])
    on = request.POST.get("on") == "on"
    options.switch(request.db, kind.code, on=on)
    said_so = _("${kind}: switched on", mapping={"kind": kind.title}) if on else None
    flash.say(request, said_so or _("${kind}: switched off", mapping={"kind": kind.title}))
    return HTTPSeeOther(request.url_of("messages.kinds"))


class _Page:
    """One text of one kind: which, what stands there, and how it reads."""

    def __init__(self, request: Request):
        self.request = request
        self.kind: MessageKind = kind_of(request.db, request.matchdict["kind"])
        if self.kind.once:
            raise NotFound(_("The text of this kind is written each time it is sent."))
        given = request.GET
        self.channel = given.get("channel", "") if given.get("channel") in dict(WRITTEN) else EMAIL
        usual = request.organisation.locale
        self.language = given.get("language", "") if given.get("language") in LOCALES else usual
        self.text = templates.text_of(request.db, self.kind, self.language, self.channel)
        self.may_write = allows(request.db, WRITE)

    def form(self) -> forms.Form:
        nodes = []
        if self.channel == EMAIL:
            nodes.append(forms.text("subject", _("Subject"), required=True))
        nodes.append(forms.lines("body", _("Text"), rows=10 if self.channel == EMAIL else 5, required=True))
        save = _("Save") if self.text.own else _("Save as our own text")
        action = self.url()
        return forms.Form(
            self.request, *nodes, action=action, name="text", save=save, also=[("preview", _("Preview"))]
        )

    def url(self, **query: str) -> str:
        asked = {"channel": self.channel, "language": self.language} | query
        return str(self.request.url_of("messages.kind", kind=self.kind.code, query=asked))

    def shown(self, form: Any, subject: str, body: str) -> dict[str, Any]:
        request, loc = self.request, self.request.loc
        return {
            "title": self.kind.title,
            "hint": self.kind.hint,
            "crumbs": [{"title": _("Texts of messages"), "url": request.url_of("messages.kinds")}],
            "channels": [
                {"title": title, "url": self.url(channel=code), "active": code == self.channel}
                for code, title in WRITTEN
            ],
            "languages": [
                {"title": LANGUAGES[code], "url": self.url(language=code), "active": code == self.language}
                for code in LOCALES
            ],
            "own": self.text.own,
            "form": form,
            "readable": None if form else {"subject": subject, "body": body},
            "shipped_url": request.url_of(
                "messages.shipped",
                kind=self.kind.code,
                query={"channel": self.channel, "language": self.language},
            )
            if self.text.own and self.may_write
            else None,
            "names": self.names(loc),
            "preview": preview.of(request.db, self.kind, self.language, self.channel, subject, body, loc),
        }

    def names(self, loc: Any) -> list[dict[str, Any]]:
        """What the text may name, with how it reads."""
        from parlour.plugins.messages.kinds import USUAL

        found = []
        for one in (*self.kind.variables, *USUAL):
            forms_of = MOMENT_FORMS if hasattr(one.sample, "hour") else ()
            for form in ("", *forms_of):
                name = f"{{{one.name}.{form}}}" if form else f"{{{one.name}}}"
                found.append(
                    {
                        "name": name,
                        "title": one.title if not form else "",
                        "sample": said(one.sample, loc, form),
                    }
                )
        return found


@view_config(
    route_name="messages.kind", request_method="GET", permission=READ, renderer="messages/kind.jinja2"
)
def kind(context: OrganisationContext, request: Request) -> dict[str, Any]:
    page = _Page(request)
    text = page.text
    form = page.form().show({"subject": text.subject, "body": text.body}) if page.may_write else None
    return page.shown(form, text.subject, text.body)


@view_config(
    route_name="messages.kind", request_method="POST", permission=WRITE, renderer="messages/kind.jinja2"
)
def save_kind(context: OrganisationContext, request: Request) -> Any:
    """Keep the text, or only show how it would read."""
    page = _Page(request)
    form = page.form()
    subject, body = (forms.posted(request, name, 20_000) for name in ("subject", "body"))
    try:
        given = form.read()
        subject, body = given.get("subject", ""), given["body"]
        if "preview" in request.POST:
            _known_names(page.kind, given)
            return page.shown(form.show(given), subject, body)
        templates.save_text(request.db, page.kind, page.language, page.channel, subject, body)
    except Invalid as error:
        return page.shown(form.again(error), subject, body)
    flash.say(request, _("Saved: this text is sent from now on."))
    return HTTPSeeOther(page.url())


def _known_names(kind: MessageKind, given: dict[str, Any]) -> None:
    """Raises Invalid by field for names that the kind does not give, as saving does."""
    errors = {}
    for name in ("subject", "body"):
        strange = unknown_names(kind, given.get(name) or "")
        if strange:
            names = ", ".join(f"{{{one}}}" for one in strange)
            errors[name] = _("There is nothing called ${names} in this message.", mapping={"names": names})
    if errors:
        raise Invalid(_("Not saved yet."), {0: errors})


@view_config(route_name="messages.shipped", request_method="POST", permission=WRITE)
def back_to_shipped(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """The shipped text holds again."""
    page = _Page(request)
    if page.text.own is not None:
        templates.back_to_shipped(request.db, page.text.own)
        flash.say(request, _("The shipped text is sent again; yours is in the archive."))
    return HTTPSeeOther(page.url())


# ---- addresses


@view_config(route_name="messages.reachable", request_method="POST", permission=SEND)
def reachable(context: OrganisationContext, request: Request) -> HTTPSeeOther:
    """Somebody says that an address of a client works."""
    contact_id = int(request.matchdict["id"])
    record = record_type("contacts.contact")
    if not may_read(request.db, record, contact_id):
        raise NotFound(_("There is no such record, or it is not yours to see."))
    channel, address = forms.posted(request, "channel"), forms.posted(request, "address")
    if not channel or not address:
        raise Refusal(_("Say which address works."))
    services.reachable_again(request.db, channel, address)
    flash.say(request, _("Messages go to this address again."))
    return HTTPSeeOther(request.url_of("record.card", record=record.name, id=contact_id))
