"""The relay: one thread that has done what is due, by threads of this process or by a broker's workers.

It wakes when something was committed in this process, and otherwise looks several times a second; a look
costs one indexed query. Any number of relays may run: what one takes, the others do not see.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from parlour.db.engine import make_engine
from parlour.jobs import schedules
from parlour.jobs.control import bring_back, unpark_returned
from parlour.jobs.fit import core_fits
from parlour.jobs.lease import claim_due, hand_due, has_due, recover, take_back, take_back_all
from parlour.jobs.models import QUEUES
from parlour.jobs.outbox import bell
from parlour.jobs.run import run_job
from parlour.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

log = structlog.get_logger(__name__)

# Threads of the embedded relay per queue.
SLOTS = {"default": 3, "mail": 2, "documents": 1, "slow": 1}
# How many jobs of a queue may lie with the broker without having begun, those counted that it was given twice.
WINDOW = 200
# Seconds between looks, between looks after lost workers and due schedules, between looks at all that is
# declared, and after a fault of the database or the broker.
POLL, RECOVER, SYNC, PAUSE = 0.5, 5.0, 60.0, 5.0


class Relay:
    """The loop. What becomes of due jobs is up to the two kinds below."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.stopping = threading.Event()
        self.bell = bell()
        self._thread = threading.Thread(target=self._loop, name="parlour-relay", daemon=True)
        self._next: dict[str, float] = {}
        self.fits = True
        self._after = 0.0

    def start(self, after: float = 0.0) -> None:
        """Begin to look, in so many seconds."""
        self._after = after
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Take nothing more. What is still running after `timeout` seconds is left to its lease."""
        self.stopping.set()
        self.bell.set()
        self._thread.join(timeout)

    def dispatch(self) -> None:
        """Have done what is due."""
        raise NotImplementedError

    def _loop(self) -> None:
        self.stopping.wait(self._after)
        while not self.stopping.is_set():
            pause = POLL
            try:
                self._every(RECOVER, self._look_at_tables)
                if self.fits:
                    self._every(SYNC, schedules.sync)
                    self._every(SYNC, unpark_returned)
                    self._every(SYNC, bring_back)
                    self._every(RECOVER, recover)
                    self._every(RECOVER, schedules.tick)
                    self.dispatch()
            except SQLAlchemyError as error:
                log.warning("relay_waits_for_database", error=str(error).splitlines()[0])
                pause = PAUSE
            except Exception as error:
                # Whatever goes wrong with one job or schedule, this thread is what all the others hang on.
                log.exception("relay_turn_failed", exc_info=error)
                pause = PAUSE
            if pause == POLL:
                self.bell.wait(pause)
                self.bell.clear()
            else:
                self.stopping.wait(pause)

    def _every(self, seconds: float, action: Callable[[Engine], object]) -> None:
        moment = time.monotonic()
        if moment >= self._next.get(action.__name__, 0.0):
            self._next[action.__name__] = moment + seconds
            action(self.engine)

    def _look_at_tables(self, engine: Engine) -> None:
        """While the tables are behind or ahead of this code, do nothing; a process that fits them will."""
        fits = core_fits(engine)
        if fits != self.fits:
            self.fits = fits
            log.warning("relay_goes_on" if fits else "relay_waits_for_tables_that_fit_its_code")


class EmbeddedRelay(Relay):
    """Runs the jobs itself, each queue in threads of its own."""

    def __init__(self, engine: Engine, settings: Settings | None = None):
        super().__init__(engine)
        self.settings = settings
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._running: set[threading.Thread] = set()

    def dispatch(self) -> None:
        with self._lock:
            free = {
                queue: SLOTS[queue] - self._busy[queue]
                for queue in QUEUES
                if self._busy[queue] < SLOTS[queue]
            }
        if not free:
            return
        for job_id, queue, token in claim_due(self.engine, free):
            # Daemons: a process that is told to end does so; the lease brings the job back.
            thread = threading.Thread(
                target=self._work, args=(job_id, queue, token), name=f"parlour-{queue}-{job_id}", daemon=True
            )
            with self._lock:
                self._busy[queue] += 1
                self._running.add(thread)
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Take nothing more, let jobs stop at their next checkpoint, and wait up to `timeout` seconds."""
        end = time.monotonic() + timeout
        super().stop(timeout)
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self, job_id: int, queue: str, token: str) -> None:
        try:
            run_job(self.engine, job_id, token, settings=self.settings, stopping=self.stopping)
        except Exception as error:
            log.exception("job_left_to_its_lease", job=job_id, exc_info=error)
        finally:
            with self._lock:
                self._busy[queue] -= 1
                self._running.discard(threading.current_thread())
            self.bell.set()


class BrokerRelay(Relay):
    """Hands due jobs to Celery. The message is only a hint: who runs the job is decided by its row."""

    def __init__(self, engine: Engine, app: Celery):
        super().__init__(engine)
        self.app = app
        self.away = False

    def dispatch(self) -> None:
        from parlour.jobs.celery_app import held, send

        if not has_due(self.engine, QUEUES, handed=True):
            return
        try:
            lying = held(self.app, QUEUES)
        except Exception as error:  # as below
            self._wait(error)
            return
        handed = hand_due(self.engine, dict.fromkeys(QUEUES, WINDOW), lying)
        for position, (job_id, queue) in enumerate(handed):
            try:
                send(self.app, job_id, queue)
            except Exception as error:  # each transport of the broker has faults of its own
                take_back(self.engine, [job_id for job_id, _queue in handed[position:]])
                self._wait(error)
                return
        if handed and self.away:
            take_back_all(self.engine)
            self.away = False
            log.warning("broker_answers_again")

    def _wait(self, error: Exception) -> None:
        self.away = True
        log.warning("broker_does_not_answer", error=str(error))
        self.stopping.wait(PAUSE)


def start_embedded(
    settings: Settings, engine: Engine | None = None, *, after: float = 0.0
) -> EmbeddedRelay | None:
    """Start the relay of a serving process, which runs the jobs itself, in so many seconds. Plugins are loaded before.

    None with a broker: then `parlour worker` does all of this. The caller ends it with `stop()`. Each process
    of a server may start one.
    """
    if settings.broker_url:
        return None
    engine = engine or make_engine(settings.database_url, pool_size=sum(SLOTS.values()) + 2)
    relay = EmbeddedRelay(engine, settings)
    relay.start(after)
    return relay
