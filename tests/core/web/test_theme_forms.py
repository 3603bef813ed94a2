"""Forms as they are drawn: with names and messages for everybody, and nothing that could run."""

from __future__ import annotations

from typing import Any

import colander
import deform
import deform.widget
import pytest
from lxml import html

from parlour.i18n import _, localizer
from parlour.web import forms_renderer, widgets
from tests.core.web.forms import ENVIRONMENT, Node, controls, form_of, phones, posted


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


def test_lazy_titles_are_said_in_the_readers_language_and_names_are_not() -> None:
    template = ENVIRONMENT.from_string("{{ title }}|{{ name }}|{{ nothing }}")
    said = template.render(
        title=_("${n} found", mapping={"n": 3}), name="Today", nothing=None, loc=localizer("en")
    )
    assert said == "3 found|Today|"
