"""The organisation's own colour: chosen in the settings, made readable, served as one style sheet."""

from __future__ import annotations

import re

import pytest
from pyramid.router import Router

from parlour.access.models import Organisation
from parlour.access.organisations import colour_of
from parlour.errors import Refusal
from parlour.testing.browsers import Browser
from parlour.testing.site import Enter
from parlour.web.assets import AA, BACKGROUNDS, contrast

HERE = "/o/jasmine/settings/organisation"
SHEET = re.compile(r"/colours/[0-9a-f]{6}\.css")


@pytest.mark.parametrize(
    ("typed", "colour"), [("#8A3B6A", "#8a3b6a"), ("8a3b6a", "#8a3b6a"), (" #F80 ", "#ff8800"), ("", "")]
)
def test_a_colour_is_read_as_people_write_it(typed: str, colour: str) -> None:
    assert colour_of(typed) == colour


@pytest.mark.parametrize("typed", ["red", "#12345", "#8a3b6a;}body{", "rgb(1,2,3)"])
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        colour_of(typed)


def test_the_chosen_colour_reaches_every_page_of_that_salon_and_no_other(
    login: Enter, other_organisation: Organisation
) -> None:
    owner = login("owner")
    page = owner.get(HERE)
    assert not SHEET.search(page.text)
    form = page.forms["form"]
    form["colour"] = "Orange"
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert refused.html.select_one("[name=colour]")["value"] == "Orange"
    form = refused.forms["form"]
    form["colour"] = "#ff8800"
    form.submit()
    for path in (HERE, "/o/jasmine", "/o/jasmine/r/contacts.contact"):
        assert "/colours/ff8800.css" in owner.get(path).text
    slug = other_organisation.slug
    assert not SHEET.search(login("owner", other_organisation).get(f"/o/{slug}").text)
    form = owner.get(HERE).forms["form"]
    form["colour"] = ""
    form.submit()
    assert not SHEET.search(owner.get(HERE).text)


def test_a_colour_that_would_not_read_is_shifted_and_the_page_says_so(login: Enter) -> None:
    owner = login("owner")
    samples = owner.get(f"{HERE}/colour?colour=%23ffee00").html
    notes = {one["data-theme"]: one.figcaption.get_text(" ", strip=True) for one in samples.select("figure")}
    assert "darkened to #" in notes["light"]
    assert "As you chose it." in notes["dark"]
    accent = re.search(r"#[0-9a-f]{6}", notes["light"])
    assert accent is not None
    assert all(contrast(accent.group(), ground) >= AA for ground in BACKGROUNDS["light"])
    assert owner.get(f"{HERE}/colour?colour=nonsense", expect_errors=True).status_int == 422


def test_the_style_sheet_of_a_colour_is_for_everybody_and_lasts(app: Router, login: Enter) -> None:
    login("owner")
    answer = Browser(app).get("/colours/ffee00.css")
    assert answer.content_type == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "--accent:" in answer.text
    Browser(app).get("/colours/red.css", status=404)
