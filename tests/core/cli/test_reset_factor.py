"""`parlour users reset-factor`: the way in for an owner who lost phone and recovery codes."""

from __future__ import annotations

import pyotp
from sqlalchemy import Engine

from parlour.access import secondfactor, sessions
from parlour.access.users import user_by_email
from parlour.db.session import open_session
from parlour.settings import Settings
from tests.core.cli.conftest import Parlour


def test_it_lets_somebody_in_with_the_password_and_ends_their_log_ins(
    parlour: Parlour, engine: Engine, settings: Settings
) -> None:
    parlour("orgs", "add", "Jasmine")
    parlour("users", "add", "olga@example.com")
    said = parlour("users", "reset-factor", "olga@example.com")
    assert (said.code, "has no second factor" in said.err) == (2, True)
    assert "Nobody logs in as" in parlour("users", "reset-factor", "nobody@example.com").err
    with open_session(engine) as session:
        user = user_by_email(session, "olga@example.com")
        assert user is not None
        enrolment = secondfactor.begin(settings, user)
        secondfactor.confirm(
            session, settings, user.id, enrolment, pyotp.TOTP(enrolment.secret).at(3000), at=3000
        )
        token = sessions.start_login(session, user)
        session.commit()
    assert parlour("users", "reset-factor", "olga@example.com", "--json").json == [
        {"email": "olga@example.com", "second_factor": "off"}
    ]
    with open_session(engine) as session:
        user = user_by_email(session, "olga@example.com")
        assert user is not None
        assert not secondfactor.is_on(user)
        assert sessions.user_of_token(session, token) is None
