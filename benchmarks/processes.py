"""What a server costs before anybody works on it: time to its first answer, and its memory when idle.

Both servers are gunicorn with one process and eight threads in the same interpreter, and answer with their log-in page;
memory is the proportional share (PSS), which Linux tells, of the process together with the one that watches over it.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.salon import Salon

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PATIENCE = 120.0


@dataclass
class Server:
    """A server that answers; `started` is how many seconds it took to its first answer."""

    url: str
    started: float
    process: subprocess.Popen[bytes]

    def tree(self) -> list[int]:
        """The process and its children."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def memory(self) -> float:
        """PSS of the tree in MiB."""
        return sum(_pss(pid) for pid in self.tree()) / 1024


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(salon: Salon, *, raw: bool, workers: int = 1) -> Iterator[Server]:
    """The site, or the bare page, until the block ends."""
    port = _free_port()
    _site_packages_only(salon.folder)
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(salon.folder / "compiled"),
        "PARLOUR_DATABASE_URL": salon.settings.database_url,
        "PARLOUR_OWNER_DATABASE_URL": salon.settings.owner_database_url,
        "PARLOUR_SECRET": salon.settings.secret,
        "PARLOUR_DATA": str(salon.folder),
        "PARLOUR_API_CALLS": "0",
        "BENCH_ORGANISATION": str(salon.organisation_id),
        "PYTHONPATH": f"{salon.folder}:{ROOT}",
        "PYTHONWARNINGS": "ignore",
    }
    if raw:
        command = [str(BIN / "gunicorn"), "benchmarks.raw.site:app()", "--bind", f"127.0.0.1:{port}"]
        command += [
            "--workers",
            str(workers),
            "--worker-class",
            "gthread",
            "--threads",
            "8",
            "--log-level",
            "error",
        ]
    else:
        command = [str(BIN / "parlour"), "serve", "--port", str(port), "--workers", str(workers)]
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait(process, f"{url}/login")
        yield Server(url, time.perf_counter() - began, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _site_packages_only(folder: Path) -> None:
    """The tools of the tests bring packages that others load wherever they are; a site has none of them."""
    hidden = "import sys\n\nfor name in ('rich', 'pytz', 'greenlet'):\n    sys.modules[name] = None\n"
    (folder / "sitecustomize.py").write_text(hidden)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()
                return
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{url} answers {refused.code}") from refused
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"{url} does not answer")


def measure(salon: Salon, rounds: int) -> list[dict[str, Any]]:
    """Start and idle memory of one process, by turns."""
    if not sys.platform.startswith("linux") or salon.plain.dialect.name == "sqlite":
        return []
    starts: dict[bool, list[float]] = {False: [], True: []}
    memory: dict[bool, list[float]] = {False: [], True: []}
    for _number in range(rounds + 1):
        for raw in (False, True):
            with serving(salon, raw=raw) as server:
                starts[raw].append(server.started)
                time.sleep(2)  # until it has also looked for jobs
                memory[raw].append(server.memory())
    return [
        _compared("start to first answer, s", starts, 2),
        _compared("idle memory of one process, PSS MiB", memory, 0),
    ]


def _compared(task: str, found: dict[bool, list[float]], digits: int) -> dict[str, Any]:
    # The first start of each reads its files from the disk.
    ours, raw = (statistics.median(found[side][1:]) for side in (False, True))
    return {
        "task": task,
        "parlour": round(ours, digits),
        "raw": round(raw, digits),
        "ratio": round(ours / raw, 2),
        "target": 1.5,
    }
