"""How many examples a property is tried with: enough to notice in the usual run, more when somebody asks for it."""

from __future__ import annotations

import os

# PARLOUR_TEST_EXAMPLES=10 tries ten times as many.
_TIMES = int(os.environ.get("PARLOUR_TEST_EXAMPLES", "1"))


def examples(usual: int) -> int:
    return usual * _TIMES
