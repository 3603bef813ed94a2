"""The `parlour` command. Each subcommand is imported when it is called, so that `parlour --help` is
immediate.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 when it was done, 2 with one line on stderr when it could not be."""
    from parlour.cli.root import run

    sys.exit(run(arguments))
