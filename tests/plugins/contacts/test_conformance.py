"""The clients plugin holds to what every plugin has to."""

from parlour.testing.conformance import PluginConformance


class TestContacts(PluginConformance):
    plugin = "contacts"
