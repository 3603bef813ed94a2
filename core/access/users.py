"""People who log in, and the check of who they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import idna
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from parlour.access import passwords, throttle
from parlour.access.models import LoginSession, User
from parlour.db.engine import reader
from parlour.db.session import Session, open_session, system
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import LOCALES, _
from parlour.mail.letters import ascii_domain

# "" is as the system has it.
THEMES = ("", "light", "dark")
MAX_NAME = 200
MAX_EMAIL = 254
_LOCAL_ENDINGS = (".local", ".test")


def email_key(email: str) -> str:
    """What e-mail addresses are compared by: without regard to case, the domain as mail servers write it.

    Not case folding, by which straße.de would be strasse.de: these belong to different people. Characters that no
    database holds are no part of an address.
    """
    key = unicodedata.normalize("NFC", email.replace("\x00", "").strip()).lower()
    try:
        return ascii_domain(key) if len(key) <= MAX_EMAIL else key
    except idna.IDNAError:  # nobody's address, and looked up all the same
        return key


def clean_email(email: str) -> str:
    """The address in normal form; nothing is sent or looked up. Raises ValueError."""
    from email_validator import validate_email  # see parse/emails.py

    email = email.strip()
    # Small networks name their own machines like this; only the form of such an address is judged.
    suffix = ".example.com" if email.casefold().endswith(_LOCAL_ENDINGS) else ""
    return validate_email(email + suffix, check_deliverability=False).normalized.removesuffix(suffix)


def faults(email: str, name: str, password: str) -> dict[str, Any]:
    """What is wrong with a person to be added, by field."""
    errors: dict[str, Any] = {}
    try:
        clean_email(email)
    except ValueError:
        errors["email"] = _("This is not an e-mail address; it looks like name@example.com.")
    if not name.strip():
        errors["name"] = _("Enter the person's name.")
    elif len(name) > MAX_NAME:
        errors["name"] = _("The name may have at most ${n} characters.", mapping={"n": MAX_NAME})
    weak = passwords.fault(password, email)
    if weak:
        errors["password"] = weak
    return errors


def add_user(
    session: Session,
    email: str,
    name: str,
    password: str,
    *,
    locale: str | None = None,
    temporary: bool = False,
) -> User:
    """A new person. Raises Invalid with a message per field: bad or taken e-mail, no name, weak password.

    `temporary`: somebody else chose the password, and the person is asked for an own one.
    """
    errors = faults(email, name, password)
    if locale is not None and locale not in LOCALES:
        errors["locale"] = _("Choose one of the languages in the list.")
    if errors:
        raise Invalid(_("The person could not be added."), {0: errors})
    email, name = clean_email(email), " ".join(name.split())
    user = User(
        email=email,
        email_key=email_key(email),
        name=name,
        password_hash=passwords.hash_password(password),
        locale=locale,
        password_temporary=temporary,
    )
    try:
        with system(session), session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        taken = _("Somebody already logs in with this e-mail.")
        raise Invalid(_("The person could not be added."), {0: {"email": taken}}) from error
    return user


def user_by_email(session: Session, email: str) -> User | None:
    """The person with this address, compared without regard to case."""
    with system(session):
        return session.scalars(select(User).where(User.email_key == email_key(email))).one_or_none()


def user_by_id(session: Session, user_id: int) -> User | None:
    with system(session):
        return session.get(User, user_id)


def users_by_ids(session: Session, ids: Iterable[int]) -> dict[int, User]:
    """People by id, for pages that show who did something."""
    wanted = set(ids)
    if not wanted:
        return {}
    with system(session):
        return {user.id: user for user in session.scalars(select(User).where(User.id.in_(wanted)))}


def anybody(session: Session) -> bool:
    """Whether somebody could log in at all; an empty database asks for its set-up instead."""
    with system(session):
        return session.scalar(select(User.id).limit(1)) is not None


def update_user(
    session: Session,
    user_id: int,
    *,
    name: str | None = None,
    locale: str | None = "",
    theme: str | None = None,
) -> User:
    """Change what a person decides about themselves. `locale` None means the organisation's, "" leaves it
    alone.
    """
    errors: dict[str, object] = {}
    with system(session):
        user = session.get_one(User, user_id)
        if name is not None:
            name = " ".join(name.split())
            if not name or len(name) > MAX_NAME:
                errors["name"] = _("Enter a name of at most ${n} characters.", mapping={"n": MAX_NAME})
            user.name = name
        if locale != "":
            if locale is not None and locale not in LOCALES:
                errors["locale"] = _("Choose one of the languages in the list.")
            user.locale = locale
        if theme is not None:
            if theme not in THEMES:
                errors["theme"] = _("Choose light, dark or automatic.")
            user.theme = theme
        if errors:
            session.expire(user)
            raise Invalid(_("Your settings could not be saved."), {0: errors})
    return user


def set_password(session: Session, user_id: int, password: str, *, temporary: bool = False) -> User:
    """Replace the password and end all log-ins and links for setting one. Returns the person as they are now; raises
    Invalid when it is weak.
    """
    from parlour.access import resets
    from parlour.access.sessions import end_all

    with system(session):
        user = session.get_one(User, user_id)
        weak = passwords.fault(password, user.email)
        if weak:
            raise Invalid(weak, {0: {"password": weak}})
        user.password_hash = passwords.hash_password(password)
        user.password_temporary = temporary
    resets.forget(session, user_id)
    end_all(session, user_id)
    return user


def confirm_password(engine: Engine, user: User, password: str) -> None:
    """Ask somebody who is logged in for their password again. Raises Invalid by the field "current", or throttle.Throttled.

    Counted in a transaction of its own, as by `authenticate`; the caller's must not be writing.
    """
    limits = [(throttle.CONFIRM_ACCOUNT, str(user.id))]
    with open_session(engine) as counting:
        throttle.reserve(counting, limits)
        counting.commit()
    if not passwords.verify(user.password_hash, password):
        wrong = _("This is not your current password.")
        raise Invalid(wrong, {0: {"current": wrong}})
    with open_session(engine) as counting:
        throttle.clear(counting, limits)
        counting.commit()


def authenticate(session: Session, email: str, password: str, ip: str) -> User:
    """The person with this e-mail and password. Raises NotAllowed, or throttle.Throttled when it was tried
    too often.

    The attempt is counted in a transaction of its own, before the password is looked at: whatever becomes of
    the caller's transaction it stays counted, and a hundred attempts at once are a hundred attempts. On
    SQLite that other transaction would wait for the caller's, so the session must not have begun one.
    """
    if session.in_transaction():
        raise RuntimeError(
            "authenticate() writes in transactions of its own; call it before the session is used."
        )
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    key = email_key(email)
    with open_session(reader(engine)) as looking, system(looking):
        user = looking.scalars(select(User).where(User.email_key == key)).one_or_none()
        # Strangers who try somebody's password must not lock them out of the places they always work from.
        from_here = select(LoginSession.user_id).where(LoginSession.ip == ip).limit(1)
        known = (
            user is not None and looking.scalar(from_here.where(LoginSession.user_id == user.id)) is not None
        )
    limits = [
        (throttle.LOGIN_ADDRESS, ip),
        (throttle.LOGIN_ACCOUNT, f"{key} {ip}" if known else key),
    ]
    with open_session(engine) as counting:
        throttle.reserve(counting, limits)
        counting.commit()
    if user is None:
        passwords.waste_time(password)
    right = user is not None and passwords.verify(user.password_hash, password)
    if user is None or not right or not user.active:
        raise NotAllowed(_("The e-mail or the password is wrong."))
    with open_session(engine) as counting:
        throttle.forgive(counting, limits[:1])
        throttle.clear(counting, limits[1:])
        if passwords.outdated(user.password_hash):
            with system(counting):
                user = counting.get_one(User, user.id)
                user.password_hash = passwords.hash_password(password)
        counting.commit()
    return user
