"""Search finds the same whichever way it is answered, by the help of indexes, and never across organisations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import ProgrammingError

from parlour.access.models import Organisation, Rule
from parlour.db.session import RAW, Session
from parlour.migrations import runner
from parlour.plugins.contacts.models import Contact
from parlour.records import search
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


def test_common_and_seldom_words_find_the_same(
    session: Session, clients: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = record_type(Contact)
    seldom = {words: (names(session, words), count(session, contact, q=words)) for words in WORDS}
    assert sum(bool(found) for found, _count in seldom.values()) > 7
    monkeypatch.setattr(search, "_common", lambda _session, _record, places: set(places))
    assert {words: (names(session, words), count(session, contact, q=words)) for words in WORDS} == seldom


@pytest.mark.parametrize("often", ["%анна%", "%орлов%", "%vip%", "%тверь%"])
def test_words_looked_up_together_find_the_same_as_one_by_one(
    session: Session, clients: list[int], monkeypatch: pytest.MonkeyPatch, often: str
) -> None:
    monkeypatch.setattr(
        search, "_common", lambda _session, _record, places: {one for one in places if one.pattern == often}
    )
    save(session, Contact, {"name": "О'Нил 100% \\"})
    together = {words: names(session, words) for words in WORDS}
    assert together["орлов тверь"] == ["Белова Анна", "Орлов Глеб"]
    assert together["о'нил \\ 100%"] == ["О'Нил 100% \\"]
    assert together["анна нна"] == ["Белова Анна", "Орлова Анна"]
    monkeypatch.setattr(search, "_together", lambda *_given: {})
    assert {words: names(session, words) for words in WORDS} == together


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


def test_a_tag_that_many_have_is_common_and_one_that_few_have_is_not(
    database_kind: str, session: Session, clients: list[int]
) -> None:
    if database_kind == "sqlite":
        return
    made = [Change({"name": f"Ия {number}", "tags": ["Постоянный"]}) for number in range(2_100)]
    for start in range(0, len(made), 700):
        write(session, Contact, made[start : start + 700])
    record = record_type(Contact)
    fields, defaults = fields_of(session, record), defaults_of(session)
    places = [
        place
        for word in ("постоянный", "vip")
        for place in search._places(session, record, fields, word, defaults)
    ]
    assert {one.pattern for one in search._common(session, record, places) if one.link} == {"%постоянный%"}
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
    asked = sum("parlour_frequent" in one for one in seen)
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
        monkeypatch.setattr(search, "_common", lambda _session, _record, places: set(places))
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
        "parlour_frequent('lure', 'who', '%')",
        "parlour_search_all('lure', 'id', 'who', ARRAY['%'])",
        "parlour_frequent_all('lure', 'who', ARRAY['%'])",
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


@pytest.mark.parametrize("common", [set(), {"анна"}, {"орл"}, {"анна", "орл"}])
def test_words_are_found_together_whichever_of_them_are_common(
    session: Session, monkeypatch: pytest.MonkeyPatch, common: set[str]
) -> None:
    made = [{"name": name} for name in ("Орлова Анна", "Орлов Борис", "Белова Анна")]
    write(session, Contact, [Change(one) for one in made])
    often = {f"%{word}%" for word in common}
    monkeypatch.setattr(
        search, "_common", lambda _session, _record, places: {one for one in places if one.pattern in often}
    )
    assert names(session, "анна орл") == ["Орлова Анна"]
    assert names(session, "ов ан") == ["Белова Анна", "Орлова Анна"]


def test_a_common_word_is_told_from_a_seldom_one(
    database_kind: str, session: Session, owner_engine: Engine, organisation: Organisation
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
    asked = text("SELECT parlour_frequent('contacts_contact', 'name_key', :like)")
    answers = [session.raw(asked, {"like": like}).scalar() for like in ("%анна%", "%ящер%")]
    assert answers == [True, False]
    both = text("SELECT parlour_frequent_all('contacts_contact', 'name_key', ARRAY['%', :like])")
    answers = [session.raw(both, {"like": like}).scalar() for like in ("%анна%", "%ящер%")]
    assert answers == [True, False]
    record = record_type(Contact)
    places = search._places(session, record, fields_of(session, record), "анна", defaults_of(session))
    places += search._places(session, record, fields_of(session, record), "ящер", defaults_of(session))
    often = {(one.column, one.pattern) for one in search._common(session, record, places)}
    assert often == {("name_key", "%анна%")}
