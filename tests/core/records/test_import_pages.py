"""The import in the browser, by requests: upload, columns, trial, run, undo, and whose it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, func, select

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.plugins.contacts.models import Contact
from parlour.records import query
from parlour.records.importing.views import max_queries
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.site import Enter, statements

CSV = "Имя;Телефон;Любимый мастер\r\nАнна Орлова;8 913 148 75 93;Ольга\r\nВера Юдина;нет;\r\n".encode(
    "cp1251"
)


def address(organisation: Organisation) -> str:
    return f"/o/{organisation.slug}/r/contacts.contact/import"


def uploaded(browser, organisation: Organisation, content: bytes = CSV, name: str = "клиенты.csv"):
    return browser.post(address(organisation), upload_files=[("file", name, content)])


def contacts(session: Session) -> int:
    found = session.scalar(select(func.count(Contact.id))) or 0
    session.rollback()
    return found


def test_a_file_is_brought_checked_tried_taken_in_and_taken_back(
    login: Enter, organisation: Organisation, engine: Engine, settings: Settings, session: Session
) -> None:
    owner = login("owner")
    assert owner.get(f"/o/{organisation.slug}/r/contacts.contact").html.find(href=address(organisation))
    page = uploaded(owner, organisation).follow()
    assert page.html.find("select", {"name": "column-1"}).find("option", selected=True)["value"] == "phones"
    assert page.html.find("select", {"name": "column-2"}).find("option", selected=True)["value"] == "*"
    form = page.forms["mapping"]
    form["column-2"] = "household"
    tried = form.submit("action", value="look").follow()
    assert tried.html.find(attrs={"data-progress": True})
    run_due(engine, settings)
    tried = owner.get(tried.request.path)
    assert "Nothing is written yet" in tried.text
    assert contacts(session) == 0
    bring = next(form for form in tried.forms.values() if "job" in form.fields)
    running = bring.submit().follow()
    run_due(engine, settings)
    done = owner.get(running.request.path)
    assert contacts(session) == 2
    assert session.scalar(select(Contact.household).where(Contact.first_name == "Анна")) == "Ольга"
    undo = next(form for form in done.forms.values() if "/undo" in form.action)
    session.rollback()
    undo.submit()
    assert contacts(session) == 0


def test_a_column_that_only_numbers_the_rows_is_shown_as_left_out(
    login: Enter, organisation: Organisation
) -> None:
    lines = ["№ п/п;Имя", *(f"{n};Анна {n}" for n in range(1, 5))]
    page = uploaded(login("owner"), organisation, "\r\n".join(lines).encode()).follow()
    (row, *_others) = page.html.select(".mapping tbody tr")
    assert row.find("option", selected=True) is None  # so it is the first one, to leave it out
    assert "only numbers the rows" in row.get_text()


def test_the_next_file_with_the_same_headings_remembers_the_columns(
    login: Enter, organisation: Organisation
) -> None:
    owner = login("owner")
    form = uploaded(owner, organisation).follow().forms["mapping"]
    form["column-2"] = "household"
    form["column-0"] = ""
    form.submit("action", value="look")
    again = uploaded(owner, organisation).follow().forms["mapping"]
    assert (again["column-2"].value, again["column-0"].value) == ("household", "")


def test_a_file_that_cannot_be_read_is_refused_on_its_page(login: Enter, organisation: Organisation) -> None:
    owner = login("owner")
    for content, name in ((b"\x89PNG\r\n\x1a\n" + b"0" * 90, "a.csv"), (b"", "b.csv")):
        refused = owner.post(address(organisation), upload_files=[("file", name, content)], status=422)
        assert refused.html.find(class_="alert") or refused.html.find(role="alert")
    owner.post(address(organisation), {"file": ""}, status=422)


def test_only_who_may_import_comes_in_and_nobody_sees_the_file_of_another(
    login: Enter, organisation: Organisation, other_organisation: Organisation
) -> None:
    page = uploaded(login("owner"), organisation).follow()
    login("specialist").get(address(organisation), status=403)
    login("manager").get(page.request.path, status=404)
    elsewhere = login("owner", other_organisation)
    elsewhere.get(page.request.path, status=404)
    elsewhere.get(page.request.path.replace(organisation.slug, other_organisation.slug), status=404)


def test_the_pages_ask_a_bounded_number_of_questions(
    login: Enter, organisation: Organisation, engine: Engine
) -> None:
    owner = login("owner")
    path = uploaded(owner, organisation).follow().request.path
    for url in (address(organisation), path):
        with statements(engine) as seen:
            owner.get(url)
        assert len(seen) <= max_queries


def test_what_is_wrong_with_a_file_is_told_in_the_language_of_who_brought_it(
    login: Enter, organisation: Organisation, engine: Engine, settings: Settings
) -> None:
    """The salon speaks Russian, its owner reads English."""
    owner = login("owner")
    page = uploaded(owner, organisation, b"Name;E-mail\r\nAnna;anna@\r\n").follow()
    tried = page.forms["mapping"].submit("action", value="look").follow()
    run_due(engine, settings)
    assert "This is not an e-mail address." in owner.get(tried.request.path).text


def with_values(form, *names: str):
    """The form of the columns after a box was asked for for each of these fields."""
    for name in names:
        form["new"] = name
        form = form.submit("action", value="add").forms["mapping"]
    return form


def test_values_that_the_file_does_not_have_go_along_with_it(
    login: Enter, organisation: Organisation, engine: Engine, settings: Settings, session: Session
) -> None:
    source = save(session, "contacts.source", {"name": "Флаер"})
    session.commit()
    owner = login("owner")
    fields = ("source", "silent", "sex", "client_since", "spent_before", "household", "tags", "responsible")
    form = with_values(uploaded(owner, organisation).follow().forms["mapping"], *fields)
    form["column-2"] = "household"
    for name in fields:
        form[f"mode-{name}"] = "fixed"
    form["mode-household"] = "default"
    form["value-source"] = str(source)
    form["value-silent"] = True
    form["value-sex"] = "female"
    form["value-client_since"] = "2024-03-01"
    form["value-spent_before"] = "1500,50"
    form["value-household"] = "Не знаем"
    form["value-tags"] = "новая база, март"
    form.set("user", str(owner.user.id), 0)
    tried = form.submit("action", value="look").follow()
    run_due(engine, settings)
    tried = owner.get(tried.request.path)
    said = tried.html.select_one(".given-said").get_text(" ", strip=True)
    assert "For every row: Source = Флаер" in said
    assert "Where the file has none: Household = Не знаем" in said
    next(form for form in tried.forms.values() if "job" in form.fields).submit()
    run_due(engine, settings)
    kind = record_type(Contact)
    rows = query.page(session, kind, fields=kind.fields).rows
    assert [row["household"] for row in rows] == ["Ольга", "Не знаем"]
    for row in rows:
        assert row["source"]["title"] == "Флаер"
        assert (row["silent"], row["sex"], row["client_since"]) == (True, "female", date(2024, 3, 1))
        assert row["spent_before"].amount == Decimal("1500.50")
        assert sorted(tag["title"] for tag in row["tags"]) == ["март", "новая база"]
        assert row["responsible"] == [{"user": owner.user.id, "branch": None}]
    session.rollback()
    again = uploaded(owner, organisation).follow().forms["mapping"]
    assert {name: again[f"mode-{name}"].value for name in fields} == {
        name: "default" if name == "household" else "fixed" for name in fields
    }
    assert (again["value-source"].value, again["value-client_since"].value) == (str(source), "2024-03-01")
    assert again["value-spent_before"].value == "1500.50"
    dropped = again.submit("action", value="drop:household").forms["mapping"]
    assert "value-household" not in dropped.fields
    assert dropped["value-client_since"].value == "2024-03-01"


def test_a_value_that_does_not_fit_is_refused_at_its_box_before_anything_is_tried(
    login: Enter, organisation: Organisation
) -> None:
    form = with_values(
        uploaded(login("owner"), organisation).follow().forms["mapping"], "client_since", "sex"
    )
    form["value-client_since"] = "2024-99-01"
    refused = form.submit("action", value="run", expect_errors=True)
    assert refused.status_int == 422
    wrong = refused.html.select_one("[name=value-client_since]")
    assert (wrong["aria-invalid"], wrong["value"]) == ("true", "2024-99-01")
