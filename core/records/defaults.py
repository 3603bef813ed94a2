"""What an organisation means when it leaves something out: its currency, phone region, zone and language."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.db.session import Session, system
from parlour.records.values import key_of


@dataclass(frozen=True)
class Defaults:
    """Read once per session. `members` maps the id and the lower-case e-mail of each member to the id.

    `branches` maps ids to names.
    """

    currency: str = "EUR"
    region: str | None = None
    zone: str = "UTC"
    locale: str = "en"
    user_id: int | None = None
    members: dict[Any, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    branches: dict[int, str] = field(default_factory=dict)

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
        from parlour.access.models import Branch, Membership, Organisation, User

        with system(session):
            organisation = session.get_one(Organisation, scope.organisation_id)
            people = session.execute(
                select(User.id, User.email, User.name)
                .join(Membership, Membership.user_id == User.id)
                .where(Membership.organisation_id == scope.organisation_id)
            ).all()
        found = Defaults(
            currency=organisation.currency,
            region=organisation.region,
            zone=organisation.zone,
            locale=organisation.locale,
            user_id=scope.user_id,
            members={key: person.id for person in people for key in (person.id, person.email.lower())},
            names={person.id: person.name or person.email for person in people},
            branches={
                row.id: row.name
                for row in session.execute(select(Branch.id, Branch.name).order_by(Branch.id))
            },
        )
        scope.cache["defaults"] = found
    return found
