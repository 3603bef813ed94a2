"""Coming in, going out, and forms that are ours, as a browser sees them."""

from __future__ import annotations

import pytest

from parlour.access import policy, sessions, users
from parlour.access.roles import role_by_code
from parlour.db.session import open_session
from tests.core.access.conftest import PASSWORD, employ, form, inside, log_in

HERE = "/o/jasmine/settings"


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


def test_the_language_of_the_log_in_page_is_remembered_by_the_browser(browser, owner):
    app = browser()
    chosen = form(app.get("/login"), "/language").submit("language", value="ru", status=303)
    assert 'lang="ru"' in chosen.follow().text


def test_a_file_in_the_place_of_a_password_is_no_password(browser, owner):
    app = browser()
    token = form(app.get("/login"), "/login")["csrf_token"].value
    app.post(
        "/login",
        {"csrf_token": token, "email": "owner@example.com"},
        upload_files=[("password", "x.txt", b"x")],
        status=422,
    )
