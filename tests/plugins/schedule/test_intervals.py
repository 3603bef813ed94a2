"""Arithmetic of intervals equals that of sets of minutes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as some

from parlour.plugins.schedule.intervals import Interval, full, intersect, subtract, union

ANY = some.lists(some.tuples(some.integers(0, 40), some.integers(0, 40)), max_size=8)


def covered(intervals: list[Interval]) -> set[int]:
    return {minute for start, end in intervals for minute in range(start, end)}


def is_list(intervals: list[Interval]) -> bool:
    flat = [edge for pair in intervals for edge in pair]
    return flat == sorted(set(flat))


@given(ANY)
def test_union_covers_the_same(intervals: list[Interval]) -> None:
    found = union(intervals)
    assert is_list(found) and covered(found) == covered(intervals)


@given(ANY, ANY)
def test_subtract_and_intersect_divide_the_whole(one: list[Interval], other: list[Interval]) -> None:
    whole, taken = union(one), union(other)
    left, both = subtract(whole, taken), intersect(whole, taken)
    assert is_list(left) and is_list(both)
    assert covered(left) == covered(whole) - covered(taken)
    assert covered(both) == covered(whole) & covered(taken)


@given(
    some.lists(some.tuples(some.integers(0, 30), some.integers(1, 12), some.integers(1, 3)), max_size=8),
    some.integers(0, 5),
)
def test_full_is_where_more_is_taken_than_there_is(taken: list[tuple[int, int, int]], limit: int) -> None:
    stretches = [(start, start + length, amount) for start, length, amount in taken]
    load: Counter[int] = Counter()
    for start, end, amount in stretches:
        for minute in range(start, end):
            load[minute] += amount
    found = full(stretches, limit)
    assert is_list(found) and covered(found) == {minute for minute, amount in load.items() if amount > limit}
