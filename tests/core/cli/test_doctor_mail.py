"""What `parlour doctor` says about the mail server."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from parlour.cli import checks, doctor
from parlour.settings import Settings
from parlour.testing.mailbox import Mailbox, Serve


def said(url: str) -> list[tuple[str, str]]:
    given = Settings(Path(), "", "", mail_url=url, url="https://salon.example")
    (check,) = [check for check in checks.CHECKS if check.what == "mail"]
    # Mail asks no database.
    return [(found.state, found.text) for found in doctor._guarded(check, given, create_engine("sqlite://"))]


def test_it_answers_or_it_does_not(mailbox: Mailbox) -> None:
    assert said("")[0][0] == "ok"
    assert said(mailbox.url) == [("ok", "127.0.0.1 answers; letters come from no-reply@salon.example")]
    assert mailbox.messages == []
    ((state, text),) = said("smtp://127.0.0.1:1")
    assert state == "wrong"
    assert "does not let us in" in text
    ((state, text),) = said("mail.example")
    assert (state, "smtp://user:password@host:port" in text) == ("wrong", True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_the_log_in_is_tried_and_a_bare_password_is_noted(mail_server: Serve) -> None:
    box = mail_server(auth=("desk", "secret"))
    found = said(f"smtp://desk:secret@127.0.0.1:{box.port}")
    assert [state for state, _text in found] == ["ok", "note"]
    found = said(f"smtp://desk:wrong@127.0.0.1:{box.port}")
    assert [state for state, _text in found] == ["wrong", "note"]
    assert "secret" not in str(found)
