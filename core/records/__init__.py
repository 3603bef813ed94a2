"""Records: one declaration gives table, form, list, search, import, export, history and access check."""
