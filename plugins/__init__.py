"""Plugins that ship with Parlour; the core knows none of them by name."""
