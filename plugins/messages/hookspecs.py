"""The hooks that this plugin offers to those that require it."""

# Specifications have a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from parlour.db.session import Session
from parlour.hooks import collects

if TYPE_CHECKING:
    from parlour.plugins.messages.kinds import MessageKind
    from parlour.plugins.messages.providers import SmsProvider


@collects
def messages_kinds(session: Session) -> Sequence[MessageKind]:
    """The kinds of message that a plugin sends, each with its purpose, variables and texts."""


@collects
def messages_sms_providers(session: Session) -> Sequence[SmsProvider]:
    """Providers of SMS that a plugin knows to talk to; a salon chooses one of them in its settings."""
