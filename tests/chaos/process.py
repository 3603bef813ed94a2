"""`parlour` with short waits: `python -m tests.chaos.process serve --port 0`.

Leases, retries and looks after lost workers come round in seconds rather than minutes; nothing else is different. With
PARLOUR_CHAOS=careless one protection is left out: the row does not say that something is being sent.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from parlour.cli.root import run
from parlour.jobs import context, lease, relay, worker
from parlour.jobs import run as running

lease.LEASE, lease.HANDED = timedelta(seconds=3), timedelta(seconds=4)
relay.POLL, relay.RECOVER, relay.SYNC, relay.PAUSE = 0.2, 0.5, 2.0, 0.5
running.FIRST_RETRY, running.LONGEST_RETRY = timedelta(seconds=0.2), timedelta(seconds=1)
worker.RESTART, worker.GRACE = 0.3, 5.0
# One letter at a time in each process, so that a kill can leave one in doubt.
relay.SLOTS["mail"] = 1


def careless(self: context.JobContext, dedupe_key: str) -> None:
    """Sends without having said so first."""


if os.environ.get("PARLOUR_CHAOS") == "careless":
    context.JobContext.sending = careless  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(run())
