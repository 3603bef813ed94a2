"""A forgotten password: the letter, its link, and what cannot be learned or done with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from parlour.access import resets, sessions, users
from parlour.access.models import PasswordReset, Throttle
from parlour.access.throttle import Throttled
from parlour.db.base import now
from parlour.db.session import open_session, system
from parlour.errors import Invalid, NotFound
from parlour.jobs.models import Job
from parlour.testing.jobs import run_due
from tests.core.access.conftest import PASSWORD, employ, form, log_in, twice_at_once

NEW = "eleven purple geese"


@pytest.fixture
def token(engine, owner):
    with open_session(engine) as session:
        _user, made = resets.make(session, "OWNER@example.com ")
        session.commit()
        return made


def use(engine, token, password=NEW, at=None):
    with open_session(engine) as session:
        user = resets.use(session, token, password, at)
        session.commit()
        return user


def test_the_letter_leads_to_a_new_password_and_ends_all_log_ins(
    browser,
    engine,
    settings,
    owner,
    mailbox,
):
    settings = mailbox.settings(settings)
    inside, app = browser(), browser()
    log_in(inside, "owner@example.com", status=303)
    app.app.registry["parlour.settings"] = settings
    asked = form(app.get("/login").click("Forgotten the password"), "/forgot")
    asked["email"] = "Owner@Example.com"
    assert "on its way" in asked.submit(status=200).text
    assert run_due(engine, settings) == [("core.mail_reset", "done")]
    link = mailbox.link()
    app.get(link)
    # Looking has not used it up.
    page = app.get(link)
    assert "owner@example.com" in page.text
    weak = form(page, link)
    weak["password"] = "short"
    page = weak.submit(status=422)
    assert "at least 10 characters" in page.text
    good = form(page, link)
    good["password"] = NEW
    assert good.submit(status=303).location.endswith("/login")
    inside.get("/me", status=302)
    log_in(browser(), "owner@example.com", PASSWORD, status=422)
    log_in(browser(), "owner@example.com", NEW, status=303)
    assert "has been used" in app.get(link, status=404).text


def test_the_answer_does_not_tell_who_is_known(browser, engine, settings, owner, mailbox):
    settings = mailbox.settings(settings)
    app = browser()
    app.app.registry["parlour.settings"] = settings
    answers = []
    for email in ("owner@example.com", "nobody@example.com"):
        asked = form(app.get("/forgot"), "/forgot")
        asked["email"] = email
        answers.append(asked.submit(status=200))
    assert answers[0].text == answers[1].text
    with open_session(engine) as session, system(session):
        jobs = session.execute(select(Job.name, Job.queue)).all()
    assert len(jobs) == len(set(jobs)) + 1
    run_due(engine, settings)
    assert mailbox.recipients == ["owner@example.com"]


def test_asking_again_and_again_is_slowed_down_and_counted_in_the_database(engine, owner):
    with open_session(engine) as session:
        for _number in range(3):
            resets.ask(session, "owner@example.com", "192.0.2.1", "en")
        session.commit()
    with open_session(engine) as session, pytest.raises(Throttled):
        resets.ask(session, "OWNER@example.com", "198.51.100.7", "en")
    with open_session(engine) as session, system(session):
        session.execute(delete(Throttle))
        resets.ask(session, "owner@example.com", "198.51.100.7", "en")


def test_without_mail_the_page_says_what_to_do(browser, owner):
    page = browser().get("/forgot")
    assert "parlour users passwd" in page.text
    assert "/forgot" not in {item.action for item in page.forms.values()}


def test_only_the_hash_is_kept_and_a_newer_link_replaces_the_older(engine, token):
    with open_session(engine) as session, system(session):
        row = session.scalars(select(PasswordReset)).one()
        assert token not in (row.token_hash,)
        _user, second = resets.make(session, "owner@example.com")
        session.commit()
    with pytest.raises(NotFound):
        use(engine, token)
    use(engine, second)


def test_a_link_works_for_an_hour(engine, token):
    with pytest.raises(NotFound):
        use(engine, token, at=now() + timedelta(minutes=61))
    use(engine, token, at=now() + timedelta(minutes=59))


def test_a_clock_that_was_ahead_makes_no_lasting_link(engine, token):
    with open_session(engine) as session, system(session):
        session.scalars(select(PasswordReset)).one().expires_at = now() + timedelta(days=900)
        session.commit()
    with pytest.raises(NotFound):
        use(engine, token)


def test_a_weak_password_does_not_use_the_link_up(engine, token):
    with pytest.raises(Invalid):
        use(engine, token, "short")
    use(engine, token)


def test_a_link_dies_with_the_password_it_was_for_and_with_the_account(engine, owner, token):
    with open_session(engine) as session:
        users.set_password(session, owner.id, NEW)
        session.commit()
    with pytest.raises(NotFound):
        use(engine, token)
    with open_session(engine) as session:
        _user, made = resets.make(session, "owner@example.com")
        with system(session):
            session.get_one(type(owner), owner.id).active = False
        session.commit()
        assert resets.make(session, "owner@example.com") is None
    with pytest.raises(NotFound):
        use(engine, made)


def test_of_two_uses_at_the_same_instant_one_succeeds(engine, token):
    def act(session, barrier, _number):
        barrier.wait()
        resets.use(session, token, NEW)

    assert twice_at_once(engine, act) == 1


def test_looking_first_and_taking_afterwards_would_let_both_through(engine, token):
    """The control."""

    def act(session, barrier, _number):
        with open_session(engine) as looking:
            user = resets.person_of(looking, token)
        barrier.wait()
        users.set_password(session, user.id, NEW)

    assert twice_at_once(engine, act) == 2


def test_old_links_are_pruned(engine, token):
    with open_session(engine) as session, system(session):
        resets.prune(session)
        assert session.scalars(select(PasswordReset)).all()
        resets.prune(session, now() + timedelta(hours=2))
        assert not session.scalars(select(PasswordReset)).all()


def test_links_of_others_stay(engine, organisation, token):
    anna = employ(engine, organisation, "anna@example.com", "specialist")
    with open_session(engine) as session:
        users.set_password(session, anna.id, NEW)
        session.commit()
        assert resets.person_of(session, token).email == "owner@example.com"
        assert sessions.logins_of(session, anna.id) == []
