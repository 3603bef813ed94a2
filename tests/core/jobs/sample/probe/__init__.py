"""Jobs that the tests of the job machinery run."""

from parlour.plugin.manifest import Plugin

plugin = Plugin(name="probe", title="Probe", summary="Jobs for tests", version="1.0")
