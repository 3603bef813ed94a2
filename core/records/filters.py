"""Filters are data: `{"and": [["tags", "any", [3]], ["birthday", "within", 7], {"not": [...]}]}`.

One language for list filters, saved segments, access rules and the API, compiled to one SQL predicate. A path may lead through
links, parts and named reverses ("phones.number", "visits.state"); those become EXISTS. A filter that comes from outside is
checked against what its author may read, and is refused with one sentence when it is malformed, too deep or too large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, exists, false, func, not_, or_, true
from sqlalchemy.orm import aliased

from parlour.db.session import Session
from parlour.i18n import _
from parlour.records.defaults import defaults_of
from parlour.records.kinds import (
    BranchKind,
    Kind,
    LinkKind,
    MomentKind,
    UserKind,
)
from parlour.records.operators import MAX_TERMS, FilterFault, Predicate, compare, id_of, keyed, values_of
from parlour.records.registry import Field, RecordType, all_records, fields_of
from parlour.records.values import like_pattern

MAX_DEPTH = 20
# In all conditions together: databases take only so many parameters.
ALL_VALUES = 5000


class ClosedPath(FilterFault):
    """The path leads into a plugin that is off: a rule with it closes, a segment is parked."""


def compile_filter(
    session: Session, record: RecordType, given: Any, *, entity: Any = None, trusted: bool = False
) -> Predicate:
    """The SQL predicate of a filter over `record`. Raises FilterFault.

    `trusted` filters (access rules) may use fields that the person may not read; others may not.
    """
    return _Compiler(session, trusted).node(record, entity or record.cls, given, 0)


class _Compiler:
    def __init__(self, session: Session, trusted: bool):
        self.session = session
        self.trusted = trusted
        self.defaults = defaults_of(session)
        self.terms = 0
        self.values = 0

    def node(self, record: RecordType, entity: Any, given: Any, depth: int) -> Predicate:
        if depth > MAX_DEPTH:
            raise FilterFault(_("The filter is nested more than ${n} deep.", mapping={"n": MAX_DEPTH}))
        self.terms += 1
        self._check_terms()
        if given in (None, {}, []):
            return true()
        if isinstance(given, Mapping):
            if len(given) != 1:
                raise FilterFault(_("A filter group has one key: and, or, not."))
            word, inner = next(iter(given.items()))
            if word == "not":
                # A row without a value is not among those that fit, so it is among those that do not: SQL alone would say
                # "unknown" to both.
                return not_(func.coalesce(self.node(record, entity, inner, depth + 1), false()))
            if word not in ("and", "or") or not isinstance(inner, Sequence) or isinstance(inner, str):
                raise FilterFault(_("A filter group has one key: and, or, not."))
            parts = [self.node(record, entity, item, depth + 1) for item in inner]
            return and_(true(), *parts) if word == "and" else or_(false(), *parts)
        if (
            isinstance(given, Sequence)
            and not isinstance(given, str)
            and len(given) == 3
            and isinstance(given[0], str)
        ):
            path, operator, value = given
            self.values += len(values_of(value))
            if self.values > ALL_VALUES:
                raise FilterFault(
                    _("The filter has more than ${n} values in all.", mapping={"n": ALL_VALUES})
                )
            return self.condition(record, entity, path.split("."), str(operator), value, path)
        raise FilterFault(_("A condition is [path, operator, value]."))

    def _check_terms(self) -> None:
        if self.terms > MAX_TERMS:
            raise FilterFault(_("The filter has more than ${n} conditions.", mapping={"n": MAX_TERMS}))

    def condition(
        self, record: RecordType, entity: Any, path: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        head, rest = path[0], path[1:]
        if head in ("id", "created_at", "updated_at", "created_by", "updated_by", "archived_at") and not rest:
            return self._standard(entity, head, operator, value)
        if head in record.reverses:
            source, item = record.reverses[head]
            return self._reverse(source, item, entity, rest, operator, value, whole)
        item = self.field(record, head, whole)
        if item.storage == "part":
            return self._part(item, entity, rest, operator, value, whole)
        if item.storage == "links":
            return self._links(item, entity, rest, operator, value, whole)
        if item.storage == "link" and rest:
            assert item.target is not None
            target = aliased(item.target.cls)
            inner = self.condition(item.target, target, rest, operator, value, whole)
            return exists().where(
                target.id == getattr(entity, f"{item.attr}_id"), *self._seen(item.target, target), inner
            )
        if rest:
            raise FilterFault(_("The path ${path} leads nowhere.", mapping={"path": whole[:80]}))
        if item.storage == "extension":
            side = aliased(item.cls)
            found = exists().where(side.id == entity.id, self.compare(item, side, operator, value))
            # No row at the side is a row without a value.
            if operator == "!=" or (operator == "empty" and value) or (operator == "=" and value is None):
                return or_(found, not_(exists().where(side.id == entity.id)))
            return found
        return self.compare(item, entity, operator, value)

    def field(self, record: RecordType, name: str, whole: str) -> Field:
        readable = record.fields if self.trusted else fields_of(self.session, record)
        for item in readable:
            if item.name == name:
                return self._open(item, whole)
        if any(
            name in other.reverses or any(f.name == name for f in other.fields) for other in all_records()
        ):
            raise ClosedPath(_("The path ${path} cannot be used here.", mapping={"path": whole[:80]}))
        raise FilterFault(_("There is no field ${path}.", mapping={"path": whole[:80]}))

    def _open(self, item: Field, whole: str) -> Field:
        from parlour.plugin.gate import enabled

        if item.plugin not in enabled(self.session):
            raise ClosedPath(
                _("The path ${path} leads into a plugin that is off.", mapping={"path": whole[:80]})
            )
        return item

    def _standard(self, entity: Any, name: str, operator: str, value: Any) -> Predicate:
        column = getattr(entity, name)
        kind: Kind = (
            MomentKind() if name.endswith("_at") else UserKind() if name.endswith("_by") else LinkKind()
        )
        return compare(kind, column, None, operator, value, self.defaults)

    def _reverse(
        self,
        source: RecordType,
        item: Field,
        entity: Any,
        rest: list[str],
        operator: str,
        value: Any,
        whole: str,
    ) -> Predicate:
        self._open(item, whole)
        row = aliased(source.cls)
        link = item.cls
        if item.storage == "links":
            pair = aliased(link)
            joined = and_(pair.target_id == entity.id, pair.owner_id == row.id)
            base = exists().where(joined)
        else:
            base = exists().where(getattr(row, f"{item.attr}_id") == entity.id)
        base = base.where(*self._seen(source, row))
        if not rest:
            return self._emptiness(base, operator, value, whole)
        return base.where(self.condition(source, row, rest, operator, value, whole))

    def _seen(self, record: RecordType, entity: Any) -> list[Predicate]:
        """The condition on rows of another record that the person may see."""
        from parlour.access.rules import predicate

        allowed = None if self.trusted else predicate(self.session, record, "read", entity=entity)
        return [] if allowed is None else [allowed]

    def _emptiness(self, found: Any, operator: str, value: Any, whole: str) -> Predicate:
        if operator != "empty":
            raise FilterFault(
                _("${path} can be filtered by: ${ops}.", mapping={"path": whole[:80], "ops": "empty"})
            )
        return not_(found) if value else found  # type: ignore[no-any-return]

    def _part(
        self, item: Field, entity: Any, rest: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        line = aliased(item.cls)
        found = exists().where(line.owner_id == entity.id)
        if operator == "empty" and not rest:
            return self._emptiness(found, operator, value, whole)
        inner = item.lines[0] if not rest else next((f for f in item.lines if f.name == rest[0]), None)
        if inner is None or len(rest) > 1:
            raise FilterFault(_("There is no field ${path}.", mapping={"path": whole[:80]}))
        return found.where(self.compare(inner, line, operator, value))

    def _links(
        self, item: Field, entity: Any, rest: list[str], operator: str, value: Any, whole: str
    ) -> Predicate:
        assert item.target is not None
        pair = aliased(item.cls)
        found = exists().where(pair.owner_id == entity.id)
        if rest:
            target = aliased(item.target.cls)
            return found.where(
                pair.target_id == target.id,
                *self._seen(item.target, target),
                self.condition(item.target, target, rest, operator, value, whole),
            )
        if operator == "empty":
            return self._emptiness(found, operator, value, whole)
        ids = [id_of(one) for one in values_of(value)]
        if operator in ("any", "in", "="):
            return found.where(pair.target_id.in_(ids))
        if operator in ("none", "!="):
            return not_(found.where(pair.target_id.in_(ids)))
        if operator == "all":
            # Each is a look into another table.
            self.terms += len(ids)
            self._check_terms()
            return and_(true(), *(self._links(item, entity, [], "any", [one], whole) for one in ids))
        raise FilterFault(
            _(
                "${path} can be filtered by: ${ops}.",
                mapping={"path": whole[:80], "ops": "any, all, none, empty"},
            )
        )

    def compare(self, item: Field, entity: Any, operator: str, value: Any) -> Predicate:
        if isinstance(item.kind, BranchKind) and value == "my_branches":
            from parlour.access.memberships import my_branches

            value = list(my_branches(self.session))
        column = getattr(entity, item.columns[0])
        key = getattr(entity, item.key_column) if item.key_column else None
        try:
            found = compare(item.kind, column, key, operator, value, self.defaults)
            if operator == "contains" and item.search and key is not None:
                from parlour.records.search import looked_up

                pattern = like_pattern(keyed(item.kind, key, value, self.defaults))
                ids = looked_up(self.session, item.cls, item.key_column or "", pattern)
                found = found if ids is None else entity.id.in_(ids)
            return found
        except FilterFault as fault:
            raise FilterFault(
                _("${field}: ${why}", mapping={"field": item.name, "why": fault.message})
            ) from fault
