"""Row-level security on PostgreSQL: one policy per scoped table, closed when no organisation is set.

Two roles make it hold: the owner (migrations, backup, copy) owns the tables and is not bound by the policies; the site's role
owns nothing. FORCE is not used: it silently empties the owner's own backfills and breaks dumps.
"""

from __future__ import annotations

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


def grant_site(connection: Connection, role: str) -> None:
    """Give the site's role what it needs on everything the owner has made so far."""
    if connection.dialect.name != "postgresql":
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    schema = connection.dialect.identifier_preparer.quote(connection.execute(text("SELECT current_schema()")).scalar_one())
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {quoted}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {quoted}"))
