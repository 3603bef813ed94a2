"""What an item costs: the branch before the whole salon, the latest that has begun, and never another organisation's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.access.organisations import save_branch
from parlour.db.session import Session
from parlour.errors import Invalid
from parlour.i18n import localizer
from parlour.plugins.catalog.models import Category, Item, Tax
from parlour.plugins.catalog.services import category_names_of, names_of, prices_of
from parlour.records.importing.plan import propose
from parlour.records.importing.run import import_table
from parlour.records.query import get, page
from parlour.records.registry import record_type
from parlour.records.tables import open_table
from parlour.records.values import Money
from parlour.records.write import save
from parlour.testing.people import trusted
from parlour.testing.site import statements

ITEM = record_type(Item)
TODAY = date(2026, 5, 4)
TOMORROW = TODAY + timedelta(days=1)


def roubles(amount: str) -> Money:
    return Money(Decimal(amount), "RUB")


@pytest.fixture
def branches(session: Session) -> tuple[int, int]:
    return (
        save_branch(session, None, {"name": "North"}).id,
        save_branch(session, None, {"name": "South"}).id,
    )


def test_a_price_of_the_branch_goes_before_one_for_all(session: Session, branches: tuple[int, int]) -> None:
    north, south = branches
    item = save(
        session,
        Item,
        {"name": "Haircut", "prices": [{"price": "2500"}, {"price": "2900.50", "branch": north}]},
    )
    assert prices_of(session, [item], TODAY) == {item: roubles("2500.00")}
    assert prices_of(session, [item], TODAY, branch_id=north) == {item: roubles("2900.50")}
    assert prices_of(session, [item], TODAY, branch_id=south) == {item: roubles("2500.00")}


def test_tomorrows_price_is_entered_today(session: Session) -> None:
    lines = [
        {"price": "2700", "since": TOMORROW},
        {"price": "2500"},
        {"price": "2400", "since": date(2026, 1, 1)},
    ]
    item = save(session, Item, {"name": "Haircut", "prices": lines})
    assert prices_of(session, [item], date(2025, 12, 31))[item] == roubles("2500.00")
    assert prices_of(session, [item], TODAY)[item] == roubles("2400.00")
    assert prices_of(session, [item], TOMORROW)[item] == roubles("2700.00")


def test_an_item_without_a_price_has_none(session: Session) -> None:
    later = save(session, Item, {"name": "Later", "prices": [{"price": "1", "since": TOMORROW}]})
    assert prices_of(session, [later, save(session, Item, {"name": "Free?"})], TODAY) == {}


def test_all_prices_cost_one_query(session: Session, engine: Engine) -> None:
    items = [save(session, Item, {"name": f"Item {n}", "prices": [{"price": str(n)}]}) for n in range(1, 8)]
    with statements(engine) as seen:
        assert len(prices_of(session, items, TODAY)) == 7
    assert len(seen) == 1


def test_nobody_learns_what_another_organisation_asks(
    session: Session, engine: Engine, other_organisation: Organisation
) -> None:
    item = save(session, Item, {"name": "Haircut", "prices": [{"price": "2500"}]})
    session.commit()
    with trusted(engine, other_organisation) as theirs:
        assert prices_of(theirs, [item], TODAY) == names_of(theirs, [item], "en") == {}


# Lines that are equal as a whole are kept once.
LINE = some.tuples(
    some.integers(1, 10**9),
    some.none() | some.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3)),
    some.sampled_from([None, 0, 1]),
)


@given(
    some.lists(LINE, max_size=6, unique=True),
    some.dates(TODAY - timedelta(days=4), TODAY + timedelta(days=4)),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_price_is_the_one_that_a_person_would_pick(
    session: Session, branches: tuple[int, int], lines: list[tuple[int, date | None, int | None]], on: date
) -> None:
    prices = [
        {
            "price": Money.from_minor(minor, "RUB"),
            "since": since,
            "branch": None if where is None else branches[where],
        }
        for minor, since, where in lines
    ]
    item = save(session, Item, {"name": "Haircut", "prices": prices})
    begun = [
        (where == 0, since or date.min, place, minor)
        for place, (minor, since, where) in enumerate(lines)
        if where in (None, 0) and (since is None or since <= on)
    ]
    expected = {item: Money.from_minor(max(begun)[-1], "RUB")} if begun else {}
    assert prices_of(session, [item], on, branch_id=branches[0]) == expected, f"{lines} on {on}"


def test_an_item_is_called_as_the_reader_says(session: Session) -> None:
    one = save(session, Item, {"name": "Стрижка", "names": [{"text": "Haircut", "language": "en"}]})
    other = save(session, Item, {"name": "Укладка"})
    assert names_of(session, [one, other], "en") == {one: "Haircut", other: "Укладка"}
    assert names_of(session, [one, other], "ru") == {one: "Стрижка", other: "Укладка"}
    assert [row["name"] for row in page(session, ITEM, q="hairc").rows] == ["Стрижка"]


@pytest.mark.parametrize(
    ("rate", "kept"), [("20", "20"), ("12,5 %", "12.5"), (0, "0"), ("0.0001", "0.0001"), (5.5, "5.5")]
)
def test_a_rate_is_kept_exactly(session: Session, rate: object, kept: str) -> None:
    tax = save(session, Tax, {"name": "VAT", "rate": rate})
    value = get(session, record_type(Tax), tax)["rate"]
    assert f"{value:f}" == kept
    kind = record_type(Tax).field("rate").kind
    assert kind.show(value, localizer("en")) == f"{kept}%" and kind.to_json(value) == kept


@pytest.mark.parametrize("rate", ["-1", "101", "a fifth", "0.00001", "nan", True])
def test_a_rate_that_is_none_is_refused(session: Session, rate: object) -> None:
    with pytest.raises(Invalid):
        save(session, Tax, {"name": "VAT", "rate": rate})


def test_taxes_are_filtered_and_sorted_by_their_rate(session: Session) -> None:
    for name, rate in (("None", 0), ("Low", 5), ("Full", "20")):
        save(session, Tax, {"name": name, "rate": rate})
    found = page(session, record_type(Tax), filter=["rate", ">=", "5"], sort="-rate").rows
    assert [row["name"] for row in found] == ["Full", "Low"]


@pytest.mark.parametrize("said", ["шт", "шт.", "Штука", "pcs"])
def test_a_unit_is_understood_with_its_dot_and_without(session: Session, said: str) -> None:
    item = save(session, Item, {"name": "Shampoo", "unit": said})
    assert get(session, ITEM, item)["unit"] == "piece"


def test_code_and_bar_code_are_unique(session: Session) -> None:
    save(session, Item, {"name": "Shampoo", "code": "A-1", "barcode": "4600000000012"})
    for field, value in (("code", "a-1"), ("barcode", "4600000000012")):
        with pytest.raises(Invalid):
            save(session, Item, {"name": "Mask", field: value})


def test_a_price_list_is_imported_twice_and_changes_nothing(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "Артикул;Наименование;Группа;Тип;Цена\n"
        "001;Стрижка женская;Волосы;Услуга;2 500,00\n"
        "S-7;Шампунь;Товары;Товар;1290\n",
        encoding="cp1251",
    )
    save(session, Category, {"name": "Волосы"})
    counts = []
    for _again in range(2):
        table = open_table(file)
        outcome = import_table(session, ITEM, table, propose(session, ITEM, table), keys=["code"])
        counts.append((outcome.created, outcome.updated))
    assert counts == [(2, 0), (0, 0)]
    rows = {row["code"]: row for row in page(session, ITEM).rows}
    assert rows["001"]["prices"][0]["price"] == roubles("2500.00")
    assert rows["S-7"]["type"] == "goods" and rows["001"]["category"]["title"] == "Волосы"


def test_a_category_is_called_in_the_readers_language_where_it_has_such_a_name(session: Session) -> None:
    hair = save(session, Category, {"name": "Волосы", "names": [{"text": "Hair", "language": "en"}]})
    face = save(session, Category, {"name": "Лицо"})
    assert category_names_of(session, [hair, face], "en") == {hair: "Hair", face: "Лицо"}
    assert category_names_of(session, [hair, face], "ru") == {hair: "Волосы", face: "Лицо"}
