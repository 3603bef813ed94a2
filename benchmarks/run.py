"""Runs each task on both sides in turn, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import memory, tasks
from benchmarks.raw import tasks as raw
from benchmarks.salon import TERMS, Salon, write_csv
from parlour.plugin import lifecycle


@dataclass(frozen=True)
class Size:
    """How much is measured: clients in the base, rows made and imported at a time, rounds."""

    clients: int
    created: int
    imported: tuple[int, ...]
    rounds: int


SIZES = {
    "tiny": Size(300, 50, (200,), 3),
    "small": Size(2_000, 1_000, (1_000,), 5),
    "large": Size(100_000, 1_000, (10_000, 100_000), 5),
    "million": Size(1_000_000, 1_000, (10_000,), 5),
}


@dataclass
class Measured:
    """Seconds of every round on both sides, by the wall and of this process. `rows` is what one round handles."""

    task: str
    rows: int
    # What Parlour wants to hold: at most so many times as long as by hand.
    target: float
    parlour: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    parlour_cpu: list[float] = field(default_factory=list)
    plain_cpu: list[float] = field(default_factory=list)
    # MiB by which our process grows meanwhile; must not depend on the rows.
    memory: float | None = None

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
            "p95_ms": round(_p95(self.parlour) * 1000, 2),
            "ratio": round(self.ratio, 2),
            "target": self.target,
            "cpu_ratio": round(sum(self.parlour_cpu) / max(sum(self.plain_cpu), 1e-9), 2),
            "memory_mib": self.memory,
            "rounds": len(self.parlour),
        }


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(len(times) * 0.95) - 1)]


def measure(salon: Salon, size: Size) -> Iterator[Measured]:
    """All tasks one by one, reading before writing, so that both sides read the same base."""
    for kind in TERMS:
        yield _list(salon, size, kind)
    yield _export(salon, size)
    yield _create(salon, size)
    for count in size.imported:
        yield _import(salon, size, count)


def switching(salon: Salon, rounds: int) -> dict[str, Any]:
    """Switching a plugin on for the organisation and asking, in a session of its own, what is on; no restart."""
    from parlour.db.session import Scope, open_session
    from parlour.plugin import gate

    times = []
    for _number in range(rounds + 1):
        with _trusted(salon) as session:
            lifecycle.disable(session, "contacts")
        began = time.perf_counter()
        with _trusted(salon) as session:
            lifecycle.enable(session, "contacts")
        with open_session(salon.engine, Scope(salon.organisation_id)) as asking:
            assert "contacts" in gate.enabled(asking)
        times.append(time.perf_counter() - began)
    return {
        "task": "switch a plugin on",
        "ms": round(statistics.median(times[1:]) * 1000, 1),
        "target_ms": 100,
    }


@contextmanager
def _trusted(salon: Salon) -> Iterator[Any]:
    from parlour.db.session import Scope, open_session

    with open_session(salon.engine, Scope(salon.organisation_id, trusted=True, via="cli")) as session:
        yield session
        session.commit()


def _interleaved(found: Measured, rounds: int, ours: Callable[[], Any], plain: Callable[[], Any]) -> Measured:
    """One round of each in turn. Both must give the same answer, or they did not do the same work."""
    for number in range(rounds + 1):
        answers = []
        for side, times, cpu in (
            (ours, found.parlour, found.parlour_cpu),
            (plain, found.plain, found.plain_cpu),
        ):
            began, worked = time.perf_counter(), time.process_time()
            answers.append(side())
            times.append(time.perf_counter() - began)
            cpu.append(time.process_time() - worked)
        assert answers[0] == answers[1], (
            f"{found.task}: Parlour says {answers[0]!r}, by hand it is {answers[1]!r}"
        )
        if number == 0:  # caches fill up in the first round, which does not count
            for times in (found.parlour, found.plain, found.parlour_cpu, found.plain_cpu):
                times.clear()
    return found


def _list(salon: Salon, size: Size, kind: str) -> Measured:
    terms = TERMS[kind]
    rows = sum(len(raw.list_page(salon, term)) for term in terms) // len(terms)
    asked = {"ours": 0, "raw": 0}

    def following(side: str) -> str:
        asked[side] += 1
        return terms[asked[side] % len(terms)]

    # A page takes milliseconds, so it is asked for more often.
    return _interleaved(
        Measured(f"list: {kind}", rows, 2),
        max(size.rounds * 5, 2 * len(terms)),
        lambda: tasks.list_page(salon, following("ours")),
        lambda: raw.list_page(salon, following("raw")),
    )


def _export(salon: Salon, size: Size) -> Measured:
    found = Measured("export to csv", size.clients, 3)
    found.memory = memory.growth(salon, lambda: tasks.export_file(salon, salon.folder / "ours.csv"))
    return _interleaved(
        found,
        size.rounds,
        lambda: tasks.export_file(salon, salon.folder / "ours.csv"),
        lambda: raw.export_file(salon, salon.folder / "raw.csv"),
    )


def _create(salon: Salon, size: Size) -> Measured:
    return _interleaved(
        Measured("create", size.created, 3),
        size.rounds,
        lambda: tasks.create(salon, salon.take(size.created)),
        lambda: raw.create(salon, salon.take(size.created)),
    )


def _import(salon: Salon, size: Size, count: int) -> Measured:
    rounds = size.rounds if count <= 10_000 else 1
    # The files are written before the clock runs.
    files = iter([_file(salon, count, number) for number in range(2 * (rounds + 1) + 1)])
    found = Measured("import a csv", count, 2.5)
    measured = next(files)
    found.memory = memory.growth(salon, lambda: tasks.import_file(salon, measured))
    return _interleaved(
        found,
        rounds,
        lambda: tasks.import_file(salon, next(files)),
        lambda: raw.import_file(salon, next(files)),
    )


def _file(salon: Salon, count: int, number: int) -> Path:
    file = salon.folder / f"import-{number}.csv"
    write_csv(file, salon.take(count))
    return file
