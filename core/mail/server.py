"""The mail server: read from PARLOUR_MAIL_URL, and spoken to step by step, because each step fails differently.

Before the letter itself is under way nothing can have been sent, and trying again is safe. Once it is, only the server's
answer tells; a connection that is lost then leaves the letter in doubt.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs.context import NotSent
from parlour.settings import Settings

# Seconds for each answer of the server.
PATIENCE = 30
# Port and whether the connection is encrypted from the start, by the scheme of the address.
_SCHEMES = {"smtp": (25, False), "smtp+starttls": (587, False), "smtps": (465, True)}


class Rejected(NotSent, Refusal):
    """The server will not take this letter, now or later: nothing was sent, and it is not tried again.

    `recipient` says that it knows no such address, and will not take others for it either.
    """

    def __init__(self, message: Any, *, recipient: bool = False):
        super().__init__(message)
        self.recipient = recipient


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed in. `starttls` insists on it; without, the connection stays as it began."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: bool = False

    @property
    def open_password(self) -> bool:
        """Whether the password travels where others may read it."""
        return bool(self.password) and not (self.tls or self.starttls)


def is_on(settings: Settings) -> bool:
    """Whether this site sends mail at all."""
    return bool(settings.mail_url)


def server_of(settings: Settings) -> MailServer:
    """The server that PARLOUR_MAIL_URL names. Raises Refusal for none, and for what is no such address."""
    if not settings.mail_url:
        raise Refusal(_("This site sends no mail: PARLOUR_MAIL_URL is not set."))
    try:
        parts = urlsplit(settings.mail_url)
        port = parts.port
    except ValueError as error:
        raise _unreadable() from error
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise _unreadable()
    usual, tls = _SCHEMES[parts.scheme]
    return MailServer(
        parts.hostname,
        port or usual,
        **_credentials(parts),
        tls=tls,
        starttls=parts.scheme.endswith("+starttls"),
    )


def _credentials(parts: SplitResult) -> dict[str, str]:
    return {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}


def _unreadable() -> Refusal:
    return Refusal(
        _(
            "PARLOUR_MAIL_URL wants the form smtp://user:password@host:port, with smtps:// or smtp+starttls:// for an "
            "encrypted connection."
        )
    )


@contextmanager
def connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection on which letters can be handed in. Raises NotSent: the server is away, or does not let us in."""
    try:
        client = _connect(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_said(error)) from error
    try:
        yield client
    finally:
        # The letter is with the server by now, however it takes leave.
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if server.tls:
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
    try:
        if server.starttls:
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        client.ehlo_or_helo_if_needed()
    except BaseException:
        client.close()
        raise
    return client


def deliver(server: MailServer, message: EmailMessage, sender: str, to: str) -> None:
    """Hand one letter in.

    Raises NotSent when certainly nothing was sent and another attempt may help, Rejected when it cannot, and anything else
    when the connection was lost while the letter was under way.
    """
    with connected(server) as client:
        try:
            options, data = _written(client, message, to)
            _expect(client.mail(sender, options))
            _expect(client.rcpt(to), recipient=True)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(_said(error)) from error
        try:
            answer = client.data(data)
        except smtplib.SMTPDataError as error:  # not even asked for the letter
            answer = (error.smtp_code, _bytes(error.smtp_error))
        _expect(answer)


def _written(client: smtplib.SMTP, message: EmailMessage, to: str) -> tuple[list[str], bytes]:
    """The letter as the server can read it. Raises Rejected for an address in letters that it does not know."""
    if to.isascii():
        return [], message.as_bytes(policy=SMTP)
    if not client.has_extn("smtputf8"):
        raise Rejected(_("The mail server cannot send to ${address}.", mapping={"address": to}))
    return ["SMTPUTF8", "BODY=8BITMIME"], message.as_bytes(policy=SMTPUTF8)


# What servers answer to an address that does not exist; 5.7 beside it means that they will not take ours (RFC 3463).
_NO_SUCH_ADDRESS = (550, 551, 553)


def _expect(answer: tuple[int, bytes], *, recipient: bool = False) -> None:
    code, text = answer
    if 200 <= code < 300:
        return
    said = f"{code} {text.decode('utf-8', 'replace')}".replace("\r\n", " ").replace("\n", " ")[:200]
    if code >= 500:
        gone = recipient and code in _NO_SUCH_ADDRESS and b"5.7." not in text
        message = _("The mail server refuses the letter: ${answer}", mapping={"answer": said})
        raise Rejected(message, recipient=gone)
    raise NotSent(said)


def _said(error: Exception) -> str:
    """What went wrong, in the words of the server where there are some, without the password."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = _bytes(error.smtp_error).decode("utf-8", "replace")
        return f"{error.smtp_code} {' '.join(text.split())}"[:300]
    return str(error) or type(error).__name__


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text
