"""The pages of access as a browser uses them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from parlour.access import policy, sessions, users
from parlour.access.models import LoginSession, Rule
from parlour.access.organisations import branches
from parlour.access.roles import role_by_code
from parlour.db.base import now
from parlour.db.session import open_session, system
from tests.core.access.conftest import PASSWORD, employ, form, inside, log_in

HERE = "/o/jasmine/settings"


@pytest.fixture
def as_owner(browser, owner):
    app = browser()
    log_in(app, "owner@example.com", status=303)
    return app


@pytest.fixture
def as_(browser, engine, organisation):
    def enter(*roles):
        email = f"{roles[0]}@example.com"
        employ(engine, organisation, email, *roles)
        app = browser()
        log_in(app, email, status=303)
        return app

    return enter


# ---- in and out


def test_an_empty_database_leads_everywhere_to_its_set_up(browser):
    app = browser()
    for path in ("/", "/login", "/me", "/o/anywhere/settings"):
        assert app.get(path, status=303).location.endswith("/setup")


def test_the_set_up_page_guesses_the_country_and_opens_the_salon(browser, plugins):
    app = browser()
    page = app.get("/setup", headers={"Accept-Language": "ru-KZ,ru;q=0.9"})
    asked = form(page, "/setup")
    assert [asked[name].value for name in ("country", "zone", "currency", "language")] == [
        "KZ",
        "Asia/Almaty",
        "KZT",
        "ru",
    ]
    assert "Нужны: Клиенты." in page.text
    asked["organisation"], asked["name"], asked["email"] = "Жасмин", "Ольга", "olga"
    asked["password"] = "short"
    refused = asked.submit(status=422)
    assert refused.text.count("field-error") == 2
    again = form(refused, "/setup")
    assert again["organisation"].value == "Жасмин"
    assert again["password"].value == ""
    again["email"], again["password"] = "olga@example.com", PASSWORD
    done = again.submit("then", value="start", status=303)
    assert "/o/zhasmin" in done.location
    assert app.get("/me").status_code == 200
    assert app.get("/setup", status=302).location.endswith("/")
    assert browser().get("/", status=302).location.endswith("/login")


def test_log_in_leads_back_to_the_page_that_was_asked_for(browser, owner):
    app = browser()
    asked = app.get(f"{HERE}/branches?x=1", status=302)
    page = asked.follow()
    filled = form(page, "/login")
    filled["email"], filled["password"] = "owner@example.com", PASSWORD
    assert filled.submit(status=303).location.endswith(f"{HERE}/branches?x=1")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:x",
        "/\revil",
        "/ж-evil",
    ],
)
def test_log_in_leads_nowhere_else(browser, owner, elsewhere):
    app = browser()
    page = app.get("/login", {"back": elsewhere})
    filled = form(page, "/login")
    filled["back"] = elsewhere
    filled["email"], filled["password"] = "owner@example.com", PASSWORD
    assert "evil" not in filled.submit(status=303).location


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(browser, owner):
    header = log_in(browser(), "owner@example.com", status=303).headers["Set-Cookie"]
    assert header.startswith("parlour_session=")
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "secure" not in header.lower()


def test_over_https_the_cookie_stays_on_https(browser, owner):
    app = browser(**{"wsgi.url_scheme": "https"})
    page = app.get("https://localhost/login")
    filled = form(page, "/login")
    filled["email"], filled["password"] = "owner@example.com", PASSWORD
    done = filled.submit(headers={"Referer": "https://localhost/login"}, status=303)
    assert "secure" in done.headers["Set-Cookie"].lower()
    assert any(cookie.startswith("__Host-parlour_csrf=") for cookie in page.headers.getall("Set-Cookie"))


def test_a_wrong_password_says_so_and_keeps_the_address(browser, owner):
    page = log_in(browser(), "owner@example.com", "wrong", status=422)
    assert "The e-mail or the password is wrong." in page.text
    assert form(page, "/login")["email"].value == "owner@example.com"
    assert "parlour_session" not in page.headers.get("Set-Cookie", "")


def test_too_many_attempts_say_when_to_try_again(browser, owner):
    app = browser()
    for _number in range(5):
        log_in(app, "owner@example.com", "wrong", status=422)
    page = log_in(app, "owner@example.com", status=429)
    assert 1 <= int(page.headers["Retry-After"]) <= 15
    assert "Try again in" in page.text


def test_forwarded_addresses_are_not_believed_without_a_proxy(browser, owner):
    app = browser()
    for number in range(5):
        app.extra_environ["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{number}"
        log_in(app, "owner@example.com", "wrong", status=422)
    log_in(app, "owner@example.com", status=429)


def test_logging_in_ends_the_log_in_that_the_browser_had(browser, as_owner, engine):
    before = as_owner.cookies[policy.COOKIE]
    other = browser()
    other.set_cookie(policy.COOKIE, before)
    as_owner.get("/login", status=302)
    with open_session(engine) as session:
        user = users.user_by_email(session, "owner@example.com")
        token = sessions.start_login(session, user, old=before)
        session.commit()
    assert token != before
    other.get("/me", status=302)


def test_logging_out_ends_the_log_in_on_the_server(browser, as_owner):
    token = as_owner.cookies[policy.COOKIE]
    page = as_owner.get("/me")
    form(page, "/logout").submit(status=303)
    thief = browser()
    thief.set_cookie(policy.COOKIE, token)
    assert thief.get("/me", status=302).location.startswith("http://localhost/login")


def test_several_organisations_are_offered_and_one_is_entered(
    browser, engine, organisation, other_organisation
):
    employ(engine, organisation, "anna@example.com", "specialist")
    app = browser()
    log_in(app, "anna@example.com", status=303)
    assert "/o/jasmine" in app.get("/", status=302).location
    with inside(engine, other_organisation) as session:
        from parlour.access.memberships import Duty, add_member

        add_member(session, "anna@example.com", "Anna", [Duty(role_by_code(session, "specialist").id)])
        session.commit()
    page = app.get("/")
    assert "Jasmine" in page.text
    assert "Orchid" in page.text


def test_another_organisation_is_not_there(as_owner, other_organisation):
    assert as_owner.get("/o/orchid/settings/organisation", status=404)
    assert as_owner.get("/o/nowhere/settings/organisation", status=404)
    assert as_owner.get("/o/%00/settings/organisation", status=404)


def test_a_password_of_ones_own_is_not_asked_for_again(browser, engine, organisation, owner):
    with inside(engine, organisation) as session:
        made = users.set_password(session, owner.id, PASSWORD, temporary=True)
        session.commit()
        assert made.password_temporary
    app = browser()
    asked = form(log_in(app, "owner@example.com", status=303).follow(), "/me/password")
    asked["current"], asked["password"] = PASSWORD, "eleven purple geese"
    page = asked.submit(status=303).follow()
    assert "The password is changed" in page.text
    assert "Somebody else chose your password" not in page.text


# ---- forms are ours


def test_a_form_without_a_token_is_refused(as_owner, engine, organisation):
    page = as_owner.get(f"{HERE}/organisation")
    asked = form(page, f"{HERE}/organisation")
    for token in ("", "x", "ж"):
        as_owner.post(asked.action, {"csrf_token": token, "name": "Stolen"}, status=400)
    with open_session(engine) as session:
        from parlour.access.organisations import organisation_by_slug

        assert organisation_by_slug(session, "jasmine").name == "Jasmine"


def test_a_log_in_form_of_another_site_is_refused(browser, owner):
    app = browser()
    fields = {"email": "owner@example.com", "password": PASSWORD}
    app.post("/login", fields, status=400)
    foreign = form(browser().get("/login"), "/login")["csrf_token"].value
    app.post("/login", {**fields, "csrf_token": foreign}, status=400)
    app.set_cookie("parlour_csrf", f"{foreign}.forged")
    app.post("/login", {**fields, "csrf_token": foreign}, status=400)


def test_the_token_of_one_log_in_is_none_of_another(as_owner, as_):
    other = as_("manager")
    theirs = form(other.get("/me"), "/me")["csrf_token"].value
    as_owner.post("/me", {"csrf_token": theirs, "name": "Stolen"}, status=400)


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


def test_the_language_of_the_log_in_page_is_remembered_by_the_browser(browser, owner):
    app = browser()
    chosen = form(app.get("/login"), "/language").submit("language", value="ru", status=303)
    assert 'lang="ru"' in chosen.follow().text


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


def test_a_file_in_the_place_of_a_password_is_no_password(browser, owner):
    app = browser()
    token = form(app.get("/login"), "/login")["csrf_token"].value
    app.post(
        "/login",
        {"csrf_token": token, "email": "owner@example.com"},
        upload_files=[("password", "x.txt", b"x")],
        status=422,
    )
