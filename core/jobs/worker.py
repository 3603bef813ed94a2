"""`parlour worker`: the relay, and one Celery process per queue, so that no queue can starve another.

    supervisor (relay) ---broker---> default: threads   mail: threads   slow: threads   documents: one process

Documents run in a process of their own that is replaced now and then: rendering takes much memory and gives
little back.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from types import FrameType

import structlog

from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs.fit import core_fits
from parlour.jobs.models import QUEUES
from parlour.jobs.relay import BrokerRelay
from parlour.plugin.registry import boot
from parlour.settings import Settings

log = structlog.get_logger(__name__)

# How many jobs of a queue run at a time in one worker, unless it is told otherwise.
CONCURRENCY = {"default": 4, "mail": 4, "slow": 2, "documents": 1}
THREADS: dict[str, object] = {"pool": "threads"}
# A process is replaced after so many documents, or once it holds so much memory (KiB).
PROCESSES: dict[str, object] = {
    "pool": "prefork",
    "max_tasks_per_child": 200,
    "max_memory_per_child": 500_000,
}
POOLS = {"default": THREADS, "mail": THREADS, "slow": THREADS, "documents": PROCESSES}
# Seconds: until a queue's process that ended is started anew, and for running jobs when the worker is told to
# end.
RESTART, GRACE = 2.0, 30.0
MOST = 64


def read_queues(given: str) -> dict[str, int]:
    """What `--queues` asks for, as queue -> jobs at a time: "mail" or "mail=8,slow". Raises Refusal."""
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        name, _sep, count = part.partition("=")
        if name not in QUEUES:
            known = {"name": name, "names": ", ".join(QUEUES)}
            raise Refusal(_("There is no queue ${name}; the queues are ${names}.", mapping=known))
        if count and not (count.isdecimal() and 1 <= int(count) <= MOST):
            raise Refusal(
                _(
                    "The queue ${name} can do 1 to ${most} jobs at a time, as in ${name}=4.",
                    mapping={"name": name, "most": MOST},
                )
            )
        found[name] = int(count or CONCURRENCY[name])
    if not found:
        raise Refusal(_("Name at least one queue: ${names}.", mapping={"names": ", ".join(QUEUES)}))
    return found


def main(settings: Settings, *, queues: Mapping[str, int] = CONCURRENCY) -> None:
    """Work on these queues (queue -> jobs at a time) until told to end (SIGTERM, SIGINT). Raises Refusal without
    a broker.
    """
    if not settings.broker_url:
        raise Refusal(
            _(
                "Without PARLOUR_BROKER_URL the site runs its jobs itself. "
                "To use workers, set it to redis://… or amqp://…"
            )
        )
    from parlour.jobs.celery_app import make_celery

    app = make_celery(settings)
    engine = make_engine(settings.database_url)
    boot(settings, engine=engine)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    relay = BrokerRelay(engine, app)
    relay.start()
    children = {queue: _start(settings, queue, count) for queue, count in queues.items()}
    log.info("worker_started", queues=dict(queues))
    while not stopping.wait(RESTART):
        for queue, child in children.items():
            if not child.is_alive():
                log.warning("queue_process_ended", queue=queue, exit_code=child.exitcode)
                children[queue] = _start(settings, queue, queues[queue])
    relay.stop()
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.join(GRACE)
        if child.is_alive():
            child.kill()


def consume(settings: Settings, queue: str, concurrency: int) -> None:
    """What the process of one queue does."""
    from parlour.jobs.celery_app import make_celery, queue_name

    engine = make_engine(settings.database_url)
    boot(settings, engine=engine)
    core_fits(engine)  # remembers what this code wants
    engine.dispose()
    app = make_celery(settings)
    worker = app.Worker(
        queues=[queue_name(settings, queue)],
        hostname=f"parlour-{queue}-{os.getpid()}@%h",
        concurrency=concurrency,
        loglevel="WARNING",
        without_mingle=True,
        without_gossip=True,
        quiet=True,
        **POOLS[queue],
    )
    threading.Thread(target=_end_with_supervisor, name="parlour-supervised", daemon=True).start()
    worker.start()


def _end_with_supervisor() -> None:
    """A supervisor that was killed leaves nobody behind: its successor starts processes of its own."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _start(settings: Settings, queue: str, concurrency: int) -> BaseProcess:
    # Spawned, not forked: the supervisor has threads and connections. Not a daemon: the documents' process
    # has children.
    child = multiprocessing.get_context("spawn").Process(
        target=consume, args=(settings, queue, concurrency), name=f"parlour-{queue}"
    )
    child.start()
    return child
