"""A vendor's plugin and its tests, as they would lie in the vendor's own repository."""
