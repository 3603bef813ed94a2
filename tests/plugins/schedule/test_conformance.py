"""The schedule holds to what every plugin has to hold to."""

from parlour.testing.conformance import PluginConformance


class TestSchedule(PluginConformance):
    plugin = "schedule"
