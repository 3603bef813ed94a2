"""Counting attempts, from many threads at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.access import throttle
from parlour.access.models import Throttle
from parlour.access.throttle import Limit, Throttled
from parlour.db.base import now
from parlour.db.session import open_session, system

LIMIT = Limit("test", 5, timedelta(seconds=10), timedelta(seconds=60), timedelta(hours=1))
WIDE = Limit("wide", 100, timedelta(seconds=10), timedelta(seconds=60), timedelta(hours=1))


@pytest.fixture
def unscoped(engine):
    with open_session(engine) as session:
        yield session


def attempt(session, at, subject="anna", limit=LIMIT):
    throttle.reserve(session, [(limit, subject)], at)


def count(session, limit=LIMIT, subject="anna"):
    with system(session):
        return session.scalar(select(Throttle.count).where(Throttle.key == limit.key(subject))) or 0


def test_delays_grow_from_the_first_to_the_longest():
    assert [LIMIT.delay(n).total_seconds() for n in (1, 4, 5, 6, 7, 8, 9, 1000)] == [
        0,
        0,
        10,
        20,
        40,
        60,
        60,
        60,
    ]


def test_free_attempts_pass_and_each_later_one_waits_longer(unscoped):
    at = now()
    for _number in range(5):
        attempt(unscoped, at)
    for wait in (10, 20, 40, 60, 60):
        with pytest.raises(Throttled) as refused:
            attempt(unscoped, at + timedelta(seconds=wait - 1))
        assert refused.value.until == at + timedelta(seconds=wait)
        assert refused.value.wait == 1
        at += timedelta(seconds=wait)
        attempt(unscoped, at)


def test_refused_attempts_do_not_push_the_moment_away(unscoped):
    at = now()
    for _number in range(5):
        attempt(unscoped, at)
    for second in range(1, 10):
        with pytest.raises(Throttled) as refused:
            attempt(unscoped, at + timedelta(seconds=second))
        assert refused.value.until == at + timedelta(seconds=10)


def test_after_a_quiet_time_the_count_starts_anew(unscoped):
    at = now()
    for _number in range(5):
        attempt(unscoped, at)
    attempt(unscoped, at + timedelta(hours=1, seconds=1))
    assert count(unscoped) == 1


def test_an_attempt_that_one_limit_refuses_is_counted_by_none(unscoped):
    at = now()
    for _number in range(5):
        throttle.reserve(unscoped, [(WIDE, "192.0.2.1"), (LIMIT, "anna")], at)
    with pytest.raises(Throttled):
        throttle.reserve(unscoped, [(WIDE, "192.0.2.1"), (LIMIT, "anna")], at)
    assert count(unscoped, WIDE, "192.0.2.1") == 5


def test_subjects_are_counted_apart_and_kept_as_hashes(unscoped):
    attempt(unscoped, now())
    attempt(unscoped, now(), "olga")
    assert (count(unscoped), count(unscoped, subject="olga")) == (1, 1)
    with system(unscoped):
        assert not any("anna" in key for key in unscoped.scalars(select(Throttle.key)))


def test_pruning_keeps_what_still_counts(unscoped):
    attempt(unscoped, now() - timedelta(days=3), "old")
    attempt(unscoped, now(), "new")
    throttle.prune(unscoped)
    assert (count(unscoped, subject="old"), count(unscoped, subject="new")) == (0, 1)


def many(engine, action, threads=16, each=4):
    """How many of threads * each attempts went through."""

    def one(_number):
        passed = 0
        for _again in range(each):
            with open_session(engine) as session:
                passed += action(session)
                session.commit()
        return passed

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, range(threads)))


def test_many_attempts_at_once_get_no_more_than_the_free_ones(engine):
    at = now()

    def reserve(session):
        try:
            attempt(session, at)
        except Throttled:
            return 0
        return 1

    assert many(engine, reserve) == LIMIT.free


def test_without_the_one_statement_attempts_at_once_pass_the_limit(engine):
    """The control: asking first and counting afterwards lets more through."""
    at = now()
    key = LIMIT.key("anna")

    def ask_then_count(session):
        with open_session(engine) as asking, system(asking):
            tries = asking.get_one(Throttle, key).count
        time.sleep(0.01)
        if tries >= LIMIT.free:
            return 0
        with system(session):
            session.get_one(Throttle, key).count = tries + 1
        return 1

    with open_session(engine) as session:
        with system(session):
            session.add(Throttle(key=key, count=0, last_at=at, until=at))
        session.commit()
    assert many(engine, ask_then_count) > LIMIT.free
