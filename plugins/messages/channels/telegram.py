"""Telegram, through a bot of the salon's (Bot API, method sendMessage)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from parlour import outgoing
from parlour.errors import Refusal
from parlour.jobs import NotSent
from parlour.plugins.messages.channels import HandOver, Outgoing, Reach, Refused
from parlour.plugins.messages.options import Options
from parlour.settings import Settings

# Characters that one message takes.
LONGEST = 4096
# Answers to a chat that is not there, or in which the client has stopped the bot.
_NOBODY = (400, 403)


def ready(options: Options, settings: Settings) -> bool:
    return bool(options.telegram_token and options.telegram_url)


def address_of(reach: Reach, options: Options) -> Sequence[str]:
    return [reach.telegram] if reach.telegram else []


def prepare(out: Outgoing) -> HandOver:
    options = out.options
    token = options.secret_of("telegram_token", out.settings.secret)
    url = f"{options.telegram_url.rstrip('/')}/bot{token}/sendMessage"
    text = out.body if len(out.body) <= LONGEST else f"{out.body[: LONGEST - 1]}…"
    body = json.dumps({"chat_id": out.to, "text": text}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": out.key}

    def hand_over() -> str:
        try:
            answer = outgoing.call(out.settings, url, headers=headers, body=body)
        except Refusal as error:
            raise Refused(out.loc.translate(error.message)) from error
        return _number(answer)

    return hand_over


def _number(answer: outgoing.Answer) -> str:
    try:
        said: Any = json.loads(answer.text)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    words = f"{answer.status} {said.get('description', '')}".strip()[:300]
    if answer.good and said.get("ok") is True:
        return str((said.get("result") or {}).get("message_id", ""))
    if answer.status in (429, 503):
        raise NotSent(words)
    if answer.status >= 500 or answer.good:  # a good answer that is not Telegram's says nothing
        raise outgoing.InDoubt(words)
    raise Refused(words, dead=answer.status in _NOBODY and ("chat not found" in words or "blocked" in words))
