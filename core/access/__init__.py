"""Who may come in and what they may do: organisations, people, roles, and rules that compile to SQL."""
