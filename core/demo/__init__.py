"""The furnished salon of `parlour demo`: the organisation, its branches and people; plugins add what is
theirs.

Everything is the same each time, so that a page of the guide shows what a reader sees.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from parlour.access import terms
from parlour.access.memberships import Duty, add_member
from parlour.access.models import Branch, Organisation
from parlour.access.organisations import add_organisation, save_branch, update_organisation
from parlour.access.roles import role_by_code
from parlour.db.session import Session
from parlour.demo.words import TERMS
from parlour.plugin import lifecycle
from parlour.plugin.registry import current
from parlour.settings import Settings


@dataclass(frozen=True)
class Login:
    """Somebody to look around as."""

    role: str
    email: str
    name: str
    password: str


# A salon that only this machine can reach: the passwords may be known.
LOGINS = (
    Login("owner", "owner@jasmine.test", "Olga Vesnina", "jasmine opens at nine"),
    Login("manager", "manager@jasmine.test", "Marina Belova", "jasmine counts the towels"),
    Login("receptionist", "desk@jasmine.test", "Daria Orlova", "jasmine picks up the phone"),
    Login("specialist", "master@jasmine.test", "Pavel Sokolov", "jasmine cuts and colours"),
)
# What they are called in Russian, by their role.
NAMES = {
    "owner": "Ольга Веснина",
    "manager": "Марина Белова",
    "receptionist": "Дарья Орлова",
    "specialist": "Павел Соколов",
}
# Name and address of each branch, in English and Russian, and its telephone.
BRANCHES = (
    (
        ("Jasmine on Tverskaya", "Tverskaya 12, Moscow"),
        ("«Жасмин» на Тверской", "Тверская ул., 12, Москва"),
        "+74951234501",
    ),
    (
        ("Jasmine on Nevsky", "Nevsky 48, Saint Petersburg"),
        ("«Жасмин» на Невском", "Невский пр., 48, Санкт-Петербург"),
        "+78121234502",
    ),
)
SHOWN = ("owner", "receptionist", "specialist")


def furnish(session: Session, settings: Settings, *, locale: str = "en") -> Organisation:
    """Make the salon with all loaded plugins on; the session must not belong to an organisation yet. Photos and
    other files go where `settings` say. The caller commits.
    """
    russian = locale == "ru"
    organisation = add_organisation(
        session, "Jasmine", region="RU", locale=locale, branch=BRANCHES[0][russian][0]
    )
    if russian:
        # The address stays the one that the guides name.
        update_organisation(session, {"name": "Жасмин"})
    _branches(session, russian)
    for day, texts in TERMS.items():
        terms.save_version(session, None, day, texts)
    for login in LOGINS:
        duty = Duty(role_by_code(session, login.role).id)
        name = NAMES[login.role] if russian else login.name
        add_member(session, login.email, name, [duty], password=login.password, temporary=False)
    for name in current().order:
        lifecycle.enable(session, name)
    for item in current().loaded.values():
        plugin = item.module("demo")
        if plugin is not None:
            plugin.furnish(session, settings)
    return organisation


def _branches(session: Session, russian: bool) -> None:
    first = session.scalars(select(Branch)).one()
    for branch, (english, translated, phone) in zip((first, None), BRANCHES, strict=True):
        name, address = translated if russian else english
        save_branch(session, branch, {"name": name, "zone": first.zone, "address": address, "phone": phone})
