"""Work that happens after the answer: outbox, relay, runner, schedules, progress.

    enqueue() --commit--> core_job --relay--> run_job(id): here, or in a worker when there is a broker

A plugin declares its handlers in `jobs.py` as `JOBS = {"contacts.import": handler}`, where `@work(queue="mail")`
on a handler names its queue, and its recurring work as
`SCHEDULES = {"contacts.birthdays": Schedule(at="06:00", job="contacts.birthdays")}`.
"""

from parlour.jobs.context import AlreadySent, Cancelled, JobContext, NotSent, Park
from parlour.jobs.handlers import work
from parlour.jobs.outbox import enqueue
from parlour.jobs.schedule import Schedule

__all__ = ["AlreadySent", "Cancelled", "JobContext", "NotSent", "Park", "Schedule", "enqueue", "work"]
