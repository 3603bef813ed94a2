"""Which client a row of a file is, and how the two are put together.

The same person is who has the same number in another system, or shares a phone or an e-mail and has a compatible
name: equal, abbreviated, parts missing, other case. Who shares a phone under another name (a mother and her daughter)
is somebody else and is listed as a possible duplicate. Companies are the same by tax number, or by phone or e-mail
and the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from parlour.db.session import Session
from parlour.plugins.contacts import names
from parlour.plugins.contacts.derived import PARTS, display_name, parts_of
from parlour.plugins.contacts.likeness import company_words, is_company, name_of
from parlour.plugins.contacts.names import Name
from parlour.records.importing.matching import Lost, Matcher, rows_with
from parlour.records.registry import Field
from parlour.records.values import Money, digits_of, key_of

Values = Mapping[str, Any]
# What a key begins with, and the field whose stored keys it is compared with.
_KEYED = {
    "phone:": "phones",
    "email:": "emails",
    "tax:": "tax_number",
    "code:": "code",
    "name:": "name",
}


def contact_keys(values: Values) -> set[str]:
    """The phones, e-mail addresses, tax number and number in another system of a card, under which it can be found."""
    keys = {f"phone:{digits_of(line['number'])}" for line in values.get("phones") or ()}
    keys |= {f"email:{key_of(line['address'])}" for line in values.get("emails") or ()}
    if values.get("tax_number"):
        keys.add(f"tax:{key_of(values['tax_number'])}")
    if values.get("code"):
        keys.add(f"code:{key_of(values['code'])}")
    return keys


class ContactMatcher(Matcher):
    """Tells clients apart for the importer; see the module's docstring."""

    def keys(self, values: Values) -> set[str]:
        return contact_keys(values)

    def weak_keys(self, values: Values) -> set[str]:
        """The whole name, for rows without phone, e-mail and tax number."""
        key = key_of(self.title(values))
        return {f"name:{key}"} if key else set()

    def dropped(self, values: Values) -> dict[str, str]:
        """A whole name that contradicts the parts of the name beside it, or says more than they can hold."""
        whole, parts = values.get("name"), Name(*(values.get(part) or "" for part in PARTS))
        if not whole or not any(parts) or values.get("kind") == "company":
            return {}
        if parts_of(whole) and names.compatible(names.split_name(whole), parts):
            return {}
        said = set(key_of(display_name(*parts)).split())
        return {} if set(key_of(whole).split()) <= said else {"name": whole}

    def spelled(self, values: Values) -> dict[str, Any]:
        """Parts of a name in capitals get small letters, as a whole name does; "ООО «Лак»" is a company unless the file
        says otherwise.
        """
        if values.get("kind") is None and not any(values.get(part) for part in PARTS):
            return {"kind": "company"} if is_company(values.get("name")) else {}
        return {part: names.cased(values[part]) for part in PARTS if values.get(part)}

    def untitled(self, values: Values) -> dict[str, Any]:
        """A number without a name is somebody who once called: the card is called by it until the name comes."""
        if any(values.get(name) for name in ("name", "legal_name", *PARTS)):
            return {}
        return {"name": next(iter(_reached(values)))} if _reached(values) else {}

    def title(self, values: Values) -> str:
        whole = "" if values.get("kind") == "company" else display_name(*name_of(values))
        return whole or super().title(values)

    def find(self, session: Session, keys: Iterable[str]) -> set[int]:
        wanted = sorted(set(keys))
        found: set[int] = set()
        for start, field in _KEYED.items():
            some = [key.removeprefix(start) for key in wanted if key.startswith(start)]
            if some:
                found |= rows_with(session, self.record, self.record.field(field), some)
        return found

    def same(self, existing: Values, incoming: Values) -> bool:
        return same_contact(existing, incoming)

    def better(self, existing: Values) -> tuple[int, int]:
        """The fullest card wins; of equally full ones the oldest."""
        return super().better(existing), -int(existing.get("id") or 2**62)

    def combine(
        self, existing: Values, incoming: Values, fields: Mapping[str, Field]
    ) -> tuple[dict[str, Any], list[Lost]]:
        """What changes in the card. A fuller value is never replaced by an emptier or abbreviated one."""
        named = {"name", *PARTS}
        rest = {name: value for name, value in incoming.items() if name not in named}
        if existing.get("kind") == "company" or rest.get("kind") == "company":
            rest = dict(incoming)
            changes, lost = super().combine(existing, rest, fields)
        else:
            changes, lost = super().combine(existing, rest, fields)
            changes.update(_fuller_name(existing, incoming))
        return changes, [one for one in lost if one.field.name != "kind"]

    def settle(self, item: Field, old: Any, new: Any) -> tuple[Any, bool]:
        if isinstance(old, Money) and isinstance(new, Money) and 0 in (old.amount, new.amount):
            return (old if old.amount else new), False
        if item.kind.name == "birthday" and old[-5:] == new[-5:]:
            # The same day, once without the year.
            return (new if old.startswith("--") else old), old[:1] != "-" and new[:1] != "-"
        if isinstance(old, str) and isinstance(new, str) and item.kind.name == "text":
            return _fuller_text(old, new)
        if isinstance(old, bool):
            # Whoever is on the block-list in one of two cards stays there.
            return old or new, False
        return old, True


def _reached(values: Values) -> list[str]:
    """The phones and e-mail addresses of a card as they are kept."""
    phones = [line["number"] for line in values.get("phones") or ()]
    return phones + [line["address"] for line in values.get("emails") or ()]


def _named(values: Values) -> Name:
    """The name of a card; none where it is only called by its phone or e-mail address."""
    return Name() if values.get("name") in _reached(values) else name_of(values)


def same_contact(one: Values, other: Values) -> bool:
    """Whether two cards that share a phone, an e-mail address or a number are one person or company."""
    if one.get("code") and other.get("code") and key_of(one["code"]) == key_of(other["code"]):
        return True
    companies = {one.get("kind") == "company", other.get("kind") == "company"}
    if companies == {False}:
        return names.compatible(_named(one), _named(other))
    if one.get("tax_number") and other.get("tax_number"):
        return key_of(one["tax_number"]) == key_of(other["tax_number"])
    # A file rarely says that a row is a company; the same words say it.
    own, theirs = (company_words(card.get("name")) for card in (one, other))
    return bool(own) and own == theirs


def _fuller_name(existing: Values, incoming: Values) -> dict[str, Any]:
    """The parts of the name that say more in the incoming row, and the name that they make."""
    old = _named(existing)
    new = names.fuller(old, _named(incoming))
    whole = display_name(*new)
    stands = existing.get("name") or display_name(*old)
    # Nothing more is known, and the name is only written in another order.
    if not any(new) or whole == stands or (new == old and key_of(whole) != key_of(stands)):
        return {}
    if not any(incoming.get(part) for part in PARTS) and parts_of(incoming.get("name") or "") is None:
        # "Ольга с третьего этажа" says who it is, and nothing about the parts of a name.
        return {}
    return {"name": whole} | {part: value or None for part, value in zip(PARTS, new, strict=True)}


def _fuller_text(old: str, new: str) -> tuple[str, bool]:
    """The longer of two texts when it holds the other; otherwise the one that stands, and the new one is lost."""
    folded_old, folded_new = key_of(old), key_of(new)
    if folded_new in folded_old:
        return old, False
    if folded_old in folded_new:
        return new, False
    return old, True
