"""Organisations and their branches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from parlour.access import countries
from parlour.access.models import Branch, Membership, Organisation
from parlour.access.roles import add_ready_made, apply_grants, lock_organisation
from parlour.db.base import now
from parlour.db.session import SYSTEM, Scope, Session, system
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import LOCALES, _

MAX_NAME = 200
DEFAULT_COUNTRY = "RU"
_SLUG_LENGTH = 50
_SLUG = re.compile(r"[a-z0-9-]{1,60}")

# Cyrillic as most web sites write it; longest sounds as people type them, not a reversible standard.
_SINGLE = ("абвгдеёзийклмнопрстуфыэіїєґўғқңөұүһ", "abvgdeeziyklmnoprstufyeiiegugqnouuh")
_LATIN = dict(zip(*_SINGLE, strict=True)) | {
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
    "ә": "a",
}
_SPECIAL = {
    "ß": "ss",
    "æ": "ae",
    "ø": "o",
    "œ": "oe",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "&": " and ",
}


def slug_of(name: str, fallback: str) -> str:
    """The name in letters that need no escaping in an address: "Салон «Жасмин»" -> "salon-zhasmin"."""
    spelt = "".join(_LATIN.get(char, _SPECIAL.get(char, char)) for char in name.casefold())
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_LENGTH].strip("-") or fallback


def add_organisation(
    session: Session,
    name: str,
    *,
    country: str | None = None,
    region: str | None = None,
    zone: str | None = None,
    currency: str | None = None,
    locale: str | None = None,
    branch: str | None = None,
) -> Organisation:
    """A new organisation with a first branch and the ready-made roles; what is left out follows from the
    country.

    The session must not belong to an organisation yet; it belongs to the new one afterwards, trusted, so that
    the caller can go on furnishing it in the same transaction. Raises Invalid with a message per field.
    """
    code = (country or region or DEFAULT_COUNTRY).upper()
    known = countries.all_countries().get(code)
    if known is None:
        wrong = _(
            "There is no country ${code}; two letters are wanted, like GB or RU.", mapping={"code": code[:20]}
        )
        raise Invalid(wrong, {0: {"country": wrong}})
    values = {
        "name": " ".join(name.split()),
        "country": code,
        "zone": zone or known.zone,
        "currency": currency or known.currency,
        "region": (region or known.region).upper(),
        "locale": locale or known.locale,
    }
    _check(values)
    organisation = _insert(session, values)
    session.enter(Scope(organisation.id, trusted=True, via="cli"))
    session.add(Branch(name=branch or values["name"], zone=values["zone"]))
    session.flush()
    add_ready_made(session)
    apply_grants(session, "core")
    return organisation


def faults(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong with name, country, zone, currency, region and locale, by field."""
    from phonenumbers import SUPPORTED_REGIONS

    errors: dict[str, Any] = {}
    if not values["name"].strip():
        errors["name"] = _("Enter the name that your clients know.")
    elif len(values["name"]) > MAX_NAME:
        errors["name"] = _("The name may have at most ${n} characters.", mapping={"n": MAX_NAME})
    if values["country"] not in countries.all_countries():
        errors["country"] = _("Choose a country from the list.")
    if not countries.known_zone(values["zone"]):
        errors["zone"] = _("Choose a time zone from the list, like Europe/Berlin.")
    if values["currency"] not in dict(countries.currency_choices("en")):
        errors["currency"] = _("Choose a currency from the list.")
    if values["region"] not in SUPPORTED_REGIONS:
        errors["region"] = _("Choose a country from the list.")
    if values["locale"] not in LOCALES:
        errors["locale"] = _("Choose one of the languages in the list.")
    return errors


def colour_of(text: Any) -> str:
    """A colour as people write it ("#8A3B6A", "8a3b6a", "#abc") as "#rrggbb"; "" for none. Raises Refusal."""
    digits = str(text or "").strip().lower().removeprefix("#")
    if not digits:
        return ""
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if not re.fullmatch(r"[0-9a-f]{6}", digits):
        raise Refusal(_("A colour is written like #8a3b6a: a # and six digits or letters up to f."))
    return f"#{digits}"


def _check(values: Mapping[str, Any]) -> None:
    errors = faults(values)
    if errors:
        raise Invalid(_("The organisation could not be saved."), {0: errors})


def _insert(session: Session, values: dict[str, Any]) -> Organisation:
    """Insert under the first free address; two of one name at the same moment get two addresses."""
    base = slug_of(values["name"], "salon")
    number = 1
    while True:
        slug = base if number == 1 else f"{base}-{number}"
        organisation = Organisation(slug=slug, settings={}, **values)
        try:
            with system(session), session.begin_nested():
                session.add(organisation)
        except IntegrityError:
            number += 1
            if number > 10_000:
                raise
        else:
            return organisation


