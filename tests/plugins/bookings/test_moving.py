"""Moving in: what another system knew comes in files, keyed by its numbers, and a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from parlour.access.organisations import save_branch
from parlour.db.session import SYSTEM, Session
from parlour.i18n import localizer
from parlour.jobs.models import Job
from parlour.plugins.bookings.models import Appointment, Line, Skill
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.models import Busy, Resource, Staff
from parlour.records.history import undo
from parlour.records.importing.plan import propose
from parlour.records.importing.run import import_table
from parlour.records.registry import record_type
from parlour.records.tables import open_table
from parlour.records.write import save
from tests.plugins.bookings.conftest import Salon

MOSCOW = ZoneInfo("Europe/Moscow")
VISITS = "bookings.appointment"
Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def bring(session: Session, tmp_path: Path) -> Bring:
    """Import a file as `parlour import` does: columns found by their headings."""

    def do(record: str, text: str, *, dry_run: bool = False) -> dict[str, Any]:
        file = tmp_path / "old.csv"
        session.enter(replace(session.scope, via="import", cache={}))
        file.write_text(text.strip() + "\n", "utf-8")
        table = open_table(file)
        kind = record_type(record)
        plan = propose(session, kind, table)
        assert not plan.unmatched
        done = import_table(session, kind, table, plan, dry_run=dry_run)
        session.expire_all()
        session.scope.cache.clear()
        return done.as_json(localizer("en"))

    return do


@pytest.fixture
def salon(session: Session) -> Salon:
    return Salon(session, day=datetime.now(MOSCOW).date() + timedelta(days=3))


def figures(done: dict[str, Any]) -> tuple[int, ...]:
    return tuple(done[name] for name in ("created", "updated", "unchanged", "skipped", "rejected"))


def reasons(done: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["reason"]) for one in done["problems"]]


def visits(session: Session) -> list[Any]:
    columns = (
        Appointment.code,
        Appointment.status,
        Appointment.starts,
        Appointment.ends,
        Appointment.total_amount,
        Appointment.overlap,
        Contact.name.label("client"),
        Appointment.source,
    )
    rows = select(*columns).outerjoin(Contact, Contact.id == Appointment.client_id)
    return list(session.execute(rows.order_by(Appointment.starts, Appointment.id)))


def lines(session: Session) -> list[Any]:
    columns = (Line.name, Staff.name.label("staff"), Line.minutes, Line.price_amount)
    rows = select(*columns).outerjoin(Staff, Staff.id == Line.staff_id)
    return [tuple(row) for row in session.execute(rows.order_by(Line.appointment_id, Line.position))]


def test_a_salon_moves_in_with_five_files(bring: Bring, session: Session, salon: Salon) -> None:
    files = {
        "catalog.item": (
            "Код;Услуга;Категория;Цена;Длительность, минут\n"
            "S1;Стрижка;Волосы;1500;60\nS2;Окрашивание;Волосы;4000;120\n"
        ),
        "schedule.staff": "Код;Мастер;Должность\nM1;Анна;Стилист\nM2;Борис;Барбер\n",
        "schedule.resource": "Код;Кабинет;Вместимость\nR1;Зал;3\n",
        "bookings.skill": "Мастер;Услуга;Цена\nM1;S1;1800\nБорис;Стрижка;\n",
        VISITS: (
            "Код;Дата;Время;Клиент;Телефон;Услуги;Мастер;Кабинет;Статус;Цена\n"
            "V1;12.03.2024;10:30;Орлова Мария;8 916 111-22-33;S1;M1;R1;Оказан;1200\n"
            f"V2;{salon.day:%d.%m.%Y};12:00;Орлова Мария;+79161112233;Стрижка; Анна;;;\n"
        ),
    }
    for record, text in files.items():
        assert figures(bring(record, text))[0] == 2 - (record == "schedule.resource")
    assert figures(bring(VISITS, files[VISITS])) == (0, 0, 2, 0, 0)
    for record, text in files.items():
        done = figures(bring(record, text))
        assert done[0] == done[1] == 0
    past, coming = visits(session)
    assert (past.code, past.status, past.total_amount, past.client) == ("V1", "done", 120000, "Орлова Мария")
    assert past.starts.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M") == "12.03.2024 10:30"
    assert past.ends - past.starts == timedelta(hours=1)
    # What is to come costs what is asked for it, by the one who does it.
    assert (coming.status, coming.total_amount, coming.source) == ("booked", 180000, "import")
    assert lines(session) == [("Стрижка", "Анна", 60, 120000), ("Стрижка", "Анна", 60, 180000)]
    assert session.scalar(select(func.count()).select_from(Contact)) == 1
    anna = session.scalar(select(Staff.id).where(Staff.code == "M1"))
    item = session.scalar(select(Item.id).where(Item.code == "S1"))
    assert session.scalar(select(func.count()).select_from(Skill).where(Skill.item_id == item)) == 2
    assert session.scalar(select(Busy.id).where(Busy.staff_id == anna, Busy.starts == salon.at(12)))
    room = session.scalar(select(Busy.resource_id).where(Busy.resource_id.is_not(None)))
    assert room == session.scalar(select(Resource.id))


def test_what_overlaps_stands_beside_and_is_told(bring: Bring, session: Session, salon: Salon) -> None:
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])
    salon.book(12, Wanted(cut, anna))
    text = (
        "code,date,time,client,service,staff,minutes\n"
        f"1,{salon.day},12:30,Maria,Haircut,Anna,60\n"
        f"2,{salon.day},15:00,Olga,Haircut,Anna,60\n"
        f"3,2024-05-06,15:00,Olga,Haircut,Anna,60\n"
        f"4,2024-05-06,15:30,Vera,Haircut,Anna,60\n"
    )
    done = bring(VISITS, text)
    assert figures(done) == (4, 0, 0, 0, 0)
    assert [(row, why[:24]) for row, _column, why in reasons(done)] == [(2, "Another visit overlaps, ")]
    assert {one.code: one.overlap for one in visits(session) if one.code} == {
        "1": True,
        "2": False,
        "3": False,
        "4": True,
    }
    assert figures(bring(VISITS, text)) == (0, 0, 4, 0, 0)


def test_what_changes_in_the_old_system_until_the_last_day_is_followed(
    bring: Bring, session: Session, salon: Salon
) -> None:
    salon.service("Haircut", 60, by=[salon.person("Anna"), salon.person("Boris")])
    head = "code,date,time,client,service,staff,status\n"
    bring(
        VISITS,
        f"{head}1,{salon.day},12:00,Maria,Haircut,Anna,booked\n2,{salon.day},12:00,Olga,Haircut,Boris,booked",
    )
    moved = f"{head}1,{salon.day},12:00,Maria,Haircut,Boris,booked\n2,{salon.day},12:00,Olga,Haircut,Anna,cancelled"
    assert figures(bring(VISITS, moved)) == (0, 2, 0, 0, 0)
    assert {one.code: (one.status, one.overlap) for one in visits(session)} == {
        "1": ("booked", False),
        "2": ("cancelled_client", False),
    }
    assert [staff for staff, _room, _first, _last in salon.busy()] == [salon.staff["Boris"]]


def test_bad_rows_say_what_is_wrong_and_cost_the_others_nothing(
    bring: Bring, session: Session, salon: Salon
) -> None:
    salon.service("Haircut", 60, by=[salon.person("Anna")])
    for _twice in range(2):
        save(session, Contact, {"name": "Мария Иванова"})
    text = (
        "code,date,time,client,phone,Услуга,Мастер\n"
        "1,31.02.2024,10:00,Olga,,Haircut,Anna\n"
        "2,2024-02-01,10:00,Мария Иванова,,Haircut,Anna\n"
        "3,2024-02-01,11:00,Olga,,Perm,Anna\n"
        "4,2024-02-01,12:00,Olga,,Haircut,Zoe\n"
        "4,2024-02-01,13:00,Olga,,Haircut,Anna\n"
        "5,2024-02-01,14:00,Vera,12,Haircut,Anna\n"
        "6,,14:00,Vera,,Haircut,Anna\n"
        "7,2024-02-01,25:00,Vera,,Haircut,Anna\n"
    )
    tried = bring(VISITS, text, dry_run=True)
    assert visits(session) == []
    done = bring(VISITS, text)
    assert figures(done) == figures(tried) == (4, 0, 0, 4, 0)
    assert reasons(done) == reasons(tried)
    said = {}
    for row, column, why in reasons(done):
        said.setdefault((row, column), why)
    assert said[2, "date"] == "This is not a date."
    assert said[8, "date"] == "This visit does not say when. Give its date."
    assert [row for row, _column in said].count(2) == [row for row, _column in said].count(9) == 1
    assert (9, "time") in said
    assert "2 clients are called so" in said[3, "client"]
    assert "no such service; the visit keeps its name" in said[4, "Услуга"]
    assert "no such specialist" in said[5, "Мастер"]
    assert "stands in the file already" in said[6, "code"]
    assert lines(session)[1] == ("Perm", "Anna", 60, None)


def test_clients_are_known_by_phone_and_a_name_that_fits(
    bring: Bring, session: Session, salon: Salon
) -> None:
    salon.service("Haircut", 60, by=[salon.person("Anna")])
    mother = save(session, Contact, {"name": "Орлова Мария", "phones": [{"number": "+79161112233"}]})
    done = bring(
        VISITS,
        "date,time,client,phone,service\n"
        "2024-02-01,10:00,Орлова М.,8(916)111-22-33,Haircut\n"
        "2024-02-02,10:00,Орлова Света,8(916)111-22-33,Haircut\n"
        "2024-02-03,10:00,,8(916)111-22-33,Haircut\n"
        "2024-02-04,10:00,,8(916)111-22-44,Haircut\n"
        "2024-02-05,10:00,,,Haircut\n",
    )
    assert figures(done) == (5, 0, 0, 0, 0)
    names = [one.client for one in visits(session)]
    assert names[0] == names[2] == "Орлова Мария"
    assert names[1] == "Орлова Света"
    assert names[3] in ("+79161112244", "+7 916 111-22-44")
    assert names[4] is None
    assert mother == session.scalar(select(Appointment.client_id).order_by(Appointment.starts).limit(1))


def test_clients_are_known_by_their_numbers(bring: Bring, session: Session, salon: Salon) -> None:
    salon.service("Haircut", 60, by=[salon.person("Anna")])
    clients = "client id,name,phone\nC1,Орлова Мария,\nC2,Орлова Мария,+79161112233\n"
    assert figures(bring("contacts.contact", clients))[0] == 2
    assert figures(bring("contacts.contact", clients)) == (0, 0, 2, 0, 0)
    done = bring(
        VISITS,
        "client id,date,time,client,service\n"
        "C1,2024-02-01,10:00,Орлова Мария,Haircut\n"
        "C2,2024-02-02,10:00,,Haircut\n"
        "C9,2024-02-03,10:00,,Haircut\n",
    )
    assert [(row, column) for row, column, _why in reasons(done)] == [(4, "client id")]
    columns = select(Contact.code).join(Appointment, Appointment.client_id == Contact.id)
    assert list(session.scalars(columns.order_by(Appointment.starts))) == ["C1", "C2"]


def test_several_services_and_times_of_another_branch(bring: Bring, session: Session, salon: Salon) -> None:
    anna, boris = salon.person("Anna"), salon.person("Boris")
    salon.service("Cut, wash", 30, by=[anna])
    salon.service("Dry", 20, by=[boris], price="300")
    salon.service("Dye", 40, by=[boris])
    save_branch(session, None, {"name": "East", "zone": "Asia/Vladivostok"})
    text = (
        "code,starts,branch,service,staff,price\n"
        '1,2024-02-01 10:00,East,"Cut, wash;Dry",Anna; Boris,1000\n'
        '2,2024-02-01 12:00,,"Dye, Dry",Boris,900\n'
        "3,2024-02-01T14:00+03:00,East,Dry,,\n"
    )
    assert figures(bring(VISITS, text)) == (3, 0, 0, 0, 0)
    first, *_more = visits(session)
    assert first.starts.astimezone(ZoneInfo("Asia/Vladivostok")).hour == 10
    assert (first.total_amount, first.ends - first.starts) == (100000, timedelta(minutes=50))
    assert {one.code: one.starts.astimezone(MOSCOW).hour for one in visits(session)} == {
        "1": 3,
        "2": 12,
        "3": 14,
    }
    assert [row[:3] for row in lines(session)] == [
        ("Cut, wash", "Anna", 30),
        ("Dry", "Boris", 20),
        ("Dye", "Boris", 40),
        ("Dry", "Boris", 20),
        ("Dry", None, 20),
    ]
    assert figures(bring(VISITS, text)) == (0, 0, 3, 0, 0)


def test_nobody_is_told_and_all_of_it_is_undone_at_once(bring: Bring, session: Session, salon: Salon) -> None:
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])

    def asked() -> int:
        found = session.scalars(select(Job.name), execution_options={SYSTEM: True})
        return list(found).count("messages.send")

    done = bring(
        VISITS,
        f"code,date,time,client,email,service,staff\n1,{salon.day},12:00,Maria,m@example.com,Haircut,Anna\n",
    )
    assert asked() == 0
    undo(session, done["change_set"])
    assert visits(session) == []
    assert session.scalar(select(func.count()).select_from(Busy)) == 0
    assert session.scalar(select(func.count()).select_from(Contact)) == 0
    # At the desk the client is told.
    session.enter(replace(session.scope, via="page", cache={}))
    client = save(session, Contact, {"name": "Maria", "emails": [{"address": "m@example.com"}]})
    salon.book(14, Wanted(cut, anna), values={"client": client})
    assert asked() > 0
