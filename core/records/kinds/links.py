"""Kinds that refer: to people who work here, branches, files, other records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import TypeEngine

from parlour.db.base import BigId
from parlour.i18n import _
from parlour.records.kinds.base import Kind
from parlour.records.values import Fault

if TYPE_CHECKING:
    from parlour.records.defaults import Defaults


_NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}


@dataclass(frozen=True, kw_only=True)
class UserKind(Kind):
    """A person who logs in: the id of a member of this organisation. Titles are looked up per page, not per row."""

    name: str = "user"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def schema(self) -> dict[str, Any]:
        return _NUMBER

    def input_schema(self) -> dict[str, Any]:
        return {"type": ["integer", "string", "object"]}

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if value in (None, ""):
            return None
        if isinstance(value, Mapping):
            value = value.get("id")
        if str(value) == "me" and defaults.user_id is not None:
            return defaults.user_id
        member = defaults.member(value)
        if member is None:
            raise Fault(_("${text} is nobody who works here.", mapping={"text": str(value)[:80]}))
        return member


@dataclass(frozen=True, kw_only=True)
class BranchKind(Kind):
    """A branch of this organisation, by id or by name."""

    name: str = "branch"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def schema(self) -> dict[str, Any]:
        return _NUMBER

    def input_schema(self) -> dict[str, Any]:
        return {"type": ["integer", "string", "object"]}

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        if isinstance(value, Mapping):
            value = value.get("id")
        if value in (None, ""):
            return None
        branch = defaults.branch(value)
        if branch is None:
            raise Fault(_("${text} is not a branch.", mapping={"text": str(value)[:80]}))
        return branch


@dataclass(frozen=True, kw_only=True)
class FileKind(Kind):
    """A file of this organisation; `image` asks for a picture."""

    name: str = "file"
    image: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("", BigId)]

    def schema(self) -> dict[str, Any]:
        return _NUMBER

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        return None if value in (None, "") else int(value)


@dataclass(frozen=True, kw_only=True)
class LinkKind(Kind):
    """A row of another record, by id; in JSON {"id", "title"}."""

    name: str = "link"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return [("_id", BigId)]

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["id", "title"],
            "properties": {"id": _NUMBER, "title": {"type": "string"}},
        }

    def input_schema(self) -> dict[str, Any]:
        return {"type": ["integer", "object"], "minimum": 1, "properties": {"id": _NUMBER}}

    def clean(self, value: Any, defaults: Defaults) -> int | None:
        return link_id(value)

    def to_columns(self, value: Any) -> dict[str, Any]:
        return {"_id": value}

    def operand(self, value: Any, defaults: Defaults) -> Any:
        return link_id(value)


def link_id(value: Any) -> int | None:
    """The id in any of the shapes in which links come in."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if value in (None, ""):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Fault(_("A link needs the number of a record.")) from error
    if (number != value and str(number) != str(value).strip()) or not 0 < number < 2**63:
        raise Fault(_("A link needs the number of a record."))
    return number


@dataclass(frozen=True, kw_only=True)
class LinksKind(Kind):
    """Any number of rows of another record. With `create`, a new name makes a new row (tags)."""

    name: str = "links"
    shape: str = "tags"
    create: bool = False

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return []

    def schema(self) -> dict[str, Any]:
        one = {"type": "object", "properties": {"id": _NUMBER, "title": {"type": "string"}}}
        return {"type": "array", "items": one}

    def input_schema(self) -> dict[str, Any]:
        """Numbers of rows, as they are or as {"id": 1}; where names make rows, names too."""
        kinds = ["integer", "object", "string"] if self.create else ["integer", "object"]
        return {"type": "array", "items": {"type": kinds}}


@dataclass(frozen=True, kw_only=True)
class LinesKind(Kind):
    """Rows of a part that only its owner has (phones, addresses); the first is the main one."""

    name: str = "lines"

    def columns(self) -> Sequence[tuple[str, TypeEngine[Any]]]:
        return []