def organisation_by_slug(session: Session, slug: str) -> Organisation:
    """Raises NotFound; an archived organisation cannot be entered any more."""
    found = None
    if _SLUG.fullmatch(slug):
        with system(session):
            found = session.scalars(
                select(Organisation).where(Organisation.slug == slug, Organisation.archived_at.is_(None))
            ).one_or_none()
    if found is None:
        raise NotFound(_("There is no organisation ${slug}.", mapping={"slug": slug[:60]}))
    return found


def organisation_by_id(session: Session, organisation_id: int) -> Organisation:
    with system(session):
        return session.get_one(Organisation, organisation_id)


def all_organisations(session: Session) -> list[Organisation]:
    """Every organisation of this database, for the operator's commands and for jobs that visit each."""
    with system(session):
        return list(
            session.scalars(
                select(Organisation).where(Organisation.archived_at.is_(None)).order_by(Organisation.id)
            )
        )


def organisations_of(session: Session, user_id: int) -> list[Organisation]:
    """Where a person works, by name."""
    with system(session):
        found = session.scalars(
            select(Organisation)
            .join(Membership, Membership.organisation_id == Organisation.id)
            .where(
                Membership.user_id == user_id, Membership.working(now()), Organisation.archived_at.is_(None)
            )
        ).all()
    return sorted(found, key=lambda item: (item.name.casefold(), item.id))


def only_one_at_a_time(session: Session) -> None:
    """Let set-ups of an empty database wait for each other; there is no row yet that they could lock."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtext('parlour.setup'))")
        session.execute(lock, execution_options={SYSTEM: True})


def update_organisation(session: Session, values: dict[str, Any]) -> Organisation:
    """Change name, country, zone, currency, region, locale or colour of the session's organisation. Raises Invalid.

    Amounts keep the currency in which they were written, and moments stay where they are: only what comes
    later follows.
    """
    organisation = lock_organisation(session)
    fields = ("name", "country", "zone", "currency", "region", "locale")
    wanted = {field: values.get(field, getattr(organisation, field)) for field in fields}
    wanted["name"] = " ".join(wanted["name"].split())
    errors = faults(wanted)
    settings = dict(organisation.settings)
    if "colour" in values:
        try:
            settings["colour"] = colour_of(values["colour"])
        except Refusal as refused:
            errors["colour"] = refused.message
    if errors:
        raise Invalid(_("The organisation could not be saved."), {0: errors})
    with system(session):
        for field, value in wanted.items():
            setattr(organisation, field, value)
        organisation.settings = settings
    session.scope.cache.pop("defaults", None)
    return organisation


def branches(session: Session, *, archived: bool | None = False) -> list[Branch]:
    """Branches by name; `archived` None means all."""
    statement = select(Branch)
    if archived is not None:
        statement = statement.where(
            Branch.archived_at.is_not(None) if archived else Branch.archived_at.is_(None)
        )
    return sorted(session.scalars(statement), key=lambda branch: (branch.name.casefold(), branch.id))


def branch_by_id(session: Session, branch_id: int) -> Branch:
    """Raises NotFound."""
    found = session.scalars(select(Branch).where(Branch.id == branch_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such branch."))
    return found


def save_branch(session: Session, branch: Branch | None, values: dict[str, Any]) -> Branch:
    """Add a branch (None) or change one: name, zone, address, phone. Raises Invalid."""
    organisation = organisation_by_id(session, session.scope.organisation_id)
    errors: dict[str, Any] = {}
    name = " ".join(str(values.get("name") or "").split())
    zone = str(values.get("zone") or organisation.zone)
    address = str(values.get("address") or "").strip()
    phone = ""
    if not name or len(name) > MAX_NAME:
        errors["name"] = _("Enter a name of at most ${n} characters.", mapping={"n": MAX_NAME})
    if not countries.known_zone(zone):
        errors["zone"] = _("Choose a time zone from the list, like Europe/Berlin.")
    if len(address) > 500:
        errors["address"] = _("The address may have at most ${n} characters.", mapping={"n": 500})
    if values.get("phone"):
        phone = _e164(str(values["phone"]), organisation.region)
        if not phone:
            errors["phone"] = _("This is not a phone number of any country.")
    if errors:
        raise Invalid(_("The branch could not be saved."), {0: errors})
    if branch is None:
        branch = Branch()
        session.add(branch)
    branch.name, branch.zone, branch.address, branch.phone = name, zone, address, phone
    session.flush()
    return branch


def _e164(phone: str, region: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(phone[:60], region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def archive_branch(session: Session, branch_id: int, *, archived: bool = True) -> None:
    """Close or reopen a branch. Raises Refusal for the last open one."""
    lock_organisation(session)
    branch = branch_by_id(session, branch_id)
    if archived and not any(other.id != branch.id for other in branches(session)):
        raise Refusal(_("This is the last open branch. Add another one before you close it."))
    branch.archived_at = now() if archived else None
    session.flush()
