"""Files as a browser gets them: nothing in them is ever run, and nothing is there for who may not see it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from pyramid.router import Router
from sqlalchemy import Engine, select

from parlour.access.models import AccessLog, Organisation
from parlour.plugins.contacts.models import Contact
from parlour.records.files import File, path_of, store
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing import people
from parlour.testing.browsers import Browser, browser_of
from tests.core.jobs.conftest import until
from tests.core.records.test_content import picture

Enter = Callable[..., Browser]


@pytest.fixture
def site(app: Router) -> Router:
    return app


@pytest.fixture
def enter(site: Any, engine: Engine, organisation: Organisation) -> Enter:
    def somebody(role: str = "receptionist", where: Organisation = organisation) -> Browser:
        with people.trusted(engine, where) as session:
            user = people.add_person(session, role)
            session.commit()
        return browser_of(site, engine, user)

    return somebody


@pytest.fixture
def keep(engine: Engine, settings: Settings, organisation: Organisation, site: Any) -> Callable[..., File]:
    """Keep a file as the photo of a new client."""

    def stored(content: bytes, name: str, *, photo: bool = True, attach: bool = True) -> File:
        with people.trusted(engine, organisation) as session:
            kept = store(
                session,
                settings,
                io.BytesIO(content),
                name,
                record="contacts.contact",
                slot="photo",
                photo=photo,
            )
            row_id = save(session, Contact, {"name": "Орлова Анна", **({"photo": kept.id} if photo else {})})
            if attach:
                kept.row_id = row_id
            session.commit()
            return kept

    return stored


def test_a_photo_is_shown_with_all_that_keeps_it_a_photo(enter: Enter, keep: Callable[..., File]) -> None:
    file = keep(picture("PNG", size=(900, 300)), 'Анна "в отпуске".png')
    answer = enter().get(f"/o/jasmine/files/{file.id}")
    assert answer.content_type == "image/jpeg"
    assert Image.open(io.BytesIO(answer.body)).size == (900, 300)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert answer.headers["Content-Disposition"] == (
        'inline; filename="____ __ ________.jpg"; '
        "filename*=UTF-8''%D0%90%D0%BD%D0%BD%D0%B0%20%22%D0%B2%20%D0%BE%D1%82%D0%BF%D1%83%D1%81%D0%BA%D0%B5%22.jpg"
    )


def test_lists_get_a_small_picture_that_their_browser_may_keep(
    enter: Enter, keep: Callable[..., File]
) -> None:
    file = keep(picture(size=(1600, 800)), "anna.jpg")
    browser = enter()
    answer = browser.get(f"/o/jasmine/files/{file.id}?size=small")
    assert (answer.content_type, Image.open(io.BytesIO(answer.body)).size) == ("image/webp", (320, 160))
    assert "private" in answer.headers["Cache-Control"] and "max-age" in answer.headers["Cache-Control"]
    again = browser.get(
        f"/o/jasmine/files/{file.id}?size=small", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_int == 304


@pytest.mark.parametrize(
    ("content", "name", "sent_as"),
    [
        (b"<html><script>alert(1)</script>", "page.html", "application/octet-stream"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "drawing.svg",
            "application/octet-stream",
        ),
        (b"alert(1)", "script.txt", "application/octet-stream"),
        (b"%PDF-1.7", "contract.pdf", "application/pdf"),
        (b"<html>", "photo.jpg", "application/octet-stream"),
    ],
)
def test_everything_but_a_picture_is_handed_over_for_saving(
    enter: Enter, keep: Callable[..., File], content: bytes, name: str, sent_as: str
) -> None:
    file = keep(content, name, photo=False)
    answer = enter().get(f"/o/jasmine/files/{file.id}/{name}")
    assert (answer.body, answer.content_type) == (content, sent_as)
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="{name}"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_not_there_for_who_may_not_see_it(
    enter: Enter, keep: Callable[..., File], other_organisation: Organisation, site: Any
) -> None:
    file, upload = keep(picture(), "anna.jpg"), keep(b"note", "note.txt", photo=False, attach=False)
    stranger = enter("owner", other_organisation)
    for address in (f"/o/jasmine/files/{file.id}", f"/o/{other_organisation.slug}/files/{file.id}"):
        stranger.get(address, status=404)
        stranger.get(f"{address}?size=small", status=404)
    enter("owner").get(f"/o/jasmine/files/{upload.id}", status=404)
    nobody = Browser(site)
    assert nobody.get(f"/o/jasmine/files/{file.id}", status="*").status_int in (302, 303, 401, 403)


def test_without_the_content_the_page_says_so(
    enter: Enter, keep: Callable[..., File], settings: Settings
) -> None:
    file = keep(picture(), "anna.jpg")
    path_of(settings, file).unlink()
    assert "missing" in enter().get(f"/o/jasmine/files/{file.id}", status=404).text


def test_what_leaves_is_logged(
    enter: Enter, keep: Callable[..., File], engine: Engine, organisation: Organisation
) -> None:
    file = keep(b"%PDF-1.7", "contract.pdf", photo=False)
    enter().get(f"/o/jasmine/files/{file.id}")

    def lines() -> list[Any]:
        with people.trusted(engine, organisation) as session:
            return list(session.execute(select(AccessLog.what, AccessLog.record, AccessLog.detail)))

    until(
        lambda: (
            [tuple(line) for line in lines()]
            == [("file", "contacts.contact", {"file": file.id, "name": "contract.pdf"})]
        )
    )
