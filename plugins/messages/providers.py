"""Providers of SMS that plugins bring: a salon chooses one in the settings of messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from parlour.db.session import Session
from parlour.plugin.calls import collect

if TYPE_CHECKING:
    from parlour.plugins.messages.channels import HandOver, Outgoing


class SmsProvider(ABC):
    """One provider. `code` is the plugin's name, a dot and a name, and never changes: the settings of salons hang on it.

    What a salon typed is in `out.options`: `sms_sender`, and `secret_of("sms_secret", out.settings.secret)`.
    """

    code: str
    title: Any

    @abstractmethod
    def prepare(self, out: Outgoing) -> HandOver:
        """Check all that can be checked without asking anybody, and return the function that hands the message over.

        That function is called once, after the message was marked as sending. It returns the provider's number of the message,
        or "", and raises `channels.Refused` where the provider will not take it (`dead=True`: nothing will ever arrive at this
        number), `parlour.jobs.NotSent` where certainly nothing went out and another attempt is safe, anything else where
        nobody knows. Raise Refused here too.
        """


def providers_of(session: Session) -> dict[str, SmsProvider]:
    """The providers of all plugins that are on here, by code."""
    return {one.code: one for one in collect(session, "messages_sms_providers")}
