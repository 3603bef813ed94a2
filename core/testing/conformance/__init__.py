"""What every plugin has to hold to, as tests to inherit:

    class TestVisitors(PluginConformance):
        plugin = "visitors"

That is a whole test module, beside `pytest_plugins = ["parlour.testing.fixtures"]` in conftest.py. A record that a made-up
row does not satisfy gets its values from an override of `values`; pages that need more than an organisation in their address
are listed in `pages`.
"""

from parlour.testing.conformance.access import AccessChecks
from parlour.testing.conformance.actions import ActionChecks
from parlour.testing.conformance.manifest import ManifestChecks
from parlour.testing.conformance.migrations import MigrationChecks
from parlour.testing.conformance.pages import PageChecks
from parlour.testing.conformance.tables import TableChecks
from parlour.testing.conformance.words import WordChecks

__all__ = ["PluginConformance"]


class PluginConformance(
    ManifestChecks, TableChecks, AccessChecks, ActionChecks, WordChecks, MigrationChecks, PageChecks
):
    """All checks of one plugin; set `plugin` to its name."""
