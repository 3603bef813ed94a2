"""What nobody may do, an owner included: protected fields, and deleting many records at once."""

from __future__ import annotations

import pytest

from parlour.access import accesslog, protection
from parlour.access.models import Organisation
from parlour.db.session import system
from parlour.errors import Invalid, NotAllowed
from parlour.plugins.contacts.models import Contact
from parlour.records import bulk
from parlour.records.history import undo
from parlour.records.merge import merge
from parlour.records.query import get
from parlour.records.registry import fields_of, record_type
from parlour.records.removal import delete
from parlour.records.write import Change, save, write
from parlour.testing import people


@pytest.fixture
def owner(engine, organisation):
    with people.trusted(engine, organisation) as session:
        user = people.add_person(session, "owner")
        session.commit()
    with people.session_of(engine, organisation, user) as session:
        yield session


@pytest.fixture
def contact():
    return record_type(Contact)


def client(session, name, **values):
    return save(session, Contact, {"kind": "person", "name": name, **values})


def test_sec_11_a_protected_field_is_read_only_even_for_an_owner(owner, contact):
    row = client(owner, "Anna", note="first")
    changed = write(owner, contact, [Change({"note": "second"}, row)]).change_set
    protection.protect(owner, contact, ["note"])
    assert "note" in {item.name for item in fields_of(owner, contact)}
    assert "note" not in {item.name for item in fields_of(owner, contact, "write")}
    with pytest.raises(Invalid):
        write(owner, contact, [Change({"note": "third"}, row)])
    assert "note" not in {item.name for item in bulk.settable(owner, contact)}
    left = undo(owner, changed).left
    assert [why.interpolate() for _record, _row, why in left] == ["Note is protected."]
    other = client(owner, "Anna", profession="Pilot")
    merge(owner, contact, other, [row])
    assert get(owner, contact, other)["note"] is None
    protection.protect(owner, contact, [])
    write(owner, contact, [Change({"note": "third"}, row)])


def test_what_is_protected_is_said_by_an_owner_only_and_logged(owner, contact, session_as, engine):
    protection.protect(owner, contact, ["note"])
    protection.protect(owner, contact, ["note"])
    (line,) = accesslog.latest(owner, what=[accesslog.PROTECTION])
    assert (line.record, line.detail) == (contact.name, {"before": [], "after": ["note"]})
    assert line.user_id == owner.scope.user_id
    owner.commit()
    manager = session_as("manager")
    for change in (
        lambda: protection.protect(manager, contact, []),
        lambda: protection.allow_bulk_delete(manager, True),
    ):
        with pytest.raises(NotAllowed, match="Only an owner"):
            change()
    assert protection.protection_of(manager).fields == {contact.name: {"note"}}


def test_a_field_that_is_not_there_now_stays_protected(owner, contact):
    with system(owner):
        place = owner.get_one(Organisation, owner.scope.organisation_id)
        place.settings = {**place.settings, "protected_fields": {contact.name: ["of_a_plugin_that_is_off"]}}
    protection.protect(owner, contact, ["note"])
    assert protection.protection_of(owner).fields[contact.name] == {"note", "of_a_plugin_that_is_off"}
    protection.protect(owner, contact, [])
    assert protection.protection_of(owner).fields[contact.name] == {"of_a_plugin_that_is_off"}


def test_a_field_without_which_nothing_could_be_added_cannot_be_protected(owner, contact):
    for name in ("visits", "kind", "nothing"):
        if name in {item.name for item in protection.protectable(owner, contact)}:
            continue
        with pytest.raises(Invalid, match="cannot be protected"):
            protection.protect(owner, contact, [name])


def test_con_73_several_records_are_deleted_only_with_the_right_and_the_switch(owner, contact, session_as):
    rows = [client(owner, f"Client {number}") for number in range(4)]
    with pytest.raises(NotAllowed, match="switched off here"):
        delete(owner, contact, rows[:2])
    with pytest.raises(NotAllowed, match="switched off here"):
        write(owner, contact, [Change(id=row, act="delete") for row in rows[:2]])
    delete(owner, contact, rows[:1])
    protection.allow_bulk_delete(owner, True)
    delete(owner, contact, rows[1:3])
    (line,) = accesslog.latest(owner, what=[accesslog.PROTECTION])
    assert line.detail == {"bulk_delete": True}
    owner.commit()
    # The manager may delete clients one by one; the right to delete many is nobody's but the owner's.
    manager = session_as("manager")
    more = [client(manager, f"More {number}") for number in range(2)]
    with pytest.raises(NotAllowed, match="many records"):
        delete(manager, contact, more)


def test_parlour_itself_is_not_bound(owner, session, contact):
    protection.protect(owner, contact, ["note"])
    owner.commit()
    row = client(session, "Vera", note="from a script")
    rows = [client(session, f"Client {number}") for number in range(2)]
    assert get(session, contact, row)["note"] == "from a script"
    delete(session, contact, rows)
