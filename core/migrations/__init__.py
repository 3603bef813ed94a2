"""Migrations: one directory and one version table per owner (the core, each plugin), run in dependency order."""
