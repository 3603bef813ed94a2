"""What is spared in tests is really spared, and only there."""

from __future__ import annotations

from sqlalchemy import select

from parlour.db.engine import make_engine
from parlour.jobs.models import Job
from parlour.testing.thrift import share_statements


def compiled(engine):
    with engine.connect() as connection:
        return connection.execute(select(Job.id, Job.queue)).context.cache_hit.name


def test_a_statement_that_one_test_has_compiled_is_known_in_the_next(settings):
    engines = [make_engine(settings.database_url) for _number in range(3)]
    first, second, alone = engines
    for engine in (first, second):
        share_statements(engine)
    compiled(first)
    assert compiled(second) == "CACHE_HIT"
    assert compiled(alone) == "CACHE_MISS", "the control: an engine by itself begins anew"
    for engine in engines:
        engine.dispose()
