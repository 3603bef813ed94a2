"""What can be killed: the site, workers, and a broker of our own, each a process group that is started again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = Path(__file__).parent / "sample"
RABBITMQ = (shutil.which("rabbitmq-server") or "", "/usr/lib/rabbitmq/bin/rabbitmq-server")


def free_port() -> int:
    """A port that is free again after every kill: none of those that outgoing connections are given meanwhile."""
    first_of_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(first_of_outgoing // 2, first_of_outgoing)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Receiver:
    """The outside world: a server that counts how often each letter arrives."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        lock, received = threading.Lock(), self.received

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with lock:
                    received[self.path.rpartition("/")[2]] += 1
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Part:
    """A command in a process group of its own, so that all of it can die at once, as when a machine does."""

    def __init__(
        self, name: str, command: list[str], environ: dict[str, str], log: Path, port: int | None = None
    ):
        self.name, self.command, self.environ, self.port = name, command, environ, port
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=os.environ | self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for_port(self, seconds: float = 120) -> None:
        assert self.port is not None
        end = time.monotonic() + seconds
        while not answers(self.port):
            if time.monotonic() > end or not self.alive():
                raise RuntimeError(
                    f"{self.name} does not answer:\n{self.log.read_text('utf-8', 'replace')[-3000:]}"
                )
            time.sleep(0.1)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def inner(self) -> list[int]:
        """The processes of its group besides the first."""
        if self.process is None:
            return []
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                except OSError:  # it has ended
                    continue
                if int(fields[2]) == self.process.pid and fields[0] != "Z":
                    found.append(int(folder.name))
        return sorted(pid for pid in found if pid != self.process.pid)

    def kill(self) -> int:
        """Kill all of it at once; returns how many processes that were."""
        if self.process is None:
            return 0
        count = 1 + len(self.inner())
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            count = 0
        self.process.wait()
        return count


def parlour(
    name: str, arguments: list[str], environ: dict[str, str], folder: Path, port: int | None = None
) -> Part:
    command = [sys.executable, "-m", "tests.chaos.process", *arguments]
    return Part(name, command, environ | {"PYTHONPATH": str(SAMPLE)}, folder / f"{name}.log", port)


def redis(folder: Path) -> tuple[Part, str]:
    """A Redis that forgets everything when it is killed."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Part("broker", command, {}, folder / "broker.log", port), f"redis://127.0.0.1:{port}/0"


def rabbitmq(folder: Path) -> tuple[Part, str]:
    """A RabbitMQ node of our own, beside whatever else runs here."""
    port, distribution = free_port(), free_port()
    server = next(path for path in reversed(RABBITMQ) if path and Path(path).exists())
    (folder / "plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    environ = {
        "RABBITMQ_NODENAME": f"chaos{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "HOME": str(folder),
    }
    return Part(
        "broker", [server], environ, folder / "broker.log", port
    ), f"amqp://guest:guest@127.0.0.1:{port}//"


def lacking(way: str) -> str | None:
    """Why a way of working cannot be tried here, or None."""
    if way == "redis" and not shutil.which("redis-server"):
        return "redis-server is not installed"
    if way == "rabbitmq" and not any(path and Path(path).exists() for path in RABBITMQ):
        return "rabbitmq-server is not installed"
    return None
