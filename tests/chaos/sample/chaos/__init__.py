"""A plugin that asks for jobs over the web, for as long as it is killed."""

from parlour.plugin.manifest import Plugin

plugin = Plugin(name="chaos", title="Chaos", summary="Jobs to be killed", version="1.0")
