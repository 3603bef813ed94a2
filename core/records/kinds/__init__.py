"""Field kinds: one object with everything known about a kind of value.

A kind knows its columns, how input is checked, how a value looks in JSON, on a page and in a spreadsheet, and how it is
filtered and sorted. Values in Python are plain: str, int, bool, date, datetime (UTC), Money, lists and dicts.
"""

from parlour.records.kinds.base import Kind
from parlour.records.kinds.figures import BooleanKind, IntegerKind, MoneyKind, PercentKind
from parlour.records.kinds.links import (
    BranchKind,
    FileKind,
    LinesKind,
    LinkKind,
    LinksKind,
    UserKind,
    link_id,
)
from parlour.records.kinds.texts import MAX_TEXT, ChoiceKind, EmailKind, PhoneKind, TextKind
from parlour.records.kinds.times import BirthdayKind, DateKind, MomentKind

__all__ = [
    "MAX_TEXT",
    "BirthdayKind",
    "BooleanKind",
    "BranchKind",
    "ChoiceKind",
    "DateKind",
    "EmailKind",
    "FileKind",
    "IntegerKind",
    "Kind",
    "LinesKind",
    "LinkKind",
    "LinksKind",
    "MomentKind",
    "MoneyKind",
    "PercentKind",
    "PhoneKind",
    "TextKind",
    "UserKind",
    "link_id",
]
