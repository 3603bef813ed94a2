"""Export and import again is the identity, for every format; and an export gives away nothing it should not."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import NotAllowed, Refusal
from parlour.i18n import localizer
from parlour.plugins.contacts.models import Contact
from parlour.records.clean import to_json
from parlour.records.exporting import FORMATS, export
from parlour.records.importing.plan import propose
from parlour.records.importing.result import Result
from parlour.records.importing.run import Importer, import_table
from parlour.records.query import read
from parlour.records.registry import record_type
from parlour.records.tables import open_table
from parlour.records.write import save
from parlour.testing.people import trusted
from tests.support.examples import examples

CONTACT = record_type(Contact)
PEOPLE = [
    {
        "last_name": "Артёмова",
        "first_name": "Алёна",
        "middle_name": "Игоревна",
        "phones": [{"number": "+79131487593", "label": "рабочий"}, {"number": "+79160000000"}],
        "emails": [{"address": "alena@example.com"}, {"address": "a2@example.com", "label": "home"}],
        "addresses": [
            {"street": "ул. Ленина, 5; кв. 7", "city": "Омск", "postcode": "644000", "country": "Россия"},
            {"street": "Дача"},
        ],
        "birthday": "--02-29",
        "spent_before": {"amount": "12500.50", "currency": "RUB"},
        "tags": ["VIP", "невеста, весна"],
        "note": 'Первая строка\nвторая; "кавычки", запятая',
        "must_know": '=HYPERLINK("http://example.com")',
        "source": None,
        "sex": "female",
        "silent": True,
    },
    {
        "name": "ООО «Лак»",
        "kind": "company",
        "tax_number": "0077012345",
        "spent_before": {"amount": "10", "currency": "USD"},
    },
    {"name": "+1-Клиент", "profession": "@home", "household": "'апостроф", "birthday": "1956-04-08"},
]


def whole(session: Session) -> list[dict]:
    """Every contact as exact values; ids apart, which an import into another salon cannot keep."""
    fields = [item for item in CONTACT.fields if item.kind.name != "file"]
    rows = read(session, CONTACT, fields, [], order_by=[Contact.name_key], titled=True)
    return [
        {
            item.name: sorted(one["title"] for one in row[item.name])
            if item.storage == "links"
            else row[item.name] and row[item.name]["title"]
            if item.storage == "link"
            else to_json(item, row[item.name])
            for item in fields
        }
        for row in rows
    ]


def bring_in(session: Session, path: Path) -> Result:
    table = open_table(path)
    return import_table(session, CONTACT, table, propose(session, CONTACT, table))


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize("ending", FORMATS)
def test_export_and_import_again_is_the_identity(
    session: Session, engine, other_organisation: Organisation, tmp_path: Path, ending: str, locale: str
) -> None:
    for values in PEOPLE:
        save(session, Contact, values)
    before = whole(session)
    path = tmp_path / f"clients.{ending}"
    assert export(session, CONTACT, path, localizer(locale, "Europe/Moscow", "RUB", "RU")) == len(PEOPLE)
    again = bring_in(session, path)
    assert (again.created, again.updated, again.unchanged, again.unmatched_columns) == (0, 0, len(PEOPLE), [])
    session.commit()
    with trusted(engine, other_organisation) as elsewhere:
        fresh = bring_in(elsewhere, path)
        assert (fresh.created, fresh.rejected) == (len(PEOPLE), 0)
        moved = whole(elsewhere)
    if ending != "json":
        # A plain cell or a card holds an amount in the own currency of the salon, which is another one over there.
        for row in (*before, *moved):
            row["spent_before"] = row["spent_before"] and row["spent_before"]["amount"]
    assert moved == before


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    note=st.text(max_size=60),
    name=st.text(st.characters(categories=["L", "P", "S", "Nd"]), min_size=1, max_size=30),
)
# Looks like no name of anybody, so nothing may depend on what it looks like.
@example(note="", name=":")
@pytest.mark.parametrize("ending", FORMATS)
def test_no_text_changes_on_its_way_out_and_in_again(
    session: Session, tmp_path: Path, ending: str, note: str, name: str
) -> None:
    try:
        values = {"name": f"x{name}", "kind": "company", "note": note, "phones": ["+79131487593"]}
        made = save(session, Contact, values)
        path = tmp_path / f"clients.{ending}"
        export(session, CONTACT, path, localizer("ru", "Europe/Moscow", "RUB", "RU"), ids=[made])
        before = whole(session)
        table = open_table(path)
        again = Importer(session, CONTACT, table, propose(session, CONTACT, table)).run()
        assert (again.unchanged, whole(session)) == (1, before)
    finally:
        session.rollback()


def test_no_exported_cell_is_a_formula(session: Session, tmp_path: Path) -> None:
    for sign in "=+-@\t\r":
        save(session, Contact, {"name": f"{sign}cmd|' /C calc'!A0", "kind": "company", "note": f"{sign}1+1"})
    path = tmp_path / "clients.csv"
    export(session, CONTACT, path, localizer("en"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            assert not [cell for cell in row if cell[:1] in ("=", "@", "+", "-", "\t", "\r")]


def test_an_export_holds_what_the_person_may_read_only(session: Session, session_as, tmp_path: Path) -> None:
    save(session, Contact, PEOPLE[0])
    session.commit()
    with session_as("specialist") as specialist, pytest.raises(NotAllowed):
        export(specialist, CONTACT, tmp_path / "a.json", localizer("en"))
    manager = session_as("manager")
    export(manager, CONTACT, tmp_path / "b.json", localizer("en"), fields=["name", "phones"])
    assert json.loads((tmp_path / "b.json").read_text("utf-8")) == [
        {
            "name": "Артёмова Алёна Игоревна",
            "phones": [
                {"number": "+79131487593", "label": "рабочий"},
                {"number": "+79160000000", "label": None},
            ],
        }
    ]


def test_bad_wishes_are_refused_and_leave_no_file(session: Session, tmp_path: Path) -> None:
    for path, wish in (
        (tmp_path / "clients.docx", {}),
        (tmp_path / "clients.csv", {"fields": ["no_such"]}),
        (tmp_path / "clients.csv", {"filter": ["no_such", "=", 1]}),
    ):
        with pytest.raises(Refusal):
            export(session, CONTACT, path, localizer("en"), **wish)
    assert list(tmp_path.iterdir()) == []


def test_rows_leave_in_chunks_and_each_once(session: Session, tmp_path: Path) -> None:
    from parlour.records.write import Change, write

    for start in range(0, 1100, 550):
        write(session, Contact, [Change({"name": f"Client {start + n}"}) for n in range(550)])
    path = tmp_path / "clients.json"
    assert export(session, CONTACT, path, localizer("en"), fields=["name"]) == 1100
    names = [row["name"] for row in json.loads(path.read_text("utf-8"))]
    assert len(set(names)) == 1100 == len(session.scalars(select(Contact.id)).all())
