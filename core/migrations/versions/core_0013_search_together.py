"""Words that stand in one column are looked up together, by all their trigrams at once.

Two words of which each stands in thousands of names often stand together in a few hundred; looking one of them up brought
all its rows to throw nearly all of them away.
"""

from __future__ import annotations

from alembic import op

from parlour.migrations import operations

revision = "core_0013"
down_revision = "core_0012"

SEARCH = """
CREATE FUNCTION parlour_search_all(wanted regclass, owner name, searched name, patterns text[])
RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 500 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation bigint := nullif(current_setting('parlour.organisation', true), '')::bigint;
BEGIN
    {guard}
    RETURN QUERY EXECUTE format('SELECT %I FROM %s WHERE organisation_id = $1', owner, wanted)
        || (SELECT string_agg(format(' AND (%I || '''') LIKE %L', searched, pattern), '') FROM unnest(patterns) AS pattern)
    USING organisation;
END $$
"""
FREQUENT = """
CREATE FUNCTION parlour_frequent_all(wanted regclass, searched name, patterns text[])
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation bigint := nullif(current_setting('parlour.organisation', true), '')::bigint;
    rows double precision := greatest(0, (SELECT reltuples FROM pg_class WHERE oid = wanted));
    many double precision := greatest(2000, 12 * sqrt(rows));
    plan json;
BEGIN
    {guard}
    IF rows < many THEN
        RETURN false;
    END IF;
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT 1 FROM %s WHERE organisation_id = %L', wanted, organisation)
        || (SELECT string_agg(format(' AND (%I || '''') LIKE %L', searched, pattern), '') FROM unnest(patterns) AS pattern)
    INTO plan;
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
SIGNATURES = (
    "parlour_search_all(regclass, name, name, text[])",
    "parlour_frequent_all(regclass, name, text[])",
)


def upgrade() -> None:
    if not operations.on_postgresql():
        return
    for function in (SEARCH, FREQUENT):
        op.execute(function.replace("{guard}", GUARD))
    for signature in SIGNATURES:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")


def downgrade() -> None:
    if operations.on_postgresql():
        for signature in SIGNATURES:
            op.execute(f"DROP FUNCTION {signature}")
