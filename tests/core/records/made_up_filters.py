"""Filters that hypothesis makes up: on every path of a record, with every operator of its kind, nested."""

from __future__ import annotations

from hypothesis import strategies as st

from parlour.records import kinds
from parlour.records.operators import operators_of
from tests.core.records.filter_rows import WORDS


def leaves(record, world):
    """Conditions on every path of a record, with values that are there and some that are not."""
    return st.one_of([leaf(path, kind, values) for path, kind, values in paths(record, world)])


def paths(record, world, depth=2):
    rows = list(world[record.name].values())
    yield "created_at", kinds.MomentKind(), []
    for item in record.fields:
        if isinstance(item.kind, kinds.FileKind) or item.guarded or item.secret:
            continue
        values = [row[item.name] for row in rows]
        if item.storage == "part":
            yield item.name, "lines", []
            for inner in item.lines:
                yield (
                    f"{item.name}.{inner.name}",
                    inner.kind,
                    [line[inner.name] for lines in values for line in lines],
                )
        elif item.storage == "links":
            yield item.name, "links", [one for several in values for one in several]
        else:
            yield item.name, item.kind, values
        if item.target is not None and depth and item.target.name in world:
            for path, kind, found in paths(item.target, world, 0):
                yield f"{item.name}.{path}", kind, found
    for name, (source, _item) in record.reverses.items():
        if depth and source.name in world:
            yield name, "lines", []
            for path, kind, found in paths(source, world, 0):
                yield f"{name}.{path}", kind, found


def leaf(path, kind, values):
    yes_or_no = st.booleans()
    if kind == "lines":
        return st.tuples(st.just(path), st.just("empty"), yes_or_no)
    present = sorted({value for value in values if value is not None}, key=str)
    if kind == "links":
        chosen = st.lists(st.sampled_from([*present, 999_999]), max_size=3)
        return st.one_of(
            st.tuples(st.just(path), st.sampled_from(["any", "none", "all"]), chosen),
            st.tuples(st.just(path), st.just("empty"), yes_or_no),
        )
    one = value_of(kind, present)
    offered = []
    for operator in operators_of(kind):
        if operator == "empty":
            answer = yes_or_no
        elif operator in ("last", "next"):
            answer = st.integers(0, 400)
        elif operator == "within":
            answer = st.integers(0, 366)
        elif operator == "month":
            answer = st.integers(1, 12)
        elif operator == "in":
            answer = st.lists(one, max_size=4)
        elif operator in ("contains", "starts"):
            pieces = [str(value)[start : start + 4] for value in present[:12] for start in (0, 2)]
            answer = st.sampled_from([*pieces, *WORDS, "ЧАЙ", "%", "_", "\\", ""])
        else:
            answer = one
        offered.append(st.tuples(st.just(path), st.just(operator), answer))
    return st.one_of(offered)


def value_of(kind, present):
    if isinstance(kind, kinds.MomentKind):
        days = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-25", "2026-10-26", "2030-01-01"]
        return st.sampled_from([*days, *(found.isoformat() for found in present)])
    if isinstance(kind, kinds.DateKind):
        return st.sampled_from([*(found.isoformat() for found in present), "2026-04-10", "2020-01-01"])
    if isinstance(kind, kinds.MoneyKind):
        return st.sampled_from(["0", "300", "500", "1200", "0.01"])
    if isinstance(kind, kinds.BooleanKind):
        return st.booleans()
    if isinstance(kind, kinds.IntegerKind):
        return st.sampled_from([*present, 0, 1, 7])
    if isinstance(kind, kinds.ChoiceKind):
        return st.sampled_from([code for code, _title in kind.options])
    if isinstance(kind, kinds.LinkKind):
        return st.sampled_from([*present, 999_999])
    if isinstance(kind, kinds.UserKind | kinds.BranchKind):
        # Somebody who does not exist is refused, see the faults below.
        return st.sampled_from(present)
    if isinstance(kind, kinds.PhoneKind | kinds.EmailKind | kinds.BirthdayKind):
        other = {"phone": "+79990000000", "email": "nobody@example.com"}.get(kind.name, "1970-05-05")
        return st.sampled_from([*present, other])
    return st.sampled_from([*present, *(str(found).upper() for found in present), *WORDS])


def filters_of(record, world):
    return st.recursive(
        leaves(record, world).map(list),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda some: {"and": some}),
            st.lists(inner, max_size=3).map(lambda some: {"or": some}),
            inner.map(lambda one: {"not": one}),
        ),
        max_leaves=6,
    )
