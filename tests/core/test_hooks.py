"""Each hook reaches those who are on, with what it promises. Others are tested with the plugin that answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parlour.db.session import Session
from parlour.errors import Refusal
from parlour.hooks import hookimpl
from parlour.plugin import lifecycle
from parlour.plugin.calls import collect
from parlour.plugin.registry import current
from parlour.records.merge import merge
from parlour.records.persons import Section, copy_of
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.timeline import Entry, timeline_of
from parlour.records.write import save
from parlour.settings import Settings
from parlour.web.slots import MenuItem

CLIENT = "contacts.contact"
# Answers as a bridge between the two does: where both are on.
BRIDGE = "visitors:contacts"


@pytest.fixture
def answer(session: Session) -> Iterator[Callable[[object], None]]:
    """`answer(Hooks())`: let an object with hooks answer for the sample plugin."""
    manager = current().pm
    yield lambda hooks: manager.register(hooks, BRIDGE)
    if manager.has_plugin(BRIDGE):
        manager.unregister(name=BRIDGE)


def test_hook_menu(session: Session, answer: Callable[[object], None]) -> None:
    class Hooks:
        @hookimpl
        def menu(self, session: Session) -> Sequence[MenuItem]:
            return [
                MenuItem(title="Door", route="visitors.door"),
                MenuItem(title="First", route="x", sequence=1),
            ]

    answer(Hooks())
    titles = [item.title for item in collect(session, "menu")]
    assert titles.index("First") < titles.index("Door")
    lifecycle.disable(session, "visitors")
    assert "Door" not in [item.title for item in collect(session, "menu")]


def test_hook_timeline(session: Session, answer: Callable[[object], None]) -> None:
    noon = datetime(2020, 5, 4, 12, tzinfo=UTC)
    asked: list[Any] = []

    class Hooks:
        @hookimpl
        def timeline(
            self, session: Session, record: str, ids: Sequence[int], before: datetime | None, limit: int
        ) -> Sequence[Entry]:
            asked.append((record, list(ids), before, limit))
            return [Entry(at=noon - timedelta(hours=hour), kind="door", title=str(hour)) for hour in (0, 2)]

    answer(Hooks())
    client = save(session, CLIENT, {"name": "Anna Orlova"})
    found = [entry.title for entry in timeline_of(session, CLIENT, [client]) if entry.kind == "door"]
    assert found == ["0", "2"]
    assert asked == [(CLIENT, [client], None, 30)]
    assert len(timeline_of(session, CLIENT, [client], limit=1)) == 1


def test_hook_person_data(session: Session, answer: Callable[[object], None]) -> None:
    class Hooks:
        @hookimpl
        def person_data(self, session: Session, record: str, ids: Sequence[int]) -> Sequence[Section]:
            return [Section("Door", [{"record": record, "ids": list(ids)}])]

    answer(Hooks())
    client = save(session, CLIENT, {"name": "Anna Orlova"})
    sections = {section.title: section.rows for section in copy_of(session, record_type(CLIENT), client)}
    assert sections["Door"] == [{"record": CLIENT, "ids": [client]}]


def test_hook_check_merge(session: Session, answer: Callable[[object], None]) -> None:
    asked: list[Any] = []

    class Hooks:
        @hookimpl
        def check_merge(self, session: Session, record: Any, keep: int, lose: Sequence[int]) -> None:
            asked.append((record.name, keep, list(lose)))
            raise Refusal("Both have a badge.")

    first, second = (save(session, CLIENT, {"name": name}) for name in ("Anna Orlova", "A. Orlova"))
    before = get(session, record_type(CLIENT), second)
    answer(Hooks())
    with pytest.raises(Refusal, match="badge"):
        merge(session, record_type(CLIENT), first, [second])
    assert asked == [(CLIENT, first, [second])]
    assert get(session, record_type(CLIENT), second) == before


def test_hook_plugin_enabled(session: Session, answer: Callable[[object], None]) -> None:
    asked: list[str] = []

    class Hooks:
        @hookimpl
        def plugin_enabled(self, session: Session, plugin: str) -> None:
            asked.append(plugin)

    answer(Hooks())
    lifecycle.disable(session, "visitors")
    lifecycle.enable(session, "visitors")
    lifecycle.enable(session, "visitors")
    assert asked == ["visitors"]


def test_hook_bookings_code_ways(
    session: Session, answer: Callable[[object], None], settings: Settings
) -> None:
    from parlour.plugins.bookings.online import codes

    sent: list[tuple[str, str]] = []
    way = codes.CodeWay("phone", lambda _session, _number, to, language: sent.append((to, language)))

    class Hooks:
        @hookimpl
        def bookings_code_ways(self, session: Session, settings: Settings) -> Sequence[codes.CodeWay]:
            return [way]

    answer(Hooks())
    assert codes.ways(session, settings) == {"phone": way}
    asked = {"purpose": "book", "way": "phone", "address": "+7 916 111-22-33", "network": "192.0.2.1"}
    codes.ask(session, settings, language="ru", **asked)
    assert sent == [("+79161112233", "ru")]


def test_hook_messages_kinds(session: Session, answer: Callable[[object], None]) -> None:
    """A hook that a plugin offers is called like the core's own, and is silent where who answers is off."""
    from parlour.plugins.messages.kinds import MessageKind, Shipped, kinds_of

    text = Shipped("Come in", "Come in, {first_name}", "Come in")
    kind = MessageKind("visitors.door", "Door", {"en": text, "ru": text}, sequence=1)

    class Hooks:
        @hookimpl
        def messages_kinds(self, session: Session) -> Sequence[MessageKind]:
            return [kind]

    answer(Hooks())
    assert kinds_of(session)[0] is kind
    own = [one.code for one in kinds_of(session) if one.plugin == "messages"]
    assert own == ["messages.letter", "messages.news", "messages.trial"]
    lifecycle.disable(session, "visitors")
    assert kind not in kinds_of(session)
