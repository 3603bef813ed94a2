"""What plugins put on pages that are not theirs: parts in named slots, and entries of menus.

Parts are data or a template of the plugin's own; nobody overrides somebody else's template. All plugins are
asked once per slot, in one hook call, and may read what they need for the whole page there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from parlour.i18n import Localizer

if TYPE_CHECKING:
    from parlour.records.registry import RecordType

# The slots that exist, each with the class of part that belongs there.
CARD_LOUD, CARD_FIGURES = "card.loud", "card.figures"
CARD_MAIN, CARD_SIDE = "card.main", "card.side"
TODAY, NEEDS = "today", "needs"
SETTINGS = "settings.plugin"


@dataclass(frozen=True, kw_only=True)
class SlotItem:
    """A part of a page: `template` with `context`, or finished `html`. Lower `sequence` stands first.

    The template sees what every page sees (`_`, `loc`, `url`, `icon`, ...), `subject` (the context of the
    slot) and its own `context`.
    """

    sequence: int = 100
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    html: Markup | None = None


@dataclass(frozen=True, kw_only=True)
class LoudLine(SlotItem):
    """What staff must not miss, for the slot "card.loud": an allergy, a debt, the block-list."""

    text: Any
    icon: str = "triangle-alert"


@dataclass(frozen=True, kw_only=True)
class Figure(SlotItem):
    """One figure of the strip on a card, for the slot "card.figures". `value` is written out for the reader.

    `tone` is "good", "warn", "bad" or none; `spark` a small chart.
    """

    title: Any
    value: Any
    sub: Any = ""
    tone: str = ""
    href: str = ""
    spark: Markup | None = None


@dataclass(frozen=True, kw_only=True)
class Need(SlotItem):
    """Something that waits for this person, for the slot "needs": every page asks, so it must be cheap."""

    title: Any
    url: str
    sub: Any = ""
    icon: str = "circle-alert"
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Step(SlotItem):
    """Something that is left to do in a new salon, for the slot "today": shown among the first steps until all are done."""

    title: Any
    url: str
    text: Any = ""
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """One entry of the menu at the left.

    `route` with `parts` is where it leads; `group` one of "today", "clients", "calendar", "desk", "events",
    "stock", "team", "reports", "settings", or a title of the plugin's own. Without the `permission` the entry
    is left out.
    """

    title: Any
    route: str
    parts: Mapping[str, Any] = field(default_factory=dict)
    icon: str = "circle"
    group: Any = ""
    permission: str = ""
    count: int | None = None
    sequence: int = 100


@dataclass(frozen=True)
class PageContext:
    """What a slot outside of cards knows: the reader's language, and addresses by route name and parts."""

    loc: Localizer
    url: Callable[..., str]


@dataclass(frozen=True)
class SettingsContext(PageContext):
    """What the slot above a plugin's settings knows: whose they are, and the address of the site as people outside know it."""

    plugin: str
    site: str


@dataclass(frozen=True)
class CardContext(PageContext):
    """What the slots of a card know: the record and its row, as far as the reader may see it.

    `row` holds plain values by field name; links are {"id", "title"}, parts are lists.
    """

    record: RecordType
    row: Mapping[str, Any]

    @property
    def id(self) -> int:
        return int(self.row["id"])
