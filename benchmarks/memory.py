"""How much memory a task takes, in a process of its own that has done nothing else before."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.salon import Salon


def growth(salon: Salon, work: Callable[[], Any]) -> float | None:
    """MiB by which a process is larger at its largest, while it does this, than before; None where that cannot be told."""
    if not sys.platform.startswith("linux"):
        return None
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for engine in (salon.engine, salon.plain):
                engine.dispose(close=False)  # the connections are the other process's
            before = _kib("VmRSS")
            Path("/proc/self/clear_refs").write_text("5")  # the largest size so far is forgotten
            work()
            os.write(writing, str(_kib("VmHWM") - before).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    if not said:
        raise RuntimeError("The process that was measured did not end its work.")
    return round(int(said) / 1024, 1)


def _kib(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError(f"/proc/self/status says nothing about {name}.")
