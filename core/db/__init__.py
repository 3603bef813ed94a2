"""Bases, sessions, tenancy guards and row-level security."""
