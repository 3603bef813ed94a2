"""What an organisation decides about its messages: channels and their order, quiet hours, limits, kinds that are off.

Kept with the plugin's switch. Secrets of providers are sealed with a key that follows from PARLOUR_SECRET, so that a copy
of the database opens none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import time
from typing import Any

from parlour.access.seal import seal, unseal
from parlour.db.session import Session
from parlour.plugin import lifecycle
from parlour.plugins.messages.kinds import CHANNELS, EMAIL, SMS, TELEGRAM, WEBHOOK
from parlour.plugins.messages.providers import SmsProvider, providers_of

PLUGIN = "messages"
_SECRETS = ("sms_secret", "telegram_token", "webhook_secret")
_SEAL = "messages:secret"


@dataclass(frozen=True)
class Options:
    """All settings of one organisation. Secrets are sealed here; `secret_of` opens one."""

    order: tuple[str, ...] = (EMAIL, TELEGRAM, SMS, WEBHOOK)
    quiet_from: str = "21:00"
    quiet_to: str = "09:00"
    sender: str = ""
    reply_to: str = ""
    email: bool = True
    # "" is no SMS, "log" only writes them into the journal, "http" is a provider with an address; else the code of one that a
    # plugin brings.
    sms: str = ""
    sms_sender: str = ""
    sms_latin: bool = False
    sms_url: str = ""
    sms_method: str = "POST"
    sms_headers: str = ""
    sms_body: str = ""
    sms_accepted: str = ""
    sms_number: str = ""
    sms_secret: str = ""
    sms_per_day: int = 300
    sms_per_hour: int = 5
    telegram_token: str = ""
    telegram_url: str = "https://api.telegram.org"
    webhook_url: str = ""
    webhook_secret: str = ""
    # Codes of kinds that are switched off.
    off: tuple[str, ...] = ()
    # Kinds that do not go over a channel, as "kind:channel".
    off_by: tuple[str, ...] = ()
    # The provider that is chosen, where a plugin brings it and is on.
    provider: SmsProvider | None = field(default=None, compare=False)

    @property
    def quiet_hours(self) -> tuple[time | None, time | None]:
        return _time(self.quiet_from), _time(self.quiet_to)

    @property
    def ordered(self) -> list[str]:
        """Every channel once, those first that the organisation wants first."""
        return list(dict.fromkeys((*self.order, *(code for code, _title in CHANNELS))))

    def secret_of(self, name: str, key: str) -> str:
        """A secret, opened with PARLOUR_SECRET; "" where there is none, or it was sealed with another."""
        sealed = getattr(self, name)
        return str(unseal(key, _SEAL, sealed) or "") if sealed else ""


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def options_of(session: Session) -> Options:
    """The settings of the session's organisation. What was kept by another version and means nothing here is left out."""
    stored = lifecycle.settings_of(session, PLUGIN)
    known: dict[str, Any] = {}
    for item in _kept():
        value, usual = stored.get(item.name), item.default
        if isinstance(usual, tuple) and isinstance(value, list):
            known[item.name] = tuple(str(one) for one in value)
        elif type(value) is type(usual):
            known[item.name] = value
    found = Options(**known)
    return replace(found, provider=providers_of(session).get(found.sms)) if "." in found.sms else found


def save_options(session: Session, values: Mapping[str, Any], key: str = "") -> Options:
    """Keep new settings, by name; others stay. A secret comes as it is and is sealed with `key`; an empty one stays what it
    was, None takes it away.
    """
    given = dict(values)
    for name in _SECRETS:
        if name in given:
            if given[name]:
                given[name] = seal(key, _SEAL, given[name])
            elif given[name] is None:
                given[name] = ""
            else:
                del given[name]
    made = replace(options_of(session), **given)
    stored = dict(lifecycle.settings_of(session, PLUGIN))
    lifecycle.save_settings(session, PLUGIN, {**stored, **_plain(made)})
    return made


def _kept() -> list[Field[Any]]:
    """What is kept of the settings; the provider follows from them."""
    return [item for item in fields(Options) if item.name != "provider"]


def _plain(options: Options) -> dict[str, object]:
    values = {item.name: getattr(options, item.name) for item in _kept()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def switch(session: Session, kind: str, *, on: bool) -> None:
    """Switch a kind of message on or off."""
    off = set(options_of(session).off) - {kind} | (set() if on else {kind})
    save_options(session, {"off": tuple(sorted(off))})
