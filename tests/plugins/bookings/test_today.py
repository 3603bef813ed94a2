"""Who comes next, on the home page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parlour.access.organisations import save_branch
from parlour.db.session import Session
from parlour.plugins.bookings import services
from parlour.plugins.bookings.frontdesk import today
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import MONDAY, MOSCOW, Salon
from tests.plugins.bookings.test_calendar import texts

WHO = ".found a[href*='bookings.appointment'] .menu-words"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of the salon's Monday."""
    present = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 12, tzinfo=ZoneInfo(MOSCOW))
    monkeypatch.setattr(today, "now", lambda: present)


def book(salon: Salon, session: Session, hour: float, item: int, name: str) -> int:
    client = save(session, Contact, {"name": name, "kind": "person"})
    return salon.book(hour, Wanted(item, salon.staff["Anna"]), values={"client": client})


def test_the_home_page_says_who_is_here_and_who_still_comes_today(
    login: Enter, salon: Salon, session: Session
) -> None:
    item = salon.service("Haircut", 60, by=[salon.person("Anna")])
    book(salon, session, 10, item, "Вера")
    book(salon, session, 11.5, item, "Мария")
    off = book(salon, session, 14, item, "Ольга")
    book(salon, session, 15, item, "Нина")
    book(replace(salon, day=MONDAY + timedelta(days=1)), session, 10, item, "Инна")
    services.cancel(session, off, by="staff")
    session.commit()
    page: Any = login("owner").get("/o/jasmine")
    # What is over, what is off and what comes tomorrow is not of today.
    names = [said.partition("Haircut")[0].strip() for said in texts(page, WHO)]
    assert names == ["Мария", "Нина"]
    assert "Haircut · Anna" in page.text


def test_in_one_branch_it_says_who_comes_there(login: Enter, salon: Salon, session: Session) -> None:
    here, there = (
        save_branch(session, None, {"name": name, "zone": MOSCOW}).id for name in ("Here", "There")
    )
    item = salon.service(
        "Haircut", 60, by=[salon.person("Anna"), salon.person("Boris"), salon.person("Vera")]
    )
    for who, branch in (("Anna", here), ("Boris", there), ("Vera", None)):
        client = save(session, Contact, {"name": f"Guest-{who}", "kind": "person"})
        wanted = Wanted(item, salon.staff[who])
        salon.book(15, wanted, values={"client": client}, branch_id=branch)
    session.commit()
    desk = login("owner")
    desk.post("/o/jasmine/branch", {"branch": here})
    found = " ".join(texts(desk.get("/o/jasmine"), WHO))
    assert all(one in found for one in ("Guest-Anna", "Guest-Vera")) and "Guest-Boris" not in found
