"""SMS over any provider that takes them by HTTP, over one that a plugin brings, or into the journal alone ("log").

The salon says where and in which form: an address, headers and a body with {to}, {digits}, {text}, {sender}, {secret} and
{id} in them, each written as the place wants it (URL, JSON, form); a text that a good answer contains; where the number of
the message stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from parlour import outgoing
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import NotSent
from parlour.plugins.messages.channels import HandOver, Outgoing, Reach, Refused
from parlour.plugins.messages.channels.sms_text import in_latin, plain
from parlour.plugins.messages.options import Options
from parlour.settings import Settings

NAMES = ("to", "digits", "text", "sender", "secret", "id")
METHODS = ("POST", "GET", "PUT")
_NAME = re.compile(r"\{([a-z]+)\}")
# These say that the provider has not even looked at the message.
_BUSY = (429, 503)


def ready(options: Options, settings: Settings) -> bool:
    return (
        options.sms == "log"
        or (options.sms == "http" and bool(options.sms_url))
        or options.provider is not None
    )


def address_of(reach: Reach, options: Options) -> Sequence[str]:
    return reach.phones


def text_of(body: str, options: Options) -> str:
    """The text as it is sent."""
    return in_latin(body) if options.sms_latin else plain(body)


def prepare(out: Outgoing) -> HandOver:
    """Raises Refused for settings of which no request can be made."""
    options = out.options
    if options.sms == "log":
        return lambda: "log"
    if options.provider is not None:
        return options.provider.prepare(out)
    values = {
        "to": out.to,
        "digits": out.to.lstrip("+"),
        "text": out.body,
        "sender": options.sms_sender or out.sender,
        "secret": options.secret_of("sms_secret", out.settings.secret),
        "id": out.key,
    }
    headers = headers_of(options.sms_headers, values)
    body = fill(options.sms_body, values, writer_of(headers.get("Content-Type", "")))
    url = fill(options.sms_url, values, lambda text: quote(text, safe=""))
    headers["Idempotency-Key"] = out.key
    try:
        outgoing.check(url)
    except Refusal as error:
        raise Refused(out.loc.translate(error.message)) from error

    def hand_over() -> str:
        try:
            answer = outgoing.call(
                out.settings, url, method=options.sms_method, headers=headers, body=body.encode()
            )
        except Refusal as error:
            raise Refused(out.loc.translate(error.message)) from error
        return number_of(answer, options, values["secret"])

    return hand_over


def number_of(answer: outgoing.Answer, options: Options, secret: str) -> str:
    """The provider's number of the message. Raises NotSent, Refused, or InDoubt for an answer that says nothing."""
    said = answer.short.replace(secret, "•••") if secret else answer.short
    if answer.status in _BUSY:
        raise NotSent(said)
    if answer.status >= 500:  # a gateway may have passed it on before it gave up
        raise outgoing.InDoubt(said)
    wanted = "".join(options.sms_accepted.split())
    if not answer.good or (wanted and wanted not in "".join(answer.text.split())):
        raise Refused(said)
    return _at(answer.text, options.sms_number)


def _at(text: str, path: str) -> str:
    """What stands in a JSON answer at a path such as "messages.0.id"; "" where there is nothing."""
    if not path:
        return ""
    try:
        found: Any = json.loads(text)
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    return str(found) if isinstance(found, str | int) else ""


def fill(text: str, values: Mapping[str, str], write: Callable[[str], str]) -> str:
    """The names in braces replaced by what they stand for, written for the place; braces with anything else stay."""
    return _NAME.sub(lambda match: write(values[match[1]]) if match[1] in values else match[0], text)


def writer_of(content_type: str) -> Callable[[str], str]:
    """How a value is written into a body of this type."""
    if "json" in content_type:
        return lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    if "form-urlencoded" in content_type:
        return quote_plus
    if "xml" in content_type:
        from xml.sax.saxutils import escape

        return lambda text: escape(text, {'"': "&quot;"})
    return str


def headers_of(lines: str, values: Mapping[str, str]) -> dict[str, str]:
    """Headers from lines "Name: value", with the names in braces filled in. Raises Refused for another line."""
    found = {}
    for line in lines.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9-]+", name.strip()):
            raise Refused(str(_("A header is a line such as: Content-Type: application/json")))
        found[name.strip().title()] = fill(value.strip(), values, lambda text: " ".join(text.split()))
    return found
