"""Adding and changing rows in a browser: nothing typed is lost, whatever comes between."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine
from webtest import Upload

from parlour.access.models import Organisation
from parlour.plugins.contacts.models import Contact, Position
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.testing import people
from parlour.testing.site import Enter

LIST = "/o/jasmine/r/contacts.contact"
NEW = f"{LIST}/new"


@pytest.fixture
def anna(engine: Engine, organisation: Organisation) -> int:
    with people.trusted(engine, organisation) as session:
        made = save(
            session, Contact, {"name": "Орлова Анна", "phones": ["+79130000001"], "profession": "Врач"}
        )
        session.commit()
    return made


@pytest.fixture
def look(engine: Engine, organisation: Organisation) -> Any:
    """`look(id)`: the row as it is in the database."""

    def row(row_id: int, cls: Any = Contact) -> dict[str, Any]:
        with people.trusted(engine, organisation) as session:
            return get(session, record_type(cls), row_id)

    return row


def form_of(page: Any) -> Any:
    return page.forms["record"]


def write_phone(form: Any, number: str) -> None:
    """In the first line; the empty line that scripts copy stands in the page as well."""
    form.set("number", number, 0)


def test_the_first_form_asks_for_name_and_phone_and_hides_the_rest_behind_more(login: Enter) -> None:
    page = login().get(NEW)
    shown = [label.get_text(strip=True) for label in page.html.select("form#record > fieldset .form-label")]
    assert shown == ["Name*", "Phones"]
    assert page.html.select("details.more [name=last_name]")


def test_what_is_typed_is_saved_and_shown_on_the_card(login: Enter, look: Any) -> None:
    form = form_of(login().get(NEW))
    form["name"] = "  Белова   Мария "
    write_phone(form, "8 913 555-11-22")
    card = form.submit("save").follow()
    assert card.html.h1.get_text(strip=True) == "Белова Мария"
    row = look(int(card.request.path.rpartition("/")[2]))
    assert row["phones"] == [{"number": "+79135551122", "label": None}]
    assert row["last_name"] == "Белова"


def test_save_and_new_goes_on_with_an_empty_form(login: Enter) -> None:
    form = form_of(login().get(NEW))
    form["name"] = "Белова Мария"
    again = form.submit("save_new").follow()
    assert form_of(again)["name"].value == ""


def test_mistakes_stand_at_their_boxes_and_above_and_everything_typed_stays(
    login: Enter, engine: Engine
) -> None:
    form = form_of(login().get(NEW))
    write_phone(form, "12")
    form["profession"] = "Врач"
    page = form.submit("save", status=422)
    again = form_of(page)
    assert again.fields["number"][0].value == "12"
    assert again["profession"].value == "Врач"
    assert page.html.select_one("[name=name]")["aria-invalid"] == "true"
    assert "12 is not a phone number" in page.html.select_one(".lines .field-error").get_text()
    summary = page.html.select_one("[data-error-summary]").get_text()
    assert "Name" in summary
    assert "12 is not a phone number" in summary


def test_a_fault_of_the_write_path_stands_at_its_box(
    login: Enter, engine: Engine, organisation: Organisation
) -> None:
    owner = login("owner")
    for _time in range(2):
        form = form_of(owner.get("/o/jasmine/r/contacts.tag/new"))
        form["name"] = "VIP"
        page = form.submit("save", expect_errors=True)
    assert page.status_int == 422
    assert "taken already" in page.html.select_one(".field-error").get_text()


def test_a_lookalike_brings_a_page_between_and_save_anyway_saves(login: Enter, anna: int) -> None:
    form = form_of(login().get(NEW))
    form["name"] = "Орлова Анна"
    write_phone(form, "+7 913 000-00-01")
    between = form.submit("save", status=422)
    assert "the same phone" in between.html.select_one(".matches").get_text()
    again = form_of(between)
    assert again["name"].value == "Орлова Анна"
    card = again.submit("save").follow()
    assert not card.request.path.endswith(f"/{anna}")


def test_the_script_is_told_of_lookalikes_while_one_types_and_nothing_is_saved(
    login: Enter, anna: int
) -> None:
    browser = login()
    form = form_of(browser.get(NEW))
    write_phone(form, "+7 913 000-00-01")
    found = browser.post(f"{LIST}/check", form.submit_fields()).json["matches"]
    assert found[0]["title"] == "Орлова Анна"
    assert found[0]["url"] == f"{LIST}/{anna}"
    assert browser.get(LIST).html.select_one("h1 .count").get_text() == "1"


def test_an_edit_writes_only_what_was_changed(login: Enter, anna: int, look: Any) -> None:
    browser = login()
    form = form_of(browser.get(f"{LIST}/{anna}/edit"))
    form["profession"] = "Юрист"
    form.submit("save").follow()
    assert look(anna)["profession"] == "Юрист"
    history = login("owner").get(f"{LIST}/{anna}/history")
    latest = history.html.select_one(".timeline-item")
    assert [name.get_text(strip=True) for name in latest.select(".field-name")] == ["Profession"]


def test_saving_without_a_change_changes_nothing(login: Enter, anna: int, look: Any) -> None:
    before = look(anna)
    form_of(login().get(f"{LIST}/{anna}/edit")).submit("save").follow()
    assert look(anna) == before


def test_changes_of_two_people_to_different_fields_are_both_kept(login: Enter, anna: int, look: Any) -> None:
    mine = form_of(login().get(f"{LIST}/{anna}/edit"))
    theirs = form_of(login().get(f"{LIST}/{anna}/edit"))
    theirs["website"] = "https://example.com"
    theirs.submit("save").follow()
    mine["profession"] = "Юрист"
    saved = mine.submit("save").follow()
    assert "is kept as well" in saved.text
    row = look(anna)
    assert (row["profession"], row["website"]) == ("Юрист", "https://example.com")


@pytest.mark.parametrize(("choice", "stays"), [("mine", "Юрист"), ("theirs", "Химик")])
def test_a_clash_is_shown_side_by_side_and_the_person_chooses(
    login: Enter, anna: int, look: Any, choice: str, stays: str
) -> None:
    mine = form_of(login().get(f"{LIST}/{anna}/edit"))
    theirs = form_of(login().get(f"{LIST}/{anna}/edit"))
    theirs["profession"] = "Химик"
    theirs["website"] = "https://example.com"
    theirs.submit("save").follow()
    mine["profession"] = "Юрист"
    mine["household"] = "Кот"
    clash = mine.submit("save", status=422)
    cells = [cell.get_text(strip=True) for cell in clash.html.select(".versus tbody td")]
    assert cells == ["Юрист", "Химик"]
    form = next(form for form in clash.forms.values() if "choose-profession" in form.fields)
    form["choose-profession"] = choice
    form.submit().follow()
    row = look(anna)
    assert (row["profession"], row["household"], row["website"]) == (stays, "Кот", "https://example.com")


def test_a_third_change_during_the_choice_asks_again(login: Enter, anna: int, look: Any) -> None:
    mine = form_of(login().get(f"{LIST}/{anna}/edit"))
    for value in ("Химик", "Физик"):
        theirs = form_of(login().get(f"{LIST}/{anna}/edit"))
        theirs["profession"] = value
        if value == "Химик":
            theirs.submit("save").follow()
            mine["profession"] = "Юрист"
            clash = mine.submit("save", status=422)
        else:
            form = next(form for form in clash.forms.values() if "choose-profession" in form.fields)
            theirs.submit("save").follow()
            assert "Физик" in form.submit(status=422).text
    assert look(anna)["profession"] == "Физик"


def test_one_group_is_edited_in_place(login: Enter, anna: int, look: Any) -> None:
    browser = login()
    url = f"{LIST}/{anna}/edit?group=person"
    fragment = browser.get(url, headers={"X-Fragment": "1"})
    assert "<html" not in fragment.text
    form = form_of(fragment)
    assert "name" not in form.fields
    form["profession"] = "Юрист"
    form.submit("save", headers={"X-Fragment": "1"}).follow()
    row = look(anna)
    assert row["profession"] == "Юрист"
    assert row["phones"] == [{"number": "+79130000001", "label": None}]


def test_a_photo_is_kept_and_shown(login: Enter, anna: int, look: Any) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "PNG")
    form = form_of(login().get(f"{LIST}/{anna}/edit"))
    form["upload"] = Upload("photo.png", picture.getvalue(), "image/png")
    card = form.submit("save").follow()
    assert look(anna)["photo"]
    assert card.html.select_one("img.avatar")["src"].startswith("/o/jasmine/files/")


def test_what_is_no_picture_is_refused_at_its_box(login: Enter, anna: int, look: Any) -> None:
    form = form_of(login().get(f"{LIST}/{anna}/edit"))
    form["upload"] = Upload("photo.png", b"not a picture", "image/png")
    page = form.submit("save", status=422)
    assert page.html.select(".field-error")
    assert look(anna)["photo"] is None


def test_a_link_to_the_form_brings_values_along(login: Enter, anna: int, look: Any) -> None:
    browser = login()
    form = form_of(browser.get("/o/jasmine/r/contacts.position/new", {"company": anna, "title": "Директор"}))
    assert form["company"].value == str(anna)
    assert form["title"].value == "Директор"
    person = form_of(browser.get(NEW))
    person["name"] = "Белова Мария"
    person_id = person.submit("save").follow().request.path.rpartition("/")[2]
    with_company = form_of(browser.get(f"{LIST}/{anna}/edit"))
    with_company.set("kind", "company", 0)
    with_company.submit("save").follow()
    form["person"].force_value(person_id)
    made = form.submit("save").follow()
    row = look(int(made.request.path.rpartition("/")[2]), Position)
    assert row["company"]["id"] == anna


def test_fields_that_a_person_may_not_write_are_not_in_the_form_and_not_believed(
    login: Enter, anna: int, look: Any
) -> None:
    browser = login("specialist")
    form = form_of(browser.get(f"{LIST}/{anna}/edit"))
    assert "name" not in form.fields
    assert "number" not in form.fields
    sent = [*form.submit_fields(), ("name", "Кто-то"), ("profession", "Юрист")]
    browser.post(f"{LIST}/{anna}/edit", sent)
    assert look(anna)["name"] == "Орлова Анна"


def test_a_form_that_is_not_ours_is_refused_in_words(login: Enter, anna: int) -> None:
    browser = login()
    for body in ([("__start__", "phones:sequence")], [("__end__", "x:mapping")], [("__start__", "")]):
        page = browser.post(NEW, body, expect_errors=True)
        assert page.status_int in (400, 422)
        assert "Traceback" not in page.text
