"""Row-level security on PostgreSQL: one policy per scoped table, closed when no organisation is set.

Two roles make it hold: the owner (migrations, backup, copy) owns the tables and is not bound by the policies;
the site's role owns nothing. FORCE is not used: it silently empties the owner's own backfills and breaks
dumps.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

POLICY = "parlour_organisation"


def protect(connection: Connection, table: str) -> None:
    """Switch the policy on for a scoped table; does nothing on SQLite."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'))
    connection.execute(
        text(
            f'CREATE POLICY {POLICY} ON "{table}" '
            "USING (organisation_id = nullif(current_setting('parlour.organisation', true), '')::bigint)"
        )
    )


def grant_site(connection: Connection, role: str, read_only: Sequence[str] = ()) -> None:
    """Give the site's role what it needs on everything the owner has made so far; `read_only` tables it may
    not change.
    """
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(connection.execute(text("SELECT current_schema()")).scalar_one())
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {quote(role)}"))
    connection.execute(
        text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {quote(role)}")
    )
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {quote(role)}"))
    connection.execute(text(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {quote(role)}"))
    for table in read_only:
        connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {quote(table)} FROM {quote(role)}"))
