"""The catalogue holds to what every plugin has to hold to."""

from parlour.testing.conformance import PluginConformance


class TestCatalog(PluginConformance):
    plugin = "catalog"
