"""The demo's journal: messages of every usual end, and nothing that would go out."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from parlour.db.session import Session
from parlour.plugins.messages import demo
from parlour.plugins.messages.channels import channels
from parlour.plugins.messages.models import Message
from parlour.plugins.messages.options import options_of
from parlour.records.write import Change, write
from parlour.settings import Settings


def test_the_journal_is_furnished_and_nobodys_telephone_rings(session: Session, settings: Settings) -> None:
    people = [
        Change(
            {"name": f"Client {n}", "phones": [f"+7954{n:07}"], "emails": [f"client{n}@example.com"]},
        )
        for n in range(demo.MESSAGES)
    ]
    write(session, "contacts.contact", people)
    demo.furnish(session, settings)
    ends = Counter(session.scalars(select(Message.state)).all())
    assert ends["failed"] == 2
    assert ends["sent"] > ends["cancelled"] > 0
    assert sum(ends.values()) == demo.MESSAGES
    assert options_of(session).sms == "log"
    ready = [code for code, way in channels().items() if way.ready(options_of(session), settings)]
    assert ready == ["sms"]
