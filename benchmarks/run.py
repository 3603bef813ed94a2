"""Runs each task on both sides in turn, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import tasks
from benchmarks.raw import tasks as raw
from benchmarks.salon import Salon, write_csv


@dataclass(frozen=True)
class Size:
    """How much is measured: clients in the base, rows made and imported at a time, rounds."""

    clients: int
    created: int
    imported: int
    rounds: int


SIZES = {
    "tiny": Size(300, 50, 200, 3),
    "small": Size(2_000, 1_000, 1_000, 5),
    "large": Size(100_000, 1_000, 10_000, 5),
}


@dataclass
class Measured:
    """Seconds of every round on both sides. `rows` is what one round handles."""

    task: str
    rows: int
    parlour: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as long as by hand, by the medians."""
        return statistics.median(self.parlour) / statistics.median(self.plain)

    def as_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "rows": self.rows,
            "parlour_ms": round(statistics.median(self.parlour) * 1000, 2),
            "raw_ms": round(statistics.median(self.plain) * 1000, 2),
            "ratio": round(self.ratio, 2),
            "rounds": len(self.parlour),
        }


def measure(salon: Salon, size: Size) -> list[Measured]:
    """All tasks, reading before writing, so that both sides read the same base."""
    return [_list(salon, size), _export(salon, size), _create(salon, size), _import(salon, size)]


def _interleaved(found: Measured, rounds: int, ours: Callable[[], Any], plain: Callable[[], Any]) -> Measured:
    """One round of each in turn. Both must give the same answer, or they did not do the same work."""
    for number in range(rounds + 1):
        answers = []
        for side, times in ((ours, found.parlour), (plain, found.plain)):
            began = time.perf_counter()
            answers.append(side())
            times.append(time.perf_counter() - began)
        assert answers[0] == answers[1], (
            f"{found.task}: Parlour says {answers[0]!r}, by hand it is {answers[1]!r}"
        )
        if number == 0:  # caches fill up in the first round, which does not count
            found.parlour.clear()
            found.plain.clear()
    return found


def _list(salon: Salon, size: Size) -> Measured:
    part = "орлов-а"
    rows = len(raw.list_page(salon, part))
    # A page takes milliseconds, so it is asked for more often.
    return _interleaved(
        Measured("list, part of a name", rows),
        size.rounds * 10,
        lambda: tasks.list_page(salon, part),
        lambda: raw.list_page(salon, part),
    )


def _export(salon: Salon, size: Size) -> Measured:
    return _interleaved(
        Measured("export to csv", size.clients),
        size.rounds,
        lambda: tasks.export_file(salon, salon.folder / "ours.csv"),
        lambda: raw.export_file(salon, salon.folder / "raw.csv"),
    )


def _create(salon: Salon, size: Size) -> Measured:
    return _interleaved(
        Measured("create", size.created),
        size.rounds,
        lambda: tasks.create(salon, salon.take(size.created)),
        lambda: raw.create(salon, salon.take(size.created)),
    )


def _import(salon: Salon, size: Size) -> Measured:
    # The files are written before the clock runs.
    files = iter([_file(salon, size, number) for number in range(2 * (size.rounds + 1))])
    return _interleaved(
        Measured("import a csv", size.imported),
        size.rounds,
        lambda: tasks.import_file(salon, next(files)),
        lambda: raw.import_file(salon, next(files)),
    )


def _file(salon: Salon, size: Size, number: int) -> Path:
    file = salon.folder / f"import-{number}.csv"
    write_csv(file, salon.take(size.imported))
    return file
