"""Handlers whose effects can be counted: each effect is one line of the access log."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from parlour.access.models import AccessLog
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.jobs import NotSent, Schedule, work
from parlour.plugin.models import OrganisationPlugin


def effect(session, note, number=0):
    session.add(AccessLog(what="probe", record=note, row_count=number))


def count(session, job, note):
    effect(session, note)
    return {"note": note}


def falter(session, job, note, times):
    """Fails the first `times` times, after having written."""
    effect(session, note)
    session.flush()
    if job.attempt <= times:
        raise OSError("the other side does not answer")


def refuse(session, job):
    raise Refusal(_("There is no client ${name}.", mapping={"name": "Anna"}))


def batches(session, job, note, total, *, gate=None, kill_at=None, fail_at=None):
    """One effect per batch. On the first attempt the process is killed, or the job fails, before a batch is
    committed.

    After each batch it waits for the file `gate` with the number of the batch.
    """
    for number in range(job.position or 0, total):
        effect(session, note, number)
        session.flush()
        if kill_at == number and job.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if fail_at == number and job.attempt == 1:
            raise OSError("the disk is full")
        job.checkpoint(number + 1, number + 1, total, _("Batch ${n}", mapping={"n": number + 1}))
        if gate:
            wait_for(f"{gate}{number}")
        if job.cancelled():
            return


def late(session, job, note, gate):
    """Waits for the file `gate`, and writes then."""
    wait_for(gate)
    effect(session, note)


def obedient(session, job, note):
    effect(session, note)
    session.flush()
    job.stop_if_cancelled()


def reading(session, job, gate):
    """Reads for as long as the file `gate` is missing; returns the organisations whose switches it saw."""
    with job.reader() as looking:
        seen = set(looking.scalars(select(OrganisationPlugin.organisation_id)))
        wait_for(gate)
    return sorted(seen)


def hold(session, job, note, gate, progress=3):
    """Writes, shows progress with its transaction open, and waits for the file `gate`."""
    effect(session, note)
    session.flush()
    job.progress(progress, 7, _("Reading ${file}", mapping={"file": "clients.xlsx"}))
    wait_for(gate)


def send(session, job, key, box, then=""):
    """Sends by appending to the file `box`."""
    effect(session, key)
    job.sending(key)
    if then == "refused" and job.attempt == 1:
        raise NotSent("450 try again later")
    with Path(box).open("a") as file:
        file.write(f"{key}\n")
    if then == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if then == "unclear":
        raise TimeoutError("no answer after DATA")


def slow_letter(session, job, key, box, gate):
    """Sends once the file `gate` is there."""
    job.sending(key)
    wait_for(gate)
    with Path(box).open("a") as file:
        file.write(f"{key}\n")


def journey(session, job, note, box):
    """Everything a job can do: writes, keeps where it is, writes again, sends."""
    for number in range(job.position or 0, 2):
        effect(session, note, number)
        job.checkpoint(number + 1)
    job.sending(note)
    with Path(box).open("a") as file:
        file.write(f"{note}\n")


def flood(session, job, note, count):
    for number in range(count):
        effect(session, note, number)


@work(queue="mail", attempts=2, title="Letter")
def letter(session, job, note):
    raise OSError("the post office is closed")


def tick(session, job):
    effect(session, "tick")


def wait_for(file, seconds=30):
    end = time.monotonic() + seconds
    while not Path(file).exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{file} did not come")
        time.sleep(0.02)


JOBS = {
    "probe.count": count,
    "probe.falter": falter,
    "probe.refuse": refuse,
    "probe.batches": batches,
    "probe.late": late,
    "probe.obedient": obedient,
    "probe.reading": reading,
    "probe.hold": hold,
    "probe.send": send,
    "probe.journey": journey,
    "probe.flood": flood,
    "probe.letter": letter,
    "probe.slow_letter": slow_letter,
    "probe.tick": tick,
}
SCHEDULES = {
    "probe.daily": Schedule(at="09:00", job="probe.tick"),
    "probe.often": Schedule(every=timedelta(hours=6), job="probe.tick"),
}
