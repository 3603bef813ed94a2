"""A program of the salon's own: it gets the message as JSON, signed, and does what it likes with it.

It must recognise what it has had already by the header Idempotency-Key: what it does not answer is sent again under the same key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from translationstring import TranslationString

from parlour import outgoing
from parlour.errors import Refusal
from parlour.jobs import NotSent
from parlour.plugins.messages.channels import HandOver, Outgoing, Reach, Refused
from parlour.plugins.messages.options import Options
from parlour.records.values import Money
from parlour.settings import Settings

SIGNATURE = "Parlour-Signature"


def ready(options: Options, settings: Settings) -> bool:
    return bool(options.webhook_url and options.webhook_secret)


def address_of(reach: Reach, options: Options) -> Sequence[str]:
    return [options.webhook_url]


def signed(secret: str, body: bytes, at: int) -> str:
    """The header by which the program knows that we sent this: HMAC-SHA256 over the second, a dot and the body."""
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mark}"


def prepare(out: Outgoing) -> HandOver:
    secret = out.options.secret_of("webhook_secret", out.settings.secret)
    body = json.dumps(told(out), ensure_ascii=False).encode()

    def hand_over() -> str:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": out.key,
            SIGNATURE: signed(secret, body, int(time.time())),
        }
        try:
            answer = outgoing.call(out.settings, out.to, headers=headers, body=body)
        except Refusal as error:
            raise Refused(out.loc.translate(error.message)) from error
        except outgoing.InDoubt as error:
            # The key lets the program see that it has had this one.
            raise NotSent(str(error)) from error
        if answer.good:
            return ""
        if answer.status >= 500 or answer.status in (408, 425, 429):
            raise NotSent(answer.short)
        raise Refused(answer.short)

    return hand_over


def told(out: Outgoing) -> dict[str, Any]:
    """What the program gets. Phones are E.164, moments ISO 8601 in UTC, money as everywhere in the API."""
    return {
        "id": out.key,
        "kind": out.kind,
        "purpose": out.purpose,
        "language": out.loc.name,
        "client": {
            "id": out.contact_id,
            "name": out.to_name,
            "emails": list(out.reach.emails),
            "phones": list(out.reach.phones),
            "telegram": out.reach.telegram,
        },
        "text": out.body,
        "values": {name: _plain(value, out) for name, value in out.values.items()},
    }


def _plain(value: Any, out: Outgoing) -> Any:
    if isinstance(value, TranslationString):
        return out.loc.translate(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Money):
        return value.__json__()
    return value if isinstance(value, str | int | bool | Mapping | None) else str(value)
