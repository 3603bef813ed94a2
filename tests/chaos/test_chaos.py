"""A short run of each way of working: nothing is lost, nothing is doubled. `make chaos` does it for longer.

The control leaves out one protection, that the row says *sending* before anything is sent, and must be caught.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parlour.plugin.registry import Plugins, boot
from parlour.testing import databases
from tests.chaos import parts
from tests.chaos.harness import Chaos, Report

# Acts of violence in a short run, and the seconds after which it ends anyhow.
ENOUGH, LONGEST = 3, 10


@pytest.fixture(scope="module", autouse=True)
def _plugin(plugins: Plugins) -> Iterator[None]:
    sys.path.insert(0, str(parts.SAMPLE))
    boot()
    yield
    sys.path.remove(str(parts.SAMPLE))
    boot()


def run(kind: str, way: str, folder: Path, *, careless: bool = False) -> Report:
    missing = parts.lacking(way) or databases.absent(kind)
    if missing:
        pytest.skip(missing)
    with databases.fresh(kind, folder) as database:
        chaos = Chaos(database.settings, folder, way, secrets.randbelow(10**6), careless=careless)
        if careless:
            report = chaos.run(12 * LONGEST, enough=Chaos.has_doubled)
        else:
            report = chaos.run(LONGEST, enough=lambda chaos: chaos.report.killed >= ENOUGH)
    print(report)
    return report


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("none", "sqlite"),
        pytest.param("redis", "postgresql", marks=[pytest.mark.postgresql, pytest.mark.broker]),
        pytest.param("rabbitmq", "postgresql", marks=[pytest.mark.postgresql, pytest.mark.broker]),
    ],
)
def test_whatever_is_killed_no_job_is_lost_and_none_is_done_twice(
    way: str, kind: str, tmp_path: Path
) -> None:
    report = run(kind, way, tmp_path)
    assert report.jobs and report.killed
    assert report.lost == []
    assert report.doubled == []
    assert report.uncertain <= report.killed


def test_control_without_saying_so_first_letters_are_sent_twice(tmp_path: Path) -> None:
    assert run("sqlite", "none", tmp_path, careless=True).doubled
