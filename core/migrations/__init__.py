"""Migrations: a directory and a version table for the core and for each plugin, run in dependency order."""
