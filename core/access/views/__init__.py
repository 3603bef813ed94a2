"""Pages of access. Each reads the form, calls a function of the domain, and says what became of it."""
