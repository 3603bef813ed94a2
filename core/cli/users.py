"""`parlour users`: people who log in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import structlog

from parlour.cli.common import as_json, inside, of_organisation, show, site
from parlour.db.session import Session, open_session
from parlour.errors import NotFound, Refusal
from parlour.i18n import _

if TYPE_CHECKING:
    from parlour.access.models import User

log = structlog.get_logger(__name__)
from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def users() -> None:
    """Add people and reset passwords."""


@users.command()
@click.argument("email")
@click.option(
    "--role", default=None, help="owner, manager, receptionist, ...; the first person becomes the owner."
)
@click.option("--name", help="What others call them; otherwise what stands before the @.")
@click.option("--locale", help="Their language, when it is not the organisation's: en or ru.")
@from_stdin
@of_organisation
@as_json
def add(
    email: str,
    role: str | None,
    name: str | None,
    locale: str | None,
    password_stdin: bool,
    org: str | None,
    as_json: bool,
) -> None:
    """Let a person work in an organisation. A password is made and printed once, unless one is given."""
    from parlour.access.memberships import Duty, add_member, members
    from parlour.access.roles import role_by_code

    password = _read_password() if password_stdin else None
    with site() as engine, inside(engine, org) as session:
        role = role or ("receptionist" if any(member.owner for member in members(session)) else "owner")
        duty = Duty(role_by_code(session, role).id)
        called = name or email.partition("@")[0]
        user, made = add_member(
            session, email, called, [duty], password=password, temporary=password is None, locale=locale
        )
        session.commit()
        row = {"email": user.email, "name": user.name, "role": role, "password": None if password else made}
    show([row], [key for key, value in row.items() if value is not None], json_wanted=as_json)


@users.command()
@click.argument("email")
@from_stdin
@as_json
def passwd(email: str, password_stdin: bool, as_json: bool) -> None:
    """Give a person a new password and end their log-ins. It is made and printed once, unless one is given."""
    from parlour.access.passwords import make_initial
    from parlour.access.users import set_password

    given = _read_password() if password_stdin else None
    with site() as engine, open_session(engine) as session:
        user = _person(session, email)
        password = given or make_initial()
        set_password(session, user.id, password, temporary=given is None)
        session.commit()
        row = {"email": user.email, "password": None if given else password}
    show([row], [key for key, value in row.items() if value is not None], json_wanted=as_json)


@users.command()
@click.argument("email")
@click.argument("day", required=False)
@of_organisation
@as_json
def until(email: str, day: str | None, org: str | None, as_json: bool) -> None:
    """Let a person work in an organisation until a day, as 2026-12-31, this day included; without a day for good."""
    from parlour.access.leaving import set_last_day

    with site() as engine, inside(engine, org) as session:
        user = _person(session, email)
        set_last_day(session, user.id, day or "")
        session.commit()
        row = {"email": user.email, "until": day}
    show([row], list(row), json_wanted=as_json)


@users.command()
@click.argument("email")
@of_organisation
@as_json
def remove(email: str, org: str | None, as_json: bool) -> None:
    """Let a person work in an organisation no more. Roles and tokens there go, what they did stays."""
    from parlour.access.leaving import remove_member

    with site() as engine, inside(engine, org) as session:
        user = _person(session, email)
        remove_member(session, user.id)
        session.commit()
        row = {"email": user.email, "removed": True}
    show([row], list(row), json_wanted=as_json)


@users.command()
@click.argument("email")
@click.option("--title", default="command line", help="Which program the token is for.", show_default=True)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="Narrow it: read, write, export, RECORD:read, RECORD:write, RECORD:ACTION (repeatable).",
)
@click.option("--expires", metavar="DAY", help="The last day on which it works, as 2026-12-31.")
@of_organisation
@as_json
def token(
    email: str, title: str, scopes: tuple[str, ...], expires: str | None, org: str | None, as_json: bool
) -> None:
    """Make a token for programs, which acts as this person in one organisation. It is printed once."""
    from parlour.access import tokens
    from parlour.access.organisations import organisation_by_id

    with site() as engine, inside(engine, org) as session:
        user = _person(session, email)
        zone = organisation_by_id(session, session.scope.organisation_id).zone
        until = tokens.end_of(expires, zone) if expires else None
        made = tokens.make(session, user.id, title, scopes=scopes, expires_at=until)
        session.commit()
    if as_json:
        row = {"token": made, "email": user.email, "scopes": list(scopes) or None, "expires": expires}
        show([row], list(row), json_wanted=True)
    else:
        click.echo(made)


@users.command("reset-factor")
@click.argument("email")
@as_json
def reset_factor(email: str, as_json: bool) -> None:
    """Let a person who lost their second factor log in with the password alone, and end their log-ins."""
    from parlour.access import secondfactor
    from parlour.access.sessions import end_all

    with site() as engine, open_session(engine) as session:
        user = _person(session, email)
        if not secondfactor.is_on(user):
            raise Refusal(_("${email} has no second factor.", mapping={"email": user.email}))
        secondfactor.switch_off(session, user.id)
        end_all(session, user.id)
        session.commit()
        log.warning("second_factor_reset", user=user.id, by="command line")
        row = {"email": user.email, "second_factor": "off"}
    show([row], list(row), json_wanted=as_json)


def _person(session: Session, email: str) -> User:
    """Raises NotFound."""
    from parlour.access.users import user_by_email

    user = user_by_email(session, email)
    if user is None:
        raise NotFound(_("Nobody logs in as ${email}.", mapping={"email": email[:200]}))
    return user


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")
