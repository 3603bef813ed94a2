"""People, and the check of who they are."""

from __future__ import annotations

import argon2
import pytest
from sqlalchemy import select

from parlour.access import sessions, users
from parlour.access.models import Throttle, User
from parlour.access.throttle import Throttled
from parlour.db.session import open_session, system
from parlour.errors import Invalid, NotAllowed

PASSWORD = "correct horse battery"


@pytest.fixture
def anna(engine):
    with open_session(engine) as session:
        user = users.add_user(session, "Anna@Example.com", " Anna  Petrova ", PASSWORD)
        session.commit()
        return user


def log_in(engine, email="anna@example.com", password=PASSWORD, ip="192.0.2.1"):
    with open_session(engine) as session:
        return users.authenticate(session, email, password, ip)


def test_the_right_password_finds_the_person_whatever_the_case_of_the_address(engine, anna):
    assert log_in(engine, " ANNA@example.COM ").id == anna.id
    assert anna.name == "Anna Petrova"


def test_addresses_that_differ_are_different_people(engine):
    with open_session(engine) as session:
        ids = [
            users.add_user(session, email, "Anna", PASSWORD).id
            for email in (
                "anna@strasse.de",
                "anna@Straße.de",
                "ANNA.weiß@example.com",
                "anna.weiss@example.com",
            )
        ]
        session.commit()
    assert len(set(ids)) == 4
    assert log_in(engine, "anna@strasse.de").id == ids[0]
    for same in ("ANNA@STRAẞE.DE", "anna@straße.de", "anna@xn--strae-oqa.de"):
        assert log_in(engine, same).id == ids[1]
    assert log_in(engine, "Anna.Weiß@EXAMPLE.com").id == ids[2]


@pytest.mark.parametrize(
    "text", ["", "@", "a@", "a@ü..", "a@-ü.de", "a@" + "ü" * 100_000, "ü@\x00ü", "@ü" * 90]
)
def test_what_is_no_address_has_a_key_nevertheless(text):
    assert users.email_key(text) == users.email_key(text.upper().lower())


@pytest.mark.parametrize(
    ("email", "password"), [("anna@example.com", "wrong"), ("nobody@example.com", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(engine, anna, email, password):
    with pytest.raises(NotAllowed) as refused:
        log_in(engine, email, password)
    assert str(refused.value) == "The e-mail or the password is wrong."


def test_somebody_switched_off_cannot_log_in(engine, anna):
    with open_session(engine) as session:
        with system(session):
            session.get_one(User, anna.id).active = False
        session.commit()
    with pytest.raises(NotAllowed):
        log_in(engine)


def test_after_five_wrong_passwords_even_the_right_one_waits(engine, anna):
    for _number in range(5):
        with pytest.raises(NotAllowed):
            log_in(engine, password="wrong")
    with pytest.raises(Throttled) as refused:
        log_in(engine)
    assert 1 <= refused.value.wait <= 15
    assert "Try again in" in str(refused.value)


def test_a_right_password_forgets_the_wrong_ones(engine, anna):
    for _round in range(3):
        for _number in range(4):
            with pytest.raises(NotAllowed):
                log_in(engine, password="wrong")
        assert log_in(engine).id == anna.id
    with open_session(engine) as session, system(session):
        left = session.scalars(select(Throttle).where(Throttle.key.startswith("login:user"))).all()
    assert left == []


def test_strangers_do_not_lock_somebody_out_of_the_place_they_work_from(engine, anna):
    with open_session(engine) as session:
        sessions.start_login(session, anna, ip="192.0.2.1")
        session.commit()
    for _number in range(5):
        with pytest.raises(NotAllowed):
            log_in(engine, password="wrong", ip="203.0.113.9")
    with pytest.raises(Throttled):
        log_in(engine, ip="203.0.113.9")
    assert log_in(engine, ip="192.0.2.1").id == anna.id


def test_one_address_that_tries_many_people_is_slowed_down(engine, anna):
    for number in range(40):
        with pytest.raises(NotAllowed):
            log_in(engine, f"nobody{number}@example.com", "wrong")
    with pytest.raises(Throttled):
        log_in(engine, "somebody.else@example.com", "wrong")
    assert log_in(engine, ip="198.51.100.7").id == anna.id


def test_an_old_hash_is_made_anew_at_the_next_log_in(engine, anna):
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with open_session(engine) as session:
        with system(session):
            session.get_one(User, anna.id).password_hash = weak
        session.commit()
    returned = log_in(engine).password_hash
    with open_session(engine) as session:
        kept = users.user_by_id(session, anna.id).password_hash
    assert kept != weak
    assert returned == kept, "a ticket for the second factor is made of it"
    assert log_in(engine).id == anna.id


def test_a_session_in_use_is_refused_because_its_transaction_would_wait_for_itself(engine, anna):
    with open_session(engine) as session:
        users.user_by_id(session, anna.id)
        with pytest.raises(RuntimeError):
            users.authenticate(session, "anna@example.com", PASSWORD, "192.0.2.1")


def test_an_address_is_taken_whatever_its_case(engine, anna):
    with open_session(engine) as session:
        with pytest.raises(Invalid) as refused:
            users.add_user(session, "ANNA@EXAMPLE.COM", "Other", PASSWORD)
        assert set(refused.value.fields) == {"email"}
        # The refusal does not spoil the transaction.
        assert users.add_user(session, "other@example.com", "Other", PASSWORD).id


def test_every_fault_of_a_new_person_is_told_at_once(engine):
    with open_session(engine) as session, pytest.raises(Invalid) as refused:
        users.add_user(session, "not an address", "  ", "short", locale="tlh")
    assert set(refused.value.fields) == {"email", "name", "password", "locale"}


@pytest.mark.parametrize("address", ["owner@salon.local", "Владелец@салон.рф", "a.b+c@example.com"])
def test_addresses_of_small_networks_and_other_scripts_are_addresses(address):
    assert "@" in users.clean_email(address)


@pytest.mark.parametrize(
    "address", ["", "x", "a@b", "a b@example.com", "a@b@example.com", "a@.local", "<a@example.com>"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError):
        users.clean_email(address)


def test_a_new_password_ends_all_log_ins(engine, anna):
    with open_session(engine) as session:
        token = sessions.start_login(session, anna)
        session.commit()
    with open_session(engine) as session:
        users.set_password(session, anna.id, "another good one")
        session.commit()
        assert sessions.user_of_token(session, token) is None
    assert log_in(engine, password="another good one").id == anna.id


def test_asking_for_the_password_again_is_counted_whatever_becomes_of_the_request(engine, anna):
    users.confirm_password(engine, anna, PASSWORD)
    for _number in range(5):
        with pytest.raises(Invalid) as refused:
            users.confirm_password(engine, anna, "wrong")
        assert set(refused.value.fields) == {"current"}
    with pytest.raises(Throttled):
        users.confirm_password(engine, anna, PASSWORD)


def test_name_language_and_theme_are_checked(engine, anna):
    with open_session(engine) as session:
        with pytest.raises(Invalid) as refused:
            users.update_user(session, anna.id, name=" ", locale="xx", theme="pink")
        assert set(refused.value.fields) == {"name", "locale", "theme"}
        session.rollback()
        users.update_user(session, anna.id, name="Anna P.", locale="ru", theme="dark")
        session.commit()
        kept = users.user_by_id(session, anna.id)
    assert (kept.name, kept.locale, kept.theme) == ("Anna P.", "ru", "dark")
