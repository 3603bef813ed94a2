"""Celery, where a broker is set. Imported by workers only: the site must start without it.

There is one task, `run_job(id)`. Messages are acknowledged at once, because the job's row, not the message,
says what is to be done; a worker that is killed loses a hint, and the lease brings the job back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from celery import Celery
from sqlalchemy import Engine, make_url

from parlour.db.engine import make_engine
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs.run import run_job
from parlour.settings import Settings

TASK = "parlour.run_job"
SCHEMES = ("redis", "rediss", "amqp", "amqps")


def make_celery(settings: Settings) -> Celery:
    """The Celery application of an installation. Raises Refusal for a broker that it does not speak to."""
    scheme = settings.broker_url.partition("://")[0]
    if scheme not in SCHEMES:
        raise Refusal(
            _(
                "PARLOUR_BROKER_URL must begin with redis:// or amqp://, not ${name}.",
                mapping={"name": scheme or '""'},
            )
        )
    if scheme.startswith("redis"):
        try:
            import redis  # noqa: F401
        except ImportError as error:
            raise Refusal(
                _("Redis as a broker needs one more package: pip install 'parlour[redis]'")
            ) from error
        forget_lost_messages()
    app = Celery("parlour", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=5,
        task_acks_late=False,
        task_ignore_result=True,
        task_default_queue=queue_name(settings, "default"),
        broker_transport_options=_options(settings) if scheme.startswith("redis") else {},
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    app.parlour_settings = settings

    def run(job_id: int) -> None:
        run_job(_engine(settings.database_url, os.getpid()), job_id, settings=settings)

    app.task(run, name=TASK)
    return app


def forget_lost_messages() -> None:
    """Let a message whose acknowledgement is lost with Redis count as done with.

    Celery logs that and goes on, while kombu holds the message against the number that a process may have at a time;
    when that is one, the process never takes another.
    """
    from kombu.transport import redis, virtual

    class Forgetful(redis.QoS):
        def ack(self, delivery_tag: Any) -> None:
            try:
                super().ack(delivery_tag)  # type: ignore[no-untyped-call]
            except Exception:
                virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
                raise

    redis.Channel.QoS = Forgetful


def send(app: Celery, job_id: int, queue: str) -> None:
    """Hand a job over. Raises whatever the transport raises when the broker does not take it."""
    app.send_task(TASK, args=[job_id], queue=queue_name(app.parlour_settings, queue), ignore_result=True)


def held(app: Celery, queues: Sequence[str]) -> dict[str, int]:
    """How many messages lie in each queue and wait for a worker. Raises what the transport raises, as `send` does."""
    found = {}
    with app.pool.acquire(block=True) as connection:
        # Otherwise the first channel tries for seconds, and the relay has more to do than to wait.
        connection.ensure_connection(max_retries=1, interval_start=0.2)
        channel = connection.default_channel
        for queue in queues:
            # As Celery makes it. Whether one is there cannot be asked of Redis with names of one's own.
            declared = channel.queue_declare(
                queue=queue_name(app.parlour_settings, queue), durable=True, auto_delete=False
            )
            found[queue] = declared.message_count
    return found


def queue_name(settings: Settings, queue: str) -> str:
    """The name of a queue at the broker. Installations that share a broker must not take each other's ids."""
    return f"{prefix(settings)}-{queue}"


def prefix(settings: Settings) -> str:
    """What every name of this installation at a broker begins with."""
    url = make_url(settings.database_url)
    place = f"{url.host}:{url.port}/{url.database}/{url.query.get('options', '')}"
    return f"parlour-{sha256(place.encode()).hexdigest()[:8]}"


def _options(settings: Settings) -> dict[str, object]:
    """Redis: names of its own for what is kept beside the queues, and no endless wait for a server that is gone."""
    return {
        "global_keyprefix": f"{prefix(settings)}:",
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "health_check_interval": 10,
        "retry_on_timeout": True,
    }


@cache
def _engine(url: str, process: int) -> Engine:
    """An engine for each process: connections do not survive the fork of a worker."""
    return make_engine(url)
