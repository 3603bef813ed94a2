"""Bookings hold to what every plugin has to hold to."""

from parlour.testing.conformance import PluginConformance


class TestBookings(PluginConformance):
    plugin = "bookings"
