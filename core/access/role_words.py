"""What a role may do with a record, in plain sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from parlour.access.role_rules import Held
from parlour.db.session import Session
from parlour.i18n import Localizer, _
from parlour.records.pages.filter_words import Words
from parlour.records.registry import RecordType

# The acts that every record knows; plugins' own are called by the title of their permission.
ACTIONS = {
    "read": _("See"),
    "create": _("Add"),
    "write": _("Change"),
    "delete": _("Delete"),
    "merge": _("Merge"),
    "export": _("Export"),
}
_SAYS = {
    "read": (_("sees all of them"), _("sees those where ${rows}")),
    "create": (_("adds new ones"), _("adds only where ${rows}")),
    "write": (_("changes them"), _("changes those where ${rows}")),
    "delete": (_("deletes them"), _("deletes those where ${rows}")),
    "merge": (_("merges them"), _("merges those where ${rows}")),
    "export": (_("exports them"), _("exports those where ${rows}")),
}
_NEVER = {
    "create": _("adding"),
    "write": _("changing"),
    "delete": _("deleting"),
    "merge": _("merging"),
    "export": _("exporting"),
}


# Whom "me" means in a rule.
THEMSELVES = _("the person themselves")


class RoleWords:
    """Says what roles may do with one record, in the reader's language."""

    def __init__(self, session: Session, record: RecordType, loc: Localizer, titles: Mapping[str, Any]):
        self.record = record
        self.loc = loc
        # Permission -> title, of those that are declared.
        self.titles = titles
        self._words = Words(session, record, loc, me=THEMSELVES)

    def say(self, held: Mapping[str, Held]) -> str:
        """Everything in a few sentences: what is seen and done, which rows, which fields, what not."""
        seen = self._of(held, "read")
        if not seen.given or None in seen.only:
            return self._t(_("Sees none of it."))
        does = [self._says(action, self._of(held, action)) for action in _SAYS if self._may(held, action)]
        sentences = [self._sentence(does)]
        own = [title for name, title in self._others() if held.get(name, Held(False)).given]
        if own:
            sentences.append(self._t(_("Also: ${acts}."), acts=", ".join(own)))
        missing = [
            self._t(word)
            for action, word in _NEVER.items()
            if self.record.permission(action) in self.titles and not self._may(held, action)
        ]
        if missing:
            sentences.append(self._t(_("No ${acts}."), acts=", ".join(missing)))
        if seen.fields_except:
            sentences.append(self._t(_("Does not see: ${fields}."), fields=self.fields(seen.fields_except)))
        fixed = self._of(held, "write").fields_except - seen.fields_except
        if fixed and self._may(held, "write"):
            sentences.append(self._t(_("Sees and cannot change: ${fields}."), fields=self.fields(fixed)))
        return " ".join(sentences)

    def rows(self, given: Any) -> str:
        """A filter as a clause; "all records" for none."""
        return self._words.say(given) if given else self._t(_("all records"))

    def fields(self, names: Collection[str]) -> str:
        """Titles of fields, in the record's order."""
        found = [self._t(item.title) for item in self.record.fields if item.name in names]
        return ", ".join(found) if len(found) <= 8 else self._many(found)

    def _many(self, found: list[str]) -> str:
        return self._t(
            _("${some} and ${n} more"), some=", ".join(found[:6]), n=self.loc.number(len(found) - 6)
        )

    def _t(self, message: Any, **values: Any) -> str:
        return self.loc.translate(message, values)

    def _of(self, held: Mapping[str, Held], action: str) -> Held:
        return held.get(self.record.permission(action), Held(False))

    def _may(self, held: Mapping[str, Held], action: str) -> bool:
        found = self._of(held, action)
        return found.given and None not in found.only

    def _says(self, action: str, found: Held) -> str:
        """One act; a restriction is one more thing that has to hold."""
        parts = [given for given in (found.filter, *found.only) if given]
        if not parts:
            return self._t(_SAYS[action][0])
        joint = self._t(_(" and "))
        return self._t(_SAYS[action][1], rows=joint.join(self.rows(part) for part in parts))

    def _sentence(self, does: list[str]) -> str:
        text = ", ".join(does)
        return f"{text[:1].upper()}{text[1:]}."

    def _others(self) -> list[tuple[str, str]]:
        """Permissions of the record beyond the usual: its actions and its guarded fields."""
        plain, dotted = self.record.permission(""), self.record.permission("").rstrip(":") + "."
        usual = {plain + action for action in _SAYS}
        return [
            (name, self._t(title))
            for name, title in self.titles.items()
            if name not in usual and name.startswith((plain, dotted))
        ]
