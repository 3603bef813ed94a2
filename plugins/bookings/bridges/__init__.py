"""Glue to plugins that Parlour may run without."""
