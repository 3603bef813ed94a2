"""Birthdays, who looks after whom, contact persons, consents."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from parlour.access.models import Branch
from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed, Refusal
from parlour.plugins.contacts import services
from parlour.plugins.contacts.models import Consent, Contact, Position
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.records.query import page
from parlour.records.registry import record_type
from parlour.records.write import Change, save, write
from parlour.testing.people import add_person
from tests.plugins.contacts.conftest import Add, As, Card

# ---- birthdays


@time_machine.travel("2026-12-28 09:00+03:00", tick=False)
def test_birthdays_come_nearest_first_across_the_turn_of_the_year(session: Session, add: Add) -> None:
    add("Вчера", birthday="1990-12-27")
    today = add("Сегодня", birthday="1990-12-28")
    january = add("Январь", birthday="--01-02")
    december = add("Декабрь", birthday="2000-12-31")
    add("Потом", birthday="1990-01-05")
    found = services.birthdays(session, 7)
    assert [(one.id, one.days, one.turns) for one in found] == [
        (today, 0, 36),
        (december, 3, 26),
        (january, 5, None),
    ]
    assert [one.id for one in services.birthdays(session, 7, limit=1)] == [today]
    assert [one.id for one in services.birthdays(session, 0)] == [today]


@pytest.mark.parametrize(("now", "days"), [("2027-02-27 12:00+03:00", 2), ("2028-02-27 12:00+03:00", 2)])
def test_a_birthday_of_29_february_is_kept_on_1_march_in_other_years(
    session: Session, add: Add, now: str, days: int
) -> None:
    add("Високосная", birthday="1992-02-29")
    with time_machine.travel(now, tick=False):
        [found] = services.birthdays(session, 3)
        assert found.days == days
        assert (found.day.month, found.day.day) == ((2, 29) if now.startswith("2028") else (3, 1))


@given(st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.dates(date(2026, 1, 1), date(2060, 1, 1)))
def test_the_next_birthday_lies_within_a_year_and_on_the_right_day(born: date, today: date) -> None:
    found = services.next_birthday(born.isoformat(), today)
    assert timedelta() <= found - today <= timedelta(days=366)
    assert (found.month, found.day) in {(born.month, born.day), (3, 1)}
    assert services.next_birthday(f"--{born:%m-%d}", today) == found


@time_machine.travel("2026-05-05 12:00+03:00", tick=False)
def test_an_archived_client_has_no_birthday_here(session: Session, add: Add) -> None:
    row = add("Архивная", birthday="1990-05-05")
    assert len(services.birthdays(session, 1)) == 1
    write(session, Contact, [Change(id=row, act="archive")])
    assert services.birthdays(session, 1) == []


# ---- who looks after whom


@pytest.fixture
def people(session: Session) -> tuple[int, int]:
    made = add_person(session, "receptionist").id, add_person(session, "manager").id
    session.commit()
    session.scope.cache.clear()
    return made


@pytest.fixture
def branches(session: Session) -> tuple[int, int]:
    made = [Branch(name=name, zone="Europe/Moscow") for name in ("Центр", "Север")]
    session.add_all(made)
    session.commit()
    session.scope.cache.clear()
    return made[0].id, made[1].id


def lines(card: Card, row_id: int) -> list[tuple[int, Any]]:
    return [(line["user"], line["branch"]) for line in card(row_id)["responsible"]]


def test_a_client_has_a_responsible_person_per_branch(
    session: Session, add: Add, card: Card, people: tuple[int, int], branches: tuple[int, int]
) -> None:
    maria = add("Иванова Мария")
    (anna, boris), (centre, north) = people, branches
    services.assign(session, [maria], anna, centre)
    services.assign(session, [maria], anna, north)
    assert lines(card, maria) == [(anna, north), (anna, centre)]
    services.assign(session, [maria], boris, north)
    assert lines(card, maria) == [(boris, north), (anna, centre)]
    services.unassign(session, [maria], centre)
    assert lines(card, maria) == [(boris, north)]
    services.unassign(session, [maria])
    assert lines(card, maria) == []


def test_the_list_of_clients_without_anybody(session: Session, add: Add, people: tuple[int, int]) -> None:
    maria, petra = add("Иванова Мария"), add("Петрова Анна")
    add("Ромашка", kind="company", is_client=False)
    services.assign(session, [maria], people[0])
    rows = page(session, record_type(Contact), filter=services.UNASSIGNED).rows
    assert [row["id"] for row in rows] == [petra]
    assert services.clients_per_member(session) == {people[0]: 1}


def test_a_hand_over_moves_the_clients_of_one_person_in_batches_and_is_undone_as_one(
    session: Session, people: tuple[int, int], card: Card
) -> None:
    anna, boris = people
    lines_of = [{"user": anna, "branch": None}]
    changes = [Change({"name": f"Клиент {n}", "responsible": lines_of}) for n in range(7)]
    ids = write(session, Contact, changes).ids
    own = write(
        session, Contact, [Change({"name": "Его", "responsible": [{"user": boris, "branch": None}]})]
    ).ids[0]
    session.commit()
    after, change_set, count = 0, None, 0
    for _round in range(9):
        moved = services.hand_over(session, anna, boris, after=after, change_set=change_set, limit=3)
        count, change_set = count + moved.count, moved.change_set
        if moved.after is None:
            break
        after = moved.after
    assert count == 7
    assert all(lines(card, row_id) == [(boris, None)] for row_id in [*ids, own])
    undo(session, change_set)
    assert all(lines(card, row_id) == [(anna, None)] for row_id in ids)
    assert lines(card, own) == [(boris, None)]


def test_a_hand_over_of_one_client_or_one_branch_leaves_the_others(
    session: Session, add: Add, card: Card, people: tuple[int, int], branches: tuple[int, int]
) -> None:
    (anna, boris), (centre, north) = people, branches
    both = [{"user": anna, "branch": centre}, {"user": anna, "branch": north}]
    maria, petra = add("Иванова Мария", responsible=both), add("Петрова Анна", responsible=both)
    services.hand_over(session, anna, boris, branch_id=north, ids=[maria])
    assert lines(card, maria) == [(anna, centre), (boris, north)]
    assert lines(card, petra) == [(anna, centre), (anna, north)]


def test_who_gives_and_who_takes_are_two_people(session: Session, people: tuple[int, int]) -> None:
    with pytest.raises(Refusal):
        services.hand_over(session, people[0], people[0])


def test_only_who_may_assign_hands_clients_over(as_role: As, add: Add, people: tuple[int, int]) -> None:
    maria = add("Иванова Мария", responsible=[{"user": people[0], "branch": None}])
    with pytest.raises(NotAllowed):
        as_role("receptionist", lambda own: services.hand_over(own, *people))
    assert as_role("manager", lambda own: services.hand_over(own, *people).count) == 1
    assert maria


def test_looking_after_clients_oneself_is_an_action(as_role: As, add: Add, card: Card) -> None:
    maria = add("Иванова Мария")
    me = as_role(
        "manager",
        lambda own: (run_action(own, "contacts.contact", [maria], "assign_to_me"), own.scope.user_id)[1],
    )
    assert lines(card, maria) == [(me, None)]


def test_blocking_says_why_and_unblocking_forgets_it(session: Session, add: Add, card: Card) -> None:
    maria = add("Иванова Мария")
    run_action(session, "contacts.contact", [maria], "block", {"reason": "Три неявки"})
    assert (card(maria)["blocked"], card(maria)["blocked_reason"]) == (True, "Три неявки")
    run_action(session, "contacts.contact", [maria], "unblock")
    assert (card(maria)["blocked"], card(maria)["blocked_reason"]) == (False, None)


# ---- contact persons


@pytest.fixture
def daisy(add: Add) -> int:
    return add("Ромашка", kind="company")


def test_a_company_has_contact_persons_the_deciding_ones_first(
    session: Session, add: Add, daisy: int
) -> None:
    maria, petra = add("Иванова Мария"), add("Петрова Анна")
    save(session, Position, {"person": petra, "company": daisy, "title": "секретарь", "category": "other"})
    save(
        session,
        Position,
        {"person": maria, "company": daisy, "title": "директор", "category": "decision_maker"},
    )
    found = services.people_of(session, daisy)
    assert [(row["person"]["title"], row["title"]) for row in found] == [
        ("Иванова Мария", "директор"),
        ("Петрова Анна", "секретарь"),
    ]
    assert [row["company"]["title"] for row in services.companies_of(session, maria)] == ["Ромашка"]


def test_who_moves_to_another_company_keeps_the_history(session: Session, add: Add, daisy: int) -> None:
    maria, lily = add("Иванова Мария"), add("Лилия", kind="company")
    place = save(
        session, Position, {"person": maria, "company": daisy, "title": "директор", "category": "main"}
    )
    services.move_on(session, place, lily, day=date(2026, 3, 1))
    assert services.people_of(session, daisy) == []
    assert [row["until"] for row in services.people_of(session, daisy, gone=True)] == [date(2026, 2, 28)]
    now_there = services.companies_of(session, maria)
    assert [(row["company"]["title"], row["title"]) for row in now_there] == [
        ("Лилия", "директор"),
        ("Ромашка", "директор"),
    ]


def test_a_person_is_no_company_and_a_company_no_person(session: Session, add: Add, daisy: int) -> None:
    maria = add("Иванова Мария")
    with pytest.raises(Invalid) as refused:
        save(session, Position, {"person": daisy, "company": maria})
    assert set(refused.value.fields) == {"person", "company"}


def test_clients_are_found_through_their_company_and_companies_through_their_people(
    session: Session, add: Add, daisy: int
) -> None:
    maria = add("Иванова Мария", phone="+79135550101")
    save(session, Position, {"person": maria, "company": daisy, "category": "main"})
    contact = record_type(Contact)
    by_company = page(session, contact, filter=["positions.company.name", "=", "ромашка"]).rows
    assert [row["id"] for row in by_company] == [maria]
    by_person = page(session, contact, filter=["persons.person.phones.number", "starts", "+7913"]).rows
    assert [row["id"] for row in by_person] == [daisy]


# ---- consents


def agree(session: Session, contact: int, purpose: str = "advertising", **more: Any) -> int:
    return services.give_consent(session, contact, purpose, version_of_text="1", source="paper", **more)


def test_the_latest_word_about_a_purpose_and_channel_holds(session: Session, add: Add) -> None:
    maria = add("Иванова Мария")
    agree(session, maria)
    agree(session, maria, "data")
    agree(session, maria, given=False)
    found = {(one.purpose, one.channel): one.given for one in services.consents_of(session, maria)}
    assert found == {("data", "any"): True, ("advertising", "any"): False}
    assert services.consented(session, [maria], "data") == {maria}
    assert services.consented(session, [maria], "advertising") == set()


def test_a_word_about_one_channel_counts_more_than_one_about_any(session: Session, add: Add) -> None:
    maria = add("Иванова Мария")
    agree(session, maria)
    agree(session, maria, channel="sms", given=False)
    assert services.consented(session, [maria], "advertising", "email") == {maria}
    assert services.consented(session, [maria], "advertising", "sms") == set()


def test_advertising_goes_only_to_who_agreed_and_is_neither_silent_nor_blocked(
    session: Session, add: Add
) -> None:
    ids = [
        add("Согласна"),
        add("Молчит", silent=True),
        add("Заблокирована", blocked=True),
        add("Не спрошена"),
    ]
    for row_id in ids[:3]:
        agree(session, row_id)
    assert services.may_advertise(session, ids, "sms") == {ids[0]}


def test_a_consent_is_never_changed_nor_removed(add: Add, as_role: As, session: Session) -> None:
    maria = add("Иванова Мария")
    row = agree(session, maria)
    session.commit()
    for change in (
        Change({"given": False}, row),
        Change(id=row, act="delete"),
        Change(id=row, act="archive"),
    ):
        with pytest.raises((Refusal, NotAllowed)):
            as_role("owner", lambda own, c=change: write(own, Consent, [c]))
    assert services.consented(session, [maria], "advertising") == {maria}


def test_a_consent_needs_the_version_of_the_text(session: Session, add: Add) -> None:
    with pytest.raises(Invalid) as refused:
        services.give_consent(session, add("Иванова Мария"), "data", version_of_text="", source="paper")
    assert set(refused.value.fields) == {"version_of_text"}
