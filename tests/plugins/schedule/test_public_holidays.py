"""The public holidays of a country become days on which nobody works, once."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.plugins.schedule import public_holidays
from parlour.plugins.schedule.models import Absence
from parlour.records.write import save
from parlour.testing.site import Enter


def test_holidays_are_named_in_the_readers_language() -> None:
    days = {one.day: one.name for one in public_holidays.holidays_of("RU", 2026, "ru")}
    assert days[date(2026, 5, 9)] == "День Победы"
    assert {one.day.year for one in public_holidays.holidays_of("RU", 2026, "en")} == {2026}
    english = {one.day: one.name for one in public_holidays.holidays_of("DE", 2026, "en")}
    assert english[date(2026, 4, 3)] == "Good Friday"
    # Epiphany is one in Bavaria alone.
    bavarian = {one.day for one in public_holidays.holidays_of("DE", 2026, "en", "BY")}
    assert date(2026, 1, 6) in bavarian - set(english)


@pytest.mark.parametrize(
    ("country", "year", "region", "said"),
    [
        ("XX", 2026, None, "not known"),
        ("DE", 1812, None, "Choose a year"),
        ("DE", 2026, "Wonderland", "no such region"),
    ],
)
def test_what_is_not_known_is_said(country: str, year: int, region: str | None, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        public_holidays.holidays_of(country, year, "en", region)


def test_closing_twice_changes_nothing_and_leaves_what_is_closed(session: Session) -> None:
    save(session, Absence, {"reason": "holiday", "since": "2026-12-24", "until": "2026-12-25"})
    found = public_holidays.holidays_of("DE", 2026, "en")
    first = public_holidays.close(session, found, 2026)
    assert len(first.ids) == len(found) - 1
    assert public_holidays.close(session, found, 2026).ids == []
    row = session.execute(
        select(Absence.reason, Absence.note, Absence.until).where(Absence.since == date(2026, 4, 3))
    )
    assert tuple(row.one()) == ("holiday", "Good Friday", date(2026, 4, 3))


def test_the_page_closes_on_the_days_that_were_chosen(session: Session, login: Enter) -> None:
    session.commit()
    desk = login("manager")
    here = "/o/jasmine/schedule/holidays?country=DE&year=2026"
    page = desk.get(here)
    assert "Good Friday" in page
    form = {"country": "DE", "year": "2026", "day": "2026-04-03"}
    assert "Closed on 1 day." in desk.post("/o/jasmine/schedule/holidays", form).follow()
    session.expire_all()
    assert session.scalars(select(Absence.since)).all() == [date(2026, 4, 3)]
    session.commit()
    assert "Nothing to add" in desk.post("/o/jasmine/schedule/holidays", form).follow()
    assert desk.get("/o/jasmine/schedule/holidays?country=XX&year=x&branch=9&region=").status_int == 200
    login("accountant").get(here, status=403)
