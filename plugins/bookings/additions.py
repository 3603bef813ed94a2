"""What clients book only together with another service: a mask with colouring, a design with nails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from parlour.errors import Refusal
from parlour.i18n import _

# By item what it goes with; nothing there means every service.
Additions = Mapping[int, set[int]]


def gathered(items: Iterable[int], pairs: Iterable[Sequence[int]]) -> Additions:
    """These additions, with pairs of an item and what it goes with."""
    found: dict[int, set[int]] = {item: set() for item in items}
    for item, other in pairs:
        # A service that is no addition any more keeps what it went with.
        if item in found:
            found[item].add(other)
    return found


def left_alone(names: Mapping[int, str], additions: Additions) -> Refusal | None:
    """Why these services, by item what they are called, are not booked with one another: an addition among them has nothing that
    it can be added to.
    """
    for item, name in names.items():
        if item not in additions:
            continue
        if names.keys() <= additions.keys():
            return Refusal(
                _(
                    "“${name}” is booked only together with another service; choose that one too.",
                    mapping={"name": name},
                )
            )
        if additions[item] and not additions[item] & (names.keys() - {item}):
            return Refusal(
                _("“${name}” does not go with what else is chosen; leave it out.", mapping={"name": name})
            )
    return None
