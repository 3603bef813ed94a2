"""The same pages by HTTP: our API for a receptionist with a token, and a bare page that asks for nobody.

Both servers run at once with the same number of processes, and are asked by turns by the same client in this process;
client, servers and database share the machine, so the rates tell only how the two compare.
"""

from __future__ import annotations

import http.client
import itertools
import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.processes import Server, serving
from benchmarks.salon import CONTACT, TERMS, Salon
from benchmarks.tasks import PAGE
from parlour.access import tokens
from parlour.db.session import Scope, open_session

CLIENTS = 8
PROCESSES = 2
FIELDS = "name,phones,birthday,source,tags,responsible"


def measure(salon: Salon, rounds: int, seconds: float = 2.0) -> list[dict[str, Any]]:
    """Lists with eight clients at once in requests/s, and one card after another in ms, by turns."""
    if salon.plain.dialect.name == "sqlite":
        return []
    headers = {"Authorization": f"Bearer {_token(salon)}"}
    terms = [quote(term) for term in TERMS["usual"]]
    lists = (
        [f"/api/v1/records/{CONTACT}?q={term}&limit={PAGE}&fields={FIELDS}" for term in terms],
        [f"/clients?q={term}" for term in terms],
    )
    cards = ([f"/api/v1/records/{CONTACT}/1"], ["/cards/1"])
    rates: tuple[list[float], list[float]] = ([], [])
    times: tuple[list[float], list[float]] = ([], [])
    with (
        serving(salon, raw=False, workers=PROCESSES) as ours,
        serving(salon, raw=True, workers=PROCESSES) as bare,
    ):
        servers = ((ours, headers), (bare, {}))
        for number in range(rounds + 1):
            for side, (server, given) in enumerate(servers):
                rate, took = _rate(server, lists[side], given, seconds), _time(server, cards[side], given)
                if number:  # the first round warms both up
                    rates[side].append(rate)
                    times[side].append(took)
    per_second = [statistics.median(found) for found in rates]
    card = [statistics.median(found) * 1000 for found in times]
    return [
        {
            "task": f"list by API, {CLIENTS} clients, requests/s",
            "parlour": round(per_second[0], 1),
            "raw": round(per_second[1], 1),
            "ratio": round(per_second[0] / per_second[1], 2),
            "target": ">= 0.5",
        },
        {
            "task": "one card by API, ms",
            "parlour": round(card[0], 2),
            "raw": round(card[1], 2),
            "ratio": round(card[0] / card[1], 2),
            "target": "<= 3",
        },
    ]


def _token(salon: Salon) -> str:
    with open_session(salon.engine, Scope(salon.organisation_id, trusted=True, via="cli")) as session:
        made = tokens.make(session, salon.receptionist.id, "Benchmark")
        session.commit()
    return made


def _rate(server: Server, paths: Sequence[str], headers: dict[str, str], seconds: float) -> float:
    """Requests per second of eight clients that each keep their connection."""
    until = time.perf_counter() + seconds
    done: list[int] = []

    def work(first: int) -> None:
        count = 0
        connection = _connected(server)
        for path in itertools.islice(itertools.cycle(paths), first, None):
            _ask(connection, path, headers)
            count += 1
            if time.perf_counter() > until:
                break
        done.append(count)
        connection.close()

    began = time.perf_counter()
    clients = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(done) == CLIENTS, "A client got an answer other than 200."
    return sum(done) / (time.perf_counter() - began)


def _time(server: Server, paths: Sequence[str], headers: dict[str, str], count: int = 30) -> float:
    """The median of seconds that one client waits."""
    connection = _connected(server)
    taken = []
    for path in itertools.islice(itertools.cycle(paths), count):
        began = time.perf_counter()
        _ask(connection, path, headers)
        taken.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(taken)


def _connected(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)


def _ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> None:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {body[:300]!r}")
