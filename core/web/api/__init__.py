"""The REST API: records for programs, under the same rules, through the same write path.

caller.py     the token of a call, and whose organisation it opens
body.py       JSON in, with limits          answers.py   JSON out, with entity tags
reading.py    lists and single records      writing.py   new, changed, deleted, actions
problems.py   how it says no                openapi.py   what it says about itself
limits.py     how often somebody may call   replay.py    Idempotency-Key
"""

from __future__ import annotations

from typing import Any

V1 = "/api/v1"
PUBLIC = f"{V1}/public/{{organisation}}"


def includeme(config: Any) -> None:
    """Routes of the API. Views without a method of their own are answered with 405 by `web.errors`."""
    from parlour.web.api.contexts import CallContext, RecordContext, RowContext

    config.add_directive("add_api_route", add_api_route)
    config.add_route("api.openapi", f"{V1}/openapi.json", factory=CallContext)
    config.add_route("api.records", f"{V1}/records", factory=CallContext)
    config.add_route("api.record", f"{V1}/records/{{record}}", factory=RecordContext)
    config.add_route("api.row", f"{V1}/records/{{record}}/{{id}}", factory=RowContext)
    config.add_route("api.action", f"{V1}/records/{{record}}/{{id}}/actions/{{action}}", factory=RowContext)
    config.scan("parlour.web.api")


def add_api_route(config: Any, name: str, path: str, *, public: bool = False) -> None:
    """Directive for the `api.py` of plugins: a route below /api/v1/<plugin>/, or, for everybody, below
    /api/v1/public/{organisation}/<plugin>/.
    """
    from parlour.plugin.gate import plugin_of
    from parlour.web.api.contexts import CallContext

    place = PUBLIC if public else V1
    plugin = plugin_of(config.package.__name__)
    config.add_route(name, f"{place}/{plugin}/{path.lstrip('/')}".rstrip("/"), factory=CallContext)


def for_programs(request: Any) -> bool:
    """Whether the address belongs to the API, where tokens count and cookies do not."""
    return str(request.environ.get("PATH_INFO", "")).startswith("/api/")
