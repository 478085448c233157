"""`ratchet serve` as a process under load, killed and started again, and the count afterwards."""

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from ratchet.client import HttpTransport, Recorder
from ratchet.entry.seed import seed
from ratchet.entry.wiring import open_app
from ratchet.govern.access import Access
from ratchet.govern.config_change import set_config
from ratchet.govern.roles import SEEDER
from ratchet.kernel.clock import system_clock
from ratchet.observe.observation import COLLECTION, items_of
from ratchet.observe.score import score_observations
from ratchet.observe.sweep import sweep
from tests.support.observing import buckets_of
from tests.support.recount import stored

COMMAND = (sys.executable, "-W", "error", "-c", "from ratchet.entry.cli import main; main()")
SERVICE, ADMIN = "service-token-of-a-load", "admin-token-of-a-load-"
CLIENTS = 4
TRIES = 500  # to freeze a server between a commit and its answer
WAIT = 60.0  # seconds to wait for what must come
AHEAD = timedelta(hours=3)  # when the scorer's lag and the sweep's window are over


class Process:
    """`ratchet serve` in a folder with a store of its own; a later start takes the same port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.store = f"sqlite:///{folder}/load.db"
        self.url = ""
        self.errors = folder / "stderr"
        self._options = options
        self._folder = folder
        self._port = "0"
        self._running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until it says where it listens."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("RATCHET_", "FIRE"))}
        tokens = f"service:{SERVICE},admin:{ADMIN}"
        command = [*COMMAND, "serve", "--store", self.store, "--port", self._port, "--json"]
        with self.errors.open("a") as errors:
            self._running = subprocess.Popen(
                [*command, *self._options],
                cwd=self._folder,
                env=keep | {"RATCHET_DEV_TOKENS": tokens},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        out = self._running.stdout
        assert out is not None
        ready = select.select([out], [], [], WAIT)[0]
        line = out.readline() if ready else ""
        if not line:
            raise RuntimeError(f"the server did not start: {self.errors.read_text()}")
        self.url = json.loads(line)["url"]
        self._port = self.url.rpartition(":")[2]

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        self._end("kill")

    def freeze(self, frozen: bool) -> None:
        """Halt it where it is, or let it go on."""
        if self._running is not None:
            self._running.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        return self._end("terminate")

    def _end(self, how: str) -> int:
        process, self._running = self._running, None
        if process is None:
            return 0
        getattr(process, how)()
        try:
            return process.wait(WAIT)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Process]:
    """Give a started server on a seeded store, where one caller may ask as often as it can."""
    process = Process(folder, *options)
    app = open_app(process.store)
    seed(app, now=app.clock())
    often = Access(requests_per_minute=1_000_000).to_map()
    set_config(app.store, app.keys, SEEDER, Access, often, reason="load", now=app.clock())
    app.store.close()
    process.start()
    try:
        yield process
    finally:
        process.kill()


@dataclass(frozen=True)
class Tally:
    """What was sent, and what became of it.

    `unanswered` are the observations of each kill that were stored, and the client not told.
    """

    sent: int
    unanswered: tuple[int, ...]
    unsettled: int
    lost: int
    doubled: int
    unscored: int
    scored_twice: int
    swept: int
    status: int

    @property
    def exact(self) -> bool:
        """Say whether everything sent was stored and scored exactly once."""
        wrong = (self.unsettled, self.lost, self.doubled, self.unscored, self.scored_twice)
        return wrong == (0, 0, 0, 0, 0)


def hammer(process: Process, folder: Path, *, seconds: float, kills: int, rate: int) -> Tally:
    """Record for so long at so many a second, while the server is killed and scores; then count."""
    over, pause = threading.Event(), threading.Event()
    scorer = threading.Thread(target=_score, args=(process, over))
    carriers = [HttpTransport(process.url, SERVICE, timeout=5.0) for _ in range(CLIENTS)]
    clients = [_client(c, folder / f"spool{i}") for i, c in enumerate(carriers)]
    felt: list[int] = []
    killer = threading.Thread(target=_kill, args=(process, clients, seconds, kills, felt))
    scorer.start()
    killer.start()
    sent, start = 0, time.monotonic()
    while (gone := time.monotonic() - start) < seconds:
        for _ in range(int(gone * rate) - sent):
            clients[sent % CLIENTS].record(
                component="planner", outcome="success", run_id=f"r{sent}"
            )
            sent += 1
        pause.wait(0.01)
    killer.join()
    deadline = time.monotonic() + WAIT
    while any(_open(c) for c in clients) and time.monotonic() < deadline:
        for client in clients:
            client.flush()
    over.set()
    scorer.join()
    for client, carrier in zip(clients, carriers, strict=True):
        client.close()
        carrier.close()
    status = process.stop()
    return count(process, sent, accepted=_accepted(clients), felt=felt, status=status)


def _client(transport: HttpTransport, spool: Path) -> Recorder:
    """Return a recorder of small batches, so that a kill finds some of them on their way."""
    return Recorder(
        transport,
        spool=spool,
        flush_size=5,
        flush_seconds=0.2,
        max_buffer=200_000,
        attempts=2,
        retry_seconds=0.05,
    )


def _open(client: Recorder) -> bool:
    return client.stats.accepted < client.stats.recorded


def _kill(
    process: Process, clients: Sequence[Recorder], seconds: float, kills: int, felt: list[int]
) -> None:
    """Kill and restart at even distances, the last of them well before the end."""
    begin = time.monotonic()
    pause = threading.Event()
    for i in range(kills):
        pause.wait(max(0.0, begin + seconds * (i + 1) / (kills + 1) - time.monotonic()))
        felt.append(_freeze_unanswered(process, clients, pause))
        process.kill()
        process.start()


def _freeze_unanswered(
    process: Process, clients: Sequence[Recorder], pause: threading.Event
) -> int:
    """Freeze the server between a commit and its answer; returns the observations of these."""
    for _ in range(TRIES):
        process.freeze(True)
        before, heard = -1, _accepted(clients)
        while before != heard:  # what was answered already is still being read
            pause.wait(0.05)
            before, heard = heard, _accepted(clients)
        unanswered = _held(process) - heard
        if unanswered > 0:
            return unanswered
        process.freeze(False)
        pause.wait(0.005)
    return 0


def _accepted(clients: Sequence[Recorder]) -> int:
    return sum(client.stats.accepted for client in clients)


def _held(process: Process) -> int:
    """Return how many observations the store has, read beside the server."""
    sql = f"SELECT TOTAL(COALESCE(json_array_length(data, '$.items'), 1)) FROM {COLLECTION}"
    with closing(sqlite3.connect(process.store.removeprefix("sqlite:///"))) as db:
        try:
            return int(db.execute(sql).fetchone()[0])
        except sqlite3.OperationalError:  # frozen while it held the file
            return 0


def _score(process: Process, over: threading.Event) -> None:
    with httpx.Client(headers={"authorization": f"Bearer {ADMIN}"}, timeout=10.0) as client:
        while not over.wait(0.1):
            with suppress(httpx.HTTPError):  # killed
                client.post(f"{process.url}/score_observations")


def count(process: Process, sent: int, *, accepted: int, felt: list[int], status: int) -> Tally:
    """Score what is left, as a later hour would, and hold the store against what was sent."""
    app = open_app(process.store, clock=lambda: system_clock() + AHEAD)
    try:
        score_observations(app.store, app.reader, clock=app.clock)
        swept = sweep(app.store, app.reader, now=app.clock()).missing
        found = stored(app.store, COLLECTION)
        runs = Counter(o["runId"] for data in found.values() for o in items_of(data))
        rewarded = stored(app.store, "ops_rewards")
        summed = sum(bucket.sums.total.n for bucket in buckets_of(app.store))
    finally:
        app.store.close()
    return Tally(
        sent=sent,
        unanswered=tuple(felt),
        unsettled=sent - accepted,
        lost=sum(f"r{i}" not in runs for i in range(sent)),
        doubled=sum(runs.values()) - len(runs),
        unscored=len(set(found) ^ set(rewarded)),
        scored_twice=summed - sum(runs.values()),
        swept=swept,
        status=status,
    )
