"""Arithmetic of half-open intervals of whole minutes: [9:00, 10:00) and [10:00, 11:00) touch and do not overlap.

Lists of intervals are sorted, and their intervals neither overlap nor touch; every function here gives such lists, and those
that take several lists take such ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Intervals in any order, overlapping or not, made into a list; empty ones go."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(whole: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What is left of one list without the other."""
    left: list[Interval] = []
    at = 0
    for start, end in whole:
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        look = at
        while look < len(taken) and taken[look][0] < end:
            if taken[look][0] > start:
                left.append((start, taken[look][0]))
            start = taken[look][1]
            look += 1
        if start < end:
            left.append((start, end))
    return left


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What lies in both lists."""
    both: list[Interval] = []
    here = there = 0
    while here < len(one) and there < len(other):
        start = max(one[here][0], other[there][0])
        end = min(one[here][1], other[there][1])
        if start < end:
            both.append((start, end))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return both


def full(taken: Iterable[tuple[int, int, int]], limit: int) -> list[Interval]:
    """Where more than `limit` is taken at once, of (start, end, how much)."""
    changes: dict[int, int] = {}
    for start, end, amount in taken:
        changes[start] = changes.get(start, 0) + amount
        changes[end] = changes.get(end, 0) - amount
    found: list[Interval] = []
    load, since = 0, None
    for at in sorted(changes):
        load += changes[at]
        if load > limit and since is None:
            since = at
        elif load <= limit and since is not None:
            found.append((since, at))
            since = None
    return found
