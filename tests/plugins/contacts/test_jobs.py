"""A large hand-over goes on in the background."""

from __future__ import annotations

from sqlalchemy import Engine

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.jobs import enqueue
from parlour.plugins.contacts import services
from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write
from parlour.settings import Settings
from parlour.testing.jobs import run_due
from parlour.testing.people import add_person


def test_a_hand_over_goes_on_where_the_page_left_off(
    session: Session, engine: Engine, settings: Settings, organisation: Organisation
) -> None:
    anna, boris = add_person(session, "receptionist").id, add_person(session, "receptionist").id
    session.commit()
    session.scope.cache.clear()
    theirs = [{"user": anna, "branch": None}]
    changes = [Change({"name": f"Клиент {n}", "responsible": theirs}) for n in range(12)]
    write(session, Contact, changes)
    first = services.hand_over(session, anna, boris, limit=5)
    assert first.count == 5
    assert first.after is not None
    args = {
        "giver": anna,
        "taker": boris,
        "branch_id": services.ANY,
        "after": first.after,
        "change_set": first.change_set,
        "count": first.count,
    }
    enqueue(session, "contacts.hand_over", args)
    session.commit()
    assert ("contacts.hand_over", "done") in run_due(engine, settings)
    session.expire_all()
    assert services.clients_per_member(session) == {boris: 12}
