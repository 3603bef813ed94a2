"""What an organisation means when it leaves something out: its currency, phone region, zone and language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from parlour.db.base import now
from parlour.db.session import Session, system
from parlour.records.values import key_of


@dataclass(frozen=True)
class Defaults:
    """Read once per session; who works here and the branches when somebody asks for them."""

    session: Session = field(repr=False, compare=False)
    currency: str
    region: str | None
    zone: str
    locale: str
    user_id: int | None

    @cached_property
    def members(self) -> dict[Any, int]:
        """The id and the lower-case e-mail of each member, to the id."""
        return {key: person.id for person in self._people for key in (person.id, person.email.lower())}

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the members by their ids, with those who do not work here any more."""
        return {person.id: person.name or person.email for person in self._people}

    @cached_property
    def working(self) -> list[tuple[str, str]]:
        """The id and the name of everybody who works here now, by name: whom boxes and filters offer."""
        found = [(str(person.id), self.names[person.id]) for person in self._people if person.works]
        return sorted(found, key=lambda pair: pair[1].casefold())

    @cached_property
    def _people(self) -> Sequence[Any]:
        from parlour.access.models import Membership, User

        works = and_(User.active, Membership.working(now()))
        with system(self.session):
            return self.session.execute(
                select(User.id, User.email, User.name, works.label("works"))
                .join(Membership, Membership.user_id == User.id)
                .where(Membership.organisation_id == self.session.scope.organisation_id)
            ).all()

    @cached_property
    def branches(self) -> dict[int, str]:
        """The names of the branches by their ids."""
        from parlour.access.models import Branch

        rows = self.session.execute(select(Branch.id, Branch.name).order_by(Branch.id))
        return {row.id: row.name for row in rows}

    def today(self) -> date:
        """Today on the organisation's wall clock."""
        return datetime.now(ZoneInfo(self.zone)).date()

    def midnight(self) -> datetime:
        """When today began on the organisation's wall clock (UTC)."""
        today = self.today()
        return datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def member(self, value: Any) -> int | None:
        """The id of a member given by id or e-mail."""
        key = str(value).strip().lower()
        return self.members.get(int(key) if key.isdigit() else key)

    def branch(self, value: Any) -> int | None:
        """The id of a branch given by id or name."""
        text = str(value).strip()
        if text.isdecimal() and int(text) in self.branches:
            return int(text)
        return next((key for key, name in self.branches.items() if key_of(name) == key_of(text)), None)


def defaults_of(session: Session) -> Defaults:
    """The defaults of the session's organisation."""
    scope = session.scope
    found: Defaults | None = scope.cache.get("defaults")
    if found is None:
        from parlour.access.roles import own_organisation

        organisation = own_organisation(session)
        found = Defaults(
            session,
            currency=organisation.currency,
            region=organisation.region,
            zone=organisation.zone,
            locale=organisation.locale,
            user_id=scope.user_id,
        )
        scope.cache["defaults"] = found
    return found
