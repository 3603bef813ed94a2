"""The salon that is measured: made-up people with names, phones, e-mail addresses and birthdays, the same on every run."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2s
from pathlib import Path

from sqlalchemy import Engine

from parlour.access.memberships import scope_for
from parlour.access.models import Organisation, User
from parlour.access.organisations import add_organisation, all_organisations
from parlour.db.engine import make_engine
from parlour.db.session import Session, open_session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, runner
from parlour.plugin import lifecycle
from parlour.plugin.registry import boot, booted
from parlour.settings import Settings
from parlour.testing.people import add_person

CONTACT = "contacts.contact"
# What is measured, and what the work by hand does as well; every further plugin has a price of its own.
PLUGINS = ("contacts",)


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


HEADINGS = ("Фамилия Имя Отчество", "Телефон", "E-mail", "Дата рождения")
ROOTS = _words(
    "Орл Иван Бел Кузнец Смирн Лебед Сокол Новик Мороз Волк Павл Козл Степан Никол Захар Зайц Тарас",
    "Фёдор Макар Андре Алексе Григор Яковл Роман Егор Киселёв Поляк Цветк Данил Жуковск Фрол Журавл",
    "Крыл Максим Сидор Осип Белоус Федот Дорофе Матве Бобр Дмитри Калин Анисим Петух Антон Тимофе",
    "Никифор Веселов Филипп Марк Большак Сухан Мирон Широк Александр Коновал Шестак Казак Ефим",
)
ENDINGS = ("ов", "ев", "ин", "ский", "енко", "ук", "ый", "ых", "ян", "адзе")
FIRST = _words(
    "Анна Мария Елена Ольга Татьяна Наталья Ирина Светлана Юлия Екатерина Дарья Вера Жанна Инна Алла",
    "Полина Ксения Алёна Виктория Галина Лариса Людмила Нина Оксана Раиса Софья Тамара Ульяна",
    "Эльвира Яна Борис Глеб Егор Захар Кирилл Артём Денис Илья Максим Никита Павел Роман Сергей",
    "Тимур Фёдор Юрий Антон Виктор Лев Марк",
)
MIDDLE = _words(
    "Ивановна Петровна Сергеевна Андреевна Борисовна Викторовна Глебовна Денисовна Егоровна",
    "Ильинична Кирилловна Львовна Максимовна Никитична Павловна Романовна Тимуровна Фёдоровна",
    "Юрьевна Яковлевна",
)
CITIES = ("Москва", "Тверь", "Казань", "Пермь", "Омск", "Сочи", "Тула", "Самара")
TAGS = (
    "VIP",
    "Новый",
    "Окрашивание",
    "Маникюр",
    "Аллергия",
    "Постоянный",
    "Скидка",
    "Мама",
    "Блогер",
    "Утро",
)
SOURCES = ("Instagram", "Карты", "Сайт", "Знакомые", "Вывеска", "Реклама")
# One in so many has a name that hardly anybody has.
SELDOM = 14_000
# What is searched for: nothing, then by how many are found. The first two words of a list, and the last, decide how it
# is answered.
TERMS = {
    "everybody": ("",),
    "usual": ("орлов", "белев", "соколин", "морозский", "тарасенко", "журавлук", "крылев", "макаров"),
    "common": ("анна", "ов", "ивановна", "москва"),
    "rare": ("ящуринск",),
    "two words": ("анна орл", "степанов глеб"),
    "two places": ("москва анна", "vip анна", "москва орл", "vip москва"),
    "none": ("ыщъ",),
}


@dataclass(frozen=True)
class Person:
    """One made-up client; the number decides everything about them, and no two share a phone."""

    number: int

    def _pick(self, of: Sequence[str], what: str) -> str:
        # A hash, so that what a person is called says nothing about what else they are; checksums are too much alike.
        picked = blake2s(f"{what}{self.number}".encode(), digest_size=4).digest()
        return of[int.from_bytes(picked) % len(of)]

    @cached_property
    def last(self) -> str:
        if self.number % SELDOM == 7:
            return "Ящуринский"
        return self._pick(ROOTS, "root") + self._pick(ENDINGS, "ending")

    @cached_property
    def first(self) -> str:
        return self._pick(FIRST, "first")

    @cached_property
    def middle(self) -> str:
        return self._pick(MIDDLE, "middle")

    @cached_property
    def name(self) -> str:
        return f"{self.last} {self.first} {self.middle}"

    @property
    def phone(self) -> str:
        return f"+79{self.number:09}"

    @property
    def email(self) -> str:
        return f"client{self.number}@pochta.ru"

    @property
    def birthday(self) -> str:
        return f"{1950 + self.number % 55}-{1 + self.number % 12:02}-{1 + self.number % 28:02}"

    @property
    def city(self) -> str | None:
        return self._pick(CITIES, "city") if self.number % 2 else None

    @property
    def tag(self) -> int | None:
        """Which of TAGS, for a third of all."""
        return self.number // 3 % len(TAGS) if self.number % 3 == 0 else None

    @property
    def source(self) -> int | None:
        return self.number % 10 if self.number % 10 < len(SOURCES) else None

    def values(self) -> dict[str, object]:
        """As a form or the API gives them."""
        return {
            "name": self.name,
            "phones": [{"number": self.phone}],
            "emails": [{"address": self.email}],
            "birthday": self.birthday,
        }


def people(start: int, count: int) -> Iterator[Person]:
    return (Person(number) for number in range(start, start + count))


@dataclass
class Salon:
    """A database with one organisation in it and a receptionist. `taken` people have been written so far.

    `engine` is the site's, under row-level security where there is any; `plain` is the owner's, which raw work uses.
    """

    settings: Settings
    engine: Engine
    plain: Engine
    organisation: Organisation
    receptionist: User
    exporter: User
    taken: int = 0
    tags: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.settings.data

    @property
    def organisation_id(self) -> int:
        return self.organisation.id

    def session(self, user: User | None = None) -> Session:
        """As the receptionist (or `user`), under all access rules."""
        session = open_session(self.engine)
        scope_for(session, user or self.receptionist, self.organisation)
        return session

    def take(self, count: int) -> list[Person]:
        """The next people whom nobody has written yet."""
        found = list(people(self.taken, count))
        self.taken += count
        return found

    def dispose(self) -> None:
        self.engine.dispose()
        self.plain.dispose()


def furnish(settings: Settings, count: int) -> Salon:
    """Make the tables, the organisation and `count` clients. Raises Refusal for a database that is in use."""
    from benchmarks.raw import base

    runner.upgrade(settings, only=(heads.CORE, *PLUGINS))
    owner = make_engine(settings.owner_database_url)
    engine = make_engine(settings.database_url)
    if not booted():
        boot(settings, engine=engine, only=frozenset(PLUGINS))
    with open_session(engine) as session:
        if all_organisations(session):
            raise Refusal(_("The benchmark wants an empty database; this one is in use."))
        organisation = add_organisation(session, "Benchmark", region="RU", locale="en")
        lifecycle.enable_defaults(session)
        receptionist = add_person(session, "receptionist")
        exporter = add_person(session, "organiser")
        session.commit()
    salon = Salon(settings, engine, owner, organisation, receptionist, exporter)
    base.fill(salon, count)
    return salon


def write_csv(file: Path, found: list[Person]) -> None:
    """A file as salons bring them: national phones, days first."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADINGS)
        for person in found:
            year, month, day = person.birthday.split("-")
            writer.writerow((person.name, f"8{person.phone[2:]}", person.email, f"{day}.{month}.{year}"))
