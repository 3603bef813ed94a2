"""Photos of specialists in the widget: small, for every web site, and of nobody who cannot be booked online."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pyramid.router import Router
from sqlalchemy import Engine, select
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.plugins.bookings.models import Skill
from parlour.plugins.schedule.models import Staff
from parlour.records.files import path_of, store, thumb_of
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing.people import trusted
from parlour.testing.site import Enter
from tests.core.records.test_content import picture
from tests.plugins.bookings.conftest import Salon

CALLS = "/api/v1/public/{}/bookings"


def add_photo(session: Session, settings: Settings, staff: int, size: tuple[int, int] = (900, 600)) -> None:
    content = io.BytesIO(picture("PNG", size=size))
    file = store(session, settings, content, "anna.png", record="schedule.staff", slot="photo", photo=True)
    save(session, Staff, {"photo": file.id}, staff)


@pytest.fixture
def anna(session: Session, settings: Settings) -> int:
    salon = Salon(session)
    anna = salon.person("Anna", about="Colour for eleven years.")
    salon.service("Haircut", 60, by=[anna, salon.person("Boris")])
    add_photo(session, settings, anna)
    session.commit()
    return anna


@pytest.fixture
def web(app: Router, login: Enter) -> TestApp:
    login()  # somebody must exist, or the site leads to its set-up
    return TestApp(app)


def address_of(web: TestApp, slug: str = "jasmine") -> str:
    """Where the first of the specialists has a photo."""
    first = web.get(CALLS.format(slug)).json["staff"][0]
    address: str = first["photo"]
    return address


def test_the_small_photo_is_for_every_web_site_and_kept_for_a_while(
    web: TestApp, anna: int, session: Session
) -> None:
    people = {one["name"]: one for one in web.get(CALLS.format("jasmine")).json["staff"]}
    assert people["Anna"]["about"] == "Colour for eleven years." and people["Boris"]["photo"] is None
    address = people["Anna"]["photo"]
    assert address.startswith(f"/widget/jasmine/bookings/photos/{anna}/")
    answer = web.get(address)
    assert answer.content_type == "image/webp" and max(Image.open(io.BytesIO(answer.body)).size) <= 320
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
    assert web.get(address, headers={"If-None-Match": answer.headers["ETag"]}, status=304).body == b""


def test_another_photo_has_another_address(
    web: TestApp, anna: int, session: Session, settings: Settings
) -> None:
    before = address_of(web)
    add_photo(session, settings, anna, (300, 900))
    session.commit()
    after = address_of(web)
    assert before != after
    web.get(before, status=404)
    web.get(after, status=200)


@pytest.mark.parametrize("why", ["not online", "archived", "skill archived"])
def test_who_cannot_be_booked_online_shows_no_face(
    web: TestApp, anna: int, session: Session, why: str
) -> None:
    address = address_of(web)
    (skill,) = session.scalars(select(Skill.id).where(Skill.staff_id == anna))
    if why == "not online":
        save(session, Skill, {"online": False}, skill)
    elif why == "archived":
        write(session, Staff, [Change(id=anna, act="archive")], system=True)
    else:
        write(session, Skill, [Change(id=skill, act="archive")], system=True)
    session.commit()
    web.get(address, status=404)
    assert [one["name"] for one in web.get(CALLS.format("jasmine")).json["staff"]] == ["Boris"]


def test_no_address_shows_a_photo_of_another_organisation(
    web: TestApp, anna: int, engine: Engine, settings: Settings, other_organisation: Organisation
) -> None:
    with trusted(engine, other_organisation) as session:
        salon = Salon(session)
        theirs = salon.person("Olga")
        salon.service("Haircut", 60, by=[theirs])
        add_photo(session, settings, theirs, (500, 500))
        session.commit()
    slug = other_organisation.slug
    for mine, its in ((address_of(web), slug), (address_of(web, slug), "jasmine")):
        web.get(mine, status=200)
        other = mine.replace(f"/widget/{mine.split('/')[2]}/", f"/widget/{its}/")
        assert other != mine
        web.get(other, status=404)


def test_what_is_no_address_of_a_photo_is_not_there(
    web: TestApp, anna: int, session: Session, settings: Settings
) -> None:
    address = address_of(web)
    place, mark = address.rsplit("/", 1)
    for wrong in (
        f"{place}/{'0' * 16}.webp",
        f"{place}/{mark[:3]}.webp",
        f"{place}/../{mark}",
        f"/widget/jasmine/bookings/photos/{10**18 - 1}/{mark}",
        f"{place}/{mark.replace('.webp', '.png')}",
    ):
        web.get(wrong, status=404)
    # A file that was lost on the server is a face that is not shown, not a fault.
    from parlour.records.files import File

    file = session.scalars(select(File)).one()
    thumb_of(settings, file).unlink()
    assert path_of(settings, file).exists()
    web.get(address, status=404)
