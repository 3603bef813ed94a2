"""Technical notes and photos: written at a visit, seen at the next, by those who may."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import select

from parlour.db.session import Session
from parlour.errors import NotAllowed
from parlour.plugins.bookings.models import Appointment, Treatment
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.contacts.models import Contact
from parlour.records.files import File, store
from parlour.records.persons import copy_of, erase
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.site import Enter
from tests.isolation.world import PICTURE
from tests.plugins.bookings.conftest import Salon

NOTE = "bookings.treatment"


@pytest.fixture
def visits(salon: Salon, session: Session) -> list[int]:
    """Two visits of one client."""
    cut = salon.service("Haircut", 60, by=[salon.person("Anna"), salon.person("Boris")])
    client = save(session, Contact, {"name": "Мария"})
    return [salon.book(hour, Wanted(cut), values={"client": client}) for hour in (10, 12)]


def noted(session: Session, settings: Settings, visit: int) -> tuple[int, int]:
    photo = store(session, settings, io.BytesIO(PICTURE), "a.png", record=NOTE, slot="before", photo=True)
    values = {"appointment": visit, "text": "6/0 + 3 %,\n35 min", "before": photo.id}
    return save(session, Treatment, values), photo.id


def test_a_note_of_the_visit_is_seen_at_the_next_and_on_the_clients_card(
    login: Enter, salon: Salon, session: Session, settings: Settings, visits: list[int]
) -> None:
    first, second = visits
    note, photo = noted(session, settings, first)
    row = get(session, record_type(Treatment), note)
    assert row["name"] == "2031-05-05 10:00 · 6/0 + 3 %, 35 min" and row["staff"]["title"] == "Anna"
    client = session.scalars(select(Appointment.client_id)).first()
    session.commit()
    desk = login("receptionist")
    for path in (
        f"bookings.appointment/{first}",
        f"bookings.appointment/{second}",
        f"contacts.contact/{client}",
    ):
        page = desk.get(f"/o/jasmine/r/{path}")
        assert "35 min" in page and f"/files/{photo}" in page
    assert desk.get(f"/o/jasmine/files/{photo}", params={"size": "small"}).content_type == "image/webp"
    # The link on the card brings the visit along and leads back to it.
    form = desk.get(f"/o/jasmine/r/bookings.appointment/{second}").html
    [add] = [link["href"] for link in form.select("a") if f"/{NOTE}/new" in link.get("href", "")]
    assert f"appointment={second}" in add and "back=" in add
    assert desk.get(add).status_code == 200


def test_who_may_see_visits_may_not_see_notes_for_that(
    login: Enter, session_as: Any, salon: Salon, session: Session, settings: Settings, visits: list[int]
) -> None:
    note, photo = noted(session, settings, visits[0])
    session.commit()
    desk = login("organiser")
    page = desk.get(f"/o/jasmine/r/bookings.appointment/{visits[0]}")
    assert "35 min" not in page and "Technical notes" not in page
    desk.get(f"/o/jasmine/files/{photo}", status=404)
    desk.get(f"/o/jasmine/r/{NOTE}/{note}", status=(403, 404))
    with pytest.raises(NotAllowed):
        save(session_as("organiser"), Treatment, {"appointment": visits[0], "text": "?"})


def test_notes_and_photos_are_among_what_is_held_about_somebody(
    salon: Salon, session: Session, settings: Settings, visits: list[int]
) -> None:
    noted(session, settings, visits[0])
    client = session.scalars(select(Appointment.client_id)).first()
    assert client is not None
    assert "35 min" in str(copy_of(session, record_type(Contact), client))
    erase(session, record_type(Contact), client)
    row = session.execute(select(Treatment.text, Treatment.before, Treatment.name)).one()
    assert tuple(row) == (None, None, "2031-05-05 10:00")
    assert session.scalars(select(File.id)).all() == []
