"""Durations, who does what, two weeks of visits, group sessions and reviews of the demo's salon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from html import escape
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from parlour.access.plugin_settings import save_plugin_settings
from parlour.access.roles import own_organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.demo.beside import Page
from parlour.plugins.bookings.groups import book_seats
from parlour.plugins.bookings.models import Appointment, Group, Line, Need, Review, Skill
from parlour.plugins.bookings.settings import policy_of
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import ResourceType, Staff
from parlour.plugins.schedule.services import free_time
from parlour.records.defaults import defaults_of
from parlour.records.write import Change, open_change_set, write
from parlour.settings import Settings

SEED = 20_260_504
# Code of an item: minutes and what else is known about it; the order numbers of who does it (see the demo of the schedule).
SERVICES: dict[str, tuple[dict[str, int], tuple[int, ...]]] = {
    "001": ({"minutes": 60}, (1, 2, 3, 8)),
    "002": ({"minutes": 45}, (1, 3, 7)),
    "003": ({"minutes": 120, "gap_from": 40, "gap": 40, "after": 10}, (2, 8)),
    "004": ({"minutes": 180, "gap_from": 60, "gap": 60, "after": 10}, (2,)),
    "005": ({"minutes": 30}, (1, 2, 3, 8)),
    "006": ({"minutes": 60, "after": 10}, (4, 5)),
    "007": ({"minutes": 90, "after": 10}, (4, 5)),
    "008": ({"minutes": 75, "after": 15}, (4, 5)),
    "009": ({"minutes": 30}, (6,)),
    "010": ({"minutes": 60}, (6,)),
    "011": ({"minutes": 75, "before": 5, "after": 10}, (6,)),
    "016": ({"minutes": 20}, (2, 8)),
}
# Code of an item that is only added to others, and theirs.
ADDITIONS = {"016": ("003", "004")}
# Code of an item: the place of the type of resource that it needs.
PLACES = {"003": 0, "004": 0, "008": 2, "010": 1, "011": 1}
DAYS = range(-4, 11)
# So many clients have come regularly for so many visits, before those days, every so many weeks.
REGULARS, TIMES, WEEKS = 24, 6, (3, 4, 5, 6)
# Group sessions: code of the item, days from today, hour, minutes, places and how many are taken, the place of the branch.
SESSIONS = (
    ("017", 3, 18, 90, 8, (1, 2), 0),
    ("018", 5, 19, 60, 6, (2, 1, 2), 0),
    ("017", 10, 18, 90, 8, (1,), 1),
    ("018", 12, 19, 60, 6, (), 0),
    ("018", 19, 19, 60, 6, (1, 1), 0),
)
# Reviews of the latest visits: stars, what is said in English and Russian, what the salon answers; the last are not published.
REVIEWS = (
    (5, ("Exactly as I wished, and on time.", "Всё как хотела и точно по времени."), None),
    (
        5,
        ("The colour holds, everybody asks where I go.", "Цвет держится, все спрашивают, где красилась."),
        None,
    ),
    (
        4,
        ("Good work, but I waited ten minutes.", "Работа отличная, но подождать пришлось минут десять."),
        (
            "Thank you. We have put more room between visits since.",
            "Спасибо. Теперь между визитами оставляем больше времени.",
        ),
    ),
    (5, ("Kind and quick.", "Быстро и очень приветливо."), None),
    (5, (None, None), None),
    (4, ("Nice place, good coffee.", "Уютно, вкусный кофе."), None),
    (5, ("At last somebody who listens.", "Наконец мастер, который слушает."), None),
    (3, ("Fine, but dearer than last year.", "Хорошо, но дороже, чем в прошлом году."), None),
    (5, ("See you in a month.", "До встречи через месяц."), None),
    (2, ("The polish chipped after three days.", "Покрытие скололось на третий день."), None),
)
UNPUBLISHED = 2


def furnish(session: Session, settings: Settings | None = None) -> None:
    """Make services bookable and fill the calendar around today."""
    change_set = open_change_set(session, label="demo")
    items = {row.code: row.id for row in session.execute(select(Item.id, Item.code))}
    staff = list(session.scalars(select(Staff.id).order_by(Staff.position)))
    kinds = list(session.scalars(select(ResourceType.id).order_by(ResourceType.id)))
    durations = [
        Change({f"bookings_{name}": value for name, value in more.items()}, items[code])
        for code, (more, _who) in SERVICES.items()
    ]
    write(session, Item, durations, change_set=change_set)
    additions = [
        Change(
            {"bookings_addition": True, "bookings_goes_with": [items[other] for other in others]}, items[code]
        )
        for code, others in ADDITIONS.items()
    ]
    write(session, Item, additions, change_set=change_set)
    skills = [
        Change({"staff": staff[number - 1], "item": items[code]})
        for code, (_more, who) in SERVICES.items()
        for number in who
    ]
    write(session, Skill, skills, change_set=change_set)
    needs = [Change({"item": items[code], "type": kinds[place]}) for code, place in PLACES.items()]
    write(session, Need, needs, change_set=change_set)
    _visits(session, staff, items, change_set)
    _sessions(session, items, change_set)
    _reviews(session, change_set)


def sample_site(session: Session, site: str, own: str) -> dict[str, Page]:
    """A salon's web site under the strictest policy that the widget works with; the site lets it in."""
    known = policy_of(session).sites
    if own not in known:
        # Addresses of earlier starts of the demo stay out.
        others = [one for one in known if not one.startswith("http://localhost:")]
        save_plugin_settings(session, "bookings", {"origins": "\n".join([*others, own])})
    organisation = own_organisation(session)
    slug, name = organisation.slug, escape(organisation.name)
    script = f"{site}/widget/{slug}/bookings/widget.js"
    framed = f"{site}/widget/{slug}/bookings"
    head = (
        f'<!doctype html><html lang="{organisation.locale}"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
    )
    policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    return {
        "/": Page(
            f'{head}<script type="module" src="{script}"></script></head><body><main><h1>{name}</h1>'
            f'<parlour-booking salon="{slug}"><a href="{framed}">{framed}</a></parlour-booking>'
            '<p><a href="/frame">iframe</a></p></main></body></html>',
            {"Content-Security-Policy": f"{policy}script-src {site}; connect-src {site}"},
        ),
        "/frame": Page(
            f'{head}</head><body><main><h1>{name}</h1><iframe src="{framed}" title="{name}" width="100%" height="720"></iframe>'
            '<p><a href="/">widget</a></p></main></body></html>',
            {"Content-Security-Policy": f"{policy}frame-src {site}"},
        ),
    }


