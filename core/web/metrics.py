"""Figures for Prometheus at /metrics: how the site is doing, and nothing about who uses it.

Off unless a token or addresses are set. Labels are names of routes, queues and states: few, and known beforehand.
Each process counts for itself in a file, and whichever is asked adds the files up.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.tweens import INGRESS
from sqlalchemy import Engine, event, func, select

from parlour.access.policy import address_of
from parlour.db.base import Moment, now
from parlour.jobs.models import CANCELLED, DONE, UNCERTAIN, WAITING, Job

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATEMENTS = (1, 2, 5, 10, 15, 20, 30, 50, 100)
_run = threading.local()


def includeme(config: Configurator) -> None:
    settings = config.registry["parlour.settings"]
    if not (settings.metrics_token or settings.metrics_networks):
        return
    event.listen(config.registry["parlour.engine"], "before_cursor_execute", _count)
    config.add_tween("parlour.web.metrics.metrics_tween", under=INGRESS, over="parlour.web.logs.log_tween")
    config.add_route("metrics", "/metrics", request_method="GET")
    config.add_view(metrics, route_name="metrics", permission=NO_PERMISSION_REQUIRED)


def metrics(request: Request) -> Response:
    """Everything, in Prometheus' text format. 404 for who may not ask."""
    if not _may_ask(request):
        raise HTTPNotFound()
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = figures().registry
    said = generate_latest(registry)
    jobs = CollectorRegistry()
    jobs.register(Jobs(request.registry["parlour.reader"]))
    return Response(said + generate_latest(jobs), headers={"Content-Type": CONTENT_TYPE_LATEST})


def metrics_tween(handler: Callable[[Request], Response], registry: Any) -> Callable[[Request], Response]:
    shown = figures()
    pool = registry["parlour.engine"].pool

    def tween(request: Request) -> Response:
        _run.statements = 0
        begun = time.perf_counter()
        status = 500
        try:
            response = handler(request)
            status = response.status_code
            return response
        finally:
            route = getattr(request, "matched_route", None)
            name = route.pattern if route is not None else "none"
            method = request.method if request.method in METHODS else "other"
            shown.requests.labels(method, name, str(status)).inc()
            shown.seconds.labels(name).observe(time.perf_counter() - begun)
            shown.statements.labels(name).observe(_run.statements)
            shown.connections.labels("in use").set(pool.checkedout())
            shown.connections.labels("idle").set(pool.checkedin())
            shown.memory.set(_memory())
            shown.processes.set(1)

    return tween


@cache
def figures() -> SimpleNamespace:
    """The figures of this process. Made once: the library keeps them by name."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()
    given: dict[str, Any] = {"registry": registry}
    live = given | {"multiprocess_mode": "livesum"}
    return SimpleNamespace(
        registry=registry,
        requests=Counter("parlour_requests", "Requests answered", ["method", "route", "status"], **given),
        seconds=Histogram(
            "parlour_request_seconds", "Time until the answer was ready", ["route"], buckets=SECONDS, **given
        ),
        statements=Histogram(
            "parlour_request_statements",
            "Database statements of a request",
            ["route"],
            buckets=STATEMENTS,
            **given,
        ),
        connections=Gauge("parlour_database_connections", "Connections of all processes", ["state"], **live),
        memory=Gauge("parlour_memory_bytes", "Resident memory of all processes that serve", **live),
        processes=Gauge("parlour_processes", "Processes that have served", **live),
    )


class Jobs:
    """Background work as the database has it, asked when somebody looks."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        jobs = GaugeMetricFamily("parlour_jobs", "Jobs that are not over", labels=["queue", "state"])
        uncertain = GaugeMetricFamily("parlour_sends_uncertain", "Sends that a person must decide about")
        age = GaugeMetricFamily("parlour_outbox_age_seconds", "How long the oldest due job has been waiting")
        with self._engine.connect() as connection:
            counts = connection.execute(
                select(Job.queue, Job.state, func.count())
                .where(Job.state.not_in((DONE, CANCELLED)))
                .group_by(Job.queue, Job.state)
            ).all()
            oldest = connection.scalar(
                select(func.min(Job.run_at, type_=Moment)).where(Job.state == WAITING, Job.run_at <= now())
            )
        for queue, state, count in counts:
            jobs.add_metric([queue, state], count)
        uncertain.add_metric([], sum(count for _queue, state, count in counts if state == UNCERTAIN))
        age.add_metric([], (now() - oldest).total_seconds() if oldest else 0)
        yield from (jobs, uncertain, age)


def _may_ask(request: Request) -> bool:
    settings = request.settings
    given = request.headers.get("Authorization", "")
    if settings.metrics_token and hmac.compare_digest(
        given.encode("utf-8", "replace"), f"Bearer {settings.metrics_token}".encode()
    ):
        return True
    try:
        address = ipaddress.ip_address(address_of(request))
    except ValueError:
        return False
    return any(address in network for network in settings.metrics_networks)


def _count(*_given: Any) -> None:
    _run.statements = getattr(_run, "statements", 0) + 1


def _memory() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux
        return 0
