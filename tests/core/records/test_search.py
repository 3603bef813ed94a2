"""Search finds the same whichever way it is answered, by the help of indexes, and never across organisations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import ProgrammingError

from parlour.access.models import Organisation, Rule
from parlour.db.session import RAW, Session
from parlour.migrations import runner
from parlour.plugins.contacts.models import Contact
from parlour.records import search, ways
from parlour.records.defaults import defaults_of
from parlour.records.query import count, page
from parlour.records.registry import fields_of, record_type
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing.people import trusted
from parlour.testing.site import statements

WORDS = (
    "орлов",
    "анна",
    "анна орлов",
    "тверь",
    "mail.ru",
    "vip",
    "9131487",
    "вип тверь",
    "орлов тверь",
    "глеб mail.ru",
    "анна vip",
    "орлова анна vip",
    "анна нна",
    "анна анна",
    "о'нил \\ 100%",
    "анна глеб",
    "100%",
    "_",
    "ооо ромашка",
    "ов ан",
)


@pytest.fixture
def clients(session: Session) -> list[int]:
    found = [
        {"name": "Орлова Анна", "phones": ["+79131487593"], "tags": ["VIP"]},
        {"name": "Орлов Глеб", "addresses": [{"city": "Тверь"}], "emails": ["gleb@mail.ru"]},
        {"name": "Белова Анна", "addresses": [{"street": "Орловская 3", "city": "Тверь"}], "tags": ["Вип"]},
        {"name": "Сто 100% скидка"},
        {"kind": "company", "name": "Ромашка", "legal_name": "ООО Ромашка", "tax_number": "7707083893"},
    ]
    made = write(session, Contact, [Change(values) for values in found]).ids
    session.commit()
    return made


def names(session: Session, words: str) -> list[str]:
    return [row["name"] for row in page(session, record_type(Contact), q=words).rows]


def test_a_word_is_found_in_every_place(session: Session, clients: list[int]) -> None:
    assert names(session, "орлов") == ["Белова Анна", "Орлов Глеб", "Орлова Анна"]
    assert names(session, "тверь") == ["Белова Анна", "Орлов Глеб"]
    assert names(session, "вип тверь") == ["Белова Анна"]
    assert names(session, "8 913 148") == ["Орлова Анна"]
    assert names(session, "7707") == ["Ромашка"]
    assert names(session, "100%") == ["Сто 100% скидка"]
    assert names(session, "_") == []


def every_way(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, tuple[list[str], tuple[int, bool]]]]:
    """What each search finds when all its words are looked up, none of them, the first or the last alone."""
    for chosen in (
        lambda units, _total: list(units),
        lambda _units, _total: [],
        lambda units, _total: units[:1],
        lambda units, _total: units[-1:],
    ):
        monkeypatch.setattr(ways, "looked_up", chosen)
        found = record_type(Contact)
        yield {words: (names(session, words), count(session, found, q=words)) for words in WORDS}


@pytest.mark.parametrize("often", ["%анна%", "%орлов%", "%vip%", "%тверь%", "", None])
def test_whatever_is_looked_up_finds_the_same(
    session: Session, clients: list[int], monkeypatch: pytest.MonkeyPatch, often: str | None
) -> None:
    save(session, Contact, {"name": "О'Нил 100% \\"})
    monkeypatch.setattr(ways.Expected, "common", lambda _known, place: often in (None, place.pattern))
    first, *others = every_way(session, monkeypatch)
    assert sum(bool(found) for found, _count in first.values()) > 7
    assert first["орлов тверь"] == (["Белова Анна", "Орлов Глеб"], (2, False))
    assert first["о'нил \\ 100%"] == (["О'Нил 100% \\"], (1, False))
    assert first["ов ан"] == (["Белова Анна", "Орлова Анна"], (2, False))
    assert first["анна нна"] == (["Белова Анна", "Орлова Анна"], (2, False))
    assert [other == first for other in others] == [True] * 3


def unit(at: int, *, rows: float, share: float | None = None, cost: float | None = None) -> ways.Unit:
    of_all = rows / 1_000_000
    share = of_all if share is None else share
    return ways.Unit((at,), "ids", rows, rows if cost is None else cost, share, share)


def test_the_rows_of_a_seldom_word_are_looked_up_and_for_a_common_one_the_list_is_read() -> None:
    seldom, common = unit(0, rows=50), unit(1, rows=40_000)
    late = unit(2, rows=16_000, share=0)
    assert ways.looked_up([seldom], 1_000_000) == [seldom]
    assert ways.looked_up([common], 1_000_000) == []
    # Many have it, but none of those whose names come first.
    assert ways.looked_up([late], 1_000_000) == [late]


def test_of_several_words_the_cheapest_are_looked_up_and_the_others_tried() -> None:
    seldom, name = unit(0, rows=50), unit(1, rows=40_000, cost=400_000)
    tag, city = unit(2, rows=5_000), unit(3, rows=6_000)
    assert ways.looked_up([name, seldom], 1_000_000) == [seldom]
    # Perhaps nobody has both, and the list would be read to its end.
    assert ways.looked_up([tag, city], 1_000_000) == [tag, city]
    assert ways.looked_up([name, replace(city, rows=60_000, share=0.06)], 1_000_000) == []
    short = replace(seldom, share=0, tried=0, cost=5_000_000)
    assert ways.looked_up([short], 1_000_000) == [short]
    assert ways.looked_up([short, tag], 1_000_000) == [tag]


def test_words_that_stand_in_one_column_are_looked_up_together(
    database_kind: str, session: Session, clients: list[int], engine: Engine
) -> None:
    asked = {}
    for words in ("анна орл", "анна ов", "анна"):
        with statements(engine) as seen:
            names(session, words)
        asked[words] = any("parlour_search_all" in one for one in seen)
    postgresql = database_kind != "sqlite"
    assert asked == {"анна орл": postgresql, "анна ов": False, "анна": False}


def known_of(session: Session, *words: str) -> ways.Expected:
    record = record_type(Contact)
    fields, defaults = fields_of(session, record), defaults_of(session)
    places = [
        place
        for word in words
        for place in search._places(session, record, record.cls, fields, word, defaults)
    ]
    return ways.expected(session, record, places)


def test_a_tag_that_many_have_is_common_and_one_that_few_have_is_not(
    database_kind: str, session: Session, clients: list[int]
) -> None:
    if database_kind == "sqlite":
        return
    made = [Change({"name": f"Ия {number}", "tags": ["Постоянный"]}) for number in range(2_100)]
    for start in range(0, len(made), 700):
        write(session, Contact, made[start : start + 700])
    record = record_type(Contact)
    known = known_of(session, "постоянный", "vip")
    linked = {place.pattern: rows.rows for place, rows in known.places.items() if place.link and rows.rows}
    assert linked == {"%постоянный%": 2_100, "%vip%": 1}
    assert len(names(session, "постоянный")) == 50
    assert count(session, record, q="постоянный", exact=True) == (2_100, False)
    assert names(session, "постоянный vip") == []


def test_what_the_person_may_not_read_finds_nothing(
    session: Session, clients: list[int], session_as: Callable[..., Session]
) -> None:
    desk, specialist = session_as("receptionist"), session_as("specialist")
    assert names(desk, "gleb@mail") == ["Орлов Глеб"]
    desk.rollback()
    assert names(specialist, "gleb@mail") == []


def test_how_common_a_word_is_is_asked_once_for_the_rows_and_their_number(
    database_kind: str, session: Session, clients: list[int], engine: Engine
) -> None:
    with statements(engine) as seen:
        for _time in range(2):
            assert names(session, "анна") == ["Белова Анна", "Орлова Анна"]
            assert count(session, record_type(Contact), q="анна") == (2, False)
    asked = sum("parlour_expected" in one for one in seen)
    assert asked == (0 if database_kind == "sqlite" else 1)


@pytest.mark.parametrize("common", [False, True])
def test_a_filter_looks_by_index_as_the_search_does(
    database_kind: str,
    session: Session,
    clients: list[int],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    common: bool,
) -> None:
    if common:
        monkeypatch.setattr(search, "looked_up", lambda *_where: None)
    anna, gleb, vera = "Орлова Анна", "Орлов Глеб", "Белова Анна"
    for given, found in {
        ("name", "contains", "ОРЛОВ"): [gleb, anna],
        ("phones.number", "contains", "913148"): [anna],
        ("addresses.city", "contains", "твер"): [vera, gleb],
        ("tags.name", "contains", "vi"): [anna],
        ("name", "contains", "100%"): ["Сто 100% скидка"],
    }.items():
        with statements(engine) as seen:
            rows = page(session, record_type(Contact), filter=list(given)).rows
        assert [row["name"] for row in rows] == found
        by_index = any("parlour_search" in one for one in seen)
        assert by_index == (database_kind == "postgresql" and not common), given
    other = {"not": ["name", "contains", "анна"]}
    assert len(page(session, record_type(Contact), filter=other).rows) == 3


@pytest.mark.parametrize("common", [False, True])
def test_a_tag_that_the_person_may_not_see_finds_nothing_and_filters_nothing(
    session: Session,
    clients: list[int],
    session_as: Callable[..., Session],
    monkeypatch: pytest.MonkeyPatch,
    common: bool,
) -> None:
    source = save(session, "contacts.source", {"name": "Радио"})
    save(session, Contact, {"source": source}, clients[0])
    for what in ("tag", "source"):
        rule = {"kind": "restriction", "permission": f"contacts:{what}:read", "source": "test"}
        session.add(Rule(**rule, filter=["name", "=", "Вип"]))
    session.commit()
    if common:
        monkeypatch.setattr(ways, "looked_up", lambda _units, _total: [])
        monkeypatch.setattr(ways.Expected, "common", lambda _known, _place: True)
    desk = session_as("receptionist")
    assert names(desk, "вип") == ["Белова Анна"]
    assert names(desk, "vip") == names(desk, "радио") == []
    for path, name, found in (("tags", "Вип", 1), ("tags", "VIP", 0), ("source", "Радио", 0)):
        assert len(page(desk, record_type(Contact), filter=[f"{path}.name", "=", name]).rows) == found


# The functions of PostgreSQL that look as the owner of the tables; SQLite has neither roles nor functions of its own.
FOUND = text("SELECT parlour_search('contacts_contact', 'id', 'name_key', :like)")
FOUND_ALL = text(
    "SELECT parlour_search_all('contacts_contact', 'id', 'name_key', ARRAY['%', CAST(:like AS text)])"
)


@pytest.fixture(params=[FOUND, FOUND_ALL], ids=["one", "all"])
def found(request: pytest.FixtureRequest) -> TextClause:
    made: TextClause = request.param
    return made


def test_they_show_the_session_s_organisation_alone(
    database_kind: str,
    engine: Engine,
    organisation: Organisation,
    other_organisation: Organisation,
    clients: list[int],
    found: TextClause,
) -> None:
    if database_kind == "sqlite":
        return
    with trusted(engine, other_organisation) as theirs:
        made = save(theirs, Contact, {"name": "Орлова Чужая"})
        theirs.commit()
    for whose, wanted in ((organisation, {clients[0], clients[1]}), (other_organisation, {made})):
        with trusted(engine, whose) as session:
            asked = session.execute(found, {"like": "%орлов%"}, execution_options={RAW: True})
            assert set(asked.scalars()) == wanted


def test_they_show_nothing_without_an_organisation(
    database_kind: str, engine: Engine, clients: list[int], found: TextClause
) -> None:
    if database_kind == "sqlite":
        return
    with engine.connect() as connection:
        assert connection.execute(found, {"like": "%"}).all() == []


def test_the_control_reads_everybody_as_the_owner(
    database_kind: str, owner_engine: Engine, clients: list[int]
) -> None:
    if database_kind == "sqlite":
        return
    with owner_engine.connect() as connection:
        found = connection.execute(text("SELECT id FROM contacts_contact WHERE name_key LIKE '%орлов%'"))
        assert len(found.all()) == 2


@pytest.mark.parametrize("table", ["core_user", "contacts_contact WHERE true --"])
@pytest.mark.parametrize("function", ["parlour_search({}, '%')", "parlour_search_all({}, ARRAY['%'])"])
def test_they_refuse_tables_that_belong_to_nobody(
    database_kind: str, engine: Engine, table: str, function: str
) -> None:
    if database_kind == "sqlite":
        return
    asked = text(f"SELECT {function}".format("CAST(:table AS regclass), 'id', 'email'"))
    with engine.connect() as connection:
        connection.execute(text("SELECT set_config('parlour.organisation', '1', true)"))
        with pytest.raises(ProgrammingError):
            connection.execute(asked, {"table": table})


LURES = {
    "view": "CREATE TEMP VIEW lure AS SELECT 1::bigint AS id, 1::bigint AS organisation_id, {who} AS who",
    "table": "CREATE TEMP TABLE lure AS SELECT 1::bigint AS id, 1::bigint AS organisation_id, {who} AS who",
}


def lay(connection: Connection, kind: str) -> None:
    """Something of the site's own that says who reads it."""
    connection.execute(text("SELECT set_config('parlour.organisation', '1', true)"))
    connection.execute(text(LURES[kind].format(who="CAST(current_user AS text)")))
    connection.execute(text("GRANT SELECT ON lure TO PUBLIC"))


