"""Work whose effects can be counted: lines of the access log, and letters that a counting server receives."""

import time
import urllib.error
import urllib.request

from parlour.access.models import AccessLog
from parlour.jobs import NotSent, work

# Seconds; what is killed must have been doing something.
STEP = 0.05


def effect(session, job, number=0):
    session.add(AccessLog(what="chaos", record=f"job {job.id}", row_count=number))


def count(session, job, key):
    effect(session, job)
    session.flush()
    time.sleep(STEP)


@work(queue="slow")
def batches(session, job, key, total):
    for number in range(job.position or 0, total):
        effect(session, job, number)
        time.sleep(STEP)
        job.checkpoint(number + 1, number + 1, total)


@work(queue="mail")
def send(session, job, key, url):
    effect(session, job)
    job.sending(key)
    try:
        urllib.request.urlopen(f"{url}/{key}", timeout=10).close()
    except urllib.error.HTTPError as error:
        raise NotSent(str(error)) from error
    time.sleep(2 * STEP)


JOBS = {"chaos.count": count, "chaos.batches": batches, "chaos.send": send}
