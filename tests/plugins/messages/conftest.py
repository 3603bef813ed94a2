"""A kind of message as another plugin declares one, and a desk from which to send and to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.router import Router
from sqlalchemy import Engine, select, update

from parlour.access.models import Organisation
from parlour.db.base import now
from parlour.db.engine import reader
from parlour.db.session import Session
from parlour.hooks import hookimpl
from parlour.jobs import enqueue
from parlour.jobs.lease import recover
from parlour.jobs.models import WAITING, Job
from parlour.jobs.run import run_job
from parlour.plugin.registry import current
from parlour.plugins.contacts.models import Contact
from parlour.plugins.messages import services
from parlour.plugins.messages.kinds import ADVERTISING, About, MessageKind, Shipped, Variable
from parlour.plugins.messages.kinds import SAMPLE_MOMENT as NOON
from parlour.plugins.messages.models import Message, Payload
from parlour.plugins.messages.options import save_options
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing import people
from parlour.testing.mailbox import Mailbox
from tests.support.providers import Provider, serving

# Answers as a bridge between the two does: where both are on.
OWNER = "visitors:messages"
TEXTS = {
    "en": Shipped(
        "You are expected",
        "{first_name}, we expect you on {start}.\n\n{salon}",
        "{start.date} at {start.time}",
    ),
    "ru": Shipped(
        "Мы вас ждём", "{first_name}, ждём вас: {start}.\n\n{salon}", "{start.date} в {start.time}"
    ),
}
START = Variable("start", "Start", NOON)
ANNA = {"emails": ["anna@example.com"], "first_name": "Анна", "last_name": "Орлова"}
# A provider of SMS as a salon describes one.
JSON = {
    "sms": "http",
    "sms_headers": "Content-Type: application/json\nAuthorization: Bearer {secret}",
    "sms_body": '{"phone": "{digits}", "from": "{sender}", "message": "{text}", "id": "{id}"}',
    "sms_secret": "s3cret",
    "sms_sender": "JASMINE",
    "sms_accepted": '"status":"OK"',
    "sms_number": "messages.0.id",
}


class Visits:
    """What the owner of the kind knows: asked right before sending."""

    def __init__(self) -> None:
        self.asked: list[About] = []
        self.answer: Mapping[str, Any] | None = {}

    def still(self, session: Session, about: About) -> Mapping[str, Any] | None:
        self.asked.append(about)
        return self.answer


class Office:
    """Sends messages in the salon, does the jobs, and looks at what became of them."""

    def __init__(self, engine: Engine, settings: Settings, organisation: Organisation):
        self.engine, self.settings, self.organisation = engine, settings, organisation
        self.number = 0

    def session(self) -> Session:
        return people.trusted(self.engine, self.organisation)

    def client(self, name: str = "Орлова Анна", **values: Any) -> int:
        with self.session() as session:
            made = save(session, Contact, {"name": name, **values})
            session.commit()
        return made

    def set(self, **values: Any) -> None:
        with self.session() as session:
            save_options(session, values, self.settings.secret)
            session.commit()

    def send(self, contact_id: int | None, kind: str = "visitors.reminder", **given: Any) -> int:
        self.number += 1
        given.setdefault("dedupe_key", f"test:{self.number}")
        if kind.startswith("visitors."):
            given.setdefault("values", {"start": NOON})
        with self.session() as session:
            made = services.send(session, kind, contact_id=contact_id, **given)
            session.commit()
        return made

    def do(self, work: Callable[[Session], Any]) -> Any:
        with self.session() as session:
            found = work(session)
            session.commit()
        return found

    def run(self, message: int, *, early: bool = True) -> str | None:
        """Do the message's job, before its time unless told otherwise; the state of the job."""
        job_id = self.job(message)
        if early:
            with self.engine.begin() as connection:
                connection.execute(
                    update(Job).where(Job.id == job_id, Job.state == WAITING).values(run_at=now())
                )
        return run_job(self.engine, job_id, settings=self.settings)

    def bounces(self, source: Path | None = None) -> str | None:
        """Do the job that reads the mailbox; what it fails with."""
        settings = replace(self.settings, mail_bounces=str(source or ""))
        job_id = self.do(lambda session: enqueue(session, "messages.bounces"))
        run_job(self.engine, job_id, settings=settings)
        with reader(self.engine).connect() as connection:
            error = connection.scalar(select(Job.error).where(Job.id == job_id))
        return None if error is None else str(error["text"])

    def job(self, message: int) -> int:
        with self.session() as session:
            return int(session.scalar(select(Payload.job_id).where(Payload.message_id == message)) or 0)

    def job_state(self, message: int) -> Any:
        with reader(self.engine).connect() as connection:
            return connection.scalar(select(Job.state).where(Job.id == self.job(message)))

    def row(self, message: int) -> Message:
        with self.session() as session:
            return session.scalars(select(Message).where(Message.id == message)).one()

    def state(self, message: int) -> tuple[str, str | None]:
        row = self.row(message)
        return row.state, row.reason

    def lose_worker(self, message: int) -> None:
        """The worker was killed after the message was marked as sending."""
        job_id = self.job(message)
        with self.engine.begin() as connection:
            connection.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(state="sending", locked_by="gone", locked_until=now() - timedelta(seconds=1))
            )
        recover(self.engine)


@pytest.fixture
def visits() -> Visits:
    return Visits()


@pytest.fixture
def kinds(app: Router, organisation: Organisation, visits: Visits) -> Iterator[list[MessageKind]]:
    """The kinds that another plugin declares; tests may add to the list. Putting the site together loads plugins anew, so it
    comes first.
    """
    declared = [
        MessageKind("visitors.reminder", "Reminder", TEXTS, [START], still=visits.still),
        MessageKind("visitors.code", "Code", TEXTS, [START], quiet=False),
        MessageKind("visitors.offer", "Offer", TEXTS, [START], purpose=ADVERTISING),
    ]

    class Hooks:
        @hookimpl
        def messages_kinds(self, session: Session) -> Sequence[MessageKind]:
            return declared

    manager = current().pm
    manager.register(Hooks(), OWNER)
    yield declared
    manager.unregister(name=OWNER)


@pytest.fixture
def office(
    engine: Engine, settings: Settings, organisation: Organisation, kinds: list[MessageKind], mailbox: Mailbox
) -> Office:
    """The salon with a mail server, and without quiet hours."""
    made = Office(engine, mailbox.settings(settings), organisation)
    made.set(quiet_from="", quiet_to="")
    return made


def moment(text: str) -> datetime:
    """A moment from ISO 8601 text with its zone."""
    return datetime.fromisoformat(text)


@pytest.fixture
def anna(office: Office) -> int:
    return office.client(**ANNA)


@pytest.fixture
def provider(office: Office) -> Iterator[Provider]:
    with serving() as made:
        office.settings = replace(office.settings, outgoing_private=True, mail_url="")
        yield made


@pytest.fixture
def by_sms(office: Office, provider: Provider) -> Provider:
    office.set(sms_url=f"{provider.url}/send", **JSON)
    return provider
