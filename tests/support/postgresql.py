"""Moved to parlour.testing, where vendors have it too."""

from parlour.testing.postgresql import *  # noqa: F403
