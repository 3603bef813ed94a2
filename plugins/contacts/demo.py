"""A client base to look around in: 2,000 clients as a salon of some years has them, the same on every run."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from parlour.db.base import now
from parlour.db.session import Session
from parlour.plugins.contacts import demo_words as words
from parlour.plugins.contacts.models import Category, Consent, Contact, Note, Position, Reason, Source
from parlour.records.defaults import defaults_of
from parlour.records.registry import RecordType, record_type
from parlour.records.values import Money
from parlour.records.write import Change, open_change_set, write
from parlour.settings import Settings

PEOPLE = 1960
COMPANIES = 40
TWICE = 14
PHOTOS = 36
BATCH = 500
SEED = 20_260_301
# No operator in Russia has the code 954; Ofcom keeps +44 7700 900xxx for stories.
_RUSSIAN, _BRITISH = "+7954", "+447700900"


def furnish(session: Session, settings: Settings | None = None) -> None:
    """Write the demo's clients into the session's organisation; with `settings`, some of them get a photo."""
    Furnisher(session, settings).run()


class Furnisher:
    """Makes up clients; every number comes from one seeded source."""

    def __init__(self, session: Session, settings: Settings | None):
        self.session = session
        self.settings = settings
        self.random = Random(SEED)
        self.defaults = defaults_of(session)
        self.russian = self.defaults.locale.startswith("ru") or self.defaults.region == "RU"
        self.words = words.RU if self.defaults.locale.startswith("ru") else words.EN
        self.today = self.defaults.today()
        self.change_set = open_change_set(session, label="demo")
        # Whoever works here looks after some of the clients.
        self.members = sorted(self.defaults.names)
        self.numbers: set[str] = set()
        self.british = iter(self.random.sample(range(1000), 1000))

    def run(self) -> None:
        self.sources = self._list(Source, self.words.sources)
        self.reasons = self._list(Reason, self.words.reasons)
        self.categories = self._list(Category, self.words.categories)
        people = [self._person() for _number in range(PEOPLE - TWICE)]
        people += [self._again(people[index]) for index in self.random.sample(range(len(people)), TWICE)]
        self.random.shuffle(people)
        if self.settings is not None:
            self._photos(people, self.settings)
        companies = [self._company(name) for name in self.words.companies[:COMPANIES]]
        company_ids = self._write(Contact, companies)
        ids = self._write(Contact, people)
        self._write(Position, self._positions(ids, company_ids))
        self._write(Consent, self._consents(ids))
        self._write(Note, self._notes(ids))

    def _write(self, record: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        ids: list[int] = []
        for start in range(0, len(rows), BATCH):
            changes = [Change(row) for row in rows[start : start + BATCH]]
            ids += write(self.session, record, changes, change_set=self.change_set, system=True).ids
        return ids

    def _list(self, record: Any, names: Sequence[str]) -> list[int]:
        kind: RecordType = record_type(record)
        changes = [Change({kind.title_field: name}) for name in names]
        return write(self.session, kind, changes, change_set=self.change_set, system=True).ids

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    # ---- people

    def _person(self) -> dict[str, Any]:
        pick, chance = self.random.choice, self._chance
        woman = chance(0.83)
        at_home = chance(0.93)
        values = self._named(woman, russian=self.russian if at_home else not self.russian)
        values["sex"] = "female" if woman else "male"
        values["phones"] = [{"number": self._phone(), "label": None}] if chance(0.97) else []
        if chance(0.06):
            values["phones"].append({"number": self._phone(), "label": pick(("WhatsApp", "work", "home"))})
        if chance(0.46):
            values["emails"] = [{"address": self._email()}]
        if chance(0.64):
            values["birthday"] = self._birthday()
        values["source"] = pick(self.sources) if chance(0.8) else None
        values["reason"] = pick(self.reasons) if chance(0.5) else None
        values["tags"] = self._tags()
        values["categories"] = [pick(self.categories[:3])] if chance(0.4) else []
        if chance(0.55):
            values["spent_before"] = self._spent()
        if chance(0.85):
            values["client_since"] = self.today - timedelta(
                days=int(self.random.betavariate(1.1, 2.2) * 3000)
            )
        if chance(0.32):
            values["note"] = pick(self.words.notes)
        self._rarely(values)
        return values

    def _rarely(self, values: dict[str, Any]) -> None:
        """What only some cards hold."""
        pick, chance, said = self.random.choice, self._chance, self.words
        if chance(0.05):
            values["must_know"] = pick(said.must_know)
        if chance(0.06):
            values["health_notes"] = pick(said.health)
        if chance(0.012):
            values.update(blocked=True, blocked_reason=pick(said.blocked))
        if chance(0.05):
            values["silent"] = True
        if chance(0.07):
            values.update(is_client=False, is_prospect=True)
        if chance(0.35):
            values["preferred_channel"] = pick(("phone", "sms", "whatsapp", "telegram", "email"))
        if chance(0.2):
            values["profession"] = pick(said.jobs)
        if chance(0.06):
            values["household"] = pick(said.households)
        if chance(0.1):
            values["marital_status"] = pick(("single", "married", "married", "partner", "divorced"))
        if chance(0.12):
            values["addresses"] = [self._address("physical")]
        if self.members and chance(0.3):
            values["responsible"] = [{"user": pick(self.members), "branch": None}]

    def _named(self, woman: bool, *, russian: bool) -> dict[str, Any]:
        pick = self.random.choice
        if not russian:
            first = pick(words.WOMEN_EN if woman else words.MEN_EN)
            return {"last_name": pick(words.LAST_EN), "first_name": first}
        last = pick(words.LAST_RU)
        if woman:
            last = f"{last[:-2]}ая" if last.endswith("ий") else f"{last}а"
        values = {"last_name": last, "first_name": pick(words.WOMEN_RU if woman else words.MEN_RU)}
        if self._chance(0.55):
            values["middle_name"] = pick(words.FATHERS)[1 if woman else 0]
        if self._chance(0.03):
            del values["last_name"]
        return values

    def _phone(self) -> str:
        """A number that nobody has, each once."""
        if not self.russian:
            number = next(self.british, None)
            if number is not None:
                return f"{_BRITISH}{number:03}"
        while True:
            number_text = f"{_RUSSIAN}{self.random.randrange(10**7):07}"
            if number_text not in self.numbers:
                self.numbers.add(number_text)
                return number_text

    def _email(self) -> str:
        name = self.random.choice(words.WOMEN_EN + words.MEN_EN).lower()
        return f"{name}.{self.random.randrange(10**6):06}@example.{self.random.choice(('com', 'org', 'net'))}"

    def _birthday(self) -> str:
        age = min(max(int(self.random.gauss(36, 13)), 14), 88)
        born = self.today - timedelta(days=age * 365 + self.random.randrange(365))
        return f"--{born:%m-%d}" if self._chance(0.12) else born.isoformat()

    def _tags(self) -> list[str]:
        wanted = self.random.choices((0, 1, 2, 3), weights=(46, 34, 15, 5))[0]
        # Tags at the front of the list are the common ones.
        weights = [1 / (place + 2) for place in range(len(self.words.tags))]
        return sorted(set(self.random.choices(self.words.tags, weights=weights, k=wanted)))

    def _spent(self) -> Money:
        rounded = int(self.random.lognormvariate(9.6, 0.9) / 50) * 50
        scale = 1 if self.defaults.currency in ("RUB", "KZT") else 50
        return Money(Decimal(rounded // scale), self.defaults.currency)

    def _address(self, kind: str) -> dict[str, Any]:
        street, said = self.random.choice(self.words.streets), self.words
        numbers = self.random.randrange(1, 90), self.random.randrange(1, 180)
        return {
            "street": said.house.format(street, *numbers),
            "city": self.random.choice(said.cities),
            "kind": kind,
        }

    def _again(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """The same client written in a second time, as hurried people do."""
        again = {
            name: person[name] for name in ("last_name", "first_name", "sex", "phones") if name in person
        }
        if self._chance(0.3) and person.get("first_name"):
            again["first_name"] = f"{person['first_name'][0]}."
        if self._chance(0.4):
            again["phones"] = [{"number": self._phone(), "label": None}]
            again["birthday"] = person.get("birthday")
        again["source"] = self.random.choice(self.sources)
        return again

    # ---- companies and what hangs on people

    def _company(self, name: str) -> dict[str, Any]:
        supplier = self._chance(0.5)
        digits = "".join(str(self.random.randrange(10)) for _place in range(10))
        return {
            "kind": "company",
            "name": name,
            "legal_name": self.words.company_form.format(name),
            "is_client": not supplier or self._chance(0.2),
            "is_supplier": supplier,
            # No tax office begins with two noughts.
            "tax_number": f"00{digits[2:]}",
            "phones": [{"number": self._phone(), "label": None}],
            "emails": [{"address": self._email(), "label": None}],
            "addresses": [self._address("legal"), self._address("physical")],
            "categories": [self.categories[-1]] if self._chance(0.6) else [],
            "website": f"https://{self.random.randrange(10**5):05}.example.com",
        }

    def _positions(self, people: Sequence[int], companies: Sequence[int]) -> list[dict[str, Any]]:
        rows = []
        for company in companies:
            staff = self.random.sample(people, self.random.choice((1, 1, 2, 2, 3)))
            for place, person in enumerate(staff):
                rows.append(
                    {
                        "person": person,
                        "company": company,
                        "title": self.random.choice(self.words.places),
                        "category": ("decision_maker", "main", "accountant")[place],
                        "since": date(
                            self.today.year - self.random.randrange(1, 8), self.random.randrange(1, 13), 1
                        ),
                        "work_phone": self._phone() if self._chance(0.4) else None,
                    }
                )
        return rows

    def _consents(self, people: Sequence[int]) -> list[dict[str, Any]]:
        rows = []
        for person in people:
            if not self._chance(0.4):
                continue
            at = now() - timedelta(days=self.random.randrange(20, 700), minutes=self.random.randrange(600))
            base = {
                "contact": person,
                "version_of_text": self.words.consent_text,
                "source": self.random.choice(("paper", "paper", "booking", "website")),
                "channel": "any",
            }
            rows.append({**base, "purpose": "data", "given": True, "at": at})
            if self._chance(0.5):
                rows.append({**base, "purpose": "advertising", "given": True, "at": at})
                if self._chance(0.1):
                    later = at + timedelta(days=self.random.randrange(1, 20))
                    rows.append(
                        {**base, "purpose": "advertising", "given": False, "at": later, "source": "message"}
                    )
        return rows

    def _notes(self, people: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {
                "contact": person,
                "text": self.random.choice(self.words.timeline),
                "at": now()
                - timedelta(days=self.random.randrange(1, 400), minutes=self.random.randrange(600)),
            }
            for person in self.random.sample(people, 220)
        ]

    # ---- photos

    def _photos(self, people: Sequence[dict[str, Any]], settings: Settings) -> None:
        from parlour.records.files import store

        for person in self.random.sample(people, PHOTOS):
            stream = io.BytesIO(portrait(self.random))
            file = store(
                self.session,
                settings,
                stream,
                "portrait.png",
                record="contacts.contact",
                slot="photo",
                photo=True,
            )
            person["photo"] = file.id


_SKIN = ((243, 211, 186), (228, 184, 150), (198, 146, 110), (146, 98, 70))
_HAIR = ((45, 32, 28), (92, 62, 42), (150, 104, 60), (206, 172, 110), (170, 70, 50), (120, 116, 120))
_CLOTHES = ((138, 59, 106), (42, 111, 81), (42, 98, 150), (135, 88, 16), (70, 66, 90))


def portrait(random: Random, edge: int = 256) -> bytes:
    """A drawn head before a soft background, as PNG: enough to tell faces apart, and nobody's."""
    from PIL import Image, ImageDraw

    top, bottom = ([random.randrange(150, 235) for _channel in range(3)] for _end in range(2))
    strip = Image.new("RGB", (1, edge))
    for row in range(edge):
        share = row / edge
        strip.putpixel((0, row), tuple(int(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    picture = strip.resize((edge, edge))
    draw = ImageDraw.Draw(picture)
    skin, hair, clothes = random.choice(_SKIN), random.choice(_HAIR), random.choice(_CLOTHES)
    middle, long = edge // 2, random.random() < 0.6

    def oval(x: float, y: float, width: float, height: float, fill: tuple[int, int, int]) -> None:
        draw.ellipse((middle + x - width, y - height, middle + x + width, y + height), fill=fill)

    if long:
        oval(0, edge * 0.48, edge * 0.25, edge * 0.33, hair)
    oval(0, edge * 1.02, edge * 0.38, edge * 0.3, clothes)
    draw.rectangle((middle - edge * 0.07, edge * 0.55, middle + edge * 0.07, edge * 0.76), fill=skin)
    oval(0, edge * 0.4, edge * 0.24, edge * 0.25, hair)
    oval(0, edge * 0.45, edge * 0.18, edge * 0.22, skin)
    oval(random.uniform(-0.06, 0.06) * edge, edge * 0.25, edge * 0.19, edge * 0.1, hair)
    for side in (-1, 1):
        oval(side * edge * 0.07, edge * 0.44, edge * 0.014, edge * 0.018, (40, 32, 34))
    draw.arc((middle - 18, edge * 0.5, middle + 18, edge * 0.58), 20, 160, fill=(150, 60, 66), width=4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
