"""Sending one letter from a job, never twice."""

from __future__ import annotations

from parlour.jobs.context import JobContext
from parlour.mail.letters import Letter, ascii_domain, compose, sender_address
from parlour.mail.server import deliver, server_of


def send(job: JobContext, letter: Letter, *, key: str | None = None) -> None:
    """Hand a letter to the mail server, as the one outside effect of this job.

    What the job wrote before is committed first. A server that is away or busy lets the job try again later; one that
    refuses for good ends it as failed; a connection that is lost in the middle leaves it uncertain, for a person to decide.
    `key` names the letter where two jobs might be about the same one; the second sends nothing.
    """
    server = server_of(job.settings)
    key = key or f"mail:{job.id}"
    message = compose(letter, job.settings, key)
    sender, to = sender_address(job.settings), ascii_domain(letter.to)
    job.sending(key)
    deliver(server, message, sender, to)
