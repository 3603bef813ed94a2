"""The fixtures that vendors use too, for all tests of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["parlour.testing.fixtures"]

HERE = Path(__file__).parent
# What takes a single test longest, most of it waiting. Begun first, it leaves the end to short ones, which all processes share.
LONG = [
    HERE / place
    for place in (
        "chaos", "core/jobs/test_workers.py", "isolation/test_addresses.py", "vendor_sample/test_lifecycle.py",
        "plugins/bookings/test_killed.py", "plugins/bookings/test_races.py", "core/db/test_copy.py",
        "plugins/messages/test_audience.py",
    )
]  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(item.path.is_relative_to(place) for place in LONG))
