"""What people write in cells, turned into values. Nothing is lost: what is not understood comes back as
`rest`.

Cells come from spreadsheets, delimited text, vCards, JSON and forms, see `Cell`. No function here touches a
database.
"""

from parlour.records.parse.cells import Cell, Parsed, means_nothing, text_of, tidy
from parlour.records.parse.days import day, day_order, moment
from parlour.records.parse.emails import emails
from parlour.records.parse.figures import money, whole
from parlour.records.parse.lines import Line, Lines
from parlour.records.parse.phones import phones
from parlour.records.parse.words import SPELLINGS_OF_SEX, sex, tags, yes_no

__all__ = [
    "SPELLINGS_OF_SEX",
    "Cell",
    "Line",
    "Lines",
    "Parsed",
    "day",
    "day_order",
    "emails",
    "means_nothing",
    "moment",
    "money",
    "phones",
    "sex",
    "tags",
    "text_of",
    "tidy",
    "whole",
    "yes_no",
]
