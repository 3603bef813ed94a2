"""What counts as a password, and how it is kept."""

from __future__ import annotations

import subprocess
import sys

import argon2
import pytest

from parlour.access import passwords


@pytest.mark.parametrize(
    "good", ["correct horse", "зелёный чайник 7", "a!b2c3d4e5", "мастер маникюра Оля", "x" * 5 + "yzw12"]
)
def test_ten_characters_that_are_not_obvious_are_a_password(good):
    assert passwords.fault(good, "anna@example.com") is None


@pytest.mark.parametrize(
    "bad",
    [
        "short",
        "password123",
        "Password 2024",
        "1234567890",
        "0987654321",
        "абвгдеёжзи",
        "йцукенгшщз1",
        "aaaaaaaaaaaa",
        "qwertyuiop!",
        "x" * 201,
    ],
)
def test_what_anybody_would_try_first_is_refused_in_words(bad):
    message = passwords.fault(bad)
    assert message is not None
    assert len(message.interpolate()) > 20


def test_the_own_address_is_no_password():
    assert passwords.fault("Anna.Petrova", "anna.petrova@example.com") is not None
    assert passwords.fault("anna.petrova@EXAMPLE.com", "anna.petrova@example.com") is not None
    assert passwords.fault("Anna.Petrova", "olga@example.com") is None


def test_the_hash_verifies_its_password_only():
    kept = passwords.hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    assert passwords.verify(kept, "correct horse")
    assert not passwords.verify(kept, "correct horse ")
    assert not passwords.verify(kept, "")


def test_letters_that_look_the_same_are_the_same_on_every_keyboard():
    kept = passwords.hash_password("чай и сахар")
    assert passwords.verify(kept, "чаи\u0306 и сахар")


def test_a_damaged_hash_belongs_to_nobody():
    assert not passwords.verify("!", "!")
    assert not passwords.verify("", "anything at all")


def test_a_hash_with_weaker_parameters_is_outdated():
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    assert passwords.outdated(weak)
    assert not passwords.outdated(passwords.hash_password("correct horse"))


def test_outside_of_tests_a_hash_is_as_strong_as_it_should_be():
    script = "from parlour.access.passwords import hash_password; print(hash_password('correct horse'))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "$argon2id$" in said and "m=19456,t=2,p=1" in said


def test_initial_passwords_pass_the_policy_and_differ():
    made = {passwords.make_initial() for _number in range(50)}
    assert len(made) == 50
    assert all(passwords.fault(one) is None for one in made)