def _visits(session: Session, staff: list[int], items: dict[Any, int], change_set: int) -> None:
    """Visits one after the other with some room between them, as a busy salon has them; nothing that needs a room."""
    random = Random(SEED)
    defaults = defaults_of(session)
    zone = ZoneInfo(defaults.zone)
    today = defaults.today()
    present = now()
    clients = list(session.scalars(select(Contact.id).where(Contact.kind == "person").limit(400)))
    branches = {row.id: row.branch for row in session.execute(select(Staff.id, Staff.branch))}
    visits: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for offset in DAYS:
        day = today + timedelta(days=offset)
        begin = minutes(datetime.combine(day, time(), zone))
        free = free_time(session, begin, begin + 1440, staff=staff).staff
        for number, who in enumerate(staff, 1):
            mine = [
                code
                for code, (_m, able) in SERVICES.items()
                if number in able and code not in PLACES and code not in ADDITIONS
            ]
            for start, end in free[who] if mine else ():
                at = start
                while at < end:
                    code = random.choice(mine)
                    more = SERVICES[code][0]
                    taken = more["minutes"] + more.get("after", 0)
                    if at + taken <= end and random.random() < 0.62:
                        starts = moment(at).astimezone(zone)
                        past = starts + timedelta(minutes=more["minutes"]) < present
                        visits.append(
                            {
                                "client": random.choice(clients),
                                "starts": starts,
                                "status": random.choices(
                                    ("done", "no_show") if past else ("booked", "confirmed", "requested"),
                                    (15, 1) if past else (6, 6, 1),
                                )[0],
                                "branch": branches[who],
                                "source": random.choice(("desk", "phone", "online", "online")),
                            }
                        )
                        lines.append({"item": items[code], "staff": who})
                    at += -(-taken // 30) * 30
    for client, starts, code, who in _regulars(session, clients, staff, today, zone):
        visits.append(
            {"client": client, "starts": starts, "status": "done", "branch": branches[who], "source": "phone"}
        )
        lines.append({"item": items[code], "staff": who})
    made = write(
        session, Appointment, [Change(one) for one in visits], change_set=change_set, system=True
    ).ids
    changes = [Change({**line, "appointment": visit}) for line, visit in zip(lines, made, strict=True)]
    write(session, Line, changes, change_set=change_set, system=True)


def _regulars(
    session: Session, clients: Sequence[int], staff: Sequence[int], today: date, zone: ZoneInfo
) -> Iterator[tuple[int, datetime, str, int]]:
    """Client, start, code of the item and specialist of visits long ago; each comes for the same to the same specialist."""
    usual = ("001", "002", "006", "009")
    for number, client in enumerate(clients[:REGULARS]):
        code = usual[number % len(usual)]
        who = staff[SERVICES[code][1][0] - 1]
        first = today + timedelta(days=DAYS.start - 1 - 2 * number)
        for back in range(TIMES):
            day = first - timedelta(weeks=WEEKS[number // 2 % len(WEEKS)] * back)
            begin = minutes(datetime.combine(day, time(), zone))
            free = free_time(session, begin, begin + 1440, staff=[who]).staff[who]
            # Those of one specialist are a day apart, or two hours.
            if free:
                yield (
                    client,
                    moment(free[0][0] + 120 * (number // len(usual) % 4)).astimezone(zone),
                    code,
                    who,
                )


def _sessions(session: Session, items: dict[Any, int], change_set: int) -> None:
    """Group sessions that a guest holds, so that nobody's day is changed, some of them with visits."""
    defaults = defaults_of(session)
    zone, branches = ZoneInfo(defaults.zone), sorted(defaults.branches)
    today = defaults.today()
    clients = iter(session.scalars(select(Contact.id).where(Contact.kind == "person").order_by(Contact.id)))
    rows = [
        {
            "item": items[code],
            "starts": datetime.combine(today + timedelta(days=days), time(hour), zone),
            "minutes": length,
            "seats": seats,
            "branch": branches[place],
        }
        for code, days, hour, length, seats, _taken, place in SESSIONS
    ]
    made = write(session, Group, [Change(row) for row in rows], change_set=change_set, system=True).ids
    for group, (*_what, taken, _place) in zip(made, SESSIONS, strict=True):
        for seats in taken:
            book_seats(session, group, by="staff", seats=seats, values={"client": next(clients)})


def _reviews(session: Session, change_set: int) -> None:
    """What clients have said of their visits, most of it published."""
    russian = defaults_of(session).locale.startswith("ru")
    done = session.scalars(
        select(Appointment.id)
        .where(Appointment.status == "done")
        .order_by(Appointment.starts.desc(), Appointment.id)
        .limit(len(REVIEWS))
    )
    rows = [
        {
            "appointment": visit,
            "rating": stars,
            "text": said[russian],
            "answer": answer and answer[russian],
            "published": number < len(REVIEWS) - UNPUBLISHED,
        }
        for number, (visit, (stars, said, answer)) in enumerate(zip(done, REVIEWS, strict=False))
    ]
    write(session, Review, [Change(row) for row in rows], change_set=change_set, system=True)
