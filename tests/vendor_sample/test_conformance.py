"""All that a vendor has to write to have a plugin checked."""

from parlour.testing.conformance import PluginConformance


class TestVisitors(PluginConformance):
    plugin = "visitors"
