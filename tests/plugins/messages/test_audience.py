"""One letter to many: to whom, once each, and in batches that survive a kill."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound, Refusal
from parlour.jobs import control
from parlour.jobs.context import JobContext
from parlour.jobs.run import run_job
from parlour.plugins.contacts.services import give_consent
from parlour.plugins.messages import audience, services
from parlour.plugins.messages.models import Message
from parlour.records.values import key_of
from parlour.testing.jobs import run_due
from parlour.testing.mailbox import Mailbox
from parlour.testing.site import Enter, statements
from tests.plugins.messages.conftest import NOON, Office

NEWS = "messages.news"
WORDS = {"subject": "Spring", "text": "Ten percent off in May, {first_name}"}


def _clients(office: Office, count: int, *, agreed: bool = True) -> list[int]:
    found = [office.client(f"Клиент {n}", emails=[f"client{n}@example.com"]) for n in range(count)]
    if agreed:
        office.do(lambda session: [_agree(session, client) for client in found])
    return found


def _agree(session: Session, client: int) -> None:
    give_consent(session, client, "advertising", version_of_text="1", source="paper")


def _ask(office: Office, **given: object) -> int:
    asked = {"values": WORDS, "dedupe_key": "spring"} | given
    return int(office.do(lambda session: audience.send_to(session, NEWS, **asked)))


@pytest.mark.parametrize("count", [1, audience.BATCH - 1, audience.BATCH, audience.BATCH + 1])
def test_everybody_gets_one_letter_whatever_the_size_of_the_batches(
    office: Office, mailbox: Mailbox, count: int
) -> None:
    _clients(office, count)
    _ask(office)
    run_due(office.engine, office.settings)
    assert sorted(mailbox.recipients) == sorted(f"client{n}@example.com" for n in range(count))
    # What somebody typed is not looked at for names.
    assert "Ten percent off in May, {first_name}" in mailbox.text()


def test_only_those_who_fit_the_filter_and_have_agreed(office: Office, mailbox: Mailbox) -> None:
    first, second, third = _clients(office, 3, agreed=False)
    office.do(lambda session: [_agree(session, client) for client in (first, second)])
    _ask(office, filter=["name", "contains", "Клиент"], ids=[second, third])
    run_due(office.engine, office.settings)
    assert mailbox.recipients == ["client1@example.com"]
    states = office.do(lambda session: session.scalars(select(Message.state).order_by(Message.id)).all())
    assert states == ["sent", "cancelled"]


def test_asking_twice_under_one_key_is_one_letter(office: Office, mailbox: Mailbox) -> None:
    _clients(office, 2)
    assert _ask(office) == _ask(office)
    run_due(office.engine, office.settings)
    assert len(mailbox.messages) == 2
    _ask(office, dedupe_key="summer")
    run_due(office.engine, office.settings)
    assert len(mailbox.messages) == 4


def test_two_cards_with_one_address_get_one_letter(office: Office, mailbox: Mailbox) -> None:
    twins = [office.client(f"Орлова {n}", emails=["anna@example.com"]) for n in range(2)]
    office.do(lambda session: [_agree(session, client) for client in twins])
    _ask(office)
    run_due(office.engine, office.settings)
    assert mailbox.recipients == ["anna@example.com"]
    found = office.do(
        lambda session: session.execute(select(Message.state, Message.reason).order_by(Message.id)).all()
    )
    assert [tuple(row) for row in found] == [("sent", None), ("cancelled", "twin")]


def test_a_kill_between_two_batches_loses_and_doubles_nobody(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 2 * audience.BATCH + 3
    _clients(office, count)
    job = _ask(office)
    real = JobContext.checkpoint

    class Killed(BaseException):
        pass

    def dying(context: JobContext, position: object, *args: object) -> None:
        real(context, position, *args)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(JobContext, "checkpoint", dying)
        with pytest.raises(Killed):
            run_job(office.engine, job, settings=office.settings)
    assert office.do(lambda session: session.scalar(select(func.count(Message.id)))) == audience.BATCH
    run_due(office.engine, office.settings)
    assert len(mailbox.recipients) == len(set(mailbox.recipients)) == count


def test_a_batch_goes_on_one_by_one_when_somebody_asks_for_the_same_at_that_moment(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = _clients(office, 3)
    office.send(clients[1], NEWS, values=WORDS, dedupe_key=f"spring:{clients[1]}", campaign="spring")
    # What the batch found out before it wrote is old by then.
    monkeypatch.setattr(services, "key_of", lambda key: key_of(key) if seen() else "old")
    looks = iter([False] * 3)

    def seen() -> bool:
        return next(looks, True)

    assert (
        office.do(lambda session: services.send_many(session, NEWS, clients, campaign="spring", values=WORDS))
        == 3
    )
    run_due(office.engine, office.settings)
    assert sorted(mailbox.recipients) == [f"client{n}@example.com" for n in range(3)]


def test_a_batch_costs_the_same_statements_but_for_its_jobs(office: Office) -> None:
    counted = []
    for size in (2, 12):
        clients = _clients(office, size, agreed=False)
        with office.session() as session, statements(office.engine) as seen:
            services.send_many(session, NEWS, clients, campaign=f"of {size}", values=WORDS)
            session.rollback()
        counted.append(len([one for one in seen if "core_job" not in one and "messages_payload" not in one]))
    assert counted[0] == counted[1]


def test_a_letter_that_is_stopped_takes_back_what_was_not_sent(office: Office, mailbox: Mailbox) -> None:
    _clients(office, 3)
    job = _ask(office)
    run_job(office.engine, job, settings=office.settings)
    assert office.do(lambda session: audience.stop(session, "spring")) == 3
    run_due(office.engine, office.settings)
    assert mailbox.messages == []
    job = _ask(office, dedupe_key="summer")
    office.do(lambda session: control.cancel(session, job))
    run_due(office.engine, office.settings)
    assert mailbox.messages == []


def test_who_may_not_write_to_many_cannot_and_who_sees_few_reaches_few(
    office: Office, mailbox: Mailbox, session_as: Callable[..., Session]
) -> None:
    _clients(office, 2)
    with session_as("receptionist") as session, pytest.raises(NotAllowed):
        audience.send_to(session, NEWS, values=WORDS, dedupe_key="spring")
    with session_as("manager") as session:
        audience.send_to(session, NEWS, values=WORDS, dedupe_key="spring")
        session.commit()
    run_due(office.engine, office.settings)
    assert len(mailbox.messages) == 2


def test_clients_of_another_salon_are_not_reached(
    office: Office, mailbox: Mailbox, other_organisation: Organisation
) -> None:
    other = Office(office.engine, office.settings, other_organisation)
    other.set(quiet_from="", quiet_to="")
    theirs = _clients(other, 1)
    with pytest.raises(Refusal):
        _ask(office, ids=theirs)
    _clients(office, 1)
    _ask(office)
    run_due(office.engine, office.settings)
    assert len(mailbox.messages) == 1


def test_what_makes_no_sense_is_refused(office: Office) -> None:
    with pytest.raises(Refusal):
        _ask(office)
    _clients(office, 1)
    with pytest.raises(ValueError, match="declare"):
        _ask(office, values={"start": NOON})
    with pytest.raises(ValueError, match="key"):
        _ask(office, dedupe_key="")
    with pytest.raises(NotFound):
        office.do(lambda session: audience.send_to(session, "messages.none", dedupe_key="x"))


def test_a_manager_writes_to_the_clients_of_a_list(office: Office, login: Enter, mailbox: Mailbox) -> None:
    clients = _clients(office, 3)
    manager = login("manager")
    address = f"/o/{office.organisation.slug}/r/contacts.contact/bulk"
    page = manager.post(address, {"action": "act:news", "id": [str(client) for client in clients[:2]]})
    form = page.forms["action"]
    form["subject"], form["text"] = "Spring", "Ten percent off"
    form.submit("save").follow()
    run_due(office.engine, office.settings)
    assert sorted(mailbox.recipients) == ["client0@example.com", "client1@example.com"]
    desk = login("receptionist").get(f"/o/{office.organisation.slug}/r/contacts.contact")
    assert "Write to all of them" not in desk.text
