"""Moved to parlour.testing, where vendors have it too."""

from parlour.testing.people import *  # noqa: F403
