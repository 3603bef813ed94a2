"""How many SMS may go: in a day, to one number, counted when two workers send at once."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.session import Session
from parlour.jobs.run import run_job
from parlour.plugins.messages import delivery, limits, services
from tests.plugins.messages.conftest import JSON, Office
from tests.support.providers import Provider


def test_no_more_sms_go_in_a_day_than_the_salon_allows(office: Office, by_sms: Provider) -> None:
    office.set(sms_per_day=2)
    clients = [office.client(phones=[f"+7916123450{n}"]) for n in range(3)]
    messages = [office.send(client) for client in clients]
    for message in messages:
        office.run(message)
    assert [office.state(message) for message in messages] == [("sent", None)] * 2 + [("postponed", "limit")]
    assert len(by_sms.asked) == 2
    later = office.row(messages[2]).send_at
    assert later is not None
    # Midnight in Moscow.
    assert (later + timedelta(hours=3)).strftime("%H:%M") == "00:00"


def test_a_thousand_codes_to_one_number_are_five_an_hour(office: Office, by_sms: Provider) -> None:
    address = services.Address("sms", "+79161234567")
    messages = [office.send(None, "visitors.code", address=address) for _one in range(8)]
    for message in messages:
        office.run(message)
    assert len(by_sms.asked) == 5
    assert [office.state(message)[0] for message in messages[5:]] == ["postponed"] * 3


def test_a_code_that_would_come_too_late_is_not_sent(office: Office, by_sms: Provider) -> None:
    office.set(sms_per_hour=1)
    address = services.Address("sms", "+79161234567")
    office.run(office.send(None, "visitors.code", address=address))
    message = office.send(None, "visitors.code", address=address, expires_at=now() + timedelta(minutes=10))
    office.run(message)
    assert office.state(message) == ("late", "limit")
    assert len(by_sms.asked) == 1


def test_parts_count_and_a_text_longer_than_a_day_fails(office: Office, by_sms: Provider) -> None:
    office.set(sms_per_day=3)
    client = office.client(phones=["+79161234567"])
    long = {"subject": "s", "text": "ж" * 100}
    first = office.send(client, "messages.letter", values=long)
    second = office.send(client, "messages.letter", values=long)
    third = office.send(client, "messages.letter", values={"subject": "s", "text": "ж" * 300})
    for message in (first, second, third):
        office.run(message)
    assert office.row(first).parts == 2
    assert [office.state(message) for message in (first, second, third)] == [
        ("sent", None),
        ("postponed", "limit"),
        ("failed", "limit"),
    ]


def _last_one_twice(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two workers at once, with room for one SMS more: the states of both messages."""
    office.set(sms_per_day=1)
    clients = [office.client(phones=[f"+7916123450{n}"]) for n in range(2)]
    messages = [office.send(client) for client in clients]
    jobs = [office.job(message) for message in messages]
    counted, real = threading.Barrier(2), limits.free_at

    def count(session: Session, *args: Any) -> Any:
        found = real(session, *args)
        if found is None and not counted.broken:
            # Wait for the other one to have counted, too; where it waits for our lock, it never comes.
            with suppress(threading.BrokenBarrierError):
                counted.wait(2)
        return found

    monkeypatch.setattr(delivery, "free_at", count)
    threads = [
        threading.Thread(target=run_job, args=(office.engine, job), kwargs={"settings": office.settings})
        for job in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(office.state(message)[0] for message in messages)


def test_two_workers_at_once_do_not_both_send_the_last_sms(
    office: Office, by_sms: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _last_one_twice(office, monkeypatch) == ["postponed", "sent"]
    assert len(by_sms.asked) == 1


def test_control_without_the_lock_both_would(
    office: Office, by_sms: Provider, monkeypatch: pytest.MonkeyPatch, database_kind: str
) -> None:
    if database_kind == "sqlite":
        return  # on SQLite one job writes after the other, lock or none
    monkeypatch.setattr(limits, "lock_organisation", lambda session: None)
    assert _last_one_twice(office, monkeypatch) == ["sent", "sent"]


def test_what_goes_into_the_journal_alone_costs_nothing(office: Office, provider: Provider) -> None:
    office.set(sms="log", sms_per_day=0)
    message = office.send(office.client(phones=["+79161234567"]))
    office.run(message)
    assert office.state(message) == ("sent", None)
    assert provider.asked == []


def test_limits_of_one_salon_are_not_those_of_another(
    office: Office, by_sms: Provider, other_organisation: Organisation
) -> None:
    office.set(sms_per_day=1)
    office.run(office.send(office.client(phones=["+79161234567"])))
    other = Office(office.engine, office.settings, other_organisation)
    other.set(sms_url=f"{by_sms.url}/other", sms_per_day=1, quiet_from="", quiet_to="", **JSON)
    message = other.send(other.client(phones=["+79161234567"]))
    other.run(message)
    assert other.state(message) == ("sent", None)
