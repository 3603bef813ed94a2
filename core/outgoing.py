"""Calls of other people's servers, from jobs: with an end to every wait, and never into our own network.

What an organisation types as an address could as well be that of a machine beside this one (SSRF). The name is looked up once,
every address that it has must be a public one, and the connection goes to the address that was looked at. Redirections
are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import idna

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs.context import NotSent
from parlour.settings import Settings

# Seconds: for a connection, and for the whole call.
PATIENCE = 10
LONGEST = 30
# Bytes of an answer that are usually read; the rest is nobody's business.
LIMIT = 100_000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Answer:
    """What the other side said. `cut` says that there was more than was asked for."""

    status: int
    text: str
    cut: bool = False

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def short(self) -> str:
        """For people: the status and the beginning of what was said."""
        return f"{self.status} {' '.join(self.text.split())}"[:300].strip()


class InDoubt(Exception):
    """The request was on its way when the connection was lost or the answer stayed away: it may have been carried out."""


def check(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises Refusal for one that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refusal(_("This is not a web address.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Refusal(_("This is not a web address."))
    if parts.username or parts.password:
        raise Refusal(_("A web address with a password in it is not called; send the password in a header."))
    return parts


def call(
    settings: Settings,
    url: str,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    limit: int = LIMIT,
) -> Answer:
    """Call an address and return the answer, whatever its status, and up to `limit` bytes of what it says.

    Raises Refusal for an address that may not be called, NotSent when certainly nothing was asked (no such machine, no
    connection), InDoubt when nobody knows.
    """
    parts = check(url)
    sock = _connected(settings, parts)
    # Time-outs of sockets count from each byte anew; this ends the call as a whole.
    end = threading.Timer(LONGEST, _shut, [sock])
    end.daemon = True
    end.start()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or _usual_port(parts))
    connection.sock = sock
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        told = {"Host": parts.netloc, "User-Agent": "Parlour", **(headers or {})}
        return _ask(connection, method, path, body, told, limit)
    finally:
        end.cancel()
        connection.close()


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    limit: int,
) -> Answer:
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("utf-8") if not value.isascii() else value)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
    except (ValueError, UnicodeEncodeError, http.client.HTTPException) as error:
        raise Refusal(_("The address or the headers have characters that they may not have.")) from error
    try:
        connection.endheaders(body)
        answer = connection.getresponse()
        said = answer.read(limit + 1)
        return Answer(answer.status, said[:limit].decode("utf-8", "replace"), len(said) > limit)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise InDoubt(str(error) or type(error).__name__) from error


def _usual_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _connected(settings: Settings, parts: SplitResult) -> socket.socket:
    host, port = parts.hostname or "", parts.port or _usual_port(parts)
    problem: Exception | None = None
    for address in _addresses(settings, host, port):
        try:
            sock = socket.create_connection((address, port), timeout=PATIENCE)
        except OSError as error:
            problem = error
            continue
        if parts.scheme == "http":
            return sock
        try:
            return ssl.create_default_context().wrap_socket(sock, server_hostname=_ascii(host))
        except OSError as error:  # TLS that fails, among others
            sock.close()
            problem = error
    raise NotSent(str(problem) or type(problem).__name__) from problem


def _addresses(settings: Settings, host: str, port: int) -> list[str]:
    """Where a name leads. Raises Refusal for a name of which one address is not public, NotSent for one that has none."""
    try:
        found = socket.getaddrinfo(_ascii(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(str(error)) from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not settings.outgoing_private and not all(is_public(one) for one in addresses):
        raise Refusal(
            _(
                "${host} lies in a private network and is not called (PARLOUR_OUTGOING_PRIVATE).",
                mapping={"host": host},
            )
        )
    return addresses


def _ascii(host: str) -> str:
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the network that everybody shares."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed by now
        return
