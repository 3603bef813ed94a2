"""Short ways to make clients and look at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save

Add = Callable[..., int]
As = Callable[..., Any]
Card = Callable[[int], dict[str, Any]]


@pytest.fixture
def add(session: Session) -> Add:
    """`add("Иванова Мария", phone="+79135550101", birthday="1990-04-08")` writes a client and returns the id."""

    def write_one(name: str, *, phone: str = "", email: str = "", **values: Any) -> int:
        if phone:
            values["phones"] = [phone]
        if email:
            values["emails"] = [email]
        row_id = save(session, Contact, {"name": name, **values})
        session.commit()
        return row_id

    return write_one


@pytest.fixture
def card(session: Session) -> Card:
    """A client with everything on the card."""
    return lambda row_id: get(session, record_type(Contact), row_id)


@pytest.fixture
def as_role(session_as: Callable[..., Session]) -> As:
    """`as_role("specialist", work)`: what `work(session)` returns to somebody new in that role; committed.

    The session is over afterwards, because two at once would wait for each other's locks on SQLite.
    """

    def run(role: str, work: Callable[[Session], Any], **more: Any) -> Any:
        own = session_as(role, **more)
        try:
            found = work(own)
            own.commit()
            return found
        finally:
            own.close()

    return run
