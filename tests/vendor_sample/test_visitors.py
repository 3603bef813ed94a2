"""What the sample plugin does: a record linked to clients, fields on their card, and one hook of each kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from parlour.db.session import Session
from parlour.errors import Invalid, NotAllowed
from parlour.i18n import localizer
from parlour.plugin.calls import collect
from parlour.records import persons
from parlour.records.actions import run_action
from parlour.records.history import undo
from parlour.records.query import get, page
from parlour.records.registry import record_type
from parlour.records.values import Money
from parlour.records.write import Change, save, write
from parlour.testing.jobs import run_due
from parlour.testing.site import Enter
from parlour.web.slots import CARD_FIGURES, CardContext
from parlour_visitors.hooks import slot_items
from parlour_visitors.models import Arrival, Visitor

CLIENT, VISITOR = "contacts.contact", "visitors.visitor"


@pytest.fixture
def client(session: Session) -> int:
    return save(session, CLIENT, {"name": "Anna Orlova", "phones": [{"number": "+79161234567"}]})


def _row(session: Session, record: str, row_id: int) -> dict[str, Any]:
    return get(session, record_type(record), row_id)


def test_a_visitor_keeps_what_was_written_down(session: Session, client: int) -> None:
    arrived = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    made = save(
        session,
        VISITOR,
        {"name": "Anna", "phone": "8 916 123-45-67", "contact": client, "arrived_at": arrived, "fee": "350"},
    )
    row = _row(session, VISITOR, made)
    assert row["phone"] == "+79161234567"
    assert row["contact"]["id"] == client
    assert row["arrived_at"] == arrived
    assert row["fee"] == Money(Decimal(350), "RUB")


def test_two_visitors_cannot_have_one_phone(session: Session) -> None:
    save(session, VISITOR, {"name": "Anna", "phone": "+79161234567"})
    with pytest.raises(Invalid) as refused:
        save(session, VISITOR, {"name": "Boris", "phone": "8 (916) 123-45-67"})
    assert "phone" in refused.value.fields


def test_a_badge_is_a_field_of_the_client(session: Session, client: int) -> None:
    save(session, CLIENT, {"visitors_badge": "Blue 12"}, client)
    assert _row(session, CLIENT, client)["visitors_badge"] == "Blue 12"


def test_an_action_asks_for_the_fee_in_the_browser_and_takes_it_as_json(
    session: Session, login: Enter
) -> None:
    rows = [save(session, VISITOR, {"name": name}) for name in ("Anna", "Boris")]
    session.commit()
    page = login("owner").get(f"/o/jasmine/r/{VISITOR}/{rows[0]}/do/charge")
    form = page.forms["action"]
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert "This is needed." in refused.text
    form["fee"] = "350"
    assert form.submit().status_int == 303
    run_action(session, VISITOR, rows[1:], "charge", {"fee": {"amount": "200.50", "currency": "RUB"}})
    for wrong in ({}, {"fee": "much"}, {"fee": "1", "tip": "2"}):
        with pytest.raises(Invalid):
            run_action(session, VISITOR, rows, "charge", wrong)
    session.expire_all()
    assert [_row(session, VISITOR, row)["fee"].amount for row in rows] == [Decimal(350), Decimal("200.5")]


def test_hook_slot_items(session: Session, client: int) -> None:
    save(session, VISITOR, {"name": "Anna", "contact": client})
    context = CardContext(
        loc=localizer("en"),
        url=lambda *_route, **_parts: "",
        record=record_type(CLIENT),
        row=_row(session, CLIENT, client),
    )
    found = [
        item
        for item in collect(session, "slot_items", slot=CARD_FIGURES, context=context)
        if hasattr(item, "title")
    ]
    assert ("Visits", "1") in [(str(item.title), item.value) for item in found]


def test_the_figure_is_left_out_for_who_may_not_see_the_field(session: Session, client: int) -> None:
    row = {name: value for name, value in _row(session, CLIENT, client).items() if name != "visitors_visits"}
    context = CardContext(loc=localizer("en"), url=lambda *_r, **_p: "", record=record_type(CLIENT), row=row)
    assert list(slot_items(session=session, slot=CARD_FIGURES, context=context)) == []


def test_hook_check_changes(session: Session) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    with pytest.raises(Invalid) as refused:
        write(session, VISITOR, [Change({"name": "Anna"}), Change({"name": "Boris", "arrived_at": later})])
    assert list(refused.value.errors) == [1]
    assert "arrived_at" in refused.value.errors[1]
    assert session.scalar(select(func.count()).select_from(Visitor)) == 0


def test_hook_records_changed(session: Session, client: int) -> None:
    other = save(session, CLIENT, {"name": "Boris Orlov"})

    def visits(row_id: int) -> Any:
        return _row(session, CLIENT, row_id)["visitors_visits"]

    first = save(session, VISITOR, {"name": "Anna", "contact": client})
    save(session, VISITOR, {"name": "Anna again", "contact": client})
    assert visits(client) == 2
    made = write(session, VISITOR, [Change({"contact": other}, first)]).change_set
    assert (visits(client), visits(other)) == (1, 1)
    write(session, VISITOR, [Change(id=first, act="archive")])
    assert visits(other) == 0
    write(session, VISITOR, [Change(id=first, act="restore")])
    assert made is not None
    undo(session, made)
    assert (visits(client), visits(other)) == (2, 0)


def test_hook_records_happened(session: Session, engine: Engine) -> None:
    made = write(session, VISITOR, [Change({"name": "Anna"}), Change({"name": "Boris"})]).ids
    assert session.scalar(select(func.count()).select_from(Arrival)) == 0
    session.commit()
    states = {state for _name, state in run_due(engine)}
    assert states == {"done"}
    assert sorted(session.scalars(select(Arrival.visitor_id))) == sorted(made)


def test_hook_erase_person(session: Session, client: int) -> None:
    made = save(session, VISITOR, {"name": "Anna Orlova", "phone": "+79161234567", "contact": client})
    persons.erase(session, record_type(CLIENT), client)
    row = session.execute(
        select(Visitor.name, Visitor.phone, Visitor.contact_id).where(Visitor.id == made)
    ).one()
    assert "Anna" not in row.name
    assert (row.phone, row.contact_id) == (None, None)


def test_clients_are_filtered_through_their_visits(session: Session, client: int) -> None:
    save(session, CLIENT, {"name": "Boris Orlov"})
    save(session, VISITOR, {"name": "Anna", "contact": client, "fee": "500"})
    found = page(session, record_type(CLIENT), filter={"and": [["visitors.name", "=", "Anna"]]})
    assert [row["id"] for row in found.rows] == [client]


def test_a_specialist_sees_visitors_and_cannot_write_them(
    session: Session, session_as: Callable[..., Session]
) -> None:
    made = save(session, VISITOR, {"name": "Anna"})
    session.commit()
    specialist = session_as("specialist")
    assert _row(specialist, VISITOR, made)["name"] == "Anna"
    with pytest.raises(NotAllowed):
        save(specialist, VISITOR, {"name": "Boris"})
