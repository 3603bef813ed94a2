"""A Redis that goes away between a message and its acknowledgement does not stop a worker that takes one at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

redis = pytest.importorskip("kombu.transport.redis")


class Away:
    """Stands for every command to a server that is not there."""

    def __enter__(self) -> Away:
        raise ConnectionError

    def __exit__(self, *_error: object) -> None: ...


def may_take_another(kind: Any) -> bool:
    channel = SimpleNamespace(
        connection=SimpleNamespace(),
        conn_or_acquire=lambda *_given: Away(),
        unacked_restore_limit=None,
        do_restore=False,
    )
    qos = kind(channel, 1)
    super(redis.QoS, qos).append(SimpleNamespace(), "tag")
    assert not qos.can_consume()
    with pytest.raises(ConnectionError):
        qos.ack("tag")
    return bool(qos.can_consume())


def test_a_message_whose_acknowledgement_is_lost_keeps_nobody_from_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from parlour.jobs.celery_app import forget_lost_messages

    monkeypatch.setattr(redis.Channel, "QoS", redis.QoS)
    assert not may_take_another(redis.Channel.QoS), "the control: kombu's own holds it for ever"
    forget_lost_messages()
    assert may_take_another(redis.Channel.QoS)
