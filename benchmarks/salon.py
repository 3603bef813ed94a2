"""The salon that is measured: people with names, phones and birthdays, the same on every run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from parlour.access.organisations import add_organisation
from parlour.db.engine import make_engine
from parlour.db.session import Scope, Session, open_session
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import runner
from parlour.plugin import lifecycle
from parlour.plugin.registry import boot
from parlour.records.write import Change, write
from parlour.settings import Settings

LAST = (
    "Орлов",
    "Иванов",
    "Белова",
    "Кузнецов",
    "Смирнова",
    "Лебедев",
    "Соколова",
    "Новиков",
    "Морозова",
    "Волков",
)
FIRST = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл")
CONTACT = "contacts.contact"
HEADINGS = ("Фамилия Имя", "Телефон", "Дата рождения")
BATCH = 500


@dataclass(frozen=True)
class Person:
    """One made-up client; the number decides everything about them, and no two share a phone."""

    number: int

    @property
    def last(self) -> str:
        # Letters that tell people apart, so that a part of a name finds a few and not a tenth of all.
        return f"{LAST[self.number % 10]}-{_letters(self.number // 100)}"

    @property
    def first(self) -> str:
        return FIRST[self.number // 10 % 10]

    @property
    def phone(self) -> str:
        return f"+79{self.number:09}"

    @property
    def birthday(self) -> str:
        return f"{1950 + self.number % 55}-{1 + self.number % 12:02}-{1 + self.number % 28:02}"

    def values(self) -> dict[str, object]:
        name = f"{self.last} {self.first}"
        return {"name": name, "phones": [{"number": self.phone}], "birthday": self.birthday}


def _letters(number: int) -> str:
    """A number in Cyrillic letters: 0 is "Аа", 33 is "Ба"."""
    alphabet = "абвгдежзиклмнопрстуфхцчшэюя"
    first, second = divmod(number, len(alphabet))
    return alphabet[first % len(alphabet)].upper() + alphabet[second]


def people(start: int, count: int) -> Iterator[Person]:
    return (Person(number) for number in range(start, start + count))


@dataclass
class Salon:
    """A database with one organisation in it. `taken` people have been written so far."""

    engine: Engine
    organisation_id: int
    folder: Path
    taken: int = 0

    def session(self) -> Session:
        """As Parlour itself: access rules are measured by themselves elsewhere."""
        return open_session(self.engine, Scope(self.organisation_id, trusted=True, via="cli"))

    def take(self, count: int) -> list[Person]:
        """The next people whom nobody has written yet."""
        found = list(people(self.taken, count))
        self.taken += count
        return found


def furnish(settings: Settings, count: int) -> Salon:
    """Make the tables, the organisation and `count` clients. Raises Refusal for a database that is in use."""
    runner.upgrade(settings)
    engine = make_engine(settings.database_url)
    boot(settings, engine=engine, only=frozenset({"contacts"}))
    with open_session(engine) as session:
        from parlour.access.organisations import all_organisations

        if all_organisations(session):
            raise Refusal(_("The benchmark wants an empty database; this one is in use."))
        organisation = add_organisation(session, "Benchmark", region="RU", locale="en")
        lifecycle.enable_defaults(session)
        session.commit()
        salon = Salon(engine, organisation.id, settings.data)
    for start in range(0, count, BATCH):
        with salon.session() as session:
            write(
                session,
                CONTACT,
                [Change(person.values()) for person in salon.take(min(BATCH, count - start))],
            )
            session.commit()
    return salon


def write_csv(file: Path, found: list[Person]) -> None:
    """A file as salons bring them: national phones, days first."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADINGS)
        for person in found:
            year, month, day = person.birthday.split("-")
            writer.writerow(
                (f"{person.last} {person.first}", f"8{person.phone[2:]}", f"{day}.{month}.{year}")
            )
