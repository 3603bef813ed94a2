"""A salon's client base as such bases arrive, made anew from a seed, with the truth that a right import ends with.

The same people come as a workbook (titles above, totals below, phones and dates in every spelling, people written in
twice), as delimited text in an old code page, as an export of Google's address book, and as vCards.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import xlsxwriter

TODAY = date(2026, 3, 1)
SURNAMES = "Орлов Мельников Силин Королёв Щербаков Кабанов Стрелков Носков Лукин Горшков Бельский Толстой Юдин".split()  # noqa: SIM905
SAME_SURNAMES = ["Шевченко", "Ткачук", "Мкртчян", "Ким", "Дурново", "Черных"]
WOMEN = "Анна Вера Ольга Марина Полина Алёна Ксения Любовь Майя Евпраксия Нинель Ия".split()  # noqa: SIM905
MEN = "Пётр Юрий Лев Семён Константин Илья Гурий Мартьян Автоном Никита".split()  # noqa: SIM905
FATHERS = "Иван Пётр Сергей Борис Аскольд Рудольф Юрий".split()  # noqa: SIM905
PATRONYMICS = {
    "Иван": ("Иванович", "Ивановна"),
    "Пётр": ("Петрович", "Петровна"),
    "Сергей": ("Сергеевич", "Сергеевна"),
    "Борис": ("Борисович", "Борисовна"),
    "Аскольд": ("Аскольдович", "Аскольдовна"),
    "Рудольф": ("Рудольфович", "Рудольфовна"),
    "Юрий": ("Юрьевич", "Юрьевна"),
}
TAGS = ["постоянный", "VIP", "невеста", "студент", "аллергия на хну"]
NOTES = [
    "",
    "",
    'Просит "не звонить" до 12:00',
    "перезвонить; мастер Анна",
    "две\nстроки",
    "=1+1",
    "Любит, чтобы тихо",
]


@dataclass
class Person:
    """One person as they should stand in the end."""

    last: str
    first: str
    middle: str
    phones: list[str]
    emails: list[str] = field(default_factory=list)
    born: str = ""
    tags: set[str] = field(default_factory=set)
    spent: Decimal = Decimal(0)
    note: str = ""

    @property
    def full(self) -> str:
        return " ".join(filter(None, (self.last, self.first, self.middle)))


def people(seed: int, count: int) -> list[Person]:
    """People with phones of their own, but for some couples who share one."""
    chance = random.Random(seed)
    found: list[Person] = []
    for number in range(count):
        woman = chance.random() < 0.7
        last = (
            chance.choice(SAME_SURNAMES)
            if chance.random() < 0.2
            else _surname(chance.choice(SURNAMES), woman)
        )
        father = chance.choice(FATHERS)
        person = Person(
            last,
            chance.choice(WOMEN if woman else MEN),
            PATRONYMICS[father][woman] if chance.random() < 0.6 else "",
            [f"+79{number:05d}{chance.randrange(10**4):04d}"],
        )
        if chance.random() < 0.15:
            person.phones.append(f"+749{chance.choice([5, 9])}{2000000 + number}")
        if chance.random() < 0.4:
            person.emails.append(f"client{number}@example.com")
        if chance.random() < 0.6:
            born = date(1935, 1, 1) + timedelta(days=chance.randrange(30_000))
            person.born = f"--{born:%m-%d}" if chance.random() < 0.1 else born.isoformat()
        person.tags = set(chance.sample(TAGS, chance.choice([0, 0, 1, 2])))
        person.spent = Decimal(chance.randrange(10**7)) / 100
        person.note = chance.choice(NOTES)
        found.append(person)
    for number in range(0, count - 1, 25):
        # A couple with one phone is two people.
        found[number + 1].phones = [found[number].phones[0]]
        found[number + 1].last, found[number + 1].first, found[number + 1].middle = "Неродной", "Савва", ""
    return found


def _surname(stem: str, woman: bool) -> str:
    if stem.endswith(("ий", "ой")):
        return stem[:-2] + "ая" if woman else stem
    return stem + "а" if woman else stem


def phone(number: str, chance: random.Random) -> str:
    """A number in one of the ways in which people write it."""
    a, b, c, d = number[2:5], number[5:8], number[8:10], number[10:]
    return chance.choice(
        [
            f"8({a}){b}-{c}{d}",
            f"+7 {a} {b} {c} {d}",
            f"7{a}{b}{c}{d}",
            f"{a}{b}{c}{d}",
            f" 8 {a} {b}{c}{d} ",
            f"8-{a}-{b}-{c}-{d}",
            f"+7 ({a}) {b}\u2013{c}\u2013{d}",
            f"8\u00a0{a}\u00a0{b}\u00a0{c}\u00a0{d}",
            f"тел. {number}",
            f"7{a}{b}{c}{d}.0",
        ]
    )


def born(value: str, chance: random.Random) -> str:
    """A birthday in one of the ways in which people write it."""
    if not value:
        return ""
    if value.startswith("--"):
        return chance.choice([f"{value[5:]}.{value[2:4]}", value])
    day = date.fromisoformat(value)
    months = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905
    spellings = [f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}", value, f"{day.day} {months[day.month - 1]} {day.year}"]
    if day > date(TODAY.year - 99, 1, 1):
        spellings.append(f"{day:%d.%m.%y}")
    return chance.choice(spellings)


def money(amount: Decimal, chance: random.Random) -> str:
    """An amount in one of the ways in which people write it."""
    grouped = f"{amount:,.2f}"
    return chance.choice(
        [
            f"{amount:.2f}",
            f"{amount:.2f}".replace(".", ","),
            grouped.replace(",", " ").replace(".", ","),
            grouped.replace(",", "\u00a0") + " ₽",
            f"{amount:.2f} руб.",
            grouped,
        ]
    )


def repeated(person: Person, chance: random.Random) -> Person:
    """The same person written in a second time, with less."""
    change: Callable[[Person], tuple[str, str, str]] = chance.choice(
        [
            lambda one: (one.last, one.first.upper(), one.middle),
            lambda one: (one.last, one.first[0] + ".", one.middle),
            lambda one: (one.last.upper(), one.first.upper(), ""),
            lambda one: (one.last, one.first, ""),
            lambda one: (one.last.replace("ё", "е"), one.first.replace("ё", "е"), one.middle),
        ]
    )
    last, first, middle = change(person)
    again = Person(
        last, first, middle, person.phones[:1], [one.upper() for one in person.emails], person.born
    )
    again.spent, again.note = person.spent, "повтор"
    return again


def rows(truth: list[Person], chance: random.Random) -> list[Person]:
    """The people in their order, with repetitions strewn in."""
    found = list(truth)
    for person in chance.sample(truth, len(truth) // 12):
        found.insert(chance.randrange(len(found)), repeated(person, chance))
    return found


def write_workbook(path: Path, written: list[Person], chance: random.Random) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Инструкция").write(0, 0, "Заполнять каждый день")
        sheet = book.add_worksheet("База")
        sheet.merge_range("A1:H1", "База клиентов салона «Ромашка»")
        sheet.write(1, 0, "выгружено 01.03.2026")
        sheet.write_row(
            3, 0, ["№", "Ф.И.О.", "Телефон", "E-mail", "Дата рожд.", "Метки", "Сумма покупок", "Примечание"]
        )
        marks = [", ", "; ", "/", "\n", " и "]
        for number, person in enumerate(written, 1):
            numbers = chance.choice(marks).join(phone(one, chance).strip() for one in person.phones)
            sheet.write(3 + number, 0, number)
            sheet.write_string(3 + number, 1, person.full)
            sheet.write_string(3 + number, 2, numbers)
            sheet.write_string(3 + number, 3, ", ".join(person.emails))
            if len(person.born) == 10 and person.born > "1901" and chance.random() < 0.3:
                day = book.add_format({"num_format": "dd.mm.yyyy"}) if number == 1 else None
                sheet.write_datetime(3 + number, 4, date.fromisoformat(person.born), day or book.formats[-1])
            else:
                sheet.write_string(3 + number, 4, born(person.born, chance))
            sheet.write_string(3 + number, 5, ", ".join(sorted(person.tags)))
            if chance.random() < 0.3:
                sheet.write_number(3 + number, 6, float(person.spent))
            else:
                sheet.write_string(3 + number, 6, money(person.spent, chance))
            sheet.write_string(3 + number, 7, person.note)
        sheet.write(5 + len(written), 1, "ИТОГО")
        sheet.write(5 + len(written), 6, float(sum(person.spent for person in written)))


def write_text(path: Path, written: list[Person], chance: random.Random) -> None:
    with path.open("w", encoding="cp1251", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Фамилия", "Имя", "Отчество", "Моб.", "почта", "ДР", "теги", "оборот", "коммент"])
        for person in written:
            numbers = ", ".join(phone(one, chance).replace("\u2013", "-") for one in person.phones)
            parts = [
                person.last,
                person.first,
                person.middle,
                numbers,
                " ".join(person.emails),
                born(person.born, chance),
            ]
            amount = money(person.spent, chance).replace("₽", "р.")
            writer.writerow([*parts, "|".join(sorted(person.tags)), amount, person.note])


def write_google(path: Path, written: list[Person]) -> None:
    headings = [
        "First Name",
        "Middle Name",
        "Last Name",
        "Notes",
        "Birthday",
        "Labels",
        "E-mail 1 - Label",
        "E-mail 1 - Value",
    ]
    for number in (1, 2):
        headings += [f"Phone {number} - Label", f"Phone {number} - Value"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for person in written:
            labels = " ::: ".join(["* myContacts", *sorted(person.tags)])
            email = ["* Home", person.emails[0]] if person.emails else ["", ""]
            numbers = [part for one in person.phones for part in ("Mobile", one)]
            writer.writerow(
                [person.first, person.middle, person.last, person.note, person.born, labels, *email, *numbers]
            )


def write_cards(path: Path, written: list[Person]) -> None:
    with path.open("w", encoding="utf-8", newline="\r\n") as file:
        for person in written:
            file.write("BEGIN:VCARD\nVERSION:3.0\n")
            file.write(f"N:{person.last};{person.first};{person.middle};;\nFN:{person.first} {person.last}\n")
            for number in person.phones:
                file.write(f"TEL;TYPE=CELL:{number}\n")
            for email in person.emails:
                file.write(f"EMAIL;TYPE=INTERNET:{email}\n")
            if person.born:
                year = ";X-APPLE-OMIT-YEAR=1604" if person.born.startswith("--") else ""
                file.write(f"BDAY{year}:{person.born.replace('--', '1604-')}\n")
            if person.tags:
                file.write("CATEGORIES:" + ",".join(sorted(person.tags)) + "\n")
            file.write("END:VCARD\n")


def write_base(folder: Path, seed: int, count: int = 120) -> tuple[list[Person], list[Path], int]:
    """Write the four files; returns the people, the files, and how many rows the first two have each."""
    chance = random.Random(seed)
    truth = people(seed, count)
    written = rows(truth, chance)
    paths = [folder / name for name in ("base.xlsx", "base.csv", "google.csv", "phones.vcf")]
    write_workbook(paths[0], written, chance)
    write_text(paths[1], written, chance)
    write_google(paths[2], chance.sample(truth, count // 3))
    write_cards(paths[3], chance.sample(truth, count // 4))
    return truth, paths, len(written)
