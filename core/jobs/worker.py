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
from multiprocessing.process import BaseProcess
from types import FrameType

import structlog

from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs.models import QUEUES
from parlour.jobs.relay import BrokerRelay
from parlour.plugin.registry import boot
from parlour.settings import Settings

log = structlog.get_logger(__name__)

POOLS: dict[str, dict[str, object]] = {
    "default": {"pool": "threads", "concurrency": 4},
    "mail": {"pool": "threads", "concurrency": 4},
    "slow": {"pool": "threads", "concurrency": 2},
    "documents": {"pool": "prefork", "concurrency": 1, "max_tasks_per_child": 200},
}
# Seconds: until a queue's process that ended is started anew, and for running jobs when the worker is told to
# end.
RESTART, GRACE = 2.0, 30.0


def main(settings: Settings, *, queues: tuple[str, ...] = QUEUES) -> None:
    """Work until told to end (SIGTERM, SIGINT). Raises Refusal without a broker."""
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
    children = {queue: _start(settings, queue) for queue in queues}
    log.info("worker_started", queues=queues)
    while not stopping.wait(RESTART):
        for queue, child in children.items():
            if not child.is_alive():
                log.warning("queue_process_ended", queue=queue, exit_code=child.exitcode)
                children[queue] = _start(settings, queue)
    relay.stop()
    for child in children.values():
        child.terminate()
    for child in children.values():
        child.join(GRACE)
        if child.is_alive():
            child.kill()


def consume(settings: Settings, queue: str) -> None:
    """What the process of one queue does."""
    from parlour.jobs.celery_app import make_celery, queue_name

    engine = make_engine(settings.database_url)
    boot(settings, engine=engine)
    engine.dispose()
    app = make_celery(settings)
    worker = app.Worker(
        queues=[queue_name(settings, queue)],
        hostname=f"parlour-{queue}@%h",
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


def _start(settings: Settings, queue: str) -> BaseProcess:
    # Spawned, not forked: the supervisor has threads and connections. Not a daemon: the documents' process
    # has children.
    child = multiprocessing.get_context("spawn").Process(
        target=consume, args=(settings, queue), name=f"parlour-{queue}"
    )
    child.start()
    return child
