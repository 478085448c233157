"""Recording by HTTP on one machine, client and server together, and what kills lose or double."""

import json
import os
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np

from bench.figure import Figure
from bench.support import observation
from ratchet.kernel.clock import system_clock
from tests.support import load

CLIENTS = 4
SECONDS = 15.0
WARM = 1.0  # seconds that are not counted
KILL_SECONDS, KILLS, KILL_RATE = 60.0, 3, 1000


def figures() -> list[Figure]:
    """Measure `ratchet serve` on an embedded store; the clients take their share of the cores."""
    place = f"by HTTP, {os.cpu_count()} cores, {CLIENTS} connections, clients included, "
    out = []
    for label, batch in (("singles", 1), ("batches of 100", 100)):
        times = sustained(batch)
        rate = len(times) / (SECONDS - WARM)
        out += [
            Figure(f"{place}{label}: requests", rate, "req/s"),
            Figure(f"{place}{label}: observations", rate * batch, "obs/s"),
            Figure(f"{place}{label}: p50", float(np.percentile(times, 50)) * 1e3, "ms"),
            Figure(f"{place}{label}: p99", float(np.percentile(times, 99)) * 1e3, "ms"),
        ]
    found = killed()
    name = f"{KILL_SECONDS:.0f} s of load, the server killed {KILLS} times: "
    return [
        *out,
        Figure(f"{name}observations sent", found.sent, "obs"),
        Figure(f"{name}unanswered at a kill", min(found.unanswered), "obs", 1, "higher"),
        Figure(f"{name}lost", found.lost + found.unsettled + found.unscored, "obs", 0),
        Figure(f"{name}doubled", found.doubled + abs(found.scored_twice), "obs", 0),
    ]


def sustained(batch: int) -> list[float]:
    """Return the seconds of each request of some clients that ask without a pause."""
    with tempfile.TemporaryDirectory() as folder, load.served(Path(folder)) as process:
        times: list[list[float]] = [[] for _ in range(CLIENTS)]
        threads = [
            threading.Thread(target=_ask, args=(process.url, batch, mine, i))
            for i, mine in enumerate(times)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if process.stop() != 0 or not all(times):
            raise RuntimeError(f"the load failed: {process.errors.read_text()}")
    return [seconds for mine in times for seconds in mine]


def _ask(url: str, batch: int, times: list[float], client: int) -> None:
    """Record on one connection until the time is over; every answer must be a 200."""
    items = [observation(i, system_clock()) for i in range(batch)]
    tail = f'"observations":{json.dumps(items)}}}' if batch > 1 else json.dumps(items[0])[1:]
    headers = {"authorization": f"Bearer {load.SERVICE}", "content-type": "application/json"}
    start = time.perf_counter()
    with httpx.Client(headers=headers, timeout=10.0) as http:
        n = 0
        while (begun := time.perf_counter()) - start < SECONDS:
            n += 1
            body = f'{{"id":"c{client}-{n}",{tail}'
            http.post(f"{url}/record", content=body).raise_for_status()
            if begun - start >= WARM:
                times.append(time.perf_counter() - begun)


def killed() -> load.Tally:
    """Return the count of a minute of load on a server that is killed and started again."""
    with tempfile.TemporaryDirectory() as folder, load.served(Path(folder)) as process:
        return load.hammer(process, Path(folder), seconds=KILL_SECONDS, kills=KILLS, rate=KILL_RATE)
