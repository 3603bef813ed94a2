"""The slot engine: when a visit can begin. Pure arithmetic of intervals, without a database.

A visit is a chain of steps, one after the other. A step has options: who does it, how long they take, and which minutes of
theirs it needs, buffers included and processing left out. For each option the starts that its specialist and some room allow
are a list of intervals; going through the chain from its end, only starts from which the rest can go on are kept. The work grows
with the number of intervals, not with that of minutes or combinations.

Starts are whole minutes since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from parlour.plugins.schedule.intervals import Interval, intersect, union

Free = Sequence[Interval]


@dataclass(frozen=True)
class Option:
    """One specialist who may do a step: for how many minutes, and which of theirs are taken, counted from the step's start."""

    staff: int
    minutes: int
    busy: tuple[Interval, ...]
    # From the buffer before to the buffer after: how long rooms are needed.
    whole: Interval


@dataclass(frozen=True)
class Step:
    """One service of the chain. `needs` are types of resources, each of which must have room."""

    options: tuple[Option, ...]
    needs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """How one step is done: by whom, in which rooms, and when it begins."""

    option: Option
    resources: tuple[int, ...]
    starts: int


def busy_of(
    minutes: int, before: int = 0, after: int = 0, gap_from: int | None = None, gap: int | None = None
) -> tuple[Interval, ...]:
    """The minutes that a specialist is taken by a service, counted from its start: [-before, minutes + after) without the gap.

    A gap counts as far as it lies within the service.
    """
    if not gap_from or not gap or gap_from >= minutes:
        return ((-before, minutes + after),)
    again = min(gap_from + gap, minutes)
    rest = ((again, minutes + after),) if again < minutes + after else ()
    return ((-before, gap_from), *rest)


def fits(free: Free, pieces: Sequence[Interval]) -> list[Interval]:
    """The starts from which every piece, counted from the start, lies in free time."""
    found: list[Interval] | None = None
    for begin, finish in pieces:
        starts = union(
            (start - begin, end - finish + 1) for start, end in free if end - start >= finish - begin
        )
        found = starts if found is None else intersect(found, starts)
    return found or []


class Chain:
    """All ways in which a chain of steps can be done.

    `staff` says when each specialist is free, `room(resource)` when a resource has room, `kinds` which resources are of a type.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        staff: Mapping[int, Free],
        kinds: Mapping[int, Sequence[int]],
        room: Callable[[int], Free],
    ):
        self.steps = steps
        self._kinds = kinds
        self._room = room
        # For each step: the starts of each option from which the rest goes on.
        self.starts: list[list[list[Interval]]] = []
        following: list[Interval] | None = None
        for step in reversed(steps):
            rooms: dict[Interval, list[Interval] | None] = {}
            ways = []
            for option in step.options:
                found = fits(staff.get(option.staff, ()), option.busy)
                if step.needs:
                    if option.whole not in rooms:
                        rooms[option.whole] = self._rooms(step, option.whole)
                    found = intersect(found, rooms[option.whole] or [])
                if following is not None:
                    found = intersect(found, [(a - option.minutes, b - option.minutes) for a, b in following])
                ways.append(found)
            self.starts.append(ways)
            following = union(interval for found in ways for interval in found)
        self.starts.reverse()

    def _rooms(self, step: Step, whole: Interval) -> list[Interval]:
        """The starts at which each needed type has a resource with room."""
        found: list[Interval] | None = None
        for kind in step.needs:
            some = union(
                interval
                for resource in self._kinds.get(kind, ())
                for interval in fits(self._room(resource), [whole])
            )
            found = some if found is None else intersect(found, some)
        return found or []

    def first_rooms(self, step: Step) -> tuple[int, ...]:
        """The first resource of each needed type, whether it has room or not."""
        return tuple(some[0] for kind in step.needs if (some := self._kinds.get(kind)))

    def grid(self, work: Mapping[int, Free], step: int, within: Interval) -> Iterator[tuple[int, int]]:
        """(start, specialist of the first step) on the grid of that specialist's working hours, in no order."""
        for option, possible in zip(self.steps[0].options, self.starts[0], strict=True):
            at = 0
            for anchor, until in work.get(option.staff, ()):
                low, high = max(anchor, within[0]), min(until, within[1])
                while at < len(possible) and possible[at][1] <= low:
                    at += 1
                look = at
                while look < len(possible) and possible[look][0] < high:
                    first = max(low, possible[look][0])
                    begin = first + (anchor - first) % step
                    for start in range(begin, min(high, possible[look][1]), step):
                        yield start, option.staff
                    look += 1

    def possible(self, start: int) -> bool:
        """Whether the chain can begin then, on the grid or off it."""
        return any(_holds(found, start) for found in self.starts[0])

    def choose(self, start: int, rank: Callable[[int, int], tuple[int, ...]]) -> list[Chosen] | None:
        """Who does what when the chain begins at `start`; None when it cannot.

        Among those who can, `rank(staff, start)` decides, the lowest first; who does the step before goes before all others.
        """
        chosen: list[Chosen] = []
        at, last = start, None
        for step, ways in zip(self.steps, self.starts, strict=True):
            able = [option for option, found in zip(step.options, ways, strict=True) if _holds(found, at)]
            if not able:
                return None
            moment = at
            best = min(able, key=lambda option: (option.staff != last, *rank(option.staff, moment)))
            resources = []
            for kind in step.needs:
                free = next(
                    (
                        one
                        for one in self._kinds.get(kind, ())
                        if _holds(fits(self._room(one), [best.whole]), at)
                    ),
                    None,
                )
                if free is None:
                    return None
                resources.append(free)
            chosen.append(Chosen(best, tuple(resources), at))
            at, last = at + best.minutes, best.staff
        return chosen


def _holds(intervals: Sequence[Interval], at: int) -> bool:
    return any(start <= at < end for start, end in intervals)
