"""What the figures share: observations, an app on a simulated clock, and the emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.entry.seed import seed
from ratchet.entry.wiring import App, wire
from ratchet.govern.config_change import set_config
from ratchet.govern.roles import SEEDER
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.keys import derive_keys
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from tests.emulator import server

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
COMPONENTS = 8
KEYS = derive_keys("a key for measuring only, no secret")


def observation(i: int, ts: datetime) -> dict[str, Any]:
    """Return the i-th observation: eight components, one failure in seven."""
    failed = i % 7 == 0
    return {
        "ts": millis(ts),
        "component": f"router:model-{i % COMPONENTS}",
        "outcome": "failure" if failed else "success",
        "durationMs": 400.0 + 37 * (i * 7919 % 101),
        "tokensIn": 512,
        "tokensOut": 128,
        "costUsd": 0.001 * (1 + i % 5),
        "policyVersion": "router-core@1.0.0",
        "arm": f"model-{i % COMPONENTS}",
        "propensity": 0.125,
    } | ({"errorCode": "rate_limit"} if failed else {})


def make_app(store: Store, *, shards: int | None = None) -> tuple[App, CountingStore, ManualClock]:
    """Return a seeded app that counts its operations, on a clock that stands at START."""
    counting, clock = CountingStore(store), ManualClock(START)
    app = wire(counting, KEYS, clock)
    seed(app, now=START)
    if shards is not None:
        spread = Ingest(shards=shards).to_map()
        set_config(counting, KEYS, SEEDER, Ingest, spread, reason="measuring", now=START)
    return app, counting, clock


def fill(app: App, n: int, *, batch: int, first: int = 0) -> None:
    """Record n observations, in batches or, with a batch of 1, each in a document of its own."""
    ingest, now = app.reader.read(Ingest), app.clock()
    for start in range(first, first + n, batch):
        items = [observation(i, now) for i in range(start, min(start + batch, first + n))]
        payload: dict[str, Any] = {"observations": items} if batch > 1 else items[0]
        record(app.store, app.keys, payload | {"id": f"o{start}-{batch}"}, ingest=ingest, now=now)


def settle(clock: ManualClock) -> datetime:
    """Let the scorer's safety lag pass."""
    return clock.advance(timedelta(seconds=10))


@contextmanager
def emulator() -> Iterator[Store | None]:
    """Give an empty store on the emulator, or None where none can be found."""
    import os

    try:
        host, stop = server.start(java_options=())  # its figures are of one that runs well
    except server.NoEmulator as error:
        print(error)
        yield None
        return
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    os.environ["FIRESTORE_EMULATOR_HOST"] = host
    try:
        from ratchet.store.firestore import FirestoreStore

        server.clear(host)
        store = FirestoreStore(server.PROJECT)
        yield store
        store.close()
    finally:
        if before is None:
            del os.environ["FIRESTORE_EMULATOR_HOST"]
        stop()
