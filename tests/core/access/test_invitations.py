"""Invitations: who may give them, what their link does once, and what becomes of it when things change meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.access import invitations, leaving, memberships, users
from parlour.access.memberships import Duty
from parlour.access.models import Invitation
from parlour.access.organisations import save_branch
from parlour.access.roles import add_role, role_by_code, set_permissions
from parlour.access.throttle import Throttled
from parlour.access.views import join
from parlour.db.base import now
from parlour.db.session import open_session, system
from parlour.errors import Invalid, NotAllowed, NotFound
from parlour.testing.jobs import run_due
from tests.core.access.conftest import PASSWORD, employ, form, inside, log_in, twice_at_once

HERE = "/o/jasmine/settings"
ANNA = "anna@example.com"


def as_person(engine, person, organisation):
    session = open_session(engine)
    memberships.scope_for(session, person, organisation)
    return session


def invite(engine, person, organisation, role="specialist", email=ANNA, branch=None):
    """The token of an invitation given by this person."""
    with as_person(engine, person, organisation) as session:
        duties = [Duty(role_by_code(session, role).id, branch)]
        made = invitations.invite(session, email, "Anna", duties)
        token = invitations.make_link(session, made)
        session.commit()
        return token


def accept(engine, token, at=None, **given):
    given = {"name": "Anna", "password": PASSWORD} | given
    with open_session(engine) as session:
        user, _organisation, _made = invitations.accept(session, token, at=at, **given)
        session.commit()
        return user


def roles_of(engine, organisation, user):
    with inside(engine, organisation) as session:
        codes = {role_by_code(session, code).id: code for code in ("owner", "manager", "specialist")}
        return [(codes[duty.role_id], duty.branch_id) for duty in memberships.member(session, user.id).duties]


def fill(page):
    asked = form(page, f"{HERE}/members/invite")
    asked["email"], asked["name"] = "Anna@Example.com", "Anna"
    asked.get("checkbox", index=3).checked = True
    return asked


def test_the_letter_brings_somebody_new_to_work(as_owner, browser, engine, settings, organisation, mailbox):
    settings = mailbox.settings(settings)
    as_owner.app.registry["parlour.settings"] = settings
    refused = form(as_owner.get(f"{HERE}/members/invite"), f"{HERE}/members/invite").submit(status=422)
    members = fill(refused).submit(status=303).follow()
    assert "being sent" in members.text
    assert run_due(engine, settings) == [("core.mail_invitation", "done")]
    assert mailbox.recipients == ["Anna@example.com"]
    assert mailbox.messages[0]["subject"] == "An invitation to Jasmine"
    assert "Owner invites you to work in Jasmine" in mailbox.text()
    members = as_owner.get(f"{HERE}/members")
    assert "being sent" not in members.text
    assert "Invited" in members.text
    app, link = browser(), mailbox.link()
    app.get(link)
    page = app.get(link)
    asked = form(page, link)
    asked["name"], asked["password"] = "Anna Petrova", "short"
    page = asked.submit(status=422)
    asked = form(page, link)
    assert asked["name"].value == "Anna Petrova"
    asked["password"] = PASSWORD
    assert asked.submit(status=303).location.endswith("/o/jasmine")
    assert "Anna Petrova" in app.get("/me").text
    app.get("/o/jasmine", status=200)
    assert "older than seven days" in browser().get(link, status=404).text
    assert "Invited" not in as_owner.get(f"{HERE}/members").text


def test_without_mail_the_link_is_shown_once_to_hand_over(as_owner, browser):
    shown = fill(as_owner.get(f"{HERE}/members/invite")).submit(status=200)
    assert shown.headers["Cache-Control"] == "no-store"
    link = shown.html.select_one("[data-once]").text.removeprefix("http://localhost:6543")
    assert "/join/" in link
    members = as_owner.get(f"{HERE}/members")
    assert link not in members.text
    (action,) = {item.action for item in members.forms.values() if "/invitations/" in item.action}
    again = members.forms[next(key for key, item in members.forms.items() if item.action == action)]
    newer = again.submit(status=200).html.select_one("[data-once]").text.removeprefix("http://localhost:6543")
    browser().get(link, status=404)
    browser().get(newer, status=200)
    revoke = [item for item in as_owner.get(f"{HERE}/members").forms.values() if item.action == action][1]
    assert "taken back" in revoke.submit(status=303).follow().text
    browser().get(newer, status=404)


def test_who_logs_in_already_only_says_yes_and_is_not_logged_in_by_the_link(
    browser, engine, organisation, other_organisation, owner
):
    anna = employ(engine, other_organisation, ANNA, "specialist")
    token = invite(engine, owner, organisation)
    app = browser()
    page = app.get(f"/join/{token}")
    assert not page.html.select("input[type=password]")
    done = form(page, f"/join/{token}").submit(status=303)
    assert done.follow(status=302).location.startswith("http://localhost/login")
    assert roles_of(engine, organisation, anna) == [("specialist", None)]
    log_in(app, ANNA, status=303)
    app.get("/o/jasmine", status=200)


def test_an_account_made_since_the_link_was_looked_at_is_not_entered_by_it(
    browser, engine, organisation, owner, monkeypatch
):
    token = invite(engine, owner, organisation)
    app = browser()
    asked = form(app.get(f"/join/{token}"), f"/join/{token}")
    asked["name"], asked["password"] = "Somebody", "another horse battery"
    original = join._form

    def meanwhile(request, offer):
        users.add_user(request.db, ANNA, "Anna", PASSWORD)
        return original(request, offer)

    monkeypatch.setattr(join, "_form", meanwhile)
    assert asked.submit(status=303).follow(status=302).location.startswith("http://localhost/login")
    log_in(app, ANNA, status=303)


def test_somebody_else_who_is_logged_in_reads_it_in_their_language(as_owner, engine, organisation, owner):
    token = invite(engine, owner, organisation)
    page = (
        form(as_owner.get(f"/join/{token}"), "/language").submit("language", value="ru", status=303).follow()
    )
    assert "приглашает вас" in page.text


def test_a_link_works_once_for_seven_days_and_not_longer_by_a_clock_that_was_ahead(
    engine, organisation, owner
):
    token = invite(engine, owner, organisation)
    with pytest.raises(NotFound):
        accept(engine, token, at=now() + timedelta(days=7, minutes=1))
    with pytest.raises(NotFound):
        accept(engine, token, at=now() - timedelta(days=30))
    accept(engine, token, at=now() + timedelta(days=6, hours=23))
    with pytest.raises(NotFound):
        accept(engine, token)


def test_of_two_who_follow_the_link_at_the_same_instant_one_comes_in(engine, organisation, owner):
    token = invite(engine, owner, organisation)

    def act(session, barrier, number):
        barrier.wait()
        invitations.accept(session, token, name=f"Anna {number}", password=PASSWORD)

    assert twice_at_once(engine, act) == 1


def test_looking_first_would_let_both_follow_it(engine, organisation, owner):
    """The control: two people come in by one invitation."""
    token = invite(engine, owner, organisation)

    def act(session, barrier, number):
        with open_session(engine) as looking:
            offer = invitations.offer_of(looking, token)
        barrier.wait()
        memberships.scope_for(session, owner, offer.organisation)
        duties = [Duty(role, branch) for role, branch in offer.invitation.duties]
        memberships.add_member(session, f"anna{number}@example.com", "Anna", duties, password=PASSWORD)

    assert twice_at_once(engine, act) == 2


def test_only_an_owner_invites_an_owner_or_touches_such_an_invitation(engine, organisation, owner):
    manager = employ(engine, organisation, "manager@example.com", "manager")
    with pytest.raises(NotAllowed):
        invite(engine, manager, organisation, "owner")
    token = invite(engine, owner, organisation, "owner")
    with as_person(engine, manager, organisation) as session:
        (found,) = invitations.waiting(session)
        with pytest.raises(NotAllowed):
            invitations.revoke(session, found.invitation.id)
        # Nor is it replaced by inviting the same person anew as something less.
        with pytest.raises(NotAllowed):
            invitations.invite(session, ANNA, "", [Duty(role_by_code(session, "specialist").id)])
    assert roles_of(engine, organisation, accept(engine, token)) == [("owner", None)]


def test_a_manager_gets_no_link_that_gives_more_than_they_have(engine, organisation, owner):
    manager = employ(engine, organisation, "manager@example.com", "manager")
    with inside(engine, organisation) as session:
        more = add_role(session, "Director")
        set_permissions(session, more.id, {"core:roles:write"}, {"core:roles:write"})
        session.commit()
    invite(engine, owner, organisation, more.code)
    invite(engine, owner, organisation, "specialist", "b@example.com")
    with as_person(engine, manager, organisation) as session:
        above, below = (found.invitation for found in invitations.waiting(session))
        for act in (invitations.may_handle, lambda *what: invitations.revoke(what[0], what[1].id)):
            with pytest.raises(NotAllowed, match="more than you"):
                act(session, above)
            act(session, below)


def test_an_invitation_is_worth_what_the_inviter_may_do_when_it_is_accepted(engine, organisation, owner):
    second = employ(engine, organisation, "second@example.com", "owner")
    as_owner = invite(engine, second, organisation, "owner", "a@example.com")
    as_specialist = invite(engine, second, organisation, "specialist", "b@example.com")
    with inside(engine, organisation) as session:
        memberships.set_duties(session, second.id, [Duty(role_by_code(session, "manager").id)])
        session.commit()
    with pytest.raises(NotFound):
        accept(engine, as_owner)
    accept(engine, as_specialist)
    with inside(engine, organisation) as session:
        memberships.set_duties(session, second.id, [Duty(role_by_code(session, "specialist").id)])
        session.commit()
    gone = invite(engine, owner, organisation, "specialist", "c@example.com")
    with inside(engine, organisation) as session, system(session):
        session.scalars(
            select(Invitation).where(Invitation.email_key == "c@example.com")
        ).one().invited_by = second.id
        session.commit()
    with pytest.raises(NotFound):
        accept(engine, gone)


def test_who_is_switched_off_invites_nobody_any_more(engine, organisation, owner):
    manager = employ(engine, organisation, "manager@example.com", "manager")
    token = invite(engine, manager, organisation)
    kept = invite(engine, owner, organisation, email="b@example.com")
    with inside(engine, organisation) as session:
        leaving.set_member_active(session, manager.id, False)
        session.commit()
        leaving.set_member_active(session, manager.id, True)
        session.commit()
    with pytest.raises(NotFound):
        accept(engine, token)
    accept(engine, kept)


def test_roles_and_branches_that_are_gone_are_left_out(engine, organisation, owner):
    with inside(engine, organisation) as session:
        north = save_branch(session, None, {"name": "North"})
        session.commit()
    token = invite(engine, owner, organisation, branch=north.id)
    with inside(engine, organisation) as session:
        from parlour.access.organisations import archive_branch

        archive_branch(session, north.id)
        session.commit()
    with pytest.raises(NotFound):
        accept(engine, token)


def test_faults_are_named_by_field(engine, organisation, owner):
    with as_person(engine, owner, organisation) as session:
        duties = [Duty(role_by_code(session, "specialist").id)]
        for email, name, field in (
            ("anna", "", "email"),
            (ANNA, "x" * 201, "name"),
            ("owner@example.com", "", "email"),
        ):
            with pytest.raises(Invalid) as refused:
                invitations.invite(session, email, name, duties)
            assert set(refused.value.fields) == {field}
        with pytest.raises(Invalid):
            invitations.invite(session, ANNA, "", [])


def test_inviting_anew_replaces_the_link_and_the_roles(engine, organisation, owner):
    first = invite(engine, owner, organisation)
    second = invite(engine, owner, organisation, "manager", "ANNA@example.com")
    with pytest.raises(NotFound):
        accept(engine, first)
    assert roles_of(engine, organisation, accept(engine, second)) == [("manager", None)]


def test_nobodys_mailbox_is_filled(engine, organisation, owner):
    invite(engine, owner, organisation)
    with as_person(engine, owner, organisation) as session:
        (found,) = invitations.waiting(session)
        for _number in range(3):
            invitations.send(session, found.invitation)
        with pytest.raises(Throttled):
            invitations.send(session, found.invitation)


def test_a_letter_that_was_refused_says_so_among_the_invitations(as_owner, engine, settings, mailbox):
    settings = mailbox.settings(settings)
    as_owner.app.registry["parlour.settings"] = settings
    mailbox.rcpt = "550 nobody of that name"
    fill(as_owner.get(f"{HERE}/members/invite")).submit(status=303)
    assert run_due(engine, settings) == [("core.mail_invitation", "failed")]
    page = as_owner.get(f"{HERE}/members")
    assert "not sent" in page.text
    assert "550 nobody of that name" in page.text


def test_invitations_stay_in_their_organisation(engine, organisation, other_organisation, owner):
    invite(engine, owner, organisation)
    with inside(engine, organisation) as session:
        (found,) = invitations.waiting(session)
    with inside(engine, other_organisation) as session:
        assert invitations.waiting(session) == []
        with pytest.raises(NotFound):
            invitations.revoke(session, found.invitation.id)


def test_only_the_hash_of_a_link_is_kept_and_old_invitations_are_pruned(engine, organisation, owner):
    token = invite(engine, owner, organisation)
    with open_session(engine) as session, system(session):
        assert session.scalars(select(Invitation)).one().token_hash != token
        invitations.prune(session, now() + timedelta(days=30))
        assert session.scalars(select(Invitation)).all()
        invitations.prune(session, now() + timedelta(days=38))
        assert not session.scalars(select(Invitation)).all()


def test_somebody_switched_off_by_the_operator_is_not_let_in_by_a_link(
    engine, organisation, other_organisation, owner
):
    anna = employ(engine, other_organisation, ANNA, "specialist")
    token = invite(engine, owner, organisation)
    with open_session(engine) as session:
        memberships.set_user_active(session, anna.id, False)
        session.commit()
    with pytest.raises(NotFound):
        accept(engine, token)
    with open_session(engine) as session:
        assert not users.user_by_id(session, anna.id).active
