"""A database that is handed on is as good as a new one, and one that a test has altered is not handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from parlour.db.engine import make_engine
from parlour.plugin.registry import Plugins
from parlour.testing import databases, postgresql

pytestmark = pytest.mark.postgresql


def used(folder: Path, statement: str) -> tuple[str | None, Any]:
    """The name of the next test's database, and what its owner's statement answers there."""
    with databases.fresh("postgresql", folder) as made:
        engine = make_engine(made.settings.owner_database_url)
        with engine.begin() as connection:
            answer = connection.execute(text(statement))
            found = answer.scalar() if answer.returns_rows else None
        engine.dispose()
        return make_url(made.settings.database_url).database, found


def test_what_a_test_has_added_is_gone_and_what_it_has_altered_is_not_handed_on(
    plugins: Plugins, tmp_path: Path
) -> None:
    missing = databases.absent("postgresql")
    if missing:
        pytest.skip(missing)
    name, _nothing = used(tmp_path, "CREATE TABLE added (id integer)")
    assert used(tmp_path, "SELECT to_regclass('added')::text") == (name, None)
    assert used(tmp_path, f"GRANT INSERT ON core_plugin TO {postgresql.SITE}")[0] == name
    assert used(tmp_path, "SELECT 1")[0] != name
