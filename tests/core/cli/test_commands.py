"""The command line: what it prints, how it refuses, and that every command explains itself."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from parlour.access.users import authenticate, user_by_email
from parlour.cli.root import COMMANDS, parlour
from parlour.db.engine import make_engine
from parlour.db.session import open_session
from parlour.migrations import heads
from parlour.settings import Settings
from tests.core.cli.conftest import Parlour


def every_command() -> list[list[str]]:
    found: list[list[str]] = []

    def walk(command: click.Command, path: list[str]) -> None:
        found.append(path)
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                walk(inner, [*path, name])

    walk(parlour, [])
    return found


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    from parlour.cli.root import run

    for path in every_command():
        assert run([*path, "--help"]) == 0
        assert capsys.readouterr().out.startswith("Usage: parlour")


def test_help_is_immediate() -> None:
    """It imports neither the database, nor the web, nor what they bring."""
    script = "import sys; from parlour.cli.root import run; run(['--help']); print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert all(name in out for name in COMMANDS)
    for heavy in ("'sqlalchemy'", "'pyramid'", "'alembic'", "'celery'", "'babel'"):
        assert heavy not in out, heavy


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["orgs", "add"], "Missing argument 'NAME'"),
        (["orgs", "add", "X", "--region", "XX"], "There is no country XX"),
        (["users", "add", "o@example.com"], "There is no organisation yet. Run: parlour orgs add NAME"),
        (["users", "passwd", "nobody@example.com"], "Nobody logs in as nobody@example.com"),
        (["plugins", "enable", "contacts", "--org", "nowhere"], "nowhere"),
        (["plugins", "install", "nobody"], "There is no plugin nobody"),
        (["plugins", "uninstall", "nobody"], "The plugin nobody is not installed"),
        (["plugins", "purge", "nobody"], "The database holds nothing of a plugin nobody"),
        (["db", "restore", "missing.zip"], "missing.zip"),
        (["db", "backup", "nowhere/b.zip"], "does not exist"),
        (["export", "contacts.contact", "nowhere/c.csv"], "does not exist"),
        (["export", "contacts.contact", "c.csv", "--filter", "{"], "--filter is not JSON"),
        (["import", "contacts.contact", "c.csv", "--map", "name"], "--map wants FIELD=COLUMN"),
        (["serve", "--port", "70000"], "70000"),
        (["worker"], "PARLOUR_BROKER_URL"),
        (["worker", "--queues", "post"], "There is no queue post"),
        (["worker", "--queues", "mail=0"], "mail can do 1 to 64 jobs"),
        (["worker", "--queues", ","], "Name at least one queue"),
        (["jobs", "retry", str(2**63)], "not in the range"),
        (["jobs", "list", "--before", str(2**63)], "not in the range"),
        (["openapi", "--locale", "xx"], "'en', 'ru'"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(
    parlour: Parlour, arguments: list[str], words: str
) -> None:
    said = parlour(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("parlour: ")
    assert len(said.err.strip().splitlines()) == 1
    assert words in said.err


def test_commands_on_a_database_without_tables_say_what_to_run(parlour_empty: Parlour) -> None:
    for arguments in (["orgs", "list"], ["plugins", "list"]):
        said = parlour_empty(*arguments)
        assert said.code == 2
        assert "Run: parlour db upgrade" in said.err
    core = heads.revisions(heads.core_folder())
    status = parlour_empty("db", "status", "--json")
    assert status.code == 1
    assert {row["owner"]: row["pending"] for row in status.json}["core"] == [item.id for item in core]
    steps = parlour_empty("db", "upgrade", "--json").json
    assert [row["revision"] for row in steps if row["owner"] == "core"] == [item.id for item in core]
    assert parlour_empty("db", "status").code == 0
    assert parlour_empty("orgs", "list", "--json").json == []


def test_a_database_that_does_not_answer_is_one_clear_line(
    parlour: Parlour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLOUR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    for arguments in (["orgs", "list"], ["serve"], ["db", "upgrade"]):
        monkeypatch.setenv("PARLOUR_OWNER_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
        said = parlour(*arguments)
        assert said.code == 2
        assert len(said.err.strip().splitlines()) == 1
        assert "cannot be" in said.err


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "::ffff:192.0.2.1", "a..b", "x" * 70])
def test_a_host_that_is_not_this_machine_is_not_blamed_on_the_port(parlour: Parlour, host: str) -> None:
    said = parlour("serve", "--host", host, "--port", "0")
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1
    assert "--host" in said.err and "--port" not in said.err


def test_a_right_that_the_role_of_the_database_lacks_is_one_clear_line(
    parlour: Parlour, settings: Settings, database_kind: str
) -> None:
    if database_kind == "sqlite":  # which knows no roles
        return
    role = make_url(settings.database_url).username
    owner = make_engine(settings.owner_database_url)

    def grant(words: str) -> None:
        with owner.begin() as connection:
            connection.execute(text(words))

    grant(f'REVOKE SELECT ON core_organisation FROM "{role}"')
    try:
        said = parlour("orgs", "list")
    finally:
        grant(f'GRANT SELECT ON core_organisation TO "{role}"')
        owner.dispose()
    assert said.code == 2
    (line,) = said.err.strip().splitlines()
    assert "permission denied for table core_organisation" in line and "parlour doctor" in line


def test_a_fault_of_ours_in_a_statement_stays_a_fault(
    parlour: Parlour, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_given: object, **_named: object) -> None:
        raise ProgrammingError("SELECT nothing FROM nowhere", {}, psycopg.errors.UndefinedTable("nowhere"))

    monkeypatch.setattr("parlour.cli.root.parlour.main", wrong)
    with pytest.raises(ProgrammingError):
        parlour("orgs", "list")


def test_an_organisation_with_people(parlour: Parlour, engine: Engine) -> None:
    made = parlour("orgs", "add", "Жасмин", "--region", "RU", "--json").json[0]
    assert (made["slug"], made["currency"], made["zone"]) == ("zhasmin", "RUB", "Europe/Moscow")
    assert "contacts" in made["plugins"]
    first = parlour("users", "add", "Olga@example.com", "--name", "Ольга", "--json").json[0]
    assert (first["role"], first["name"]) == ("owner", "Ольга")
    second = parlour("users", "add", "desk@example.com", "--password-stdin", given="eleven purple geese\n")
    assert "receptionist" in second.out
    with open_session(engine) as session:
        assert authenticate(session, "olga@example.com", first["password"], "10.0.0.1").name == "Ольга"
        assert (
            authenticate(session, "desk@example.com", "eleven purple geese", "10.0.0.1").email
            == "desk@example.com"
        )


def test_a_weak_password_is_refused_with_its_reason(parlour: Parlour) -> None:
    parlour("orgs", "add", "Jasmine")
    said = parlour("users", "add", "desk@example.com", "--password-stdin", given="12345\n")
    assert said.code == 2
    assert "characters" in said.err


def test_a_new_password_ends_every_log_in(parlour: Parlour, engine: Engine) -> None:
    from parlour.access.sessions import start_login, user_of_token

    parlour("orgs", "add", "Jasmine")
    parlour("users", "add", "olga@example.com")
    with open_session(engine) as session:
        user = user_by_email(session, "olga@example.com")
        assert user is not None
        token = start_login(session, user)
        session.commit()
    password = parlour("users", "passwd", "olga@example.com", "--json").json[0]["password"]
    with open_session(engine) as session:
        assert user_of_token(session, token) is None
    with open_session(engine) as session:
        authenticate(session, "olga@example.com", password, "10.0.0.1")


def test_people_work_somewhere_until_a_day_or_are_removed(parlour: Parlour, engine: Engine) -> None:
    parlour("orgs", "add", "Jasmine")
    parlour("users", "add", "olga@example.com")
    parlour("users", "add", "desk@example.com")
    assert (
        parlour("users", "until", "desk@example.com", "2099-12-31", "--json").json[0]["until"] == "2099-12-31"
    )
    assert parlour("users", "until", "desk@example.com").code == 0
    assert "not a date" in parlour("users", "until", "desk@example.com", "soon").err
    assert "last owner" in parlour("users", "remove", "olga@example.com").err
    assert parlour("users", "remove", "desk@example.com").code == 0
    assert "works here" in parlour("users", "remove", "desk@example.com").err


def test_several_organisations_must_be_told_apart(parlour: Parlour) -> None:
    parlour("orgs", "add", "Jasmine")
    parlour("orgs", "add", "Orchid")
    said = parlour("plugins", "disable", "contacts")
    assert said.code == 2
    assert "--org: jasmine, orchid" in said.err
    assert parlour("plugins", "disable", "contacts", "--org", "orchid").out == "Switched off: contacts.\n"
    assert parlour("plugins", "disable", "contacts", "--org", "orchid").out == "contacts was off already.\n"
    on = {
        slug: {
            row["name"]: row["enabled"] for row in parlour("plugins", "list", "--org", slug, "--json").json
        }
        for slug in ("jasmine", "orchid")
    }
    assert on["jasmine"]["contacts"] is True
    assert on["orchid"]["contacts"] is False
    assert parlour("plugins", "enable", "contacts", "--org", "orchid").out == "Switched on: contacts.\n"


def test_import_and_export_round_trip(parlour: Parlour, settings: Settings) -> None:
    parlour("orgs", "add", "Jasmine", "--region", "RU")
    source = settings.data / "people.csv"
    source.write_text("Name;Phone\nАнна Белая;8 912 345-67-89\nИван;89990001122\n", "utf-8")
    trial = parlour("import", "contacts.contact", source, "--dry-run", "--json").json
    assert (trial["created"], trial["dry_run"]) == (2, True)
    assert parlour("export", "contacts.contact", settings.data / "none.json", "--json").json["rows"] == 0
    assert parlour("import", "contacts.contact", source, "--json").json["created"] == 2
    again = parlour("import", "contacts.contact", source, "--json").json
    assert (again["created"], again["unchanged"]) == (0, 2)
    # What is no such file is said, and what went in nowhere is no success.
    source.write_text("this is no table at all\n", "utf-8")
    said = parlour("import", "contacts.contact", source)
    assert said.code == 2 and "No column of people.csv is a field" in said.err
    source.write_text("Name;Phone\n;12\n", "utf-8")
    said = parlour("import", "contacts.contact", source)
    assert said.code == 2 and "Nothing was imported" in said.out
    target = settings.data / "people.json"
    assert parlour("export", "contacts.contact", target, "--fields", "name,phones").out.startswith("2 rows")
    people = json.loads(target.read_text("utf-8"))
    assert [set(row) for row in people] == [{"name", "phones"}] * 2
    assert "+79123456789" in json.dumps([row["phones"] for row in people if "Анна" in row["name"]])


def test_backup_and_restore(parlour: Parlour, settings: Settings, tmp_path: Path) -> None:
    parlour("orgs", "add", "Jasmine")
    parlour("users", "add", "olga@example.com")
    saved = parlour("db", "backup", tmp_path / "salon.zip", "--json").json[0]
    assert saved["tables"] > 20
    assert zipfile.is_zipfile(tmp_path / "salon.zip")
    parlour("orgs", "add", "Orchid")
    refused = parlour("db", "restore", tmp_path / "salon.zip")
    assert refused.code == 2
    assert "--replace" in refused.err
    assert parlour("db", "restore", tmp_path / "salon.zip", "--replace").code == 0
    assert [row["slug"] for row in parlour("orgs", "list", "--json").json] == ["jasmine"]


def test_doctor_finds_nothing_wrong_with_a_sound_installation(parlour: Parlour, settings: Settings) -> None:
    said = parlour("doctor", "--json")
    assert said.code == 0
    assert said.json["ok"] is True
    shown = {row["setting"]: row for row in said.json["settings"]}
    assert shown["PARLOUR_DATA"] == {
        "setting": "PARLOUR_DATA",
        "value": str(settings.data),
        "source": "environment PARLOUR_DATA",
    }
    assert shown["PARLOUR_SECRET"]["value"] == "(set)"
    assert "parlour_test@" not in said.out, "no passwords"


def test_doctor_says_what_is_wrong_and_exits_with_1(
    parlour_empty: Parlour, parlour: Parlour, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("PARLOUR_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PARLOUR_DATABASE_URL", settings.owner_database_url)
    said = parlour("doctor", "--json")
    wrong = {row["what"]: row["text"] for row in said.json["findings"] if row["state"] == "wrong"}
    assert said.code == 1
    assert "broker" in wrong
    if settings.owner_database_url != settings.database_url:
        assert "owns the tables" in wrong["database role"]
        refused = parlour("serve")
        assert refused.code == 2
        assert "owns the tables" in refused.err
    monkeypatch.setenv("PARLOUR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert parlour("doctor").code == 1


def test_the_shell_is_inside_the_organisation(parlour: Parlour) -> None:
    parlour("orgs", "add", "Jasmine")
    said = parlour(
        "shell", "-c", "print(organisation.name, 'contacts.contact' in records, session.scope.trusted)"
    )
    assert said.out == "Jasmine True True\n"
