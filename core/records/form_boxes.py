"""The box of each kind of value in a form, and how a value is written into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from babel.dates import get_month_names

from parlour.db.session import Session
from parlour.i18n import Localizer
from parlour.records import kinds
from parlour.records.defaults import Defaults
from parlour.records.kinds import Kind
from parlour.records.query import page
from parlour.records.registry import RecordType, fields_of
from parlour.records.values import Money
from parlour.web import widgets

# Lists of values up to this length are offered whole; longer ones are searched as one types.
OFFERED = 100


@dataclass
class Drawing:
    """What the boxes of one form need to know. `suggest_url` gives the address that finds rows of a record."""

    session: Session
    loc: Localizer
    defaults: Defaults
    suggest_url: Callable[[RecordType], str] | None = None
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def offered(self, target: RecordType) -> list[tuple[str, str]]:
        """The first rows of a record as (id, title); one statement per record and form."""
        if target.name not in self.choices:
            shown = [item for item in fields_of(self.session, target) if item.name == target.title_field]
            rows = page(self.session, target, fields=shown, limit=OFFERED).rows if shown else []
            self.choices[target.name] = [
                (str(row["id"]), row[target.title_field] or f"#{row['id']}") for row in rows
            ]
        return self.choices[target.name]


def written(kind: Kind, value: Any, drawing: Drawing) -> str:
    """A value as it stands in its box; the kind's `clean` reads it back to the same value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(kind, kinds.PhoneKind):
        return drawing.loc.phone(str(value))
    if isinstance(value, Money):
        return f"{value.amount:f}"
    if isinstance(value, datetime):
        return drawing.loc.local(value).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    return str(kind.to_json(value))


@singledispatch
def widget_for(kind: Kind, drawing: Drawing) -> Any:
    """The box of a kind. Plugins register one for kinds of their own; None keeps the field out of forms."""
    return widgets.TextInputWidget()


@widget_for.register
def _text(kind: kinds.TextKind, drawing: Drawing) -> Any:
    if kind.multiline:
        return widgets.TextAreaWidget(max_length=kind.max_length)
    return widgets.TextInputWidget(max_length=kind.max_length, autocomplete="off")


@widget_for.register
def _email(kind: kinds.EmailKind, drawing: Drawing) -> Any:
    return widgets.EmailWidget()


@widget_for.register
def _phone(kind: kinds.PhoneKind, drawing: Drawing) -> Any:
    return widgets.PhoneWidget()


@widget_for.register
def _integer(kind: kinds.IntegerKind, drawing: Drawing) -> Any:
    return widgets.NumberWidget(inputmode="numeric")


@widget_for.register
def _boolean(kind: kinds.BooleanKind, drawing: Drawing) -> Any:
    # The label stands beside the box.
    return widgets.CheckboxWidget(true_val="true", false_val="false", labelled=True)


@widget_for.register
def _choice(kind: kinds.ChoiceKind, drawing: Drawing) -> Any:
    options = [(code, drawing.loc.translate(title)) for code, title in kind.options]
    return widgets.SelectWidget(values=[("", ""), *options])


@widget_for.register
def _date(kind: kinds.DateKind, drawing: Drawing) -> Any:
    return widgets.DateWidget()


@widget_for.register
def _birthday(kind: kinds.BirthdayKind, drawing: Drawing) -> Any:
    # As they stand in a date, "14 марта", not on a calendar's head.
    names = get_month_names("wide", "format", locale=drawing.loc.babel)
    return widgets.BirthdayWidget(months=[names[number] for number in range(1, 13)])


@widget_for.register
def _moment(kind: kinds.MomentKind, drawing: Drawing) -> Any:
    return widgets.MomentWidget()


@widget_for.register
def _money(kind: kinds.MoneyKind, drawing: Drawing) -> Any:
    return widgets.MoneyWidget(currency=drawing.defaults.currency)


@widget_for.register
def _percent(kind: kinds.PercentKind, drawing: Drawing) -> Any:
    return widgets.MoneyWidget(currency="%")


@widget_for.register
def _user(kind: kinds.UserKind, drawing: Drawing) -> Any:
    names = drawing.defaults.names
    return widgets.PresentWidget(
        values=[("", ""), *drawing.defaults.working],
        title_of=lambda key: names.get(int(key)) if key.isdecimal() else None,
    )


@widget_for.register
def _branch(kind: kinds.BranchKind, drawing: Drawing) -> Any:
    branches = sorted(drawing.defaults.branches.items(), key=lambda pair: pair[1].casefold())
    return widgets.SelectWidget(values=[("", ""), *((str(key), name) for key, name in branches)])


@widget_for.register
def _file(kind: kinds.FileKind, drawing: Drawing) -> Any:
    return widgets.PhotoWidget() if kind.image else widgets.FileWidget()
