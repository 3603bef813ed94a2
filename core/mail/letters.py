"""A letter as data, and as what travels: plain text and HTML of the same content, in the reader's language.

Both come from templates of the theme (`mail/letter.txt.jinja2`, `mail/letter.html.jinja2`). What people typed stands in
headers only after everything that could end a line is gone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import idna
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from translationstring import TranslationString

from parlour.db.base import now
from parlour.errors import Refusal
from parlour.i18n import _, localizer
from parlour.settings import Settings

# What a link says by which somebody wants no more of this kind.
NO_MORE = _("No more letters of this kind")


@dataclass(frozen=True)
class Action:
    """The one thing to do about a letter. `address` is a whole one, as `site_address` makes it."""

    title: Any
    address: str


@dataclass(frozen=True)
class Attachment:
    """A file that travels along; an `inline` picture stands in the letter itself, below the text."""

    name: str
    content_type: str
    data: bytes = field(repr=False)
    inline: bool = False


@dataclass(frozen=True)
class Letter:
    """What somebody gets. Texts are translatable; `lines` are paragraphs, `small` is what stands below them in small print.

    `sender` is whom the letter comes from, by name: the salon, mostly.
    """

    to: str
    subject: Any
    lines: Sequence[Any]
    locale: str = "en"
    to_name: str = ""
    sender: str = "Parlour"
    action: Action | None = None
    small: Sequence[Any] = field(default_factory=tuple)
    reply_to: str = ""
    attachments: Sequence[Attachment] = ()
    # Where who gets it can say that they want no more of this kind, with one click and without logging in.
    unsubscribe: str = ""


def site_address(settings: Settings, path: str) -> str:
    """A path of the site as people outside it can follow it."""
    return f"{settings.url.rstrip('/')}{path}"


def sender_address(settings: Settings) -> str:
    """The address that letters come from: PARLOUR_MAIL_FROM, the log-in at the mail server, or no-reply at the site.

    Raises Refusal when PARLOUR_MAIL_FROM is no address.
    """
    from parlour.access.users import clean_email
    from parlour.mail.server import server_of

    wanted = settings.mail_from
    if not wanted:
        user = server_of(settings).user if settings.mail_url else ""
        wanted = user if "@" in user else f"no-reply@{urlsplit(settings.url).hostname or 'localhost'}"
        return ascii_domain(wanted)
    try:
        return ascii_domain(clean_email(wanted))
    except ValueError as error:
        raise Refusal(_("PARLOUR_MAIL_FROM is not an e-mail address.")) from error


def ascii_domain(address: str) -> str:
    """The address with its domain as mail servers write it: "olga@салон.рф" -> "olga@xn--80awgdm.xn--p1ai".

    By IDNA 2008: Python's own codec would make strasse.de of straße.de, which belongs to somebody else.
    """
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def compose(letter: Letter, settings: Settings, key: str) -> EmailMessage:
    """The message. The same `key` gives the same Message-ID, by which mailboxes know a second copy."""
    loc = localizer(letter.locale)
    sender = sender_address(settings)
    values = {
        "loc": loc,
        "_": lambda message, **given: loc.translate(message, given),
        "letter": letter,
        "subject": one_line(loc.translate(letter.subject)),
        "site": settings.url,
        "unsubscribe": NO_MORE,
        "lined": _lined,
        "pictures": [(_cid(key, place), one) for place, one in enumerate(letter.attachments) if one.inline],
    }
    message = EmailMessage()
    message["From"] = Address(one_line(letter.sender), addr_spec=sender)
    local, _at, domain = ascii_domain(letter.to).rpartition("@")
    message["To"] = Address(one_line(letter.to_name), local, domain)
    message["Subject"] = values["subject"]
    message["Date"] = format_datetime(now())
    unique = hashlib.sha256(f"{settings.url} {key} {letter.to}".encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{unique}@{sender.rpartition('@')[2]}>"
    # No holiday notice answers to it.
    message["Auto-Submitted"] = "auto-generated"
    if letter.reply_to:
        local, _at, domain = ascii_domain(letter.reply_to).rpartition("@")
        message["Reply-To"] = Address(one_line(letter.sender), local, domain)
    if letter.unsubscribe:  # RFC 8058
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    environment = _environment(settings.theme)
    message.set_content(environment.get_template("mail/letter.txt.jinja2").render(values))
    html = environment.get_template("mail/letter.html.jinja2").render(values)
    message.add_alternative(html, subtype="html")
    _attach(message, letter, key)
    return message


def _attach(message: EmailMessage, letter: Letter, key: str) -> None:
    """Pictures beside the HTML that shows them, other files beside the letter."""
    written = message.get_body(("html",))
    assert isinstance(written, EmailMessage)
    for place, one in enumerate(letter.attachments):
        main, _slash, sub = one.content_type.partition("/")
        if one.inline:
            written.add_related(one.data, main, sub, cid=f"<{_cid(key, place)}>", filename=one_line(one.name))
    for one in letter.attachments:
        main, _slash, sub = one.content_type.partition("/")
        if not one.inline:
            message.add_attachment(one.data, main, sub, filename=one_line(one.name))


def _cid(key: str, place: int) -> str:
    return f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.{place}@parlour"


_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


def _lined(text: str) -> Markup:
    """A paragraph as HTML: its lines stay lines, and web addresses can be followed."""
    found, end = Markup(""), 0
    for match in _ADDRESS.finditer(text):
        found += text[end : match.start()] + Markup('<a href="{0}">{0}</a>').format(match[0])
        end = match.end()
    return Markup("<br>\n").join((found + text[end:]).split("\n"))


def verbatim(text: str) -> TranslationString:
    """What somebody has written, for a place that takes texts to be translated: it stays as it is."""
    return TranslationString("${text}", mapping={"text": text})


def one_line(text: str) -> str:
    """Text for a header: control characters and ends of lines, in any script, are blanks."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


@lru_cache(maxsize=4)
def _environment(theme: str) -> Environment:
    """Templates of the theme, for processes that have no site: workers too."""
    from parlour.web.rendering import theme_folder

    names = [theme] if theme == "default" else [theme, "default"]
    return Environment(
        loader=FileSystemLoader([str(theme_folder(name) / "templates") for name in names]),
        autoescape=lambda name: not (name or "").endswith(".txt.jinja2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
