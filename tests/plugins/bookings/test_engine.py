"""The engine finds exactly the starts that trying out every minute finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some

from parlour.plugins.bookings.engine import Chain, Option, Step, busy_of
from parlour.plugins.schedule.intervals import Interval, full, subtract, union

HOURS = 60
# Everything happens within so many minutes, divided coarsely so that things meet.
SPAN = 48
FREE = some.lists(some.tuples(some.integers(0, SPAN), some.integers(1, 16)), max_size=4).map(
    lambda pieces: union((start, start + length) for start, length in pieces)
)
LOADS = some.lists(some.tuples(some.integers(0, SPAN), some.integers(1, 12), some.integers(1, 2)), max_size=4)


@some.composite
def services(draw: some.DrawFn) -> tuple[tuple[Option, ...], tuple[int, ...]]:
    """One step: up to two specialists of three, each with a duration of their own, and the types that it needs."""
    before, after = draw(some.integers(0, 2)), draw(some.integers(0, 2))
    options = []
    for staff in draw(some.lists(some.integers(1, 3), min_size=1, max_size=2, unique=True)):
        minutes = draw(some.integers(1, 9))
        gap_from, gap = draw(some.sampled_from([None, 1, 2, 4])), draw(some.sampled_from([None, 1, 3]))
        pieces = busy_of(minutes, before, after, gap_from, gap)
        options.append(Option(staff, minutes, pieces, (-before, minutes + after)))
    return tuple(options), tuple(draw(some.lists(some.sampled_from([1, 2]), max_size=2, unique=True)))


def inside(free: list[Interval], pieces: tuple[Interval, ...], start: int) -> bool:
    minutes = {minute for first, last in free for minute in range(first, last)}
    return all(start + minute in minutes for first, last in pieces for minute in range(first, last))


@given(
    steps=some.lists(services(), min_size=1, max_size=3),
    free=some.fixed_dictionaries({1: FREE, 2: FREE, 3: FREE}),
    loads=some.fixed_dictionaries({10: LOADS, 11: LOADS, 20: LOADS}),
    step=some.integers(1, 5),
)
@settings(max_examples=300, deadline=None)
def test_starts_are_those_that_trying_out_finds(
    steps: list[tuple[tuple[Option, ...], tuple[int, ...]]],
    free: dict[int, list[Interval]],
    loads: dict[int, list[tuple[int, int, int]]],
    step: int,
) -> None:
    kinds = {1: [10, 11], 2: [20]}
    capacity = {10: 1, 11: 1, 20: 3}
    taken = {
        one: [(start, start + length, amount) for start, length, amount in some]
        for one, some in loads.items()
    }

    def room(resource: int) -> list[Interval]:
        return subtract([(-10, SPAN + 30)], full(taken[resource], capacity[resource] - 1))

    chain = Chain([Step(options, needs) for options, needs in steps], free, kinds, room)

    def can(place: int, start: int) -> set[int]:
        """Who can do this step and all that follow, beginning then."""
        if place == len(steps):
            return {0}
        options, needs = steps[place]
        return {
            option.staff
            for option in options
            if inside(free[option.staff], option.busy, start)
            and all(any(inside(room(one), (option.whole,), start) for one in kinds[kind]) for kind in needs)
            and can(place + 1, start + option.minutes)
        }

    for start in range(-10, SPAN + 20):
        able = can(0, start)
        assert chain.possible(start) == bool(able)
        chosen = chain.choose(start, lambda staff, at: (staff,))
        assert (chosen is not None) == bool(able)
        at = start
        for place, one in enumerate(chosen or ()):
            assert one.starts == at and one.option.staff in can(place, at)
            kinds_of = [
                kind for resource in one.resources for kind, all_ in kinds.items() if resource in all_
            ]
            assert kinds_of == list(steps[place][1])
            assert all(inside(room(resource), (one.option.whole,), at) for resource in one.resources)
            at += one.option.minutes
    work = {staff: [(0, SPAN)] for staff in free}
    grid = set(chain.grid(work, step, (5, 40)))
    assert grid == {(start, staff) for start in range(5, 40) if start % step == 0 for staff in can(0, start)}


def test_a_gap_is_open_to_others_and_never_longer_than_the_service() -> None:
    assert busy_of(90, 0, 10, 30, 30) == ((0, 30), (60, 100))
    assert busy_of(90, 5, 10) == ((-5, 100),)
    assert busy_of(60, 0, 10, 30, 90) == ((0, 30), (60, 70))
    assert busy_of(60, 0, 0, 30, 30) == ((0, 30),)
    assert busy_of(30, 0, 0, 30, 30) == ((0, 30),)


def test_who_began_goes_on_where_that_is_possible() -> None:
    both = (Option(1, 10, ((0, 10),), (0, 10)), Option(2, 10, ((0, 10),), (0, 10)))
    day = [(0, 100)]
    chain = Chain([Step(both), Step(both)], {1: day, 2: day}, {}, lambda one: [])
    chosen = chain.choose(0, lambda staff, at: (-staff,) if at == 0 else (staff,))
    assert chosen is not None and [one.option.staff for one in chosen] == [2, 2]