@pytest.mark.parametrize("kind", LURES)
@pytest.mark.parametrize(
    "asked",
    [
        "parlour_search('lure', 'id', 'who', '%')",
        "parlour_search_all('lure', 'id', 'who', ARRAY['%'])",
        "parlour_expected('lure', 'who', ARRAY['%'])",
    ],
)
def test_they_read_nothing_that_the_site_s_role_has_made(
    database_kind: str, engine: Engine, kind: str, asked: str
) -> None:
    if database_kind == "sqlite":
        return
    with engine.connect() as connection:
        lay(connection, kind)
        with pytest.raises(ProgrammingError, match="lure is not a table of"):
            connection.execute(text(f"SELECT {asked}"))


def test_the_control_without_that_check_runs_a_view_of_the_site_s_role_as_the_owner(
    database_kind: str, engine: Engine, owner_engine: Engine, settings: Settings
) -> None:
    if database_kind == "sqlite":
        return
    runner.downgrade(settings, "core", "core_0008")
    with engine.connect() as connection:
        lay(connection, "view")
        owner = owner_engine.url.username
        found = connection.execute(
            text("SELECT parlour_search('lure', 'id', 'who', :owner)"), {"owner": owner}
        )
        assert found.scalars().all() == [1]


INDEXES = text("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'tx\\_%'")


