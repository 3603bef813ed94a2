"""The second factor: codes of an authenticator (TOTP, RFC 6238), and ten recovery codes for the day when it is lost.

Each code works once. The last time step whose code was taken is written by one statement that also compares, so that of two
requests with the same code one gets in. A clock that was ahead and was set back therefore refuses codes until it has caught
up, rather than take one twice; recovery codes do not depend on clocks.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, delete, func, or_, select, update

from parlour.access import throttle
from parlour.access.models import RecoveryCode, User
from parlour.access.seal import digest, seal, unseal
from parlour.db.session import Session, open_session, system
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import _
from parlour.settings import Settings

ISSUER = "Parlour"
# The two kinds of codes.
SHOWN, RECOVERY = "shown", "recovery"
STEP = 30
# Steps before and after the present one whose codes are taken: clocks of phones go wrong by seconds.
TOLERANCE = 1
RECOVERY_CODES = 10
# Seconds in which somebody sets the second factor up, or types the code after the password.
PATIENCE = 3600
CODE_PATIENCE = 600
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Enrolment:
    """What somebody sets up: `secret` to type in or to scan, and the `ticket` with which the form brings it back.

    Nothing is kept until a code confirms it.
    """

    secret: str
    ticket: str

    def address(self, user: User) -> str:
        """What authenticators read from the picture."""
        import pyotp

        return pyotp.TOTP(self.secret).provisioning_uri(name=user.email, issuer_name=ISSUER)

    def picture(self, user: User) -> str:
        """The address as a QR code: an SVG within a data: URL, dark on light in any theme."""
        import segno

        return segno.make(self.address(user), error="m").svg_data_uri(scale=5, border=3, light="#fff")


def is_on(user: User) -> bool:
    return user.totp_secret is not None


def begin(settings: Settings, user: User) -> Enrolment:
    """A new secret."""
    import pyotp

    secret = pyotp.random_base32()
    return Enrolment(secret, seal(settings.secret, "enrolment", [user.id, secret]))


def begun(settings: Settings, user: User, ticket: str) -> Enrolment | None:
    """The enrolment of a form that comes back; None when it is too old or somebody else's."""
    found = unseal(settings.secret, "enrolment", ticket, seconds=PATIENCE)
    return Enrolment(found[1], ticket) if found is not None and found[0] == user.id else None


def confirm(
    session: Session,
    settings: Settings,
    user_id: int,
    enrolment: Enrolment,
    code: str,
    at: float | None = None,
) -> list[str]:
    """Switch the second factor on, and return the recovery codes, to be shown once. Raises Invalid for a wrong code."""
    step = _step_of(enrolment.secret, _digits(code), at)
    if step is None:
        wrong = _(
            "This is not the code that the authenticator shows now. The clock of the phone may be wrong."
        )
        raise Invalid(wrong, {0: {"code": wrong}})
    with system(session):
        user = session.get_one(User, user_id)
        user.totp_secret = seal(settings.secret, "totp", [user_id, enrolment.secret])
        user.totp_step = step
    return new_codes(session, settings, user_id)


def new_codes(session: Session, settings: Settings, user_id: int) -> list[str]:
    """Ten new recovery codes, which replace those there were."""
    codes = [_made_code() for _number in range(RECOVERY_CODES)]
    with system(session):
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        session.add_all(
            RecoveryCode(user_id=user_id, code_hash=_code_hash(settings, user_id, _digits(code)))
            for code in codes
        )
    return codes


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes are unused."""
    with system(session):
        return (
            session.scalar(select(func.count(RecoveryCode.code_hash)).where(RecoveryCode.user_id == user_id))
            or 0
        )


def switch_off(session: Session, user_id: int) -> None:
    """Ask for no code any more. The caller has made sure that the person may want that."""
    with system(session):
        user = session.get_one(User, user_id)
        user.totp_secret = user.totp_step = None
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def take(session: Session, settings: Settings, user: User, code: str, at: float | None = None) -> str:
    """SHOWN for a code of the person's authenticator, RECOVERY for one of their recovery codes, which is used up by that,
    "" for any other.
    """
    digits = _digits(code)
    with system(session):
        if len(digits) != 6:
            used = delete(RecoveryCode).where(
                RecoveryCode.user_id == user.id,
                RecoveryCode.code_hash == _code_hash(settings, user.id, digits),
            )
            taken = session.execute(used.returning(RecoveryCode.user_id)).first()
            return "" if taken is None else RECOVERY
        opened = unseal(settings.secret, "totp", user.totp_secret or "")
        if opened is None or opened[0] != user.id:
            log.error("second_factor_unreadable", user=user.id, hint="PARLOUR_SECRET is another one")
            return ""
        step = _step_of(opened[1], digits, at)
        if step is None:
            return ""
        first = update(User).where(User.id == user.id, or_(User.totp_step.is_(None), User.totp_step < step))
        took = session.execute(
            first.values(totp_step=step).returning(User.id), execution_options={"synchronize_session": False}
        )
        return "" if took.first() is None else SHOWN


def check(session: Session, settings: Settings, user: User, code: str, ip: str) -> str:
    """Ask for the second factor after the password, and return which kind it was. Raises NotAllowed, or throttle.Throttled.

    As `users.authenticate`, it writes in transactions of its own: an attempt stays counted and a code stays used whatever
    becomes of the caller's.
    """
    if session.in_transaction():
        raise RuntimeError("check() writes in transactions of its own; call it before the session is used.")
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    limits = [(throttle.LOGIN_ADDRESS, ip), (throttle.CODE_ACCOUNT, str(user.id))]
    with open_session(engine) as counting:
        throttle.reserve(counting, limits)
        counting.commit()
    with open_session(engine) as taking:
        kind = take(taking, settings, user, code)
        if kind:
            throttle.forgive(taking, limits[:1])
            throttle.clear(taking, limits[1:])
        taking.commit()
    if not kind:
        raise NotAllowed(_("The code is wrong, or it was used already. Wait for the next one."))
    return kind


# ---- between the password and the code


def ticket_of(settings: Settings, user: User, back: str) -> str:
    """Says that this browser gave the right password, for ten minutes and as long as the password stays the same."""
    return seal(settings.secret, "code", [user.id, _password_mark(user), back])


def holder(session: Session, settings: Settings, ticket: str) -> tuple[User, str] | None:
    """The person of a ticket, and where they wanted to go; None when it is too old or the password has changed."""
    found = unseal(settings.secret, "code", ticket, seconds=CODE_PATIENCE)
    if found is None:
        return None
    with system(session):
        user = session.get(User, found[0])
    if user is None or not user.active or not is_on(user) or found[1] != _password_mark(user):
        return None
    return user, str(found[2])


def _password_mark(user: User) -> str:
    return user.password_hash[-16:]


# ---- codes


def _step_of(secret: str, digits: str, at: float | None) -> int | None:
    """The time step whose code this is, or None."""
    import pyotp

    present = int((time.time() if at is None else at) // STEP)
    totp = pyotp.TOTP(secret, interval=STEP)
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _digits(code: str) -> str:
    """A code as people type it, without the blanks and dashes."""
    return "".join(char for char in code[:60] if char in "0123456789")


def _made_code() -> str:
    """15 digits, about 50 bits: phones show the keys for figures."""
    return "-".join(f"{secrets.randbelow(100_000):05d}" for _group in range(3))


def _code_hash(settings: Settings, user_id: int, digits: str) -> str:
    return digest(settings.secret, "recovery", f"{user_id}:{digits}")
