"""The search by index looks into tables of the owner alone.

What stands in a view is worked out as whoever reads it, so a temporary view of the site's role made the owner run what
stood in it. Temporary names come last in the search path, so that none of them hides one of the catalogue.
"""

from __future__ import annotations

from alembic import op

from parlour.migrations import operations

revision = "core_0009"
down_revision = "core_0008"

SEARCH = """
CREATE OR REPLACE FUNCTION parlour_search(wanted regclass, owner name, searched name, pattern text)
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 500 SET search_path = {path} AS $$
DECLARE
    organisation bigint := nullif(current_setting('parlour.organisation', true), '')::bigint;
BEGIN
    {guard}
    RETURN QUERY EXECUTE format('SELECT %I FROM %s WHERE organisation_id = $1 AND %I LIKE $2', owner, wanted, searched)
    USING organisation, pattern;
END $$
"""
FREQUENT = """
CREATE OR REPLACE FUNCTION parlour_frequent(wanted regclass, searched name, pattern text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = {path} AS $$
DECLARE
    organisation bigint := nullif(current_setting('parlour.organisation', true), '')::bigint;
    many double precision := greatest(2000, 0.025 * (SELECT reltuples FROM pg_class WHERE oid = wanted));
    plan json;
BEGIN
    {guard}
    IF (SELECT reltuples FROM pg_class WHERE oid = wanted) < many THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'EXPLAIN (FORMAT JSON) SELECT 1 FROM %s WHERE organisation_id = %L AND %I LIKE %L',
        wanted, organisation, searched, pattern
    ) INTO plan;
    RETURN (plan->0->'Plan'->>'Plan Rows')::double precision > many;
END $$
"""
GUARD = """
    IF NOT EXISTS (
        SELECT 1 FROM pg_class WHERE oid = wanted AND relkind = 'r' AND pg_get_userbyid(relowner) = current_user
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s is not a table of %s', wanted, current_user);
    END IF;
"""


def _replace(path: str, guard: str) -> None:
    if operations.on_postgresql():
        for function in (SEARCH, FREQUENT):
            op.execute(function.replace("{path}", path).replace("{guard}", guard))


def upgrade() -> None:
    _replace("pg_catalog, pg_temp", GUARD)


def downgrade() -> None:
    _replace("pg_catalog", "")
