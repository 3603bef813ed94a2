"""What an organisation demands of log-ins, and what a clock that jumps does to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import delete, select

from parlour.access import accesslog, memberships, security, sessions
from parlour.access.models import LoginSession
from parlour.access.security import Security
from parlour.db.session import open_session, system
from parlour.errors import Invalid
from tests.core.access.conftest import employ, form, inside, log_in

SETTINGS = "/o/jasmine/settings/security"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def anna(engine, organisation):
    return employ(engine, organisation, "anna@example.com", "specialist")


def demand(engine, organisation, **wanted):
    with inside(engine, organisation) as session:
        security.save_security(session, Security(**wanted))
        session.commit()


def begin(engine, person):
    with open_session(engine) as session:
        token = sessions.start_login(session, person, ip="192.0.2.1", agent="Firefox/1 Windows")
        session.commit()
    return token


def living(engine, *tokens, at=None):
    with open_session(engine) as session:
        return [sessions.login_of_token(session, token, at) is not None for token in tokens]


def test_idleness_and_age_are_what_the_organisation_wants(engine, organisation, anna):
    demand(engine, organisation, idle=15, life=8)
    with time_machine.travel(NOON, tick=False):
        token = begin(engine, anna)
    for minutes, alive in ((14, True), (16, False)):
        assert living(engine, token, at=NOON + timedelta(minutes=minutes)) == [alive]
    at = NOON
    while at < NOON + timedelta(hours=8):
        with open_session(engine) as session:
            login, _user = sessions.login_of_token(session, token, at)
            sessions.seen(session, login, at)
            session.commit()
        at += timedelta(minutes=10)
    assert living(engine, token, at=NOON + timedelta(hours=8, seconds=1)) == [False]


def test_a_change_of_what_is_demanded_is_logged(engine, organisation, owner, browser):
    app = browser()
    log_in(app, "owner@example.com", status=303)
    for _again in range(2):
        asked = form(app.get(SETTINGS), SETTINGS)
        asked["idle"] = "15"
        asked.submit(status=303)
    with inside(engine, organisation) as session:
        (line,) = accesslog.latest(session, what=[accesslog.PROTECTION])
    assert line.user_id == owner.id
    assert (line.detail["before"]["idle"], line.detail["security"]["idle"]) == (10080, 15)


def test_a_shorter_time_holds_at_once_and_a_longer_one_from_the_next_log_in(engine, organisation, anna):
    with time_machine.travel(NOON, tick=False):
        first = begin(engine, anna)
        later = NOON + timedelta(hours=10)
        assert living(engine, first, at=later) == [True]
        demand(engine, organisation, life=8)
        assert living(engine, first, at=later) == [False]
        demand(engine, organisation)
        second = begin(engine, anna)
    assert living(engine, first, second, at=later) == [False, True]


def test_the_strictest_organisation_decides_from_when_one_works_there(
    engine, organisation, other_organisation, anna
):
    demand(engine, other_organisation, idle=15)
    with time_machine.travel(NOON, tick=False):
        token = begin(engine, anna)
    later = NOON + timedelta(minutes=20)
    assert living(engine, token, at=later) == [True]
    with inside(engine, other_organisation) as session:
        from parlour.access.roles import role_by_code

        role = role_by_code(session, "specialist").id
        memberships.add_member(session, anna.email, "Anna", [memberships.Duty(role)])
        session.commit()
    assert living(engine, token, at=later) == [False]


def test_log_ins_of_others_stay_as_they_are(engine, organisation, other_organisation, anna):
    other = employ(engine, other_organisation, "olga@example.com", "specialist")
    with time_machine.travel(NOON, tick=False):
        token = begin(engine, other)
        demand(engine, organisation, idle=15, exclusive=True)
        second = begin(engine, other)
    assert living(engine, token, second, at=NOON + timedelta(hours=1)) == [True, True]


def test_an_exclusive_log_in_ends_the_others(engine, organisation, anna):
    first, second = begin(engine, anna), begin(engine, anna)
    demand(engine, organisation, exclusive=True)
    assert living(engine, first, second) == [True, True]
    third = begin(engine, anna)
    assert living(engine, first, second, third) == [False, False, True]


def two_at_once(engine, act):
    barrier = Barrier(2)

    def one(_number):
        with open_session(engine) as session:
            token = act(session, barrier)
            session.commit()
            return token

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


def test_of_two_exclusive_log_ins_at_the_same_instant_one_stays(engine, organisation, anna):
    demand(engine, organisation, exclusive=True)

    def act(session, barrier):
        barrier.wait()
        return sessions.start_login(session, anna)

    assert sorted(living(engine, *two_at_once(engine, act))) == [False, True]


def test_ending_the_others_without_waiting_for_them_would_leave_both(engine, organisation, anna):
    """The control: each looks for others before the other one is there."""

    def act(session, barrier):
        with open_session(engine) as looking:
            others = [login.token_hash for login in sessions.logins_of(looking, anna.id)]
        barrier.wait()
        with system(session):
            session.execute(delete(LoginSession).where(LoginSession.token_hash.in_(others)))
        return sessions.start_login(session, anna)

    assert living(engine, *two_at_once(engine, act)) == [True, True]


@pytest.mark.parametrize("wrong", [{"idle": 1}, {"life": 0}, {"second_factor": "x"}, {"idle": -1}])
def test_what_is_not_in_the_list_is_refused(engine, organisation, wrong):
    with inside(engine, organisation) as session, pytest.raises(Invalid):
        security.save_security(session, Security(**wrong))


def test_what_means_nothing_any_more_counts_as_the_usual(organisation):
    organisation.settings = {"security": {"idle": 3, "life": 8}}
    assert security.security_of(organisation) == Security()


# ---- pages


def test_an_owner_decides_and_a_manager_looks(browser, engine, organisation):
    for role in ("owner", "manager"):
        employ(engine, organisation, f"{role}@example.com", role)
    app = browser()
    log_in(app, "owner@example.com", status=303)
    asked = form(app.get(SETTINGS), SETTINGS)
    asked["idle"], asked["life"], asked["exclusive"] = "60", "24", "1"
    asked.submit(status=303)
    again = form(app.get(SETTINGS), SETTINGS)
    assert [again[name].value for name in ("second_factor", "idle", "life", "exclusive")] == [
        "",
        "60",
        "24",
        "1",
    ]
    other = browser()
    log_in(other, "manager@example.com", status=303)
    page = other.get(SETTINGS)
    assert 'name="save"' not in page.text
    token = form(other.get("/me"), "/me")["csrf_token"].value
    other.post(SETTINGS, {"csrf_token": token, "idle": "10080"}, status=403)


def test_one_log_in_of_ones_own_is_ended_and_nobody_elses(browser, engine, organisation, anna):
    olga = employ(engine, organisation, "olga@example.com", "specialist")
    app = browser()
    log_in(app, anna.email, status=303)
    there, hers = begin(engine, anna), begin(engine, olga)
    page = app.get("/me")
    assert "Firefox, Windows" in page.text
    assert "192.0.2.1" in page.text
    ends = [item for item in page.forms.values() if item.action.startswith("/me/logouts/")]
    assert len(ends) == 1
    mark = sessions.token_hash(hers)[: sessions.MARK]
    app.post(f"/me/logouts/{mark}", {"csrf_token": ends[0]["csrf_token"].value}, status=303)
    ends[0].submit(status=303)
    assert living(engine, there, hers) == [False, True]
    app.get("/me", status=200)


# ---- a clock that jumps


def ask(app, at):
    """Whether a page opens at this moment, as the browser sees it."""
    with time_machine.travel(at, tick=False):
        return app.get("/me", status="*").status_code == 200


@pytest.fixture
def logged_in(browser, engine, anna):
    def enter(at):
        app = browser()
        with time_machine.travel(at, tick=False):
            log_in(app, anna.email, status=303)
        # The test's own cookie jar goes by the real clock; the server decides here.
        return app

    return enter


def only_row(engine):
    with open_session(engine) as session, system(session):
        return session.scalars(select(LoginSession)).one_or_none()


def test_a_clock_that_was_behind_for_a_while_throws_nobody_out(logged_in):
    app = logged_in(NOON)
    assert not ask(app, NOON - timedelta(days=2000))
    assert ask(app, NOON + timedelta(hours=1))


def test_a_small_correction_troubles_nobody(logged_in):
    app = logged_in(NOON)
    assert ask(app, NOON - timedelta(minutes=30))


def test_a_log_in_by_a_clock_that_was_ahead_is_not_everlasting(logged_in, engine):
    ahead = NOON + timedelta(days=400)
    app = logged_in(ahead)
    assert ask(app, ahead)
    for days in (0, 31, 300):
        assert not ask(app, NOON + timedelta(days=days))
    row = only_row(engine)
    assert not sessions.is_ahead(row, ahead)


def test_without_that_rule_it_would_last_for_a_year(logged_in, monkeypatch):
    """The control."""
    app = logged_in(NOON + timedelta(days=400))
    monkeypatch.setattr(sessions, "SKEW", timedelta(days=10_000))
    assert ask(app, NOON + timedelta(days=300))


def test_what_has_ended_does_not_come_back_with_a_clock_that_is_set_back(logged_in, engine):
    app = logged_in(NOON)
    assert not ask(app, NOON + sessions.IDLE + timedelta(minutes=1))
    assert only_row(engine) is None
    assert not ask(app, NOON + timedelta(hours=1))


def test_without_deleting_it_somebody_would_be_logged_in_by_a_jump(logged_in, monkeypatch):
    """The control."""
    app = logged_in(NOON)
    monkeypatch.setattr(sessions, "has_ended", lambda *_given: False)
    assert not ask(app, NOON + sessions.IDLE + timedelta(minutes=1))
    assert ask(app, NOON + timedelta(hours=1))


def test_use_noted_by_a_clock_that_was_ahead_is_noted_anew_and_lengthens_no_life(logged_in, engine):
    app = logged_in(NOON)
    assert ask(app, NOON + timedelta(days=6))
    assert only_row(engine).seen_at == NOON + timedelta(days=6)
    assert ask(app, NOON + timedelta(minutes=10))
    assert only_row(engine).seen_at == NOON + timedelta(minutes=10)
    assert not ask(app, NOON + timedelta(minutes=11) + sessions.IDLE)


def test_there_and_back_and_there_again(logged_in):
    app = logged_in(NOON)
    for hours in (1, -40_000, 2, -40_000, 3):
        assert ask(app, NOON + timedelta(hours=hours)) == (hours > 0)
