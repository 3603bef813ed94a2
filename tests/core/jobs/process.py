"""A worker as a process of its own: `python -m tests.core.jobs.process DATABASE_URL DATA [BROKER_URL [QUEUES]]`.

Without a broker it is what `parlour serve` does beside serving: the embedded relay.
"""

import signal
import sys
import threading
from pathlib import Path

from parlour.db.engine import make_engine
from parlour.jobs import worker
from parlour.jobs.relay import start_embedded
from parlour.plugin.registry import boot
from parlour.settings import load


def main(database_url: str, data: str, broker_url: str = "", queues: str = "default") -> None:
    settings = load(
        {}, Path(data), database_url=database_url, data=data, broker_url=broker_url, secret="only-for-tests"
    )
    if broker_url:
        worker.main(settings, queues=worker.read_queues(queues))
        return
    engine = make_engine(settings.database_url)
    boot(settings, engine=engine)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    relay = start_embedded(settings, engine)
    assert relay is not None
    stop.wait()
    relay.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
