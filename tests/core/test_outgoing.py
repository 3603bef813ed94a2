"""Calls of other people's servers: what certainly was not asked, what nobody knows, and where they may not lead."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parlour import outgoing
from parlour.errors import Refusal
from parlour.jobs import NotSent
from parlour.settings import Settings, load
from tests.support.providers import Provider, serving


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as made:
        yield made


@pytest.fixture
def trusting(tmp_path: Path) -> Settings:
    """Settings under which this machine may be called."""
    return replace(load({}, tmp_path, data=str(tmp_path)), outgoing_private=True)


def test_an_answer_comes_back_with_its_status(provider: Provider, trusting: Settings) -> None:
    provider.status, provider.body = 418, "ein Kännchen"
    answer = outgoing.call(
        trusting, f"{provider.url}/pot?size=1", method="PUT", headers={"X-Tea": "Ä"}, body="милк".encode()
    )
    assert (answer.status, answer.text, answer.good) == (418, "ein Kännchen", False)
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.body) == ("PUT", "/pot?size=1", "милк")


def test_nobody_is_led_on_to_another_place(provider: Provider, trusting: Settings) -> None:
    provider.status, provider.location = 302, f"{provider.url}/inside"
    assert outgoing.call(trusting, provider.url).status == 302
    assert len(provider.asked) == 1


def test_of_an_endless_answer_only_the_beginning_is_read(provider: Provider, trusting: Settings) -> None:
    provider.endless, provider.body = True, "go"
    assert outgoing.call(trusting, provider.url).text.startswith("goxxx")
    assert len(outgoing.call(trusting, provider.url).text) == outgoing.LIMIT


def test_a_second_answer_is_not_listened_to(provider: Provider, trusting: Settings) -> None:
    provider.twice = True
    assert outgoing.call(trusting, provider.url).text == provider.body
    assert len(provider.asked) == 1


def test_a_machine_that_does_not_answer_was_not_asked(trusting: Settings) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with pytest.raises(NotSent):
        outgoing.call(trusting, f"http://127.0.0.1:{free}/")
    with pytest.raises(NotSent):
        outgoing.call(trusting, "http://nobody.invalid/")
    with pytest.raises(NotSent):  # TLS with somebody who speaks none
        outgoing.call(trusting, f"https://127.0.0.1:{_plain_port()}/")


def _plain_port() -> int:
    with serving() as other:
        return other.port


@pytest.mark.parametrize("what", ["hang_up", "silent"])
def test_an_answer_that_stays_away_leaves_it_in_doubt(
    provider: Provider, trusting: Settings, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "LONGEST", 1)
    setattr(provider, what, True)
    with pytest.raises(outgoing.InDoubt):
        outgoing.call(trusting, provider.url)
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.7",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_addresses_of_our_own_network_are_not_called(
    provider: Provider, trusting: Settings, host: str
) -> None:
    strict = replace(trusting, outgoing_private=False)
    with pytest.raises(Refusal, match="private network"):
        outgoing.call(strict, f"http://{host}:{provider.port}/")
    assert provider.asked == []


def test_control_the_operator_may_allow_them(provider: Provider, trusting: Settings) -> None:
    assert outgoing.call(trusting, f"http://localhost:{provider.port}/").good
    assert len(provider.asked) == 1


def test_a_name_with_one_inside_address_among_others_is_not_called(
    trusting: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(Refusal, match="private network"):
        outgoing.call(replace(trusting, outgoing_private=False), "http://two.example/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"])
def test_addresses_of_everybodys_network_are_public(address: str) -> None:
    assert outgoing.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://",
        "//a.example",
        "http://a:99999/",
        "http://u:p@a.example/",
    ],
)
def test_what_is_no_address_is_refused(trusting: Settings, url: str) -> None:
    with pytest.raises(Refusal):
        outgoing.call(trusting, url)


def test_a_header_cannot_begin_another(provider: Provider, trusting: Settings) -> None:
    with pytest.raises(Refusal):
        outgoing.call(trusting, provider.url, headers={"X-A": "b\r\nX-C: d"})
    assert provider.asked == []


def test_the_setting_is_yes_or_no(tmp_path: Path) -> None:
    assert load({"PARLOUR_OUTGOING_PRIVATE": "1"}, tmp_path, data=str(tmp_path)).outgoing_private
    with pytest.raises(Refusal, match="PARLOUR_OUTGOING_PRIVATE"):
        load({"PARLOUR_OUTGOING_PRIVATE": "perhaps"}, tmp_path, data=str(tmp_path))
