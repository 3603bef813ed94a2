"""Themes: page templates, form templates and style."""
