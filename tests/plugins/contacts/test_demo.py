"""The demo's client base: quick to make, the same on every run, and like a real one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from random import Random

import phonenumbers
import pytest
from PIL import Image
from sqlalchemy import Engine

from parlour.access.organisations import add_organisation
from parlour.db.session import Scope, Session, open_session
from parlour.plugin import lifecycle
from parlour.plugin.registry import Plugins
from parlour.plugins.contacts import demo, services
from parlour.plugins.contacts.duplicates import find_duplicates
from parlour.plugins.contacts.models import Contact
from parlour.records.query import count, page, stream
from parlour.records.registry import record_type
from parlour.settings import Settings


@pytest.fixture
def furnished(engine: Engine, plugins: Plugins, settings: Settings) -> Iterator[Session]:
    with open_session(engine) as session:
        made = add_organisation(session, "Жасмин", region="RU", locale="ru")
        lifecycle.enable(session, "contacts")
        session.commit()
    with open_session(engine, Scope(made.id, trusted=True)) as session:
        demo.furnish(session, settings)
        session.commit()
        yield session


def test_the_base_is_furnished(furnished: Session) -> None:
    contact = record_type(Contact)
    assert count(furnished, contact, exact=True) == (demo.PEOPLE + demo.COMPANIES, False)
    rows = [row for chunk in stream(furnished, contact, contact.fields, action="read") for row in chunk]
    numbers = [line["number"] for row in rows for line in row["phones"]]
    # No number is anybody's; only people who are there twice on purpose share one.
    assert all(number.startswith(("+7954", "+447700900")) for number in numbers)
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in numbers)
    shared = [number for number, times in Counter(numbers).items() if times > 1]
    assert 3 <= len(shared) <= demo.TWICE
    assert all(line["address"].split("@")[1].startswith("example.") for row in rows for line in row["emails"])
    filled = {
        name: sum(bool(row[name]) for row in rows) / len(rows)
        for name in ("birthday", "tags", "source", "note")
    }
    assert all(0.2 < share < 0.95 for share in filled.values()), filled
    assert sum(row["photo"] is not None for row in rows) == demo.PHOTOS
    assert services.birthdays(furnished, 30)
    assert find_duplicates(furnished).pairs
    company = page(furnished, contact, filter=["kind", "=", "company"], limit=1).rows[0]
    assert services.people_of(furnished, company["id"])


def test_furnishing_takes_a_few_seconds(engine: Engine, plugins: Plugins) -> None:
    with open_session(engine) as session:
        made = add_organisation(session, "Jasmine", region="GB")
        lifecycle.enable(session, "contacts")
        session.commit()
    with open_session(engine, Scope(made.id, trusted=True)) as session:
        begun = time.process_time()
        demo.furnish(session)
        assert time.process_time() - begun < 10
        session.commit()


def test_portraits_are_pictures_and_differ() -> None:
    made = [demo.portrait(Random(seed)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert Image.open(BytesIO(made[0])).size == (256, 256)
