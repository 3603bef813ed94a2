"""The salon that the browser visits, reached from the side: people who log in, clients to work on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Engine, select

from parlour.access.models import Organisation, User
from parlour.access.sessions import start_login
from parlour.db.session import Session, open_session, system
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.testing import people

CONTACT = "contacts.contact"
_numbers = count(1)


@dataclass
class Salon:
    """One running site with its database and the organisation in it."""

    address: str
    engine: Engine
    organisation: Organisation

    @property
    def home(self) -> str:
        return f"{self.address}/o/{self.organisation.slug}"

    def session(self) -> Session:
        """A session in the salon under no access rules; the caller commits and closes."""
        return people.trusted(self.engine, self.organisation)

    def log_in(self, role: str, locale: str = "en", name: str = "") -> tuple[str, User]:
        """Somebody new with this role and language, and the token of their log-in, without the slow password."""
        with self.session() as session:
            user = people.add_person(session, role, name=name)
            with system(session):
                user.locale = locale
            session.commit()
            user_id = user.id
        with open_session(self.engine) as session, system(session):
            user = session.scalars(select(User).where(User.id == user_id)).one()
            token = start_login(session, user)
            session.commit()
        return token, user

    def client(self, name: str, **values: Any) -> int:
        """Enter a client and say its number."""
        with self.session() as session:
            row = save(
                session, record_type(CONTACT), {"kind": "person", "is_client": True, "name": name, **values}
            )
            session.commit()
            return row

    def change(self, row_id: int, **values: Any) -> None:
        """Change a client as somebody else would."""
        with self.session() as session:
            save(session, record_type(CONTACT), values, row_id)
            session.commit()

    def row(self, row_id: int) -> dict[str, Any]:
        """A client with everything that is kept about it."""
        with self.session() as session:
            return get(session, record_type(CONTACT), row_id)


def phone() -> str:
    """A number that nobody in the salon has."""
    return f"+7955{next(_numbers):07d}"
