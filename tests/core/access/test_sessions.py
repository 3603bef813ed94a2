"""Log-ins: how they begin, live and end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.access import sessions, users
from parlour.access.models import LoginSession, User
from parlour.db.base import now
from parlour.db.session import open_session, system


@pytest.fixture
def anna(engine):
    with open_session(engine) as session:
        user = users.add_user(session, "anna@example.com", "Anna", "correct horse battery")
        session.commit()
        return user


@pytest.fixture
def unscoped(engine):
    with open_session(engine) as session:
        yield session


def rows(session):
    with system(session):
        return session.scalars(select(LoginSession)).all()


def test_the_token_opens_the_log_in_and_is_nowhere_in_the_database(unscoped, anna):
    token = sessions.start_login(unscoped, anna, ip="192.0.2.1", agent="Firefox")
    unscoped.commit()
    assert sessions.user_of_token(unscoped, token).id == anna.id
    (row,) = rows(unscoped)
    assert token not in (row.token_hash, row.csrf)
    assert len(token) >= 43


def test_another_token_opens_nothing(unscoped, anna):
    sessions.start_login(unscoped, anna)
    for token in ("", "x", "\udcff", rows(unscoped)[0].token_hash):
        assert sessions.user_of_token(unscoped, token) is None


@pytest.mark.parametrize("gone", [sessions.ABSOLUTE, sessions.IDLE])
def test_a_log_in_ends_by_age_and_by_idleness(unscoped, anna, gone):
    token = sessions.start_login(unscoped, anna)
    assert (
        sessions.login_of_token(unscoped, token, now() + gone - timedelta(minutes=1)) is not None
        or gone > sessions.IDLE
    )
    assert sessions.login_of_token(unscoped, token, now() + gone + timedelta(minutes=1)) is None


def test_use_keeps_a_log_in_alive_until_its_absolute_end(unscoped, anna):
    token = sessions.start_login(unscoped, anna)
    end = rows(unscoped)[0].expires_at
    later = now()
    while later < end - timedelta(days=3):
        later += timedelta(days=3)
        found = sessions.login_of_token(unscoped, token, later)
        assert found is not None
        sessions.seen(unscoped, found[0], later)
        unscoped.expire_all()
    assert sessions.login_of_token(unscoped, token, end + timedelta(seconds=1)) is None


def test_somebody_switched_off_is_out_at_once(unscoped, anna):
    token = sessions.start_login(unscoped, anna)
    with system(unscoped):
        unscoped.get_one(User, anna.id).active = False
    assert sessions.user_of_token(unscoped, token) is None


def test_a_new_log_in_ends_the_one_it_comes_from(unscoped, anna):
    first = sessions.start_login(unscoped, anna)
    second = sessions.start_login(unscoped, anna, old=first)
    assert first != second
    assert sessions.user_of_token(unscoped, first) is None
    assert sessions.user_of_token(unscoped, second) is not None


def test_logging_out_here_leaves_the_other_places(unscoped, anna):
    here, there = sessions.start_login(unscoped, anna), sessions.start_login(unscoped, anna)
    sessions.end_login(unscoped, here)
    assert sessions.user_of_token(unscoped, here) is None
    assert sessions.user_of_token(unscoped, there) is not None


def test_logging_out_everywhere_can_keep_this_place(unscoped, anna):
    tokens = [sessions.start_login(unscoped, anna) for _number in range(3)]
    other = users.add_user(unscoped, "olga@example.com", "Olga", "correct horse battery")
    others = sessions.start_login(unscoped, other)
    assert sessions.end_all(unscoped, anna.id, keep=tokens[0]) == 2
    assert [sessions.user_of_token(unscoped, token) is not None for token in [*tokens, others]] == [
        True,
        False,
        False,
        True,
    ]
    assert sessions.end_all(unscoped, anna.id) == 1
    assert sessions.logins_of(unscoped, anna.id) == []


def test_ended_log_ins_are_pruned_and_living_ones_kept(unscoped, anna):
    sessions.start_login(unscoped, anna)
    token = sessions.start_login(unscoped, anna)
    with system(unscoped):
        old = unscoped.scalars(
            select(LoginSession).where(LoginSession.token_hash != sessions.token_hash(token))
        ).one()
        old.seen_at = now() - sessions.IDLE - timedelta(minutes=1)
    assert sessions.prune(unscoped) == 1
    assert sessions.user_of_token(unscoped, token) is not None


def test_each_browser_remembers_its_branch_per_organisation(unscoped, anna):
    token = sessions.start_login(unscoped, anna)
    login = sessions.login_of_token(unscoped, token)[0]
    sessions.choose_branch(unscoped, login, 1, 7)
    sessions.choose_branch(unscoped, login, 2, 9)
    sessions.choose_branch(unscoped, login, 1, None)
    assert sessions.login_of_token(unscoped, token)[0].branches == {"2": 9}
