"""`parlour` in a process of its own each time, without importing everything each time.

One process imports the program and forks for every command, which then boots, works and ends as an installed
`parlour` does: nothing of one command reaches the next but the imported modules of Parlour's core.
"""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess

PRELOADED = ("parlour.app", "parlour.db.bulk", "parlour.jobs.prune", "parlour.records.importing.job")


class Commands:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, environ: Mapping[str, str], cwd: Path) -> CompletedProcess[str]:
        """What the command printed, and its exit code."""
        assert self._process.stdin is not None and self._process.stdout is not None
        out, err = cwd / ".stdout", cwd / ".stderr"
        asked = {
            "arguments": arguments,
            "environ": dict(environ),
            "cwd": str(cwd),
            "out": str(out),
            "err": str(err),
        }
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@contextmanager
def commands() -> Iterator[Commands]:
    made = Commands()
    try:
        yield made
    finally:
        made.close()


def _serve() -> None:
    cli = import_module("parlour.cli")
    for module in pkgutil.iter_modules(cli.__path__, "parlour.cli."):
        import_module(module.name)
    for name in PRELOADED:
        import_module(name)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _become(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def _become(arguments: list[str], environ: dict[str, str], cwd: str, out: str, err: str) -> None:
    for number, path in enumerate((os.devnull, out, err)):
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    code = 1
    try:
        code = import_module("parlour.cli.root").run(arguments)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
