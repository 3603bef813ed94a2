"""What a list shows, as its address says: search words, filter, segment, order, page. Every state has a URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select

from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.models import SavedFilter
from parlour.records.pages import filter_words
from parlour.records.registry import RecordType

MAX_WORDS = 200


@dataclass(frozen=True)
class ListState:
    """One state of the list of a record. `conditions` all hold, beside those of the segment."""

    record: RecordType
    q: str = ""
    conditions: tuple[Any, ...] = ()
    segment: SavedFilter | None = None
    archived: bool = False
    sort: str = ""
    after: str = ""
    before: str = ""

    @property
    def filter(self) -> dict[str, Any] | None:
        """Segment and conditions as one filter; None for everything."""
        parts = [*([self.segment.filter] if self.segment else []), *self.conditions]
        return {"and": parts} if parts else None

    @property
    def narrowed(self) -> bool:
        """Whether search or chips leave something out of the tab."""
        return bool(self.q or self.conditions)

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """The state as names and values of an address, page cursors left out unless they are set."""
        found = [
            ("segment", str(self.segment.id) if self.segment else ""),
            ("archived", "1" if self.archived else ""),
            ("q", self.q),
            ("f", filter_words.unparse(self.conditions) if self.conditions else ""),
            ("sort", self.sort),
            ("after", self.after),
            ("before", self.before),
        ]
        return [(name, value) for name, value in found if value and name not in without]

    def url(self, request: Request, **changes: Any) -> str:
        """The address of this state with some changes; another filter or order begins at the first page."""
        if changes and not {"after", "before"} & changes.keys():
            changes |= {"after": "", "before": ""}
        more = changes.pop("more", {})
        changed = replace(self, **changes)
        return str(
            request.url_of("record.list", query=[*changed.pairs(), *more.items()], record=self.record.name)
        )


def read_state(session: Session, record: RecordType, params: Mapping[str, str]) -> ListState:
    """The state that an address (or a form that carries it along) asks for. Raises FilterFault, NotFound."""
    return ListState(
        record,
        q=params.get("q", "").strip()[:MAX_WORDS],
        conditions=tuple(filter_words.parse(params.get("f"))),
        segment=_segment(session, record, params.get("segment", "")),
        archived=params.get("archived") == "1",
        sort=params.get("sort", "")[:100],
        after=params.get("after", "")[:1000],
        before=params.get("before", "")[:1000],
    )


def _segment(session: Session, record: RecordType, wanted: str) -> SavedFilter | None:
    if not wanted:
        return None
    found = next((one for one in segments(session, record) if str(one.id) == wanted), None)
    if found is None:
        raise NotFound(_("There is no such segment any more."))
    return found


def segments(session: Session, record: RecordType) -> Sequence[SavedFilter]:
    """The saved filters that this person sees: their own and those for everybody, by title. Read once."""
    key = f"segments:{record.name}"
    cache = session.scope.cache
    if key not in cache:
        mine = or_(SavedFilter.user_id.is_(None), SavedFilter.user_id == session.scope.user_id)
        rows = session.scalars(select(SavedFilter).where(SavedFilter.record == record.name, mine)).all()
        cache[key] = sorted(rows, key=lambda row: row.title.casefold())
    found: Sequence[SavedFilter] = cache[key]
    return found
