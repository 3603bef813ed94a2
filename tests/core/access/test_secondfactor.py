"""The second factor: setting it up, the code after the password, what works once, and who lets somebody in without."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import select

from parlour.access import accesslog, memberships, secondfactor, security, sessions, users
from parlour.access.models import RecoveryCode, User
from parlour.access.security import Security
from parlour.db.session import open_session, system
from parlour.errors import Invalid, NotAllowed
from tests.core.access.conftest import PASSWORD, employ, form, inside, log_in

STEP = secondfactor.STEP
EARLY = 100 * STEP


@pytest.fixture
def enrolled(engine, settings, owner):
    """The owner with a second factor; its secret and the recovery codes."""
    enrolment = secondfactor.begin(settings, owner)
    code = pyotp.TOTP(enrolment.secret).at(EARLY)
    with open_session(engine) as session:
        codes = secondfactor.confirm(session, settings, owner.id, enrolment, code, at=EARLY)
        session.commit()
    return enrolment.secret, codes


def take(engine, settings, owner, code, at):
    with open_session(engine) as session:
        taken = secondfactor.take(session, settings, users.user_by_id(session, owner.id), code, at)
        session.commit()
    return taken


def test_a_code_works_once_and_so_do_those_before_it(engine, settings, owner, enrolled):
    totp, at = pyotp.TOTP(enrolled[0]), 1_800_000_000
    assert not take(engine, settings, owner, totp.at(at + 10 * STEP), at)
    assert take(engine, settings, owner, f" {totp.at(at)[:3]} {totp.at(at)[3:]} ", at)
    assert not take(engine, settings, owner, totp.at(at), at)
    assert not take(engine, settings, owner, totp.at(at - STEP), at)
    assert take(engine, settings, owner, totp.at(at + STEP), at)


def test_the_code_that_switched_it_on_opens_nothing(engine, settings, owner, enrolled):
    assert not take(engine, settings, owner, pyotp.TOTP(enrolled[0]).at(EARLY), EARLY)


def both_at_once(engine, act):
    """How many of two requests at the same instant get in."""
    barrier = Barrier(2)

    def one(_number):
        with open_session(engine) as session:
            barrier.wait()
            taken = act(session)
            session.commit()
            return bool(taken)

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, range(2)))


@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_of_two_requests_with_the_same_code_one_gets_in(engine, settings, owner, enrolled, kind):
    at = 1_800_000_000
    code = pyotp.TOTP(enrolled[0]).at(at) if kind == "totp" else enrolled[1][0]
    with open_session(engine) as session:
        user = users.user_by_id(session, owner.id)
    assert both_at_once(engine, lambda session: secondfactor.take(session, settings, user, code, at)) == 1


def test_comparing_in_the_process_would_let_both_in(engine, settings, owner, enrolled):
    """The control: the step that was used last is looked at first and written afterwards."""
    at = 1_800_000_000
    code = pyotp.TOTP(enrolled[0]).at(at)
    with open_session(engine) as session:
        user = users.user_by_id(session, owner.id)
        last = user.totp_step

    def act(session):
        step = secondfactor._step_of(enrolled[0], code, at)
        taken = step is not None and last < step
        with system(session):
            session.get_one(User, user.id).totp_step = step
        return taken

    assert both_at_once(engine, act) == 2


def test_each_recovery_code_works_once_and_new_ones_replace_them(engine, settings, owner, enrolled):
    codes = enrolled[1]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"\d{5}-\d{5}-\d{5}", code) for code in codes)
    assert take(engine, settings, owner, codes[0].replace("-", " "), 0)
    assert not take(engine, settings, owner, codes[0], 0)
    with open_session(engine) as session:
        assert secondfactor.codes_left(session, owner.id) == 9
        new = secondfactor.new_codes(session, settings, owner.id)
        session.commit()
    assert not take(engine, settings, owner, codes[1], 0)
    assert take(engine, settings, owner, new[1], 0)


def test_the_database_alone_gives_neither_secret_nor_codes(engine, settings, owner, enrolled):
    secret, codes = enrolled
    with open_session(engine) as session, system(session):
        user = session.get_one(User, owner.id)
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert secret not in user.totp_secret
    assert not {code.replace("-", "") for code in codes} & set(hashes)
    other = replace(settings, secret="another secret")
    at = 1_800_000_000
    assert not take(engine, other, owner, pyotp.TOTP(secret).at(at), at)
    assert not take(engine, other, owner, codes[0], at)


def test_the_secret_of_one_person_is_none_of_another(engine, settings, organisation, owner, enrolled):
    anna = employ(engine, organisation, "anna@example.com", "specialist")
    at = 1_800_000_000
    with open_session(engine) as session, system(session):
        stolen = session.get_one(User, owner.id).totp_secret
        session.get_one(User, anna.id).totp_secret = stolen
        session.commit()
    assert not take(engine, settings, anna, pyotp.TOTP(enrolled[0]).at(at), at)


def test_a_clock_that_was_ahead_takes_no_code_twice_and_recovery_codes_do_not_mind(
    engine, settings, owner, enrolled
):
    totp, at, ahead = pyotp.TOTP(enrolled[0]), 1_800_000_000, 1_800_000_000 + 86_400
    assert take(engine, settings, owner, totp.at(ahead), ahead)
    assert not take(engine, settings, owner, totp.at(at), at)
    assert take(engine, settings, owner, enrolled[1][0], at)


def test_a_form_of_somebody_else_or_of_long_ago_sets_nothing_up(settings, owner):
    enrolment = secondfactor.begin(settings, owner)
    assert secondfactor.begun(settings, owner, enrolment.ticket).secret == enrolment.secret
    other = User(id=owner.id + 1)
    assert secondfactor.begun(settings, other, enrolment.ticket) is None
    assert secondfactor.begun(settings, owner, "x") is None
    assert secondfactor.begun(settings, owner, secondfactor.ticket_of(settings, owner, "")) is None


# ---- in the browser


def code_of(secret, ahead=0):
    return pyotp.TOTP(secret).at(time.time() + ahead * STEP)


def enrol(app):
    """Set the second factor up as the page says; its secret and recovery codes."""
    page = app.get("/me/factor")
    assert page.html.select_one("img.enrol-picture")["src"].startswith("data:image/svg+xml")
    secret = page.html.select_one("[data-secret]").text.replace(" ", "")
    asked = form(page, "/me/factor")
    asked["code"], asked["current"] = code_of(secret), "not the password"
    asked = form(asked.submit(status=422), "/me/factor")
    assert "It is on" not in app.get("/me/factor").text
    asked["code"], asked["current"] = "000000" if code_of(secret) != "000000" else "000001", PASSWORD
    wrong = asked.submit(status=422)
    assert wrong.html.select_one("[data-secret]").text.replace(" ", "") == secret
    again = form(wrong, "/me/factor")
    again["code"], again["current"] = code_of(secret), PASSWORD
    shown = again.submit(status=200)
    assert shown.headers["Cache-Control"] == "no-store"
    return secret, [code.text for code in shown.html.select("[data-once]")]


def test_after_the_password_comes_the_code(as_owner, browser):
    secret, codes = enrol(as_owner)
    assert len(codes) == 10
    assert "10 recovery codes" in as_owner.get("/me/factor").text
    app = browser()
    page = log_in(app, "owner@example.com", status=303)
    assert page.location.endswith("/login/code")
    assert "parlour_session" not in app.cookies
    app.get("/me", status=302)
    page = page.follow()
    asked = form(page, "/login/code")
    asked["code"] = "123"
    wrong = asked.submit(status=422)
    assert "The code is wrong" in wrong.text
    right = form(wrong, "/login/code")
    right["code"] = " - ".join(code_of(secret, 1))
    assert "/o/jasmine" in right.submit(status=303).follow(status=302).location
    assert "recovery code" not in app.get("/me").text
    assert "parlour_code" not in app.cookies
    lost = browser()
    asked = form(log_in(lost, "owner@example.com", status=303).follow(), "/login/code")
    asked["code"] = codes[3]
    asked.submit(status=303)
    assert "9 are left" in lost.get("/me").text


def test_ones_own_page_says_in_ones_language_that_it_is_on(as_owner):
    page = as_owner.get("/me")
    chosen = form(page, "/me")
    chosen["locale"] = "ru"
    chosen.submit("save")
    assert "выкл." in as_owner.get("/me").text
    enrol(as_owner)
    assert "включён" in as_owner.get("/me").text


def test_codes_are_slowed_down_like_passwords(as_owner, browser):
    secret, _codes = enrol(as_owner)
    app = browser()
    page = log_in(app, "owner@example.com", status=303).follow()
    for _number in range(5):
        asked = form(page, "/login/code")
        asked["code"] = "1234567"
        page = asked.submit(status=422)
    asked = form(page, "/login/code")
    asked["code"] = code_of(secret, 1)
    late = asked.submit(status=429)
    assert int(late.headers["Retry-After"]) <= 30


def test_the_way_to_the_code_needs_the_password_and_dies_with_it(as_owner, browser, engine, owner):
    enrol(as_owner)
    app = browser()
    assert app.get("/login/code", status=302).location.endswith("/login")
    page = log_in(app, "owner@example.com", status=303).follow()
    with open_session(engine) as session:
        users.set_password(session, owner.id, "eleven purple geese")
        session.commit()
    asked = form(page, "/login/code")
    asked["code"] = "123456"
    assert asked.submit(status=303).location.endswith("/login")


def test_it_is_switched_off_with_the_password_only_and_guessing_is_counted(as_owner, browser):
    enrol(as_owner)
    page = as_owner.get("/me/factor")
    for _number in range(5):
        asked = form(page, "/me/factor/off")
        asked["current"] = "wrong"
        page = asked.submit(status=422)
    asked = form(page, "/me/factor/off")
    asked["current"] = PASSWORD
    assert "Too many attempts" in asked.submit(status=422).text
    assert "It is on" in as_owner.get("/me/factor").text


def test_switched_off_the_password_is_enough(as_owner, browser):
    enrol(as_owner)
    asked = form(as_owner.get("/me/factor"), "/me/factor/codes")
    asked["current"] = PASSWORD
    assert len(asked.submit(status=200).html.select("[data-once]")) == 10
    asked = form(as_owner.get("/me/factor"), "/me/factor/off")
    asked["current"] = PASSWORD
    asked.submit(status=303)
    assert log_in(browser(), "owner@example.com", status=303).location.endswith("/")


def demand(engine, organisation, **wanted):
    with inside(engine, organisation) as session:
        security.save_security(session, Security(**wanted))
        session.commit()


@pytest.mark.parametrize(("who", "led"), [("owner", True), ("manager", True), ("receptionist", False)])
def test_where_leaders_must_have_one_they_are_led_to_it_before_anything_else(
    browser, engine, organisation, owner, who, led
):
    if who != "owner":
        employ(engine, organisation, f"{who}@example.com", who)
    app = browser()
    log_in(app, f"{who}@example.com", status=303)
    demand(engine, organisation, second_factor="leaders")
    for path in ("/o/jasmine", "/o/jasmine/search?q=a", "/o/jasmine/settings/members"):
        answer = app.get(path, status="*")
        assert (answer.status_code == 303 and answer.location.endswith("/me/factor")) == led
    token = form(app.get("/me"), "/me")["csrf_token"].value
    posted = app.post("/o/jasmine/branch", {"csrf_token": token, "branch": ""}, status=303)
    assert posted.location.endswith("/me/factor") == led
    if led:
        app.get("/o/jasmine", headers={"Accept": "application/json"}, status=403)
        assert "Jasmine asks for it" in app.get("/me/factor").text
        enrol(app)
        app.get("/o/jasmine", status=200)


def test_where_everybody_must_have_one_other_organisations_do_not_mind(
    browser, engine, organisation, other_organisation
):
    person = employ(engine, organisation, "anna@example.com", "specialist")
    with inside(engine, other_organisation) as session:
        from parlour.access.roles import role_by_code

        role = role_by_code(session, "specialist").id
        memberships.add_member(session, "anna@example.com", "Anna", [memberships.Duty(role)])
        session.commit()
    demand(engine, organisation, second_factor="everybody")
    app = browser()
    log_in(app, person.email, status=303)
    assert app.get("/o/jasmine", status=303).location.endswith("/me/factor")
    app.get("/o/orchid", status=200)


def test_an_owner_resets_it_for_a_member_and_that_is_logged(
    as_owner, browser, engine, settings, organisation, owner
):
    anna = employ(engine, organisation, "anna@example.com", "specialist")
    app = browser()
    log_in(app, "anna@example.com", status=303)
    enrol(app)
    page = as_owner.get("/o/jasmine/settings/members")
    form(page, f"/o/jasmine/settings/members/{anna.id}/factor").submit(status=303)
    app.get("/me", status=302)
    log_in(browser(), "anna@example.com", status=303).follow(status=302)
    with inside(engine, organisation) as session:
        (line,) = accesslog.latest(session)
        assert (line.what, line.user_id, line.detail["user"]) == ("factor", owner.id, anna.id)
    assert "Second factor of Anna reset" in as_owner.get("/o/jasmine/settings/log").text


def test_nobody_but_an_owner_and_no_other_organisation_resets_it(
    engine, settings, organisation, other_organisation, owner, enrolled
):
    anna = employ(engine, organisation, "anna@example.com", "specialist")
    manager = employ(engine, organisation, "manager@example.com", "manager")
    with open_session(engine) as session:
        memberships.scope_for(session, manager, organisation)
        for person in (anna, owner):
            with pytest.raises(NotAllowed):
                memberships.reset_second_factor(session, person.id)
    with inside(engine, other_organisation) as session:
        from parlour.access.roles import role_by_code

        role = role_by_code(session, "specialist").id
        memberships.add_member(session, "owner@example.com", "Owner", [memberships.Duty(role)])
        session.commit()
        with pytest.raises(NotAllowed, match="reset-factor"):
            memberships.reset_second_factor(session, owner.id)


def test_a_reset_of_the_password_does_not_pass_by_the_code(browser, engine, as_owner, owner):
    from parlour.access import resets

    enrol(as_owner)
    with open_session(engine) as session:
        _user, token = resets.make(session, "owner@example.com")
        session.commit()
    app = browser()
    asked = form(app.get(f"/reset/{token}"), f"/reset/{token}")
    asked["password"] = "eleven purple geese"
    asked.submit(status=303)
    answer = log_in(app, "owner@example.com", "eleven purple geese", status=303)
    assert answer.location.endswith("/login/code")
    app.get("/me", status=302)


def test_check_refuses_a_session_that_is_in_use(engine, settings, owner, enrolled):
    with open_session(engine) as session:
        user = users.user_by_id(session, owner.id)
        with pytest.raises(RuntimeError):
            secondfactor.check(session, settings, user, "123456", "192.0.2.1")


def test_a_wrong_code_sets_nothing_up(engine, settings, owner):
    enrolment = secondfactor.begin(settings, owner)
    with open_session(engine) as session:
        with pytest.raises(Invalid):
            secondfactor.confirm(session, settings, owner.id, enrolment, "12", at=EARLY)
        assert not secondfactor.is_on(users.user_by_id(session, owner.id))
        assert sessions.logins_of(session, owner.id) == []
