"""The first run: one salon, one owner, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from parlour.access import firstrun, memberships, rules, users
from parlour.access.firstrun import Opening, open_salon
from parlour.access.organisations import all_organisations
from parlour.db.session import open_session
from parlour.errors import Invalid, Refusal
from parlour.plugin.gate import enabled

WANTED = Opening(
    organisation="Жасмин",
    country="KZ",
    zone="Asia/Almaty",
    currency="KZT",
    region="KZ",
    language="ru",
    name="Ольга",
    email="olga@example.com",
    password="correct horse battery",
)


def test_the_salon_its_owner_and_its_plugins_are_made(engine, plugins):
    names = tuple(plugins.order)
    with open_session(engine) as session:
        organisation, user = open_salon(session, replace(WANTED, plugins=names))
        session.commit()
    with open_session(engine) as session:
        scope = memberships.scope_for(session, user, organisation)
        assert rules.is_owner(session)
        assert enabled(session) >= set(names)
        assert scope.user_id == user.id
        assert not user.password_temporary
    assert (organisation.slug, organisation.locale, organisation.currency) == ("zhasmin", "ru", "KZT")


def test_it_is_refused_once_somebody_exists(engine):
    with open_session(engine) as session:
        open_salon(session, WANTED)
        session.commit()
    with open_session(engine) as session, pytest.raises(Refusal):
        open_salon(session, replace(WANTED, email="other@example.com"))


def test_everything_wrong_is_told_at_once_and_nothing_is_made(engine):
    wrong = replace(
        WANTED, organisation=" ", zone="Mars", language="tlh", name="", email="x", password="short"
    )
    with open_session(engine) as session:
        with pytest.raises(Invalid) as refused:
            open_salon(session, wrong)
        session.commit()
    assert set(refused.value.fields) == {"organisation", "zone", "language", "name", "email", "password"}
    with open_session(engine) as session:
        assert not users.anybody(session)
        assert all_organisations(session) == []


def rush(engine, act):
    """Six people press the button at once; how many salons there are afterwards."""

    def one(number):
        with open_session(engine) as session:
            try:
                act(session, replace(WANTED, email=f"olga{number}@example.com"))
                session.commit()
            except Refusal:
                pass

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))
    with open_session(engine) as session:
        return len(all_organisations(session))


def test_of_many_who_press_at_once_one_opens_the_salon(engine):
    assert rush(engine, open_salon) == 1


def test_asking_first_and_making_afterwards_would_open_several(engine):
    """The control: the same steps, with the question in a transaction that has ended."""

    asked = Barrier(6)

    def act(session, wanted):
        with open_session(engine) as asking:
            if users.anybody(asking):
                raise Refusal("set up already")
        asked.wait(30)
        firstrun.add_organisation(session, wanted.organisation, country="KZ")
        users.add_user(session, wanted.email, wanted.name, wanted.password)

    assert rush(engine, act) > 1
