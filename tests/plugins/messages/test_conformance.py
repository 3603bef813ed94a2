"""Messages hold to what every plugin has to hold to."""

from parlour.testing.conformance import PluginConformance


class TestMessages(PluginConformance):
    plugin = "messages"
