"""A salon's base comes in whole: the right people, nothing lost, nothing twice, and out again with one undo."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.i18n import localizer
from parlour.plugins.contacts.models import Contact, Note, Tag
from parlour.records.history import undo
from parlour.records.importing import run
from parlour.records.importing.plan import Plan, fill, from_plain, propose, remember, to_plain
from parlour.records.importing.result import Result
from parlour.records.importing.run import Importer, import_table
from parlour.records.query import stream
from parlour.records.registry import record_type
from parlour.records.tables import TableError, open_table
from parlour.records.values import Money
from parlour.records.write import save
from tests.core.records import messy

CONTACT = record_type(Contact)
ENGLISH = localizer("en")


def bring_in(session: Session, path: Path, given=None, **more) -> Result:
    table = open_table(path)
    return import_table(session, CONTACT, table, propose(session, CONTACT, table, given), **more)


def everyone(session: Session) -> list[dict]:
    return [row for chunk in stream(session, CONTACT, CONTACT.fields, action="read") for row in chunk]


def table(tmp_path: Path, *rows: list[str], name: str = "clients.csv") -> Path:
    path = tmp_path / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize("seed", [1, 2])
def test_four_files_of_one_base_end_with_exactly_its_people(
    session: Session, tmp_path: Path, seed: int
) -> None:
    truth, files, _rows = messy.write_base(tmp_path, seed)
    for path in files:
        assert bring_in(session, path).rejected == 0
    found = everyone(session)
    assert len(found) == len(truth)
    for person in truth:
        # A family may share a phone, so the name decides with it.
        (row,) = [
            row
            for row in found
            if (row["last_name"], row["first_name"]) == (person.last, person.first)
            and {line["number"] for line in row["phones"]} == set(person.phones)
        ]
        assert (row["birthday"] or "") == person.born
        assert {tag["title"] for tag in row["tags"]} == person.tags
        assert {line["address"] for line in row["emails"]} == {mail.lower() for mail in person.emails}
        assert (row["spent_before"].amount if row["spent_before"] else Decimal(0)) == person.spent
        assert not person.note or person.note.split("\n")[0] in (row["note"] or "")
    for path in files:
        again = bring_in(session, path)
        assert (again.created, again.updated, again.rejected) == (0, 0, 0)
        assert again.rows == again.unchanged + again.skipped


def test_a_dry_run_says_what_a_real_one_then_does_and_writes_nothing(
    session: Session, tmp_path: Path
) -> None:
    _truth, files, _rows = messy.write_base(tmp_path, 3)
    tried = bring_in(session, files[0], dry_run=True).as_json(ENGLISH)
    assert session.scalar(select(func.count(Contact.id))) == 0
    assert session.scalar(select(func.count(Tag.id))) == 0
    done = bring_in(session, files[0]).as_json(ENGLISH)
    assert done.pop("change_set")
    assert tried.pop("change_set") is None
    assert tried == done


def test_an_import_is_undone_as_a_whole_but_for_what_somebody_worked_on(
    session: Session, tmp_path: Path
) -> None:
    before = save(session, Contact, {"name": "Орлова Анна", "phones": ["+79131487593"]})
    path = table(
        tmp_path,
        ["ФИО", "Телефон", "Метки"],
        ["Орлова Анна Петровна", "8 913 148 75 93", "VIP"],
        ["Силина Ольга", "+79160000001", ""],
        ["Юдина Вера", "+79160000002", ""],
    )
    done = bring_in(session, path)
    assert (done.created, done.updated) == (2, 1)
    vera = session.scalars(select(Contact.id).where(Contact.first_name == "Вера")).one()
    save(session, Contact, {"note": "worked on"}, vera)
    result = undo(session, done.change_set)
    assert [row for _record, row, _why in result.left] == [vera]
    (anna,) = [row for row in everyone(session) if row["id"] == before]
    assert (anna["name"], anna["tags"]) == ("Орлова Анна", [])
    assert {row["id"] for row in everyone(session)} == {before, vera}


def test_an_import_killed_half_way_goes_on_behind_the_last_batch(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 10)
    rows = [["Иванова Анна", f"+7916000{n:04d}"] for n in range(35)]
    path = table(tmp_path, ["ФИО", "Телефон"], *rows, ["Без телефона", ""], ["Без телефона", ""])
    opened = open_table(path)
    plan = from_plain(to_plain(propose(session, CONTACT, opened)))
    first = Importer(session, CONTACT, opened, plan)
    kept: dict = {}

    def killed_after_two(row: int, result: Result) -> bool:
        kept.update(first.position(row, ENGLISH))
        return result.rows < 20

    first.run(checkpoint=killed_after_two)
    assert session.scalar(select(func.count(Contact.id))) == 20
    second = Importer(session, CONTACT, opened, plan)
    second.resume(kept)
    result = second.run(after=kept["row"])
    assert (result.rows, result.created, result.unchanged) == (37, 37, 0)
    assert session.scalar(select(func.count(Contact.id))) == 37
    assert result.change_set == first.result.change_set


def test_who_shares_a_phone_under_another_name_is_somebody_else_and_is_listed(
    session: Session, tmp_path: Path
) -> None:
    path = table(
        tmp_path,
        ["Фамилия", "Имя", "Телефон"],
        ["Орлова", "Анна", "+79131487593"],
        ["Орлова", "Мария", "+79131487593"],
        ["ОРЛОВА", "А.", "8-913-148-75-93"],
    )
    result = bring_in(session, path)
    assert (result.created, result.unchanged) == (2, 1)
    assert [(one.row, one.value) for one in result.problems] == [(3, "Орлова Анна")]


def test_a_fuller_value_is_never_replaced_by_an_emptier_one_and_another_value_is_kept_in_the_note(
    session: Session, tmp_path: Path
) -> None:
    heading = ["ФИО", "Телефон", "ДР", "Метки", "Источник"]
    first = table(
        tmp_path,
        heading,
        ["Орлова Анна Петровна", "+79131487593", "08.04.1990", "VIP", "Instagram"],
        name="a.csv",
    )
    second = table(tmp_path, heading, ["Орлова А.", "+79131487593", "09.04.1990", "Новая", ""], name="b.csv")
    bring_in(session, first)
    result = bring_in(session, second)
    (row,) = everyone(session)
    assert row["name"] == "Орлова Анна Петровна"
    assert row["birthday"] == "1990-04-08"
    assert row["source"]["title"] == "Instagram"
    assert {tag["title"] for tag in row["tags"]} == {"VIP", "Новая"}
    assert "1990-04-09" in row["note"]
    assert [one.value for one in result.problems] == ["1990-04-09"]
    assert bring_in(session, second).updated == 0


def test_what_is_not_understood_stays_in_the_note_and_is_listed(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Имя", "Телефон", "Дата рождения", "Сумма покупок", "Любимый мастер"],
        ["Анна", "+79131487593, а второй не помню", "весной", "много", "Ольга"],
    )
    result = bring_in(session, path)
    (row,) = everyone(session)
    for lost in ("второй не помню", "весной", "много", "Любимый мастер: Ольга"):
        assert lost in row["note"], lost
    assert {one.column for one in result.problems} == {"Телефон", "Дата рождения", "Сумма покупок"}
    assert result.unmatched_columns == ["Любимый мастер"]
    assert all(one.row == 2 for one in result.problems)


def test_rows_that_cannot_be_saved_are_refused_one_by_one(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["Имя", "Телефон", "Примечание"],
        ["Анна", "+79131487593", ""],
        ["", "", "no name, no phone"],
        ["", "12", ""],
        ["Вера", "+79160000003", ""],
    )
    result = bring_in(session, path)
    assert (result.rows, result.created, result.rejected) == (4, 2, 2)
    assert {one.row for one in result.problems} >= {3, 4}
    assert {row["name"] for row in everyone(session)} == {"Анна", "Вера"}


def test_a_key_decides_and_overwrites(session: Session, tmp_path: Path) -> None:
    made = save(
        session, Contact, {"name": "Лак", "kind": "company", "tax_number": "7701", "spent_before": "10"}
    )
    path = table(
        tmp_path, ["Название", "ИНН", "Оборот"], ["ООО «Лак»", "7701", "2500"], ["ООО «Воск»", "7702", ""]
    )
    result = bring_in(
        session,
        path,
        {"name": "Название", "tax_number": "ИНН", "spent_before": "Оборот"},
        keys=["tax_number"],
    )
    assert (result.created, result.updated) == (1, 1)
    (row,) = [row for row in everyone(session) if row["id"] == made]
    assert row["spent_before"] == Money(Decimal("2500.00"), "RUB")


def test_a_client_who_was_chosen_for_every_row_is_that_one_and_no_namesake(
    session: Session, tmp_path: Path
) -> None:
    first, second = (save(session, Contact, {"name": "Анна"}) for _each in range(2))
    old = save(session, Tag, {"name": "старая"})
    opened = open_table(table(tmp_path, ["Текст"], ["Позвонить"]))
    for chosen in (first, second):
        plan = Plan(columns={"Текст": "text"}, fixed={"contact": {"id": chosen, "title": "Анна"}})
        import_table(session, record_type(Note), opened, plan)
    assert session.scalars(select(Note.contact_id).order_by(Note.id)).all() == [first, second]
    tags = [{"id": old, "title": "новая"}, {"title": "март"}]
    people = open_table(table(tmp_path, ["Имя"], ["Вера Юдина"], name="people.csv"))
    import_table(session, CONTACT, people, Plan(columns={"Имя": "name"}, fixed={"tags": tags}))
    assert sorted(tag["title"] for tag in everyone(session)[-1]["tags"]) == ["март", "старая"]


def test_a_mapping_given_saved_or_wrong(session: Session, tmp_path: Path) -> None:
    path = table(tmp_path, ["A", "B"], ["Анна", "+79131487593"])
    opened = open_table(path)
    plan = propose(session, CONTACT, opened, {"name": "A", "phones": "B"})
    assert plan.columns == {"A": "name", "B": "phones"}
    remember(session, CONTACT, opened, Plan(columns={"A": "household", "B": "-"}))
    assert propose(session, CONTACT, opened).columns == {"A": "household", "B": "-"}
    for wrong in ({"no_such": "A"}, {"name": "C"}):
        with pytest.raises(Refusal):
            propose(session, CONTACT, opened, wrong)


def test_a_column_that_numbers_the_rows_is_left_out_and_said_so(session: Session, tmp_path: Path) -> None:
    rows = [[str(n), f"Клиент {n}", f"+7916000{n:04d}"] for n in range(1, 6)]
    result = bring_in(session, table(tmp_path, ["№", "ФИО", "Телефон"], *rows))
    assert result.unmatched_columns == ["№"]
    assert [one.column for one in result.problems] == ["№"]
    assert all(row["note"] is None for row in everyone(session))


def test_two_without_a_phone_are_two_and_stay_two(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path, ["Имя", "Комментарий"], ["Анна", "блонд"], ["Анна", "мелирование"], ["Анна", "блонд"]
    )
    assert bring_in(session, path).created == 3
    assert bring_in(session, path).unchanged == 3
    assert len(everyone(session)) == 3


def test_a_file_that_is_no_table_is_refused_in_one_sentence(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "clients.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 1000)
    with pytest.raises(TableError) as refused:
        bring_in(session, path)
    assert "\n" not in str(refused.value)


def test_a_value_for_every_row_wins_and_a_default_gives_way(session: Session, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        ["ФИО", "Телефон", "Источник", "Метки"],
        ["Орлова Анна", "+79131487593", "Instagram", "VIP"],
        ["Юдина Вера", "+79160000001", "", ""],
    )
    opened = open_table(path)
    plan = propose(session, CONTACT, opened)
    fill(session, CONTACT, plan, {"tags": "из старой базы"}, {"source": "Прохожий", "spent_before": "10,50"})
    import_table(session, CONTACT, opened, from_plain(to_plain(plan)))
    anna, vera = sorted(everyone(session), key=lambda row: row["name"])
    assert (anna["source"]["title"], vera["source"]["title"]) == ("Instagram", "Прохожий")
    assert [tag["title"] for row in (anna, vera) for tag in row["tags"]] == ["из старой базы"] * 2
    assert vera["spent_before"] == Money(Decimal("10.50"), "RUB")


def test_a_value_that_fits_no_field_is_refused_before_the_first_row(session: Session, tmp_path: Path) -> None:
    opened = open_table(table(tmp_path, ["ФИО", "Телефон"], ["Орлова Анна", "+79131487593"]))
    plan = propose(session, CONTACT, opened)
    with pytest.raises(Refusal):
        fill(session, CONTACT, plan, {"no_such": "1"}, {})
    fill(session, CONTACT, plan, {}, {"birthday": "весной"})
    with pytest.raises(Refusal):
        import_table(session, CONTACT, opened, plan)
    assert everyone(session) == []
