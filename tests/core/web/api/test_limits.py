"""How often somebody may call, counted over several processes."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import select
from webtest import TestApp

from parlour.access import tokens
from parlour.access.models import Throttle
from parlour.db.session import open_session, system
from parlour.testing import people
from parlour.testing.site import statements
from parlour.web.api import limits
from parlour.web.api.limits import Calls, calls_of

LIST = "/api/v1/records"


@pytest.fixture
def few(app, monkeypatch):
    """Five calls a minute for a token, ten for an address, in a minute that does not end."""
    app.registry["parlour.settings"] = replace(app.registry["parlour.settings"], api_calls=5)
    monkeypatch.setattr(limits, "WINDOW", 10**9)
    return app


def test_calls_are_counted_down_and_the_sixth_is_sent_away(few, program):
    caller = program()
    left = [caller.get(LIST).headers["RateLimit-Remaining"] for _number in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    answer = caller.get(LIST, status=429)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["RateLimit-Limit"] == "5"
    assert answer.content_type == "application/problem+json"


def test_without_a_limit_nobody_is_sent_away(app, program):
    """The control."""
    app.registry["parlour.settings"] = replace(app.registry["parlour.settings"], api_calls=0)
    caller = program()
    for _number in range(12):
        caller.get(LIST, status=200)


def test_the_tokens_of_one_address_are_counted_together(few, program):
    first, second, third = program(), program(), program()
    statuses = [
        caller.get(LIST, status="*").status_int for caller in (first, second, third) for _n in range(5)
    ]
    assert statuses == [200] * 10 + [429] * 5


def test_wrong_tokens_soon_send_the_address_away(few):
    stranger = TestApp(few, extra_environ={"HTTP_AUTHORIZATION": "Bearer nonsense"})
    statuses = [stranger.get(LIST, status="*").status_int for _number in range(3)]
    assert 429 in statuses


def test_a_call_writes_nothing(program, engine):
    caller = program()
    caller.get(LIST)
    with statements(engine) as seen:
        caller.get(LIST)
    assert not [line for line in seen if line.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def _processes(engine):
    """Two counters over one database, as two processes have them; what they count is written when told."""
    pair = Calls(engine), Calls(engine)
    for calls in pair:
        calls._flush_soon = lambda: None
    return pair


def test_processes_share_a_limit(engine):
    one, other = _processes(engine)
    at = time.time()
    for _number in range(6):
        one.count("api:test", 10, at)
    one.flush()
    assert other.count("api:test", 10, at) == 9
    other.flush()
    assert other.count("api:test", 10, at) == 10 - 6 - 2
    for _number in range(5):
        other.count("api:test", 10, at)
    other.flush()
    one.count("api:test", 10, at)
    one.flush()
    assert one.count("api:test", 10, at) < 0


def test_processes_that_never_write_let_each_other_pass(engine):
    """The control: sharing is what `flush` does."""
    one, other = _processes(engine)
    at = time.time()
    for _number in range(10):
        assert one.count("api:test", 10, at) >= 0
    assert one.count("api:test", 10, at) < 0
    assert other.count("api:test", 10, at) == 9


def test_a_new_minute_begins_anew(engine):
    one, _other = _processes(engine)
    at = time.time()
    for _number in range(10):
        one.count("api:test", 10, at)
    one.flush()
    later = at + limits.WINDOW
    assert one.count("api:test", 10, later) == 9
    one.flush()
    with open_session(engine) as session, system(session):
        assert session.scalars(select(Throttle.count).where(Throttle.key == "api:test")).one() == 1


def test_what_cannot_be_written_is_written_later(engine, monkeypatch):
    one, _other = _processes(engine)
    from sqlalchemy.exc import OperationalError

    def fails(*_given):
        raise OperationalError("x", {}, Exception("locked"))

    one.count("api:test", 10, time.time())
    with monkeypatch.context() as broken:
        broken.setattr(one, "_store", fails)
        with pytest.raises(OperationalError):
            one.flush()
    one.flush()
    with open_session(engine) as session, system(session):
        assert session.scalars(select(Throttle.count).where(Throttle.key == "api:test")).one() == 1


def test_when_a_token_was_last_used_is_noted(app, program, engine, organisation):
    caller = program()
    caller.get(LIST)
    calls_of(app.registry).flush()
    with people.trusted(engine, organisation) as session:
        (token,) = tokens.shown(session, caller.user.id)
    assert token.used_at is not None
