"""Organisations, their branches, and what a country implies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from parlour.access import countries, organisations
from parlour.access.organisations import add_organisation, slug_of
from parlour.access.roles import all_roles
from parlour.db.session import open_session
from parlour.errors import Invalid, NotFound, Refusal, ScopeMissing


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Салон «Жасмин»", "salon-zhasmin"),
        ("Щётка & Ёж", "schetka-and-ezh"),
        ("Café Über-Schön", "cafe-uber-schon"),
        ("Łódź Straße 5", "lodz-strasse-5"),
        ("Қыз Жібек", "qyz-zhibek"),
        ("美容院", "salon"),
        ("  --  ", "salon"),
        ("x" * 300, "x" * 50),
    ],
)
def test_the_address_is_the_name_in_plain_letters(name, slug):
    assert slug_of(name, "salon") == slug


def test_the_country_fills_in_the_rest(engine):
    with open_session(engine) as session:
        made = add_organisation(session, "Жасмин", country="kz")
        assert (made.zone, made.currency, made.region, made.locale) == ("Asia/Almaty", "KZT", "KZ", "ru")
        assert made.slug == "zhasmin"


def test_what_is_said_wins_over_what_the_country_implies(engine):
    with open_session(engine) as session:
        made = add_organisation(
            session, "Jasmine", country="RU", zone="Asia/Omsk", currency="EUR", region="DE", locale="en"
        )
        assert (made.zone, made.currency, made.region, made.locale) == ("Asia/Omsk", "EUR", "DE", "en")


def test_a_new_organisation_has_a_branch_and_the_ready_made_roles(engine):
    with open_session(engine) as session:
        add_organisation(session, "Jasmine", region="GB")
        assert [(branch.name, branch.zone) for branch in organisations.branches(session)] == [
            ("Jasmine", "Europe/London")
        ]
        codes = [role.code for role in all_roles(session)]
    assert codes == ["owner", "manager", "receptionist", "specialist", "accountant", "organiser"]


def test_two_of_one_name_get_two_addresses(engine):
    slugs = []
    for _number in range(3):
        with open_session(engine) as session:
            slugs.append(add_organisation(session, "Jasmine", region="GB").slug)
            session.commit()
    assert slugs == ["jasmine", "jasmine-2", "jasmine-3"]


def test_two_of_one_name_at_the_same_moment_get_two_addresses(engine):
    def add(_number):
        with open_session(engine) as session:
            slug = add_organisation(session, "Jasmine", region="GB").slug
            session.commit()
            return slug

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(add, range(8)))) == 8


def test_a_session_that_is_somewhere_cannot_found_another_organisation(session):
    with pytest.raises(ScopeMissing):
        add_organisation(session, "Second")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"country": "XX"}, "country"),
        ({"country": "Russia"}, "country"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"currency": "XXX"}, "currency"),
        ({"locale": "tlh"}, "locale"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_by_field(engine, given, field):
    values = {"name": "Jasmine", "country": "GB", **given}
    with open_session(engine) as session, pytest.raises(Invalid) as refused:
        add_organisation(session, values.pop("name"), **values)
    assert set(refused.value.fields) == {field}


def test_settings_of_an_organisation_change_and_bad_ones_leave_them_alone(session, organisation):
    organisations.update_organisation(session, {"name": "Jasmine and Rose", "zone": "Europe/Samara"})
    session.commit()
    with pytest.raises(Invalid):
        organisations.update_organisation(session, {"name": "", "zone": "nowhere"})
    session.rollback()
    kept = organisations.organisation_by_id(session, organisation.id)
    assert (kept.name, kept.zone, kept.slug) == ("Jasmine and Rose", "Europe/Samara", "jasmine")


def test_an_unknown_or_archived_organisation_cannot_be_found(engine, organisation):
    from parlour.db.base import now
    from parlour.db.session import system

    with open_session(engine) as session:
        with pytest.raises(NotFound):
            organisations.organisation_by_slug(session, "nowhere")
        with system(session):
            organisations.organisation_by_slug(session, "jasmine").archived_at = now()
        with pytest.raises(NotFound):
            organisations.organisation_by_slug(session, "jasmine")


def test_a_branch_has_a_phone_that_any_phone_can_call(session):
    branch = organisations.save_branch(
        session, None, {"name": "North", "phone": "8 (495) 123-45-67", "address": " Arbat "}
    )
    assert (branch.phone, branch.address, branch.zone) == ("+74951234567", "Arbat", "Europe/Moscow")
    with pytest.raises(Invalid) as refused:
        organisations.save_branch(
            session, branch, {"name": "", "phone": "call us", "zone": "x", "address": "y" * 501}
        )
    assert set(refused.value.fields) == {"name", "phone", "zone", "address"}


def test_the_last_open_branch_stays_open(session):
    (only,) = organisations.branches(session)
    with pytest.raises(Refusal):
        organisations.archive_branch(session, only.id)
    second = organisations.save_branch(session, None, {"name": "North"})
    organisations.archive_branch(session, only.id)
    assert [branch.id for branch in organisations.branches(session)] == [second.id]
    organisations.archive_branch(session, only.id, archived=False)
    assert len(organisations.branches(session)) == 2


def test_branches_of_another_organisation_do_not_exist(session, other_organisation, engine):
    from tests.core.access.conftest import inside

    with inside(engine, other_organisation) as other:
        theirs = organisations.branches(other)[0].id
    with pytest.raises(NotFound):
        organisations.branch_by_id(session, theirs)


def test_every_country_is_complete():
    found = countries.all_countries()
    assert len(found) > 200
    assert {"RU", "BY", "KZ", "GB", "DE", "US", "GE"} <= set(found)
    currencies = dict(countries.currency_choices("en"))
    for country in found.values():
        assert countries.known_zone(country.zone), country
        assert country.zone in country.zones
        assert country.currency in currencies
    assert found["RU"].zone == "Europe/Moscow"
    assert found["BY"].locale == "ru"
    assert found["DE"].locale == "en"


def test_countries_are_named_in_the_readers_language():
    assert ("DE", "Германия") in countries.country_choices("ru")
    assert ("DE", "Germany") in countries.country_choices("en")
