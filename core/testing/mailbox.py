"""A real mail server in the test's own process, which keeps what it takes and fails as it is told to."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from parlour.settings import Settings


@dataclass
class Mailbox:
    """What arrived, and what the server answers to come. Set `rcpt` or `data` to an answer of its own ("450 later"),
    `hang_up` to "rcpt" or "data" to lose the connection there.
    """

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    rcpt: str = ""
    data: str = ""
    hang_up: str = ""
    # Whether a connection that is lost over the letter is lost after the server has kept it.
    kept: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def settings(self, given: Settings, **more: Any) -> Settings:
        """These settings with this server in them."""
        return replace(given, mail_url=self.url, **more)

    def text(self, place: int = -1) -> str:
        """The plain part of a letter, by default of the last."""
        part = self.messages[place].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def link(self, place: int = -1) -> str:
        """The path of the link in a letter."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self.text(place))
        assert found is not None
        return found[1]

    # ---- what aiosmtpd calls

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hang_up == "rcpt":
            _hang_up(server)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang_up == "data" and not self.kept:
            _hang_up(server)
            return "250 OK"
        if self.data:
            return self.data
        parsed = BytesParser(policy=default).parsebytes(bytes(envelope.original_content or b""))
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        self.recipients.extend(envelope.rcpt_tos)
        if self.hang_up == "data":
            _hang_up(server)
        return "250 OK"


Serve = Callable[..., Mailbox]


@pytest.fixture
def mail_server() -> Iterator[Serve]:
    """`mail_server(auth=("user", "password"))`: another server; keywords go to aiosmtpd."""
    running: list[Controller] = []

    def serve(*, auth: tuple[str, str] | None = None, **given: Any) -> Mailbox:
        box = Mailbox()
        if auth is not None:

            def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
                right = (data.login.decode(), data.password.decode()) == auth
                return AuthResult(success=right, handled=False)

            given |= {"authenticator": check, "auth_required": True}
            given.setdefault("auth_require_tls", False)
        controller = Controller(box, hostname="127.0.0.1", port=_free_port(), **given)
        controller.start()
        running.append(controller)
        box.port = controller.port
        return box

    yield serve
    for controller in running:
        controller.stop()


@pytest.fixture
def mailbox(mail_server: Serve) -> Mailbox:
    """A mail server that takes everything."""
    return mail_server()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hang_up(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.close()
