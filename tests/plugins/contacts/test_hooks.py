"""What the plugin tells the core: timeline, a person's data, erasing, parts of pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from parlour.db.base import now
from parlour.db.session import Session
from parlour.i18n import localizer
from parlour.plugin import lifecycle
from parlour.plugin.calls import collect
from parlour.plugin.gate import enabled
from parlour.plugin.registry import current
from parlour.plugins.contacts import services
from parlour.plugins.contacts.models import Contact, Note, Position
from parlour.records.persons import copy_of, erase
from parlour.records.query import get, page
from parlour.records.registry import record_type
from parlour.records.timeline import timeline_of
from parlour.records.write import save
from parlour.web.slots import CardContext, Figure, LoudLine, PageContext, SlotItem
from tests.plugins.contacts.conftest import Add, As

LOC = localizer("en", "Europe/Moscow", "RUB", "RU")


def url(route: str, **parts: Any) -> str:
    return f"/{route}/{'/'.join(str(part) for part in parts.values())}"


def on_card(session: Session, slot: str, row_id: int) -> Sequence[SlotItem]:
    kind = record_type(Contact)
    context = CardContext(LOC, url, kind, get(session, kind, row_id))
    return collect(session, "slot_items", slot=slot, context=context)


def loud(session: Session, row_id: int) -> list[str]:
    return [
        LOC.translate(item.text)
        for item in on_card(session, "card.loud", row_id)
        if isinstance(item, LoudLine)
    ]


@pytest.fixture
def maria(add: Add) -> int:
    return add(
        "Иванова Мария",
        phone="+79135550101",
        must_know="Мигрень",
        health_notes="Аллергия на аммиак",
        blocked=True,
        blocked_reason="Три неявки",
        spent_before="1500.50",
    )


def test_the_loud_line_says_what_staff_must_not_miss(session: Session, maria: int) -> None:
    assert loud(session, maria) == ["Мигрень", "Аллергия на аммиак", "On the block-list: Три неявки"]


def test_the_loud_line_keeps_health_notes_from_who_may_not_read_them(as_role: As, maria: int) -> None:
    assert as_role("receptionist", lambda own: loud(own, maria)) == [
        "Мигрень",
        "On the block-list: Три неявки",
    ]
    assert "Аллергия на аммиак" in as_role("specialist", lambda own: loud(own, maria))


def test_a_long_health_note_is_cut_in_the_loud_line(session: Session, add: Add) -> None:
    [line] = loud(session, add("Иванова Мария", health_notes="очень " * 100))
    assert len(line) <= 160
    assert line.endswith("…")


def test_the_figures_tell_since_when_how_old_and_what_was_spent(
    session: Session, add: Add, maria: int
) -> None:
    save(session, Contact, {"birthday": "1990-04-08"}, maria)
    found = {
        LOC.translate(item.title): item.value
        for item in on_card(session, "card.figures", maria)
        if isinstance(item, Figure)
    }
    assert {"Client since", "Age", "Spent before"} <= set(found)
    assert "1,500.50" in found["Spent before"]


def test_an_incomplete_card_says_what_it_lacks(session: Session, add: Add) -> None:
    figures = [
        item for item in on_card(session, "card.figures", add("Иванова Мария")) if isinstance(item, Figure)
    ]
    assert figures[-1].sub == "Phones, Birthday"


def test_a_specialist_does_not_learn_what_was_spent(as_role: As, maria: int) -> None:
    items = as_role("specialist", lambda own: on_card(own, "card.figures", maria))
    assert "Spent before" not in [LOC.translate(item.title) for item in items if isinstance(item, Figure)]


def test_birthdays_of_the_week_stand_on_today_only_when_there_are_any(session: Session, add: Add) -> None:
    def today() -> Sequence[SlotItem]:
        parts = collect(session, "slot_items", slot="today", context=PageContext(LOC, url))
        return [part for part in parts if part.template == "contacts/today_birthdays.jinja2"]

    assert today() == []
    day = LOC.local(now()).date()
    add("Иванова Мария", birthday=f"--{day:%m-%d}")
    [part] = today()
    assert [one["title"] for one in part.context["birthdays"]] == ["Иванова Мария"]
    assert part.context["birthdays"][0]["today"] is True


def test_the_side_of_a_company_shows_its_people_and_that_of_a_person_the_consents(
    session: Session, add: Add
) -> None:
    maria, daisy = add("Иванова Мария"), add("Ромашка", kind="company")
    save(session, Position, {"person": maria, "company": daisy, "work_phone": "+74955550101"})
    services.give_consent(session, maria, "data", version_of_text="1", source="paper")
    of_company = {part.template: part.context for part in on_card(session, "card.side", daisy)}
    assert [one["title"] for one in of_company["contacts/places.jinja2"]["places"]] == ["Иванова Мария"]
    assert "contacts/consents.jinja2" not in of_company
    of_person = {part.template: part.context for part in on_card(session, "card.side", maria)}
    assert [one["given"] for one in of_person["contacts/consents.jinja2"]["agreed"]] == [True]


def test_the_timeline_holds_notes_and_consents_newest_first(session: Session, maria: int) -> None:
    moment = now()
    for days, text in ((3, "Первая"), (1, "Вторая")):
        save(session, Note, {"contact": maria, "text": text, "at": moment - timedelta(days=days)})
    services.give_consent(
        session, maria, "advertising", version_of_text="1", source="paper", at=moment - timedelta(days=2)
    )
    entries = timeline_of(session, "contacts.contact", [maria])
    assert [(entry.kind, LOC.translate(entry.text)) for entry in entries] == [
        ("note", "Вторая"),
        ("consent", "Advertising"),
        ("note", "Первая"),
    ]
    older = timeline_of(session, "contacts.contact", [maria], before=entries[0].at, limit=1)
    assert [entry.kind for entry in older] == ["consent"]
    assert timeline_of(session, "contacts.tag", [maria]) == []


def test_the_timeline_shows_only_what_one_may_read(session: Session, as_role: As, maria: int) -> None:
    services.add_note(session, maria, "Хвалила краску")
    services.give_consent(session, maria, "data", version_of_text="1", source="paper")
    session.commit()
    told = as_role("specialist", lambda own: timeline_of(own, "contacts.contact", [maria]))
    assert [entry.kind for entry in told] == ["note"]


def test_a_person_gets_a_copy_of_everything_and_is_then_erased(
    session: Session, add: Add, maria: int
) -> None:
    daisy = add("Ромашка", kind="company")
    save(
        session,
        Position,
        {"person": maria, "company": daisy, "title": "директор", "work_phone": "+74955550101"},
    )
    services.add_note(session, maria, "Хвалила краску")
    services.give_consent(session, maria, "data", version_of_text="2025-09", source="paper")
    session.commit()
    copy = str([(section.title, section.rows) for section in copy_of(session, record_type(Contact), maria)])
    for text in ("Аллергия", "+79135550101", "директор", "+74955550101", "Хвалила краску", "2025-09"):
        assert text in copy
    erase(session, record_type(Contact), maria)
    session.commit()
    left = str([(section.title, section.rows) for section in copy_of(session, record_type(Contact), maria)])
    for text in ("Иванова", "Мария", "Аллергия", "+79135550101", "директор", "Хвалила", "Три неявки"):
        assert text not in left
    assert services.people_of(session, daisy, gone=True) == []
    assert page(session, record_type(Note)).rows == []
    # That there was a consent, and to which text, may have to be proved later.
    assert len(services.consents_of(session, maria)) == 1
    assert everything_in(session, ("Хвалила", "директор", "+74955550101")) == []


def everything_in(session: Session, texts: Sequence[str]) -> list[str]:
    """Tables of the organisation in which one of the texts still stands, history included."""
    from sqlalchemy import text as sql

    from parlour.db.base import METADATA

    found = []
    for table in METADATA.tables.values():
        if not table.name.startswith(("contacts_", "core_change")):
            continue
        rows = session.raw(sql(f"SELECT * FROM {table.name}")).all()
        shown = str([tuple(row) for row in rows])
        found += [table.name for one in texts if one in shown]
    return found


def test_the_plugin_adds_nothing_where_it_is_off(session: Session, maria: int) -> None:
    context = CardContext(LOC, url, record_type(Contact), get(session, record_type(Contact), maria))
    # Who stands on others goes before them.
    for name in reversed([name for name in current().order if name in enabled(session)]):
        lifecycle.disable(session, name)
    assert collect(session, "slot_items", slot="card.loud", context=context) == []
    assert collect(session, "menu") == []
