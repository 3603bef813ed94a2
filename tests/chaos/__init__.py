"""Killing everything at random under load, and counting what became of the work."""