def test_what_is_indexed_for_contains_is_asked_for_nothing_else(
    database_kind: str, owner_engine: Engine, settings: Settings
) -> None:
    if database_kind == "sqlite":
        return

    def definitions() -> list[str]:
        with owner_engine.connect() as connection:
            return list(connection.scalars(INDEXES))

    assert definitions() and all("|| ''" in one for one in definitions())
    runner.downgrade(settings, "core", "core_0010")
    assert not any("||" in one for one in definitions())
    runner.upgrade(settings)
    assert all("|| ''" in one for one in definitions())


def test_a_common_word_is_told_from_a_seldom_one(
    database_kind: str, session: Session, engine: Engine, owner_engine: Engine, organisation: Organisation
) -> None:
    if database_kind == "sqlite":
        return
    made = [
        Change({"name": f"Анна Петрова {number}" if number % 2 else f"Ия {number}"})
        for number in range(5_000)
    ]
    for start in range(0, len(made), 1_000):
        write(session, Contact, made[start : start + 1_000])
    session.commit()
    with owner_engine.begin() as connection:
        connection.execute(text("ANALYZE contacts_contact"))
    asked = text("SELECT parlour_expected('contacts_contact', 'name_key', ARRAY['%', :like])")
    many, few = (session.raw(asked, {"like": like}).scalar() for like in ("%анна%", "%ящер%"))
    assert few < 100 < 2_000 < many
    known = known_of(session, "анна", "ящер")
    assert {place.pattern for place in known.places if known.common(place)} == {"%анна%"}
    assert {rows.early for place, rows in known.places.items() if place.pattern == "%анна%"} == {
        None,
        2_500 / 3_000,
    }
    # Half of all names begin so, and the list begins with them.
    for words, by_index in (("анна", False), ("ящер", True), ("анна ящер", True)):
        with statements(engine) as seen:
            names(session, words)
        assert any("contact_1.id = ANY (array(" in one for one in seen) == by_index
