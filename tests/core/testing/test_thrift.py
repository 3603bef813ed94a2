"""What is spared in tests is really spared, and only there."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment, FunctionLoader
from sqlalchemy import select

from parlour.db.engine import make_engine
from parlour.jobs.models import Job
from parlour.testing.thrift import share_statements

# A file's name comes with it, as with the templates of pages; of others nothing is kept.
PAGE = FunctionLoader(lambda name: ("{% if true %}\n{{ word }}{% endif %}", f"/{name}", None))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"finalize": str.upper}, "\n<B>"),
        ({"autoescape": True}, "\n&lt;b&gt;"),
        ({"trim_blocks": True}, "<b>"),
    ],
    ids=["finalize", "autoescape", "trim_blocks"],
)
def test_each_environment_compiles_a_template_its_own_way(how: dict[str, Any], said: str) -> None:
    for given, expected in (({}, "\n<b>"), (how, said), ({}, "\n<b>")):
        assert Environment(loader=PAGE, **given).get_template("page").render(word="<b>") == expected


def test_environments_that_are_alike_share_what_is_compiled() -> None:
    one, two = (Environment().compile("{{ 1 }}", "page", "/shared") for _number in range(2))
    assert one is two
    assert one is not Environment(finalize=str).compile("{{ 1 }}", "page", "/shared")


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
