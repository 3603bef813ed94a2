"""Forms as a browser sends them back: what is rendered, filled in and posted becomes the value the schema reads."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import colander
import deform
import deform.widget
import peppercorn
import pytest
from jinja2 import Environment, FileSystemLoader
from lxml import html

from parlour.i18n import _, localizer
from parlour.web import forms_renderer, widgets
from parlour.web.icons import icon
from parlour.web.templates import finalize

TEMPLATES = Path(__file__).parents[3] / "themes/default/templates"
ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, finalize=finalize)
Node = colander.SchemaNode


def form_of(*nodes: Any, locale: str = "en", buttons: tuple[Any, ...] = ("save",)) -> deform.Form:
    loc = localizer(locale)
    renderer = forms_renderer.renderer(
        ENVIRONMENT,
        _=lambda message, **values: loc.translate(message, values),
        ngettext=loc.plural,
        loc=loc,
        icon=icon,
        csrf_token="token-1",
    )
    return deform.Form(Node(colander.Mapping(), *nodes), renderer=renderer, buttons=buttons)


def controls(page: str) -> Iterator[tuple[str, str]]:
    """What a browser without scripts would send; templates of lines are not part of the form."""
    for control in html.fromstring(page).iter("input", "select", "textarea"):
        if control.get("name") is None or any(parent.tag == "template" for parent in control.iterancestors()):
            continue
        if control.tag == "select":
            chosen = [option for option in control.iter("option") if option.get("selected") is not None]
            for option in chosen or list(control.iter("option"))[:1]:
                yield control.get("name"), option.get("value", "")
        elif control.tag == "textarea":
            yield control.get("name"), (control.text or "").removeprefix("\n")
        elif control.get("type") in ("checkbox", "radio"):
            if control.get("checked") is not None:
                yield control.get("name"), control.get("value", "on")
        elif control.get("type") != "file":
            yield control.get("name"), control.get("value", "")


def returned(form: deform.Form, value: dict[str, Any]) -> Any:
    """The value after the form was rendered with it, sent back untouched and read again."""
    return form.validate(list(controls(form.render(value))))


def posted(form: deform.Form, **value: Any) -> Any:
    return form.validate_pstruct(value)


def phones(**extra: Any) -> Any:
    line = Node(
        colander.Mapping(),
        Node(colander.String(), name="number", title="Number", widget=widgets.PhoneWidget(), missing=""),
        Node(
            colander.String(),
            name="kind",
            title="Kind",
            widget=widgets.SelectWidget(values=[("mobile", "mobile"), ("work", "work")]),
            missing="mobile",
        ),
        Node(colander.Boolean(), name="main", title="main", widget=widgets.MainWidget()),
        name="phone",
        title="Phone",
    )
    return Node(
        colander.Sequence(),
        line,
        name="phones",
        title="Phones",
        widget=widgets.LinesWidget(**extra),
        missing=(),
    )


def everything() -> deform.Form:
    """One form with every widget there is."""
    choices = [("a", "First"), ("b", "Second")]
    plain: list[tuple[str, Any, Any]] = [
        ("text", colander.String(), widgets.TextInputWidget()),
        ("area", colander.String(), widgets.TextAreaWidget()),
        ("secret", colander.String(), widgets.PasswordWidget()),
        ("hidden", colander.String(), widgets.HiddenWidget()),
        ("mail", colander.String(), widgets.EmailWidget()),
        ("site", colander.String(), widgets.UrlWidget()),
        ("phone", colander.String(), widgets.PhoneWidget()),
        ("number", colander.Integer(), widgets.NumberWidget()),
        ("money", colander.Decimal(), widgets.MoneyWidget(currency="₽")),
        ("day", colander.Date(), widgets.DateWidget()),
        ("time", colander.Time(), widgets.TimeWidget()),
        ("moment", colander.String(), widgets.MomentWidget()),
        ("select", colander.String(), widgets.SelectWidget(values=choices)),
        ("radio", colander.String(), widgets.RadioChoiceWidget(values=choices)),
        ("boxes", colander.Set(), widgets.CheckboxChoiceWidget(values=choices)),
        ("box", colander.Boolean(), widgets.CheckboxWidget()),
        ("link", colander.String(), widgets.LinkWidget(values=choices, data_url="/find")),
        ("tags", colander.List(), widgets.TagsWidget(suggestions=["vip"])),
        ("born", colander.String(), widgets.BirthdayWidget()),
        ("photo", widgets.Upload(), widgets.PhotoWidget()),
        ("file", widgets.Upload(), widgets.FileWidget()),
        ("twice", colander.String(), widgets.CheckedPasswordWidget()),
        ("deform_day", colander.Date(), deform.widget.DateInputWidget()),
        ("deform_moment", colander.DateTime(), deform.widget.DateTimeInputWidget()),
        ("deform_money", colander.Decimal(), deform.widget.MoneyInputWidget()),
        ("deform_rich", colander.String(), deform.widget.RichTextWidget()),
        ("deform_find", colander.String(), deform.widget.AutocompleteInputWidget(values=["a"])),
        ("deform_select2", colander.String(), deform.widget.Select2Widget(values=choices)),
    ]
    nodes = [
        Node(typ, name=name, title=name.title(), description=f"About {name}", widget=widget, missing=None)
        for name, typ, widget in plain
    ]
    inner = Node(
        colander.Mapping(),
        Node(colander.String(), name="street", title="Street", missing=""),
        name="address",
        title="Address",
    )
    return form_of(*nodes, phones(), inner)


@pytest.mark.parametrize("readonly", [False, True])
def test_no_widget_brings_code_or_style(readonly: bool) -> None:
    page = everything().render(readonly=readonly)
    for element in html.fromstring(page).iter():
        assert element.tag not in ("script", "style", "iframe", "object")
        assert not [name for name in element.attrib if name == "style" or name.startswith("on")]


def test_code_in_a_widgets_own_attributes_is_not_let_through() -> None:
    widget = widgets.TextInputWidget(attributes={"onclick": "x()", "style": "top:0", "data-kind": "a"})
    page = form_of(Node(colander.String(), name="name", widget=widget)).render()
    assert "onclick" not in page
    assert "style=" not in page
    assert 'data-kind="a"' in page


def test_every_template_that_deform_may_ask_for_is_ours_or_an_error() -> None:
    renderer = forms_renderer.renderer(ENVIRONMENT)
    with pytest.raises(LookupError, match="no form template called 'nothing'"):
        renderer("nothing")
    forms_renderer.take_over()
    schema = Node(colander.Mapping(), Node(colander.String(), name="name"))
    with pytest.raises(RuntimeError, match="without the theme's renderer"):
        deform.Form(schema).render()


def test_plain_types_get_our_widgets() -> None:
    forms_renderer.take_over()
    form = form_of(Node(colander.Date(), name="day"), Node(colander.Decimal(), name="sum"))
    assert isinstance(form["day"].widget, widgets.DateWidget)
    assert isinstance(form["sum"].widget, widgets.NumberWidget)


def test_every_visible_control_has_a_name_for_screen_readers() -> None:
    tree = html.fromstring(everything().render())
    labelled = {label.get("for") for label in tree.iter("label")}
    for control in tree.iter("input", "select", "textarea"):
        if control.get("type") == "hidden":
            continue
        inside = any(parent.tag == "label" for parent in control.iterancestors())
        named = control.get("aria-label") or control.get("aria-labelledby")
        assert inside or named or control.get("id") in labelled, html.tostring(control)


def test_what_describes_a_control_is_there() -> None:
    form = everything()
    with pytest.raises(deform.ValidationFailure) as failure:
        posted(form, number="many", born={"day": "31", "month": "2", "year": ""})
    tree = html.fromstring(failure.value.render())
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    for element in tree.iter():
        for name in (element.get("aria-describedby") or "").split():
            assert name in ids, name
    number = tree.get_element_by_id(form["number"].oid)
    assert number.get("aria-invalid") == "true"
    assert "error-" in number.get("aria-describedby")


def test_ids_are_there_once() -> None:
    tree = html.fromstring(everything().render())
    ids = [
        element.get("id")
        for element in tree.iter()
        if element.get("id") and not any(parent.tag == "template" for parent in element.iterancestors())
    ]
    assert len(ids) == len(set(ids))


def test_the_form_carries_its_token() -> None:
    assert ("csrf_token", "token-1") in list(controls(form_of(Node(colander.String(), name="a")).render()))


def test_text_of_others_stays_text() -> None:
    form = form_of(Node(colander.String(), name="note", widget=widgets.TextAreaWidget(), missing=""))
    nasty = '</textarea><script>alert("1")</script>\n second'
    page = form.render({"note": nasty})
    assert "<script" not in page
    assert form.validate(list(controls(page))) == {"note": nasty}


def test_mistakes_are_summed_at_the_top_in_words_and_lead_to_the_field() -> None:
    form = form_of(
        Node(colander.String(), name="name", title="Name", missing_msg="Give a name"),
        Node(colander.Integer(), name="age", title="Age"),
        phones(),
    )
    form["phones"].children[0]["number"].schema.validator = colander.Length(
        min=5, min_err=_("Too short for a phone")
    )
    with pytest.raises(deform.ValidationFailure) as failure:
        posted(form, name="", age="ten", phones=[{"number": "12", "kind": "work"}])
    page = failure.value.render()
    tree = html.fromstring(page)
    summary = tree.xpath("//*[@data-error-summary]")[0]
    text = " ".join(summary.text_content().split())
    assert "Name: Give a name" in text
    assert "Age: This is not a number." in text
    assert "Phone, Number: Too short for a phone" in text
    for link in summary.iter("a"):
        assert tree.get_element_by_id(link.get("href").removeprefix("#")) is not None
    assert (
        tree.xpath(f"//*[@id='error-{form['age'].oid}']")[0].text_content().strip() == "This is not a number."
    )


def test_fields_behind_more_come_out_when_they_are_wrong() -> None:
    def rendered(born: dict[str, str]) -> str:
        form = form_of(
            Node(colander.String(), name="name", missing=""),
            Node(colander.String(), name="born", widget=widgets.BirthdayWidget(), missing=None, more=True),
        )
        try:
            posted(form, name="A", born=born)
        except deform.ValidationFailure as failure:
            return str(failure.render())
        return str(form.render())

    assert '<details class="more" data-more-fields>' in rendered({})
    assert '<details class="more" open data-more-fields>' in rendered({"day": "31", "month": "2", "year": ""})


def test_groups_stand_under_their_titles_in_the_order_of_fields() -> None:
    page = form_of(
        Node(colander.String(), name="a", group="About"),
        Node(colander.String(), name="b"),
        Node(colander.String(), name="c", group="About"),
    ).render()
    groups = html.fromstring(page).xpath("//fieldset")
    assert [[box.get("name") for box in group.iter("input")] for group in groups] == [["a", "c"], ["b"]]
    assert groups[0].xpath("legend")[0].text == "About"


# ---- values


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


def test_lazy_titles_are_said_in_the_readers_language_and_names_are_not() -> None:
    template = ENVIRONMENT.from_string("{{ title }}|{{ name }}|{{ nothing }}")
    said = template.render(
        title=_("${n} found", mapping={"n": 3}), name="Today", nothing=None, loc=localizer("en")
    )
    assert said == "3 found|Today|"
