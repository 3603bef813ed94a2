"""Who works somewhere until a day, and who is removed: no way in is left, and what they did keeps their name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from webtest import TestApp

from parlour.access import invitations, leaving, memberships, tokens
from parlour.access.memberships import Duty
from parlour.access.organisations import organisations_of
from parlour.access.roles import role_by_code
from parlour.db.session import open_session
from parlour.errors import Invalid, NotAllowed, NotFound
from parlour.records.defaults import defaults_of
from tests.core.access.conftest import employ, form, inside, log_in

MEMBERS = "/o/jasmine/settings/members"
# The organisation's clock is ahead of UTC: in Moscow the 10th begins at nine in the evening.
LAST, NEXT = datetime(2026, 6, 9, 20, 59, tzinfo=UTC), datetime(2026, 6, 9, 21, 0, 1, tzinfo=UTC)


@pytest.fixture
def anna(engine, organisation):
    return employ(engine, organisation, "anna@example.com", "manager")


@pytest.fixture
def key(engine, organisation, anna):
    with inside(engine, organisation) as session:
        made = tokens.make(session, anna.id, "Robot")
        session.commit()
    return made


def call(site, key):
    app = TestApp(site, extra_environ={"HTTP_AUTHORIZATION": f"Bearer {key}"})
    return app.get("/api/v1/records", expect_errors=True).status_code


def enters(engine, organisation, person):
    with open_session(engine) as session:
        try:
            memberships.scope_for(session, person, organisation)
        except NotFound:
            return False
        return True


def test_after_the_last_day_nothing_lets_them_in(engine, organisation, owner, anna, key, browser, site):
    with time_machine.travel(LAST, tick=False):
        app = browser()
        log_in(app, "anna@example.com", status=303)
        with inside(engine, organisation) as session:
            invited = invitations.invite(
                session, "new@example.com", "", [Duty(role_by_code(session, "specialist").id)]
            )
            token = invitations.make_link(session, invited)
            invited.invited_by = anna.id
            leaving.set_last_day(session, anna.id, "2026-06-09")
            session.commit()
        app.get("/o/jasmine", status=200)
        assert call(site, key) == 200
    with time_machine.travel(NEXT, tick=False):
        app.get("/o/jasmine", status=404)
        assert call(site, key) == 401
        assert not enters(engine, organisation, anna)
        with inside(engine, organisation) as session:
            assert organisations_of(session, anna.id) == []
            assert not memberships.member(session, anna.id).active
            with pytest.raises(NotFound):
                tokens.make(session, anna.id, "Robot")
        with open_session(engine) as session, pytest.raises(NotFound):
            invitations.accept(session, token, name="New", password="correct horse battery")


def test_the_last_day_is_told_again_moved_and_taken_away(engine, organisation, owner, anna):
    with inside(engine, organisation) as session:
        for day in ("2099-01-31", "2099-02-01", ""):
            leaving.set_last_day(session, anna.id, day)
            assert leaving.last_day(memberships.member(session, anna.id).ends_at, "Europe/Moscow") == day
        for wrong in ("2001-01-01", "soon"):
            with pytest.raises(Invalid) as refused:
                leaving.set_last_day(session, anna.id, wrong)
            assert set(refused.value.fields) == {"until"}


def test_nobody_but_an_owner_prolongs_their_own_time(engine, organisation, owner, anna):
    with open_session(engine) as session:
        memberships.scope_for(session, anna, organisation)
        with pytest.raises(NotAllowed, match="somebody else"):
            leaving.set_last_day(session, anna.id, "2099-01-31")
        with pytest.raises(NotAllowed, match="Only an owner"):
            leaving.set_last_day(session, owner.id, "2099-01-31")
        with pytest.raises(NotAllowed, match="Only an owner"):
            leaving.remove_member(session, owner.id)


def test_who_is_removed_is_gone_and_their_name_stays(engine, organisation, owner, anna, key, browser, site):
    app, other = browser(), browser()
    log_in(app, "owner@example.com", status=303)
    log_in(other, "anna@example.com", status=303)
    page = form(app.get(MEMBERS), f"{MEMBERS}/{anna.id}/remove").submit(status=303).follow()
    assert "Anna works here no more" in page.text
    assert "anna@example.com" not in page.text
    other.get("/o/jasmine", status=404)
    assert call(site, key) == 401
    app.get(f"{MEMBERS}/{anna.id}", status=404)
    with inside(engine, organisation) as session:
        assert defaults_of(session).names[anna.id] == "Anna"


def test_who_was_removed_can_be_added_again_with_nothing_of_before(
    engine, organisation, owner, anna, key, site
):
    with inside(engine, organisation) as session:
        leaving.remove_member(session, anna.id)
        desk = [Duty(role_by_code(session, "receptionist").id)]
        invitations.invite(session, "anna@example.com", "", desk)
        again, made = memberships.add_member(session, "anna@example.com", "Anna", desk)
        session.commit()
        assert (again.id, made) == (anna.id, None)
        assert memberships.member(session, anna.id).duties == tuple(desk)
    assert enters(engine, organisation, anna)
    assert call(site, key) == 401


def test_switched_on_again_after_their_time_they_work_without_an_end(
    engine, organisation, owner, anna, browser
):
    with time_machine.travel(LAST, tick=False), inside(engine, organisation) as session:
        leaving.set_last_day(session, anna.id, "2026-06-09")
        session.commit()
    with time_machine.travel(NEXT, tick=False):
        app = browser()
        log_in(app, "owner@example.com", status=303)
        asked = form(app.get(MEMBERS), f"{MEMBERS}/{anna.id}/active")
        assert asked["active"].value == "1"
        asked.submit(status=303)
        assert enters(engine, organisation, anna)


def test_the_page_of_a_member_says_until_when(engine, organisation, owner, anna, browser):
    app = browser()
    log_in(app, "owner@example.com", status=303)
    asked = form(app.get(f"{MEMBERS}/{anna.id}"), f"{MEMBERS}/{anna.id}")
    asked["until"] = "2001-01-01"
    refused = asked.submit(status=422)
    assert "This day is over" in refused.text
    asked = form(refused, f"{MEMBERS}/{anna.id}")
    asked["until"] = "2099-01-31"
    page = asked.submit(status=303).follow()
    assert "until" in page.html.find(string=lambda text: "2099" in text)
    assert form(app.get(f"{MEMBERS}/{anna.id}"), f"{MEMBERS}/{anna.id}")["until"].value == "2099-01-31"
