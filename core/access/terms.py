"""What an organisation tells people about their data: revisions with the day from which each holds.

A consent says under which revision it was given, so a revision that has come into effect is never changed or taken away;
what is wrong in it is put right by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import defer

from parlour.access.models import Organisation, TermsVersion
from parlour.access.organisations import organisation_by_slug
from parlour.access.roles import lock_organisation
from parlour.db.session import Scope, Session
from parlour.errors import Invalid, NotFound, Refusal
from parlour.i18n import LOCALES, _
from parlour.records.defaults import defaults_of

MAX_TEXT = 100_000
_LATEST = select(TermsVersion).order_by(TermsVersion.effective_on.desc(), TermsVersion.id.desc())

# What the revision is called that holds on the day `today`, for who asks it together with others.
HOLDING = (
    select(TermsVersion.name)
    .where(TermsVersion.effective_on <= bindparam("today"))
    .order_by(TermsVersion.effective_on.desc(), TermsVersion.id.desc())
    .limit(1)
)


def versions(session: Session) -> Sequence[TermsVersion]:
    """All revisions, latest first."""
    return session.scalars(_LATEST).all()


def in_effect(session: Session) -> Sequence[TermsVersion]:
    """The revisions that hold or have held, latest first: the first one is what holds today on the organisation's clock.

    Their texts, which may be long, are read where they are asked for.
    """
    began = TermsVersion.effective_on <= defaults_of(session).today()
    return session.scalars(_LATEST.where(began).options(defer(TermsVersion.texts))).all()


def version_by_id(session: Session, version_id: int) -> TermsVersion:
    """Raises NotFound."""
    found = session.scalars(select(TermsVersion).where(TermsVersion.id == version_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such revision."))
    return found


def save_version(
    session: Session, version: TermsVersion | None, effective_on: date, texts: Mapping[str, str]
) -> TermsVersion:
    """Add a revision (None), or change one that does not hold yet. Raises Refusal, and Invalid by field.

    It is called by its day, with a number where one day has several.
    """
    organisation = lock_organisation(session)
    kept = {locale: text.strip() for locale, text in texts.items() if locale in LOCALES and text.strip()}
    errors: dict[str, Any] = {
        f"text_{locale}": _("At most ${n} characters fit.", mapping={"n": MAX_TEXT})
        for locale, text in kept.items()
        if len(text) > MAX_TEXT
    }
    if organisation.locale not in kept:
        errors[f"text_{organisation.locale}"] = _("The text in the language of the salon is needed.")
    if errors:
        raise Invalid(_("The revision could not be saved."), {0: errors})
    if version is not None:
        _changeable(session, version)
    others = (name for row_id, name in _names(session) if version is None or row_id != version.id)
    name = _free_name(effective_on, set(others))
    if version is None:
        version = TermsVersion(created_by=session.scope.user_id)
        session.add(version)
    version.name, version.effective_on, version.texts = name, effective_on, kept
    session.flush()
    return version


def _names(session: Session) -> Sequence[Any]:
    return session.execute(select(TermsVersion.id, TermsVersion.name)).all()


def _free_name(day: date, taken: set[str]) -> str:
    name, number = day.isoformat(), 2
    while name in taken:
        name, number = f"{day.isoformat()}-{number}", number + 1
    return name


def remove_version(session: Session, version_id: int) -> None:
    """Take away a revision that does not hold yet. Raises NotFound, Refusal."""
    lock_organisation(session)
    version = version_by_id(session, version_id)
    _changeable(session, version)
    session.delete(version)
    session.flush()


def changeable(session: Session, version: TermsVersion) -> bool:
    """Whether a revision does not hold yet, so that nobody can have agreed to it."""
    return version.effective_on > defaults_of(session).today()


def _changeable(session: Session, version: TermsVersion) -> None:
    if not changeable(session, version):
        raise Refusal(
            _("This revision is in effect, and people may have agreed to it. Write a new one instead.")
        )


def enter_public(session: Session, slug: str) -> Organisation:
    """Let a session without a person into an organisation, to show what everybody may read. Raises NotFound."""
    organisation = organisation_by_slug(session, slug)
    session.enter(Scope(organisation.id))
    return organisation


def text_for(version: TermsVersion, wanted: str, otherwise: str) -> tuple[str, str]:
    """The text and its language: the reader's, else the organisation's, else whichever there is."""
    for locale in (wanted, otherwise, *version.texts):
        if locale in version.texts:
            return version.texts[locale], locale
    return "", otherwise
