"""A backup brings everything back, into either kind of database, whole or not at all."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, text

from parlour.access.models import Organisation
from parlour.db.archive import MANIFEST
from parlour.db.backup import backup, reflect
from parlour.db.engine import make_engine
from parlour.db.restore import restore
from parlour.db.session import open_session
from parlour.errors import Refusal
from parlour.migrations import ledger, runner
from parlour.plugin import gate
from parlour.settings import Settings
from parlour.testing import databases, people


def everything(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, moments without offsets, so that the two kinds of database compare."""
    engine = make_engine(settings.owner_database_url)
    with engine.connect() as connection:
        found = reflect(connection, *sorted(ledger.tables_now(connection)))
        rows = {
            name: sorted(
                (
                    tuple(
                        value.replace(tzinfo=None)
                        if hasattr(value, "tzinfo")
                        else json.dumps(value, default=str, sort_keys=True)
                        for value in row
                    )
                    for row in connection.execute(
                        sa.select(*sorted(table.columns, key=lambda each: each.name))
                    )
                ),
                key=repr,
            )
            for name, table in found.tables.items()
        }
    engine.dispose()
    return rows


@pytest.fixture
def salon(engine: Engine, organisation: Organisation, settings: Settings) -> Organisation:
    """An organisation with people and a file."""
    with people.trusted(engine, organisation) as session:
        people.add_person(session, "owner", name="Ольга Ёлкина")
        people.add_person(session, "receptionist")
        session.commit()
    blob = settings.files / "1" / "ab" / "abcdef"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"\x00\xffpicture")
    return organisation


@pytest.mark.parametrize("target", databases.KINDS)
def test_everything_comes_back_into_either_kind_of_database(
    salon: Organisation, settings: Settings, target: str, tmp_path: Path
) -> None:
    if databases.absent(target):
        pytest.skip(f"{target}: {databases.absent(target)}")
    made = backup(settings, tmp_path / "salon.zip")
    assert made.tables["core_user"] == 2
    assert made.files == 1
    with databases.fresh(target, tmp_path, empty=True) as other:
        restore(other.settings, tmp_path / "salon.zip")
        assert everything(other.settings) == everything(settings)
        assert (other.settings.files / "1" / "ab" / "abcdef").read_bytes() == b"\x00\xffpicture"
        assert all(item.up_to_date for item in runner.status(other.settings))
        engine = make_engine(other.settings.database_url)
        with people.trusted(engine, salon) as session:  # new rows are numbered after the restored ones
            people.add_person(session, "specialist")
            assert "core" in gate.enabled(session)
            session.commit()
        engine.dispose()


def test_a_backup_into_a_used_database_is_refused_until_asked_for(
    salon: Organisation, settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    backup(settings, tmp_path / "salon.zip")
    before = everything(settings)
    with open_session(engine) as session:
        from parlour.access.organisations import add_organisation

        add_organisation(session, "Another", region="GB")
        session.commit()
    (settings.files / "1" / "later").write_bytes(b"later")
    engine.dispose()
    with pytest.raises(Refusal, match="--replace"):
        restore(settings, tmp_path / "salon.zip")
    assert everything(settings) != before
    restore(settings, tmp_path / "salon.zip", replace=True)
    assert everything(settings) == before
    assert [path.name for path in settings.files.rglob("*") if path.is_file()] == ["abcdef"]


def test_a_damaged_backup_changes_nothing(
    salon: Organisation, settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    backup(settings, tmp_path / "salon.zip")
    engine.dispose()
    before = everything(settings)
    with (
        zipfile.ZipFile(tmp_path / "salon.zip") as source,
        zipfile.ZipFile(tmp_path / "bad.zip", "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            target.writestr(
                name, content.replace(b"Jasmine", b"Jasmin!") if name.startswith("tables/") else content
            )
    with pytest.raises(Refusal, match=r"damaged: tables/core_.*jsonl"):
        restore(settings, tmp_path / "bad.zip", replace=True)
    (tmp_path / "cut.zip").write_bytes((tmp_path / "salon.zip").read_bytes()[:-200])
    with pytest.raises(Refusal, match="not a backup"):
        restore(settings, tmp_path / "cut.zip", replace=True)
    assert everything(settings) == before


def test_a_restore_that_fails_in_the_middle_changes_nothing(
    salon: Organisation, settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    """The manifest is honest and the rows are not: a member without a user, found only when links are checked."""
    backup(settings, tmp_path / "salon.zip")
    engine.dispose()
    before = everything(settings)
    with (
        zipfile.ZipFile(tmp_path / "salon.zip") as source,
        zipfile.ZipFile(tmp_path / "bad.zip", "w") as target,
    ):
        manifest = json.loads(source.read(MANIFEST))
        import hashlib

        for name in manifest["checksums"]:
            content = source.read(name)
            if name == "tables/core_user.jsonl":
                content = content.splitlines(keepends=True)[0]
                manifest["checksums"][name] = hashlib.sha256(content).hexdigest()
                manifest["tables"]["core_user"] = 1
            target.writestr(name, content)
        target.writestr(MANIFEST, json.dumps(manifest))
    with pytest.raises(Exception, match=r"core_membership|core_user"):
        restore(settings, tmp_path / "bad.zip", replace=True)
    assert everything(settings) == before
    assert (settings.files / "1" / "ab" / "abcdef").exists()
    assert sorted(path.name for path in settings.data.iterdir() if path.name.startswith("files")) == ["files"]


def test_a_backup_of_a_newer_parlour_is_refused(
    salon: Organisation, settings: Settings, tmp_path: Path
) -> None:
    backup(settings, tmp_path / "salon.zip")
    with (
        zipfile.ZipFile(tmp_path / "salon.zip") as source,
        zipfile.ZipFile(tmp_path / "new.zip", "w") as target,
    ):
        manifest = json.loads(source.read(MANIFEST))
        manifest["owners"]["core"] = "core_9999"
        for name in manifest["checksums"]:
            target.writestr(name, source.read(name))
        target.writestr(MANIFEST, json.dumps(manifest))
    with pytest.raises(Refusal, match="newer version of core"):
        restore(settings, tmp_path / "new.zip", replace=True)


def test_a_backup_never_replaces_a_file(salon: Organisation, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "salon.zip").write_text("precious")
    with pytest.raises(Refusal, match="exists already"):
        backup(settings, tmp_path / "salon.zip")
    assert (tmp_path / "salon.zip").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["salon.zip"]


def test_a_backup_shows_one_moment_while_others_write(
    salon: Organisation, settings: Settings, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person is added when the tables of access have been read and those of users have not."""
    from parlour.db import archive

    real = archive.Writer.add
    added = []

    def add(self: archive.Writer, path: str, blocks: object) -> None:
        real(self, path, blocks)  # type: ignore[arg-type]
        if path == "tables/core_membership.jsonl":
            with people.trusted(engine, salon) as session:
                added.append(people.add_person(session, "specialist").id)
                session.commit()

    monkeypatch.setattr(archive.Writer, "add", add)
    made = backup(settings, tmp_path / "salon.zip")
    assert added
    assert made.tables["core_user"] == made.tables["core_membership"] == 2
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM core_user")).scalar_one() == 3
