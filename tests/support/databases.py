"""Moved to parlour.testing, where vendors have it too."""

from parlour.testing.databases import *  # noqa: F403
