"""The order of loading is the same everywhere, and what cannot be ordered says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.plugin import Plugin, graph


def plugins(**requires: str) -> dict[str, Plugin]:
    return {
        name: Plugin(name=name, title=name, summary="", version="1.2", requires=tuple(needed.split()))
        for name, needed in requires.items()
    }


def test_requirements_come_first_and_ties_go_by_name() -> None:
    order, faults = graph.order(
        plugins(sales="catalog contacts", contacts="", catalog="", bonus="sales", art="")
    )
    assert order == ["art", "catalog", "contacts", "sales", "bonus"]
    assert not faults


@given(st.permutations(["contacts", "catalog", "schedule", "messages", "bookings", "sales"]))
def test_the_order_does_not_depend_on_how_plugins_are_found(found: list[str]) -> None:
    needs = {
        "schedule": "contacts",
        "messages": "contacts",
        "bookings": "catalog schedule messages",
        "sales": "catalog",
    }
    order, _faults = graph.order(plugins(**{name: needs.get(name, "") for name in found}))
    assert order == ["catalog", "contacts", "messages", "sales", "schedule", "bookings"]


def test_a_circle_is_named_once_from_its_first_name() -> None:
    order, faults = graph.order(plugins(a="c", b="a", c="b", free="", on_it="a"))
    assert order == ["free"]
    assert str(faults["b"]).endswith("a → c → b → a.")
    assert sorted(faults) == ["a", "b", "c", "on_it"]
    assert "required and could not be loaded" in str(faults["on_it"])


def test_a_missing_requirement_stops_what_stands_on_it_at_any_distance() -> None:
    order, faults = graph.order(plugins(bookings="schedule", schedule="contacts", sales=""))
    assert order == ["sales"]
    assert "contacts is required and is not there" in str(faults["schedule"])
    assert "schedule is required" in str(faults["bookings"])


@pytest.mark.parametrize(
    ("bounds", "fits"), [(">=1.2", True), (">=1.3", False), ("<2,>=1", True), ("==1.1", False)]
)
def test_versions_are_compared(bounds: str, fits: bool) -> None:
    order, faults = graph.order(plugins(contacts="", loyalty=f"contacts{bounds}"))
    assert ("loyalty" in order) is fits
    assert fits or "and 1.2 is there" in str(faults["loyalty"])


def test_dependents_and_requirements_reach_over_any_distance() -> None:
    known = plugins(contacts="", schedule="contacts", bookings="schedule", art="")
    assert graph.dependents(known, "contacts") == ["bookings", "schedule"]
    assert graph.requirements(known, "bookings") == ["contacts", "schedule"]
