"""The site: requests, contexts, the gate, pages' parts and menus, headers, errors, static files."""
