"""Forms as a browser sends them back: what is rendered, filled in and posted becomes the value the schema reads."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import colander
import deform
import deform.widget
import peppercorn
import pytest

from parlour.web import widgets
from tests.core.web.forms import Node, controls, form_of, phones, posted, returned


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1 234,5", "1234.5"),
        ("1\u00a0234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1'234", "1234"),
        ("\u2212" + "7", "-7"),
        ("12.5", "12.5"),
        ("1,2,3", "1.2.3"),
        ("about 5", "about 5"),
        ("5 euros", "5 euros"),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, number: str) -> None:
    assert widgets.plain_number(typed) == number


def test_money_names_its_currency_and_reads_a_comma() -> None:
    node = Node(colander.Decimal(), name="sum", widget=widgets.MoneyWidget(currency="₽"))
    form = form_of(node)
    assert "₽" in form.render()
    assert 'inputmode="decimal"' in form.render()
    assert str(posted(form, sum="1 500,50")["sum"]) == "1500.50"


@pytest.mark.parametrize("born", ["1987-03-14", "--03-14", "--02-29", "2000-02-29"])
def test_a_birthday_comes_back_as_it_was(born: str) -> None:
    form = form_of(Node(colander.String(), name="born", widget=widgets.BirthdayWidget(), missing=None))
    assert returned(form, {"born": born}) == {"born": born}


@pytest.mark.parametrize(
    ("day", "month", "year", "message"),
    [
        ("31", "2", "", "There is no such day"),
        ("29", "2", "1987", "There is no such day"),
        ("x", "2", "", "There is no such day"),
        ("5", "", "1987", "Give the day and the month"),
        ("5", "6", "87", "four figures"),
    ],
)
def test_a_birthday_that_cannot_be_is_shown_again(day: str, month: str, year: str, message: str) -> None:
    form = form_of(Node(colander.String(), name="born", widget=widgets.BirthdayWidget(), missing=None))
    with pytest.raises(deform.ValidationFailure) as failure:
        posted(form, born={"day": day, "month": month, "year": year})
    page = failure.value.render()
    assert message in page
    again = dict(controls(page))
    assert (again["day"], again["month"], again["year"]) == (day, month, year)


def test_an_empty_birthday_is_nothing() -> None:
    form = form_of(Node(colander.String(), name="born", widget=widgets.BirthdayWidget(), missing=None))
    assert posted(form, born={"day": "", "month": "", "year": ""}) == {"born": None}


def test_tags_lose_repeats_and_hashes_but_not_their_order() -> None:
    form = form_of(Node(colander.List(), name="tags", widget=widgets.TagsWidget(), missing=()))
    assert posted(form, tags="#vip, nails;vip ,  long   hair,,") == {"tags": ["vip", "nails", "long hair"]}
    assert returned(form, {"tags": ["b", "a"]}) == {"tags": ["b", "a"]}


def test_a_link_shows_what_it_points_at_even_when_it_is_not_among_the_first() -> None:
    widget = widgets.LinkWidget(
        values=[(1, "One")], data_url="/find", title_of=lambda key: f"Number {key}" if key != "8" else None
    )
    form = form_of(Node(colander.Integer(), name="company", widget=widget, missing=None))
    assert returned(form, {"company": 7}) == {"company": 7}
    assert '<option value="7" selected>Number 7</option>' in form.render({"company": 7})
    assert posted(form, company="") == {"company": None}
    assert 'data-url="/find"' in form.render()


def test_a_choice_of_many_becomes_searchable_and_a_short_one_does_not() -> None:
    def rendered(count: int) -> str:
        choices = [(str(number), f"Number {number}") for number in range(count)]
        widget = widgets.SelectWidget(values=choices)
        return str(form_of(Node(colander.String(), name="one", widget=widget)).render())

    assert "data-picker" not in rendered(12)
    assert "data-picker" in rendered(13)


def test_choices_come_back() -> None:
    choices = [("a", "First"), ("b", "Second")]
    form = form_of(
        Node(colander.String(), name="one", widget=widgets.RadioChoiceWidget(values=choices), missing=""),
        Node(colander.Set(), name="some", widget=widgets.CheckboxChoiceWidget(values=choices), missing=()),
        Node(colander.Boolean(), name="yes", widget=widgets.CheckboxWidget(), missing=False),
    )
    assert returned(form, {"one": "b", "some": {"a", "b"}, "yes": True}) == {
        "one": "b",
        "some": {"a", "b"},
        "yes": True,
    }
    assert returned(form, {"one": "a", "some": set(), "yes": False}) == {
        "one": "a",
        "some": set(),
        "yes": False,
    }


def test_lines_come_back_with_their_main_one() -> None:
    form = form_of(phones())
    value = {
        "phones": [
            {"number": "+79161234567", "kind": "work", "main": False},
            {"number": "+79167654321", "kind": "mobile", "main": True},
        ]
    }
    assert returned(form, value) == value


def test_main_lines_of_two_fields_do_not_disturb_each_other() -> None:
    first, second = phones(), phones()
    second.name = "faxes"
    form = form_of(first, second)
    lines = [{"number": "1", "kind": "work", "main": False}, {"number": "2", "kind": "work", "main": True}]
    value = {"phones": lines, "faxes": list(reversed(lines))}
    assert returned(form, value) == value


def test_a_line_without_words_goes_and_the_first_becomes_the_main_one() -> None:
    sent = [
        {"number": "  ", "kind": "work", "main": "true"},
        {"number": "1", "kind": "work", "main": ""},
        {"number": "2", "kind": "work", "main": ""},
    ]
    assert posted(form_of(phones()), phones=sent) == {
        "phones": [
            {"number": "1", "kind": "work", "main": True},
            {"number": "2", "kind": "work", "main": False},
        ]
    }


def test_a_line_of_choices_alone_stays_while_one_of_them_is_made() -> None:
    people, places = [("", ""), ("1", "Anna")], [("", ""), ("7", "Centre")]
    line = Node(
        colander.Mapping(),
        Node(colander.String(), name="user", widget=widgets.SelectWidget(values=people), missing=""),
        Node(colander.String(), name="branch", widget=widgets.SelectWidget(values=places), missing=""),
        name="line",
    )
    form = form_of(Node(colander.Sequence(), line, name="lines", widget=widgets.LinesWidget(), missing=()))
    value = {"lines": [{"user": "1", "branch": ""}]}
    assert returned(form, value) == value
    assert posted(form, lines=[{"user": "", "branch": ""}, {"user": "1", "branch": "7"}]) == {
        "lines": [{"user": "1", "branch": "7"}]
    }


def test_an_empty_field_of_lines_offers_one_line_and_sends_none() -> None:
    form = form_of(phones())
    page = form.render()
    assert page.count('name="number"') == 2  # the line itself and the template that "add" copies
    assert returned(form, {}) == {"phones": []}


def test_a_wrong_line_keeps_what_was_typed_in_the_others() -> None:
    form = form_of(phones())
    form["phones"].children[0]["number"].schema.validator = colander.Length(min=5)
    with pytest.raises(deform.ValidationFailure) as failure:
        posted(form, phones=[{"number": "12345", "kind": "work"}, {"number": "1", "kind": "mobile"}])
    sent = peppercorn.parse(list(controls(failure.value.render())))
    assert [line["number"] for line in sent["phones"]] == ["12345", "1"]
    assert [line["kind"] for line in sent["phones"]] == ["work", "mobile"]


def test_a_photo_may_be_put_taken_away_or_left() -> None:
    form = form_of(Node(widgets.Upload(), name="photo", widget=widgets.PhotoWidget(), missing=None))
    picture = SimpleNamespace(file=BytesIO(b"x"), filename="a.png")
    assert posted(form, photo={"upload": picture}) == {"photo": {"upload": picture, "remove": False}}
    assert posted(form, photo={"upload": "", "remove": "1"}) == {"photo": {"upload": None, "remove": True}}
    assert posted(form, photo={"upload": ""}) == {"photo": None}
    assert 'name="remove"' not in form.render({"photo": None})
    shown = form.render({"photo": {"url": "/files/7"}})
    assert 'src="/files/7"' in shown
    assert 'name="remove"' in shown


def test_the_photo_there_is_stays_in_sight_when_something_else_was_wrong() -> None:
    widget = widgets.PhotoWidget(present={"url": "/files/7"})
    form = form_of(
        Node(widgets.Upload(), name="photo", widget=widget, missing=None),
        Node(colander.String(), name="name"),
    )
    with pytest.raises(deform.ValidationFailure) as failure:
        posted(form, photo={"upload": "", "remove": "1"}, name="")
    assert 'src="/files/7"' in failure.value.render()


def test_a_password_is_never_sent_back() -> None:
    form = form_of(Node(colander.String(), name="secret", widget=widgets.PasswordWidget()))
    assert "open sesame" not in form.render({"secret": "open sesame"})
