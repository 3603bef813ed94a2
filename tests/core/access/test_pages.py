"""One's own account and the pages of settings, as a browser uses them."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from parlour.access import sessions, users
from parlour.access.models import LoginSession, Rule
from parlour.access.organisations import branches
from parlour.access.roles import role_by_code
from parlour.db.base import now
from parlour.db.session import open_session, system
from tests.core.access.conftest import PASSWORD, employ, form, inside, log_in

HERE = "/o/jasmine/settings"


# ---- me


def test_name_language_and_colours_are_mine(as_owner):
    page = as_owner.get("/me")
    asked = form(page, "/me")
    asked["name"], asked["locale"], asked["theme"] = "Olga", "ru", "dark"
    shown = asked.submit(status=303).follow()
    assert 'lang="ru"' in shown.text
    assert 'data-theme="dark"' in shown.text
    again = form(shown, "/me")
    again["name"] = " "
    assert again.submit(status=422)


def test_a_new_password_keeps_this_browser_in_and_throws_others_out(browser, as_owner):
    other = browser()
    log_in(other, "owner@example.com", status=303)
    asked = form(as_owner.get("/me"), "/me/password")
    asked["current"], asked["password"] = "wrong", "another good one"
    refused = asked.submit(status=422)
    assert "This is not your current password." in refused.text
    again = form(refused, "/me/password")
    again["current"], again["password"] = PASSWORD, "another good one"
    again.submit(status=303)
    assert as_owner.get("/me").status_code == 200
    other.get("/me", status=302)
    log_in(browser(), "owner@example.com", "another good one", status=303)


def test_logging_out_everywhere_else_leaves_this_browser(browser, as_owner):
    other = browser()
    log_in(other, "owner@example.com", status=303)
    page = as_owner.get("/me")
    form(page, "/me/logouts").submit(status=303)
    other.get("/me", status=302)
    as_owner.get("/me", status=200)


def test_use_is_noted_now_and_then_although_pages_only_read(as_owner, engine):
    long_ago = now() - sessions.SEEN_EVERY - timedelta(hours=1)
    with open_session(engine) as session:
        with system(session):
            session.scalars(select(LoginSession)).one().seen_at = long_ago
        session.commit()
    as_owner.get("/me")
    with open_session(engine) as session, system(session):
        assert session.scalars(select(LoginSession.seen_at)).one() > now() - timedelta(minutes=1)


# ---- settings


PAGES = [
    "organisation",
    "branches",
    "branches/new",
    "members",
    "members/new",
    "roles",
    "roles/new",
    "log",
]


def test_every_page_opens_for_the_owner_and_not_for_a_specialist(as_owner, as_):
    specialist = as_("specialist")
    for page in PAGES:
        assert as_owner.get(f"{HERE}/{page}").status_code == 200
        specialist.get(f"{HERE}/{page}", status=403)


def test_settings_open_with_the_first_page_that_may_be_seen(as_owner, as_):
    assert as_owner.get(HERE, status=302).location.endswith("/organisation")
    as_("specialist").get(HERE, status=403)


def test_the_organisation_is_changed_and_faults_are_shown_at_their_fields(as_owner):
    asked = form(as_owner.get(f"{HERE}/organisation"), f"{HERE}/organisation")
    asked["name"], asked["zone"] = "Jasmine & Rose", "Europe/Samara"
    shown = asked.submit(status=303).follow()
    assert "Jasmine &amp; Rose" in shown.text
    again = form(shown, f"{HERE}/organisation")
    again["name"] = "x" * 201
    refused = again.submit(status=422)
    assert form(refused, f"{HERE}/organisation")["name"].value == "x" * 201
    assert "field-error" in refused.text


def test_who_may_only_look_gets_no_form(as_):
    page = as_("accountant").get(f"{HERE}/organisation")
    assert 'name="save"' not in page.text


def test_a_branch_is_added_changed_closed_and_opened(as_owner, engine, organisation):
    asked = form(as_owner.get(f"{HERE}/branches/new"), f"{HERE}/branches/new")
    asked["name"], asked["phone"] = "North", "not a phone"
    refused = asked.submit(status=422)
    again = form(refused, f"{HERE}/branches/new")
    again["phone"] = "8 495 123-45-67"
    again.submit(status=303)
    with inside(engine, organisation) as session:
        north = next(branch for branch in branches(session) if branch.name == "North")
    assert north.phone == "+74951234567"
    edited = form(as_owner.get(f"{HERE}/branches/{north.id}"), f"{HERE}/branches/{north.id}")
    edited["name"] = "Norden"
    edited.submit(status=303)
    page = as_owner.get(f"{HERE}/branches")
    form(page, f"{HERE}/branches/{north.id}/archive").submit(status=303)
    page = as_owner.get(f"{HERE}/branches")
    assert "closed" in page.text
    last = next(
        action
        for action in (item.action for item in page.forms.values())
        if re.search(r"/branches/\d+/archive$", action) and f"/{north.id}/" not in action
    )
    refused = form(page, last).submit(status=303).follow()
    assert "This is the last open branch" in refused.text


def test_the_chosen_branch_is_remembered(as_owner, engine, organisation):
    from parlour.access.organisations import save_branch

    with inside(engine, organisation) as session:
        north = save_branch(session, None, {"name": "North"}).id
        session.commit()
    token = form(as_owner.get("/me"), "/me")["csrf_token"].value
    for branch in (north, 4711):
        as_owner.post("/o/jasmine/branch", {"csrf_token": token, "branch": branch, "back": "/me"}, status=303)
    with open_session(engine) as session, system(session):
        chosen = session.scalars(select(LoginSession.branches)).one()
    assert chosen == {str(organisation.id): north}


def test_a_person_is_added_and_the_password_is_shown_once(as_owner, browser):
    asked = form(as_owner.get(f"{HERE}/members/new"), f"{HERE}/members/new")
    asked["email"], asked["name"] = "anna@example.com", "Anna"
    refused = asked.submit(status=422)
    assert "Choose at least one role." in refused.text
    again = form(refused, f"{HERE}/members/new")
    again.get("checkbox", index=2).checked = True
    shown = again.submit(status=200)
    made = re.search(r"data-once>([^<]+)<", shown.text)[1]
    assert shown.headers["Cache-Control"] == "no-store"
    app = browser()
    entered = log_in(app, "anna@example.com", made, status=303)
    assert entered.location.endswith("/me")
    assert "Set one of your own" in entered.follow().text
    assert "Anna" in as_owner.get(f"{HERE}/members").text


def test_a_manager_makes_nobody_an_owner(as_, engine, organisation, owner):
    app = as_("manager")
    page = app.get(f"{HERE}/members/new")
    asked = form(page, f"{HERE}/members/new")
    with inside(engine, organisation) as session:
        own = role_by_code(session, "owner").id
    assert f'value="{own}:"' not in page.text
    fields = [
        ("csrf_token", asked["csrf_token"].value),
        ("email", "new@example.com"),
        ("name", "New"),
        ("__start__", "roles:sequence"),
        ("checkbox", f"{own}:"),
        ("__end__", "roles:sequence"),
        ("password", ""),
    ]
    assert "Only an owner can make somebody an owner" in app.post(asked.action, fields, status=422).text
    app.post(f"{HERE}/members/{owner.id}/password", {"csrf_token": asked["csrf_token"].value}, status=303)
    with open_session(engine) as session:
        assert users.authenticate(session, "owner@example.com", PASSWORD, "192.0.2.9").id == owner.id
        assert users.user_by_email(session, "new@example.com") is None


def test_the_last_owner_cannot_switch_themselves_off(as_owner, owner):
    token = form(as_owner.get("/me"), "/me")["csrf_token"].value
    done = as_owner.post(f"{HERE}/members/{owner.id}/active", {"csrf_token": token}, status=303).follow()
    assert "This is the last owner" in done.text
    assert as_owner.get(f"{HERE}/members", status=200)


def test_roles_in_one_branch_survive_a_visit_to_their_page(as_owner, engine, organisation):
    from parlour.access.memberships import member
    from parlour.access.organisations import save_branch

    with inside(engine, organisation) as session:
        north = save_branch(session, None, {"name": "North"}).id
        session.commit()
    person = employ(engine, organisation, "anna@example.com", "specialist", branch=north)
    address = f"{HERE}/members/{person.id}"
    form(as_owner.get(address), address).submit(status=303)
    with inside(engine, organisation) as session:
        assert [duty.branch_id for duty in member(session, person.id).duties] == [north]


def test_what_a_role_may_do_is_ticked_and_kept(as_owner, engine, organisation):
    with inside(engine, organisation) as session:
        role = role_by_code(session, "specialist").id
    address = f"{HERE}/roles/{role}"
    asked = form(as_owner.get(address), address)
    boxes = {box._value: box for box in asked.fields["permission"]}
    assert not boxes["core:export"].checked
    boxes["core:export"].checked = True
    asked.submit(status=303)
    assert {box._value: box for box in form(as_owner.get(address), address).fields["permission"]}[
        "core:export"
    ].checked
    with inside(engine, organisation) as session:
        rule = session.scalars(
            select(Rule).where(Rule.role_id == role, Rule.permission == "core:export")
        ).one()
        assert (rule.active, rule.source) == (True, "owner")


def test_a_limit_of_exports_that_is_no_number_comes_back_in_the_form_and_saves_nothing(
    as_owner, engine, organisation
):
    with inside(engine, organisation) as session:
        role = role_by_code(session, "specialist").id
    address = f"{HERE}/roles/{role}"
    asked = form(as_owner.get(address), address)
    box = next(box for box in asked.fields["permission"] if box._value == "core:export")
    box.checked = True
    asked["export_rows_day"] = "abc"
    again = asked.submit(status=422)
    assert "A limit of exports is a number" in again.text
    assert form(again, address)["export_rows_day"].value == "abc"
    assert box._value not in {
        box._value for box in form(as_owner.get(address), address).fields["permission"] if box.checked
    }


def test_a_question_about_somebody_who_does_not_work_here_is_answered_so(as_owner):
    asked = as_owner.get(f"{HERE}/explain?who=999999&record=contacts.contact&row=1")
    assert "Nobody who works here has this number." in asked.text


def test_the_owners_role_is_shown_locked(as_owner, engine, organisation):
    with inside(engine, organisation) as session:
        role = role_by_code(session, "owner").id
    page = as_owner.get(f"{HERE}/roles/{role}")
    assert "this cannot be narrowed" in page.text
    token = form(as_owner.get("/me"), "/me")["csrf_token"].value
    as_owner.post(f"{HERE}/roles/{role}", {"csrf_token": token, "permission": "core:export"}, status=409)


def test_a_role_of_ones_own_is_added_named_and_removed(as_owner):
    asked = form(as_owner.get(f"{HERE}/roles/new"), f"{HERE}/roles/new")
    asked["title"] = "Junior"
    made = asked.submit(status=303).follow()
    address = made.request.path
    named = form(made, address)
    named["title"] = "Trainee"
    shown = named.submit(status=303).follow()
    assert "Trainee" in shown.text
    form(shown, f"{address}/remove").submit(status=303)
    as_owner.get(address, status=404)


def test_damaged_forms_are_refused_and_not_a_fault_of_ours(as_owner):
    token = form(as_owner.get("/me"), "/me")["csrf_token"].value
    damaged = [
        ("csrf_token", token),
        ("__start__", "name:sequence"),
        ("x", "1"),
        ("__end__", "other:mapping"),
    ]
    for path in ("/me", f"{HERE}/organisation", f"{HERE}/members/new", f"{HERE}/branches/new"):
        assert as_owner.post(path, damaged, status="*").status_code in (400, 422)
        nul = as_owner.post(path, {"csrf_token": token, "name": "a\x00b", "email": "\x00"}, status="*")
        assert nul.status_code in (303, 422)
