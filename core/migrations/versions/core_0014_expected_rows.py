"""How many rows a word is expected in, as a number: of several words the cheapest way is chosen by comparing them."""

from __future__ import annotations

from alembic import op

from parlour.migrations import operations
from parlour.migrations.versions import core_0011_text_indexes, core_0013_search_together

revision = "core_0014"
down_revision = "core_0013"

EXPECTED = """
CREATE FUNCTION parlour_expected(wanted regclass, searched name, patterns text[])
RETURNS double precision LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation bigint := nullif(current_setting('parlour.organisation', true), '')::bigint;
    plan json;
BEGIN
    {guard}
    -- In so few rows looking up is never slow.
    IF (SELECT reltuples FROM pg_class WHERE oid = wanted) < 2000 THEN
        RETURN 0;
    END IF;
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT 1 FROM %s WHERE organisation_id = %L', wanted, organisation)
        || (SELECT string_agg(format(' AND (%I || '''') LIKE %L', searched, pattern), '') FROM unnest(patterns) AS pattern)
    INTO plan;
    RETURN (plan->0->'Plan'->>'Plan Rows')::double precision;
END $$
"""
SIGNATURE = "parlour_expected(regclass, name, text[])"
BEFORE = ("parlour_frequent(regclass, name, text)", "parlour_frequent_all(regclass, name, text[])")


def upgrade() -> None:
    if not operations.on_postgresql():
        return
    op.execute(EXPECTED.replace("{guard}", core_0013_search_together.GUARD))
    op.execute(f"REVOKE EXECUTE ON FUNCTION {SIGNATURE} FROM PUBLIC")
    for signature in BEFORE:
        op.execute(f"DROP FUNCTION {signature}")


def downgrade() -> None:
    if not operations.on_postgresql():
        return
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    one = core_0011_text_indexes.FREQUENT.replace("{expression}", "(%I || '''')")
    for function in (one, core_0013_search_together.FREQUENT):
        op.execute(function.replace("{guard}", core_0013_search_together.GUARD))
    for signature in BEFORE:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
