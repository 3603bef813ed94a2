"""What goes in together and what is asked together: fewer journeys, the same answers, and never past the organisation."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError

from parlour.access.models import TermsVersion
from parlour.access.organisations import add_organisation
from parlour.access.plugin_settings import save_plugin_settings, settings_of
from parlour.db.bulk import gathered
from parlour.db.session import Scope, Session, insert_rows, open_session
from parlour.db.several import Several, among
from parlour.errors import Invalid, ScopeMissing
from parlour.plugin import lifecycle
from parlour.plugins.contacts.models import Consent, Contact, ContactPhone, NameKey
from parlour.records.history import history_of, undo
from parlour.records.models import ChangeSet
from parlour.records.registry import record_type
from parlour.records.write import Change, as_one, next_number, open_change_set, save, write
from parlour.testing.site import statements


def _client_with_consent(session: Session, contact: int | None = None) -> int:
    """A client, and a consent of theirs or of another contact, all as one; returns the change set."""
    with as_one(session, {Contact: 1, Consent: 1, ChangeSet: 1}):
        number = next_number(session, Contact)
        change_set = open_change_set(session, label="book")
        client = Change({"name": "Анна Орлова", "phones": [{"number": "+79161234567"}]}, assign_id=number)
        write(session, Contact, [client], change_set=change_set, system=True)
        consent = {"contact": contact or number, "purpose": "data", "channel": "any", "given": True}
        consent |= {"version_of_text": "1", "source": "booking"}
        write(session, Consent, [Change(consent)], change_set=change_set, system=True)
    return change_set


def test_several_records_go_in_by_one_statement(session: Session, engine: Engine) -> None:
    _client_with_consent(session)
    with statements(engine) as seen:
        change_set = _client_with_consent(session)
    if (
        engine.dialect.name == "postgresql"
    ):  # numbers, and rows; jobs that follow are not of the organisation's tables
        assert len([one for one in seen if "core_job" not in one]) == 2
    number = session.scalars(select(func.max(Contact.id))).one()
    assert session.scalars(select(ContactPhone.number).where(ContactPhone.owner_id == number)).all()
    assert session.scalars(select(NameKey.key).where(NameKey.contact_id == number)).all()
    (event,) = history_of(session, record_type(Contact), number)
    assert event.change_set == change_set and {one.field.name for one in event.changes} >= {"name", "phones"}
    undo(session, change_set)
    assert session.scalars(select(Contact.id).where(Contact.id == number)).all() == []


def test_what_waits_is_there_for_who_asks_meanwhile(session: Session) -> None:
    with as_one(session, {Contact: 1}):
        made = save(session, Contact, {"name": "Анна"}, system=True)
        assert session.scalars(select(Contact.name).where(Contact.id == made)).one() == "Анна"


def test_all_or_none(session: Session) -> None:
    before = session.scalars(select(func.count(Contact.id))).one()
    with pytest.raises(Invalid, match="cannot be saved"):
        _client_with_consent(session, contact=987_654_321)
    with pytest.raises(ZeroDivisionError), as_one(session, {Contact: 1}):
        print(save(session, Contact, {"name": "Анна"}, system=True) // 0)
    assert session.scalars(select(func.count(Contact.id))).one() == before
    # The session goes on.
    save(session, Contact, {"name": "Вера"})


def test_who_only_looks_and_who_writes_past_the_path_are_refused_as_ever(
    engine: Engine, session: Session
) -> None:
    organisation = session.scope.organisation_id
    session.commit()
    looking = open_session(engine, Scope(organisation, read_only=True))
    with looking, gathered(looking), pytest.raises(ScopeMissing):
        insert_rows(looking, NameKey, [{"contact_id": 1, "key": "anna"}])
    with pytest.raises(ScopeMissing):
        insert_rows(session, Contact, [{"name": "Анна"}])


def test_rows_of_another_organisation_cannot_be_put_in(session: Session, engine: Engine) -> None:
    """A key to a row of somebody else fails though all keys are looked at together."""
    theirs = save(session, Contact, {"name": "Анна"})
    session.commit()
    with open_session(engine) as other:
        add_organisation(other, "Other")
        lifecycle.enable(other, "contacts")
        with pytest.raises(IntegrityError), other.begin_nested(), gathered(other):
            insert_rows(other, NameKey, [{"contact_id": theirs, "key": "anna"}])


QUESTIONS = Several(
    contacts=select(Contact.id, Contact.name, Contact.created_at, Contact.blocked).order_by(Contact.id),
    phones=select(ContactPhone.number).where(among(ContactPhone.owner_id, "ids")),
    terms=select(TermsVersion.effective_on),
)


def test_questions_together_have_the_answers_of_each_alone(session: Session, engine: Engine) -> None:
    made = [save(session, Contact, {"name": f"№ {n}", "phones": [f"+7916000000{n}"]}) for n in range(3)]
    session.add(TermsVersion(name="1", effective_on=date(2026, 3, 1), texts={"en": "x"}))
    session.flush()
    with statements(engine) as seen:
        found = QUESTIONS.ask(session, ids=made[1:])
    assert len(seen) == 1
    alone = session.execute(select(Contact.id, Contact.name, Contact.created_at, Contact.blocked))
    assert sorted(map(tuple, found["contacts"])) == sorted(map(tuple, alone))
    assert [row[0] for row in found["phones"]] == ["+79160000001", "+79160000002"]
    assert found["terms"] == [[date(2026, 3, 1)]]
    assert list(QUESTIONS.ask(session, ids=[])["phones"]) == []


def test_questions_together_stay_within_the_organisation(session: Session, engine: Engine) -> None:
    made = save(session, Contact, {"name": "Анна", "phones": ["+79161234567"]})
    session.commit()
    with open_session(engine) as other:
        add_organisation(other, "Other")
        lifecycle.enable(other, "contacts")
        found = QUESTIONS.ask(other, ids=[made])
        assert not any(found.values())
    with open_session(engine) as nobody, pytest.raises(ScopeMissing):
        QUESTIONS.ask(nobody, ids=[made])


def test_settings_are_remembered_until_somebody_saves_them(session: Session, engine: Engine) -> None:
    lifecycle.enable(session, "bookings")
    session.commit()
    scope = session.scope.organisation_id

    def step() -> tuple[int, int]:
        with open_session(engine, Scope(scope)) as other, statements(engine) as seen:
            found = settings_of(other, "bookings")["step"]
            return found, sum("core_organisation_plugin" in one for one in seen)

    step()
    assert step() == (30, 0)
    save_plugin_settings(session, "bookings", {"step": 15})
    assert settings_of(session, "bookings")["step"] == 15
    if engine.dialect.name == "postgresql":  # on SQLite others wait meanwhile
        assert step() == (30, 0)
    session.rollback()
    assert step() == (30, 0)
    with open_session(engine, Scope(scope, trusted=True)) as desk:
        save_plugin_settings(desk, "bookings", {"step": 20})
        desk.commit()
    assert step()[0] == 20 and step() == (20, 0)
