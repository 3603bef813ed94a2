"""Visits at which nobody works any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parlour.db.session import Session
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.schedule.models import Absence, Staff
from parlour.records.registry import record_type
from parlour.records.removal import archive
from parlour.records.write import save
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon

HERE = "/o/jasmine/bookings/uncovered"


@pytest.fixture
def salon(session: Session) -> Salon:
    """The day after tomorrow: the page looks at what is to come."""
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=2))


def test_the_visits_of_who_is_ill_are_listed_and_moved_to_somebody_else(
    login: Enter, salon: Salon, session: Session
) -> None:
    anna, boris = salon.person("Anna"), salon.person("Boris")
    cut = salon.service("Haircut", 60, by=[anna, boris])
    visit = salon.book(10, Wanted(cut, anna), values={"visitor": "Вера"})
    salon.book(12, Wanted(cut, boris), values={"visitor": "Ольга"})
    session.commit()
    desk = login()
    assert "Every visit has somebody" in desk.get(HERE)
    save(session, Absence, {"staff": anna, "reason": "sick", "since": salon.day, "until": salon.day})
    session.commit()
    page = desk.get(HERE)
    assert "Вера" in page and "Ольга" not in page
    buttons = page.html.select(".cal-proposals button")
    # Boris can do it at the very time, so that is proposed first.
    assert buttons[0].get_text(strip=True).endswith("Boris")
    assert buttons[0]["value"] == str(salon.at(10))
    assert len(buttons) > 1
    form = next(one for one in page.forms.values() if "visit" in one.fields)
    page = form.submit("start", value=str(salon.at(10))).follow()
    assert "The visit is moved." in page and "Every visit has somebody" in page
    session.rollback()
    assert salon.lines(visit)[0].staff_id == boris


def test_nothing_is_moved_by_who_may_not(login: Enter, salon: Salon, session: Session) -> None:
    cut = salon.service("Haircut", 60, by=[salon.person("Anna")])
    visit = salon.book(10, Wanted(cut))
    session.commit()
    login("specialist").post(HERE, {"visit": visit, "start": salon.at(12)}, status=403)
    desk = login()
    desk.post(HERE, {"visit": "x", "start": "1"}, status=400)
    desk.post(HERE, {"visit": visit, "start": "9" * 18}, status=400)
    desk.post(HERE, {"visit": 99999, "start": salon.at(12)}, status=403)
    # Somebody else was faster.
    salon.book(12, Wanted(cut))
    session.commit()
    page = desk.post(HERE, {"visit": visit, "start": salon.at(12)}).follow()
    assert page.html.select_one("[data-flash] .alert-warn")
    session.rollback()
    assert salon.busy()[0][2] == salon.at(10)


def test_t_b15_the_visits_of_who_has_left_are_listed(login: Enter, salon: Salon, session: Session) -> None:
    anna, boris = salon.person("Anna"), salon.person("Boris")
    cut = salon.service("Haircut", 60, by=[anna, boris])
    salon.book(10, Wanted(cut, anna), values={"visitor": "Вера"})
    archive(session, record_type(Staff), [anna])
    session.commit()
    page = login().get(HERE)
    assert "Вера" in page
    assert page.html.select(".cal-proposals button")[0].get_text(strip=True).endswith("Boris")
