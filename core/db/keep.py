"""Backups one after the other: named by their moment, handed on to another place, old ones removed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from parlour.errors import Refusal
from parlour.i18n import _

_OURS = re.compile(r"parlour-\d{8}T\d{6}Z\.parlour")


def name_now() -> str:
    """The name of a backup that is made now (UTC); names in order are moments in order."""
    return f"parlour-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.parlour"


def hand_on(command: str, file: Path) -> None:
    """Run a command with the backup's path as its last argument. Raises Refusal when it fails; the backup stays."""
    try:
        words = [*shlex.split(command), str(file)]
        done = subprocess.run(
            words, env={**os.environ, "PARLOUR_BACKUP": str(file)}, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, ValueError) as error:
        raise Refusal(
            _(
                "The backup is made, but the command after it cannot be run: ${why}",
                mapping={"why": str(error)},
            )
        ) from error
    if done.returncode:
        raise Refusal(
            _(
                "The backup is made, but the command after it ended with ${code}.",
                mapping={"code": done.returncode},
            )
        )


def forget_old(folder: Path, keep: int) -> list[Path]:
    """Remove all but the latest `keep` backups of a folder, by their names; returns those removed. Other files stay."""
    found = sorted(path for path in folder.iterdir() if _OURS.fullmatch(path.name))
    old = found[:-keep]
    for path in old:
        path.unlink()
    return old
