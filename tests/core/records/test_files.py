"""Files of records: who may see them, whose they are, and what becomes of their contents."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from parlour.access.models import Organisation, Rule
from parlour.access.roles import role_by_code
from parlour.db.base import now
from parlour.db.session import Session
from parlour.errors import Invalid, NotFound, Refusal
from parlour.jobs import enqueue
from parlour.jobs.models import Job
from parlour.jobs.run import run_job
from parlour.plugins.contacts.models import Contact
from parlour.records import blobs, files
from parlour.records.files import File, path_of, readable, store, thumb_of
from parlour.records.history import undo
from parlour.records.merge import merge
from parlour.records.models import ChangeSet
from parlour.records.registry import record_type
from parlour.records.write import Change, save, write
from parlour.settings import Settings
from parlour.testing import people
from tests.core.jobs.conftest import Desk
from tests.core.records.test_content import picture
from tests.support.disk import no_file_larger_than

CONTACT = record_type(Contact)
PHOTO: dict[str, Any] = {"record": "contacts.contact", "slot": "photo", "photo": True}


@pytest.fixture
def upload(session: Session, settings: Settings) -> Callable[..., File]:
    def keep(
        content: bytes = b"a letter", name: str = "letter.txt", *, by: Session = session, **given: object
    ) -> File:
        return store(by, settings, io.BytesIO(content), name, **({"record": "contacts.contact"} | given))  # type: ignore[arg-type]

    return keep


def sees(session: Session, file: File) -> bool:
    """Whether a person finds a file; ends the transaction, so that nobody waits for it on SQLite."""
    try:
        return readable(session, file.id).id == file.id
    except NotFound:
        return False
    finally:
        session.commit()


def contents(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.files.rglob("*") if path.is_file())


def age(settings: Settings, seconds: float = 2 * blobs.YOUNG) -> None:
    """The contents were put there long ago."""
    for path in settings.files.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - seconds,) * 2)


def test_an_upload_is_kept_under_its_hash_and_read_back(
    upload: Callable[..., File], settings: Settings
) -> None:
    file = upload("Привет".encode(), "../привет.txt")
    assert (file.name, file.content_type, file.size, file.row_id) == ("привет.txt", "text/plain", 12, None)
    assert path_of(settings, file).read_text("utf-8") == "Привет"
    assert path_of(settings, file).stat().st_mode & 0o077 == 0
    assert not list((settings.data / blobs.INCOMING).glob("*.part"))


def test_a_photo_has_its_measures_and_a_small_picture(
    upload: Callable[..., File], settings: Settings
) -> None:
    file = upload(picture("PNG", size=(900, 600)), "anna.png", **PHOTO)
    assert (file.content_type, file.name, file.width, file.height) == ("image/jpeg", "anna.jpg", 900, 600)
    assert thumb_of(settings, file).read_bytes()[8:12] == b"WEBP"


def test_the_same_content_is_kept_once_in_an_organisation_and_never_shared_between_two(
    session: Session,
    upload: Callable[..., File],
    settings: Settings,
    engine: Engine,
    other_organisation: Organisation,
) -> None:
    first, second = upload(), upload()
    session.commit()
    assert path_of(settings, first) == path_of(settings, second)
    with people.trusted(engine, other_organisation) as theirs:
        theirs_too = store(theirs, settings, io.BytesIO(b"a letter"), "x", record="contacts.contact")
        assert path_of(settings, theirs_too) != path_of(settings, first)
    assert len(contents(settings)) == 2


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        (b"x" * 2_000_001, {"limit": 2_000_000}, "more than 2 MB"),
        (b"", {}, "empty"),
        (b"%PDF-1.7", {"kinds": {"image/png"}}, "of this kind"),
        (b"not a picture", {"photo": True}, "not a picture"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    upload: Callable[..., File], settings: Settings, content: bytes, given: dict[str, object], said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        upload(content, **given)
    assert contents(settings) == []
    assert not list((settings.data / blobs.INCOMING).glob("*.part"))


def test_a_full_disk_is_said_clearly_and_leaves_nothing_half_written(
    session: Session, upload: Callable[..., File], settings: Settings
) -> None:
    with no_file_larger_than(8_000_000), pytest.raises(Refusal, match="disk is full"):
        upload(b"x" * 9_000_000)
    assert contents(settings) == []
    assert session.scalars(select(File)).all() == []
    assert not list((settings.data / blobs.INCOMING).glob("*.part"))


def test_another_organisation_finds_nothing(
    upload: Callable[..., File], session: Session, engine: Engine, other_organisation: Organisation
) -> None:
    file = upload()
    session.commit()
    with people.trusted(engine, other_organisation) as theirs:
        assert not sees(theirs, file)


def test_an_upload_that_is_not_saved_yet_is_seen_by_its_uploader_only(
    upload: Callable[..., File], session_as: Callable[..., Session]
) -> None:
    anna = session_as("manager")
    anna.commit()
    boris = session_as("manager")
    boris.commit()
    file = upload(by=anna)
    anna.commit()
    assert sees(anna, file)
    assert not sees(boris, file)


def with_photo(session: Session, upload: Callable[..., File], **values: object) -> tuple[int, File]:
    file = upload(picture(), "anna.jpg", **PHOTO)
    row_id = save(session, Contact, {"name": "Орлова Анна", "photo": file.id, **values})
    session.refresh(file)
    session.commit()
    return row_id, file


def test_a_saved_file_is_seen_by_who_may_see_the_row(
    session: Session, upload: Callable[..., File], session_as: Callable[..., Session]
) -> None:
    row_id, file = with_photo(session, upload)
    assert (file.record, file.row_id, file.slot) == ("contacts.contact", row_id, "photo")
    session.commit()
    assert sees(session_as("receptionist"), file)
    restrict(session, {"and": [["name", "=", "somebody else"]]})
    assert not sees(session_as("receptionist"), file)


def restrict(session: Session, filter: object = None, fields_except: list[str] | None = None) -> None:
    session.add(
        Rule(
            role_id=role_by_code(session, "receptionist").id,
            kind="restriction",
            permission="contacts:contact:read",
            filter=filter,
            fields_except=fields_except,
            source="owner",
        )
    )
    session.commit()


def test_a_file_of_a_field_that_is_hidden_is_hidden(
    session: Session, upload: Callable[..., File], session_as: Callable[..., Session]
) -> None:
    _row_id, file = with_photo(session, upload)
    restrict(session, fields_except=["photo"])
    assert not sees(session_as("receptionist"), file)
    assert sees(session_as("manager"), file)


def test_knowing_the_number_of_a_file_is_not_enough_to_get_it(
    session: Session, upload: Callable[..., File], session_as: Callable[..., Session]
) -> None:
    _row_id, file = with_photo(session, upload)
    thief = session_as("manager")
    with pytest.raises(Invalid) as refused:
        save(thief, Contact, {"name": "Mine", "photo": file.id})
    assert str(refused.value.fields["photo"]) == "There is no such file."
    elsewhere = upload(picture(), "a.jpg", by=thief, record="contacts.note", slot="scan")
    with pytest.raises(Invalid):
        save(thief, Contact, {"name": "Mine", "photo": elsewhere.id})
    own = upload(picture(), "a.jpg", by=thief, **PHOTO)
    assert save(thief, Contact, {"name": "Mine", "photo": own.id})


def test_a_field_for_pictures_takes_no_other_file(session: Session, upload: Callable[..., File]) -> None:
    file = upload(b"%PDF-1.7", "letter.pdf", slot="photo")
    with pytest.raises(Invalid) as refused:
        save(session, Contact, {"name": "Anna", "photo": file.id})
    assert str(refused.value.fields["photo"]) == "This is not a picture."


def test_the_file_goes_along_with_a_merge_and_back_with_its_undo(
    session: Session, upload: Callable[..., File]
) -> None:
    lost, file = with_photo(session, upload)
    kept = save(session, Contact, {"name": "Орлова А."})
    change_set = merge(session, CONTACT, kept, [lost])
    session.refresh(file)
    assert file.row_id == kept, "who may see the kept row sees its photo"
    undo(session, change_set)
    assert session.get_one(Contact, lost).photo == file.id


def prune(session: Session, settings: Settings, engine: Engine) -> dict[str, int]:
    job_id = enqueue(session, "core.prune_organisation")
    session.commit()
    assert run_job(engine, job_id, settings=settings) == "done"
    result: dict[str, int] = Desk(engine, session.scope.organisation_id).row(job_id).result
    return result


def test_contents_without_a_row_go_when_they_are_old(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    _row_id, kept = with_photo(session, upload)
    upload(b"never committed")
    session.rollback()
    assert len(contents(settings)) == 3
    assert prune(session, settings, engine)["contents"] == 0, "somebody may be about to commit"
    age(settings)
    assert prune(session, settings, engine)["contents"] == 1
    assert contents(settings) == sorted([kept.sha256, f"{kept.sha256}.thumb"])


def test_a_content_that_another_row_uses_stays(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    first, second = upload(), upload()
    session.delete(first)
    session.commit()
    age(settings)
    assert prune(session, settings, engine)["contents"] == 0
    assert path_of(settings, second).exists()


def test_a_content_that_is_uploaded_again_counts_as_new(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    gone = upload()
    session.delete(gone)
    session.commit()
    age(settings)
    upload()  # not committed yet, so nobody else sees its row
    with Desk(engine, session.scope.organisation_id).looking() as other:
        assert files.sweep(other, settings) == 0
        age(settings)
        assert files.sweep(other, settings) == 1


def test_uploads_that_nobody_saved_go_after_a_week(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    old, young = upload(b"old"), upload(b"young")
    session.execute(update(File).where(File.id == old.id).values(created_at=now() - timedelta(days=8)))
    session.commit()
    age(settings)
    assert prune(session, settings, engine) == {"files": 1, "contents": 1}
    assert path_of(settings, young).exists()


def test_files_of_a_deleted_row_stay_as_long_as_the_delete_can_be_undone(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    row_id, _file = with_photo(session, upload)
    write(session, Contact, [Change(id=row_id, act="delete")])
    session.commit()
    age(settings)
    assert prune(session, settings, engine) == {"files": 0, "contents": 0}
    session.execute(update(ChangeSet).values(at=now() - timedelta(days=91)))
    session.commit()
    assert prune(session, settings, engine) == {"files": 1, "contents": 1}
    assert contents(settings) == []


def test_erasing_a_person_removes_the_files_and_soon_their_contents(
    session: Session, upload: Callable[..., File], settings: Settings, engine: Engine
) -> None:
    row_id, file = with_photo(session, upload)
    assert files.remove_of(session, "contacts.contact", [row_id]) == 1
    session.commit()
    assert not sees(session, file)
    desk = Desk(engine, session.scope.organisation_id)
    with engine.begin() as connection:
        job_id = connection.scalar(select(Job.id).where(Job.name == files.SWEEP_JOB))
    assert job_id is not None and desk.row(job_id).run_at > now()
    desk.make_due(job_id)
    age(settings)
    assert run_job(engine, job_id, settings=settings) == "done"
    assert contents(settings) == []


def test_what_a_killed_upload_left_is_cleared_away(settings: Settings) -> None:
    left = settings.data / blobs.INCOMING / "abc.part"
    left.mkdir(parents=True)
    (left / "received").write_bytes(b"half")
    blobs.sweep_incoming(settings)
    assert left.exists()
    os.utime(left, (time.time() - 2 * blobs.ABANDONED,) * 2)
    blobs.sweep_incoming(settings)
    assert not left.exists()
