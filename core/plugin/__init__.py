"""Plugins: what they declare, how they are found, ordered, loaded, switched and called.

Three states, never mixed: *loaded* (per process), *installed* (per database), *enabled* (per organisation).
"""

from parlour.plugin.manifest import Plugin

__all__ = ["Plugin"]
