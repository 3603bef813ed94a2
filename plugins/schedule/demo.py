"""The specialists and rooms of the demo's salon."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from random import Random

from parlour.db.session import Session
from parlour.plugins.contacts.demo import portrait
from parlour.plugins.schedule.models import Absence, Resource, ResourceType, Staff
from parlour.records.defaults import defaults_of
from parlour.records.write import Change, open_change_set, write
from parlour.settings import Settings

# Name in English and Russian, job in both, weekdays, hours, number of the branch.
PEOPLE = (
    ("Pavel Sokolov", "Павел Соколов", "Hairdresser", "Парикмахер", "12345", ("10:00", "20:00"), 0),
    ("Anna Petrova", "Анна Петрова", "Colourist", "Колорист", "23456", ("10:00", "20:00"), 0),
    ("Vera Zaitseva", "Вера Зайцева", "Hairdresser", "Парикмахер", "14567", ("9:00", "18:00"), 0),
    ("Nina Orlova", "Нина Орлова", "Nail artist", "Мастер маникюра", "12367", ("10:00", "21:00"), 0),
    ("Lidia Kim", "Лидия Ким", "Nail artist", "Мастер маникюра", "45671", ("10:00", "21:00"), 0),
    ("Irina Moroz", "Ирина Мороз", "Cosmetologist", "Косметолог", "2456", ("11:00", "19:00"), 0),
    ("Timur Aliev", "Тимур Алиев", "Barber", "Барбер", "123456", ("12:00", "22:00"), 1),
    ("Sofia Lang", "София Ланг", "Stylist", "Стилист", "34567", ("10:00", "19:00"), 1),
)
# What clients read about some of them, by their number, in both languages.
ABOUT = {
    1: ("Cuts that need no mirror in the morning.", "Стрижки, которые не нужно укладывать по утрам."),
    2: (
        "Colour for eleven years, blondes first of all. Tells you honestly what your hair will bear, mixes by the gram and"
        " writes the recipe down, so that the next visit begins where this one ended.",
        "Одиннадцать лет в окрашивании, больше всего — блонд. Честно скажет, что выдержат волосы, смешивает по граммам и"
        " записывает рецепт, чтобы следующий визит начался там, где закончился этот.",
    ),
    4: ("Steady hand, short appointments.", "Твёрдая рука и никакой спешки."),
    6: (
        "A doctor by training; skin that is easily hurt is welcome.",
        "По образованию врач; работает и с чувствительной кожей.",
    ),
}
# Title and type in both languages, how many visits at once.
THINGS = (
    ("Washing chairs", "Мойки", "Washing chair", "Мойка", 2),
    ("Beauty room", "Кабинет косметолога", "Treatment room", "Кабинет", 1),
    ("Pedicure chair", "Педикюрное кресло", "Pedicure chair", "Педикюрное кресло", 1),
)


SEED = 20_260_773


def furnish(session: Session, settings: Settings | None = None) -> None:
    """Write specialists with their hours, rooms, a vacation and a day on which the salon is closed."""
    defaults = defaults_of(session)
    russian = defaults.locale.startswith("ru")
    branches = sorted(defaults.branches)
    users = {name: user for user, name in defaults.names.items()}
    change_set = open_change_set(session, label="demo")
    photos = _photos(session, settings)
    people = [
        {
            "name": russian_name if russian else name,
            "job": russian_job if russian else job,
            "branch": branches[min(place, len(branches) - 1)],
            "about": ABOUT[number][russian] if number in ABOUT else None,
            "photo": photos[number - 1],
            "position": number * 10,
            # Who of them has a log-in sees a day of their own.
            "user": users.get(russian_name if russian else name),
            "hours": [{"weekday": day, "opens": begin, "closes": finish} for day in days],
        }
        for number, (name, russian_name, job, russian_job, days, (begin, finish), place) in enumerate(
            PEOPLE, 1
        )
    ]
    staff = write(session, Staff, [Change(one) for one in people], change_set=change_set).ids
    types = write(
        session,
        ResourceType,
        [Change({"name": said if russian else title}) for _n, _r, title, said, _c in THINGS],
        change_set=change_set,
    ).ids
    things = [
        {
            "name": said if russian else title,
            "type": kind,
            "capacity": capacity,
            "branch": branches[0],
            "position": number * 10,
        }
        for number, ((title, said, _t, _s, capacity), kind) in enumerate(zip(THINGS, types, strict=True), 1)
    ]
    write(session, Resource, [Change(one) for one in things], change_set=change_set)
    today = defaults.today()
    begin = today + timedelta(days=12)
    away = [
        {"reason": "vacation", "staff": staff[4], "since": begin, "until": begin + timedelta(days=13)},
        {
            "reason": "holiday",
            "since": today + timedelta(days=35),
            "until": today + timedelta(days=35),
            "note": "Инвентаризация" if russian else "Stocktaking",
        },
    ]
    write(session, Absence, [Change(one) for one in away], change_set=change_set)


def _photos(session: Session, settings: Settings | None) -> list[int | None]:
    """A drawn face for each, where there is a place for files."""
    if settings is None:
        return [None] * len(PEOPLE)
    from parlour.records.files import store

    random = Random(SEED)
    faces = [BytesIO(portrait(random)) for _one in PEOPLE]
    return [
        store(session, settings, face, "portrait.png", record="schedule.staff", slot="photo", photo=True).id
        for face in faces
    ]
