"""What Parlour keeps about a new client, table by table, put together by hand for this one record.

`benchmarks.check` compares these rows with those that Parlour writes, so that both sides do the same work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parlour.plugins.contacts.likeness import latin, skeleton

# The columns of a contact that a file of names, phones, e-mail addresses and birthdays fills in.
CONTACT = (
    "id", "organisation_id", "version", "created_at", "created_by", "updated_at", "updated_by", "extra",
    "kind", "name", "name_key", "last_name", "last_name_key", "first_name", "first_name_key", "middle_name",
    "middle_name_key", "birthday", "birthday_key", "is_client", "is_supplier", "is_prospect", "blocked", "silent",
    "complete", "source_id",
)  # fmt: skip


@dataclass(frozen=True)
class Who:
    """Whose rows they are and who makes them when."""

    organisation_id: int
    user_id: int | None
    at: datetime


def folded(text: str) -> str:
    """Case and ё folded; good for names that are written cleanly."""
    return text.casefold().replace("ё", "е")


def contact(who: Who, row_id: int, name: str, birthday: str, source: int | None = None) -> dict[str, Any]:
    last, first, middle = name.split(" ")
    return {
        "id": row_id,
        "organisation_id": who.organisation_id,
        "version": 1,
        "created_at": who.at,
        "created_by": who.user_id,
        "updated_at": who.at,
        "updated_by": who.user_id,
        "extra": {},
        "kind": "person",
        "name": name,
        "name_key": folded(name),
        "last_name": last,
        "last_name_key": folded(last),
        "first_name": first,
        "first_name_key": folded(first),
        "middle_name": middle,
        "middle_name_key": folded(middle),
        "birthday": birthday,
        "birthday_key": birthday[5:],
        "is_client": True,
        "is_supplier": False,
        "is_prospect": False,
        "blocked": False,
        "silent": False,
        "complete": True,
        "source_id": source,
    }


def line(who: Who, owner: int, **values: Any) -> dict[str, Any]:
    return {"organisation_id": who.organisation_id, "owner_id": owner, "position": 0, **values}


def phone(who: Who, owner: int, number: str) -> dict[str, Any]:
    return line(who, owner, number=number, number_key=number[1:])


def email(who: Who, owner: int, address: str) -> dict[str, Any]:
    return line(who, owner, address=address, address_key=address)


def name_keys(who: Who, owner: int, name: str, birthday: str) -> list[dict[str, Any]]:
    """The keys under which namesakes meet. How a name sounds is worked out by the same functions on both sides."""
    last, first, middle = name.split(" ")
    sound = skeleton(first)
    keys = (
        f"l:{skeleton(last)}:{latin(first)[:1]}",
        f"f:{sound}:{latin(middle)[:1]}:{latin(last)[:2]}",
        f"m:{sound}:{skeleton(middle)}:{latin(last)[:1]}",
        f"b:{birthday}:{sound}",
    )
    return [{"organisation_id": who.organisation_id, "contact_id": owner, "key": key} for key in keys]


def change(
    who: Who, change_set: int, row_id: int, name: str, number: str, address: str, birthday: str
) -> dict[str, Any]:
    """The row of the history."""
    last, first, middle = name.split(" ")
    return {
        "organisation_id": who.organisation_id,
        "change_set_id": change_set,
        "record": "contacts.contact",
        "row_id": row_id,
        "kind": "create",
        "values": {
            "kind": [None, "person"],
            "name": [None, name],
            "last_name": [None, last],
            "first_name": [None, first],
            "middle_name": [None, middle],
            "is_client": [None, True],
            "phones": [None, [{"label": None, "number": number}]],
            "emails": [None, [{"label": None, "address": address}]],
            "birthday": [None, birthday],
            "complete": [None, True],
        },
    }


def change_set(who: Who, via: str, label: str | None = None) -> dict[str, Any]:
    return {
        "organisation_id": who.organisation_id,
        "at": who.at,
        "user_id": who.user_id,
        "via": via,
        "label": label,
    }


Rows = Sequence[dict[str, Any]]
