"""`make chaos ARGS="--way redis --seconds 180"`: a long run, with its figures at the end."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from parlour.plugin.registry import boot
from parlour.testing import databases
from tests.chaos import parts
from tests.chaos.harness import WAYS, Chaos


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--way", choices=WAYS, action="append", help="broker; may be repeated (default: all)")
    parser.add_argument("--database", choices=databases.KINDS, default="postgresql")
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--workers", type=int, default=2, help="workers, where there is a broker")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--careless", action="store_true", help="leave a protection out; doubles letters")
    given = parser.parse_args()
    sys.path.insert(0, str(parts.SAMPLE))
    boot()
    good = True
    with tempfile.TemporaryDirectory() as made:
        databases.keep_templates_in(Path(made))
        for way in given.way or WAYS:
            missing = parts.lacking(way) or databases.absent(given.database)
            if missing:
                print(f"{way}: left out, {missing}")
                continue
            folder = Path(made) / way
            folder.mkdir()
            with databases.fresh(given.database, folder) as database:
                chaos = Chaos(
                    database.settings, folder, way, given.seed, careless=given.careless, workers=given.workers
                )
                report = chaos.run(given.seconds)
            print(report, flush=True)
            good = good and not report.lost and not report.doubled and report.uncertain <= report.killed
        databases.forget_templates()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
