"""People whose addresses were taken for one another before are told apart afterwards, and everybody else is left alone."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select, update

from parlour.access.models import User
from parlour.access.users import email_key
from parlour.migrations import runner
from parlour.migrations.heads import CORE
from parlour.testing.databases import Database


def test_keys_are_computed_anew_where_that_changes_them(database: Database, owner_engine: Engine) -> None:
    before = {
        "anna@strasse.de": "anna@strasse.de",
        "Weiß@example.com": "weiss@example.com",
        "olga@салон.рф": "olga@салон.рф",
        "odd@example.com": "put there otherwise",
        # Nobody could have made these two; the one that would be equal to the other stays.
        "eva@xn--strae-oqa.de": "eva@xn--strae-oqa.de",
        "eva@straße.de": "eva@strasse.de",
    }

    def keys() -> dict[str, str]:
        with owner_engine.connect() as connection:
            return {
                row.email: row.email_key for row in connection.execute(select(User.email, User.email_key))
            }

    with owner_engine.begin() as connection:
        for email in before:
            row = {"email": email, "email_key": email_key(email), "name": "Somebody", "password_hash": "!"}
            if email == "eva@straße.de":
                row["email_key"] = before[email]
            connection.execute(insert(User).values(**row))
    runner.downgrade(database.settings, CORE, "core_0011")
    with owner_engine.begin() as connection:
        connection.execute(
            update(User).where(User.email == "odd@example.com").values(email_key="put there otherwise")
        )
    assert keys() == before
    runner.upgrade(database.settings)
    assert keys() == before | {
        "Weiß@example.com": "weiß@example.com",
        "olga@салон.рф": "olga@xn--80awgdm.xn--p1ai",
    }
