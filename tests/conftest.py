"""The fixtures that vendors use too, for all tests of this repository."""

pytest_plugins = ["parlour.testing.fixtures"]
