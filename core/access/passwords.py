"""Passwords: argon2id hashes, and what counts as a password at all."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from translationstring import TranslationString

from parlour.i18n import _

MIN_LENGTH = 10
# Longer input would only cost time: argon2 reads all of it.
MAX_LENGTH = 200

# OWASP's parameters for argon2id (password storage cheat sheet): a tenth of the memory that argon2's own
# default takes, because a dozen receptionists log in at nine o'clock on a small machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# What people really choose when ten characters are asked for; compared without case, spaces and the digits at
# the end.
_COMMON_TEXT = """
    password passwordpassword mypassword yourpassword newpassword adminadmin administrator changeme
    changemenow letmein letmeinnow welcome welcomehome iloveyou qwerty qwertyuiop qwertyqwerty
    qwertyasdfgh qazwsxedc qazwsxedcrfv zxcvbnm asdfghjkl asdfghjklzxcvbnm zaqxswcde q1w2e3r4t5
    q1w2e3r4t5y6 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc abcdefghij abcdefghijk football baseball
    princess sunshine superman dragon monkey master michael jennifer parlour parlourparlour salon
    salonsalon beauty beautysalon receptionist qwertyuiopasdfghjkl
    пароль парольпароль мойпароль йцукен йцукенгшщз йцукенйцукен йцукенгшщзхъ фывапролд ячсмитьбю
    любовь привет приветпривет салон салонкрасоты администратор абвгдеёжзи
    parol parolparol moiparol ytrewq gfhjkm gfhjkmgfhjkm ghbdtn ghbdtnghbdtn privet privetprivet
"""
_COMMON = frozenset(_COMMON_TEXT.split())
# Word-like letters without look-alikes, so that a password can be read out over the phone.
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_DIGITS = "23456789"


def _normal(password: str) -> str:
    """One form for what looks the same: keyboards differ in how they compose й and é."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    return _hasher.hash(_normal(password))


def verify(password_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash. A damaged hash belongs to no password."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        return _hasher.verify(password_hash, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    try:
        return _hasher.check_needs_rehash(password_hash)
    except InvalidHashError:
        return True


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hash_password(secrets.token_urlsafe())


def waste_time(password: str) -> None:
    """Take as long as a real check, so that the answer's delay does not tell which e-mails are known."""
    verify(_nobody(), password)


def fault(password: str, email: str = "") -> TranslationString | None:
    """Why this cannot be somebody's password, or None."""
    bare = _normal(password).casefold().strip()
    if len(password) < MIN_LENGTH:
        return _(
            "The password needs at least ${n} characters; a few words in a row are fine.",
            mapping={"n": MIN_LENGTH},
        )
    if len(password) > MAX_LENGTH:
        return _("The password may have at most ${n} characters.", mapping={"n": MAX_LENGTH})
    address = _normal(email).casefold().strip()
    if address and bare in (address, address.partition("@")[0], address.partition("@")[0] * 2):
        return _("The password must not be the e-mail address; choose something else.")
    squeezed = "".join(bare.split())
    if (
        len(set(squeezed)) < 5
        or squeezed in _COMMON
        or squeezed.rstrip("0123456789!.") in _COMMON
        or _is_run(squeezed)
    ):
        return _(
            "Anybody would try this password first; a few words that only you would put together are better."
        )
    return None


def _is_run(text: str) -> bool:
    """Characters that follow each other, like 1234567890 or 9876543210."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    # 1234567890 and 0987654321 go on from 9 to 0.
    return len({step % 10 for step in steps} if text.isdigit() else steps) == 1


def make_initial() -> str:
    """A password to hand over once: four groups of four, about 70 bits."""
    groups = ["".join(secrets.choice(_LETTERS + _DIGITS) for _place in range(4)) for _group in range(4)]
    return "-".join(groups)
