"""Backups under test: a store that has lived, what it holds, and what a folder holds."""

from datetime import timedelta
from pathlib import Path
from pprint import pformat
from typing import Any

from ratchet.entry.archive import Show, check_backup, read_documents, read_manifest
from ratchet.entry.restore import RestoreReport, restore
from ratchet.entry.wiring import FINGERPRINT, App, wire
from ratchet.kernel.clock import ManualClock
from ratchet.observe.fold import fold_feedback
from ratchet.observe.record import record
from ratchet.observe.score import ScoreReport, score_observations
from ratchet.observe.settings import Ingest
from ratchet.store.port import Query, Ref, Store
from tests.support.governed import KEYS, NOON, draft, lineage_of, switch_flags
from tests.support.observing import configure, observation

LAG = timedelta(seconds=10)
SCORED, WAITING = 30, 12
LATER = NOON + 3 * LAG


def wired(store: Store, clock: ManualClock | None = None) -> App:
    """Return an app on a store."""
    return wire(store, KEYS, clock or ManualClock(NOON))


def lived(store: Store) -> App:
    """Return an app with two active versions behind it, a draft, and rewards and waiting items."""
    app = wired(store, ManualClock(NOON))
    configure(store, Ingest(shards=1))
    switch_flags(store)
    lineage_of(store, 2)
    draft(store, tuning_space=None, reason="Grüße 🪛")
    for i in range(10):
        send(app, f"single-{i}", 1)
    send(app, "batch-1", SCORED - 10)
    score(app)
    app.clock.advance(LAG)  # type: ignore[attr-defined]  # it is a ManualClock
    send(app, "batch-2", WAITING)
    store.set(Ref("ops_examples", "x"), {"raw": b"\x00\xff", "n": 1, "x": 1.0, "at": NOON})
    store.set(Ref("ops_examples", "y"), {"expireAt": NOON - LAG})
    return app


def send(app: App, document_id: str, n: int) -> None:
    """Record observations that arrive now."""
    items = [observation(app.clock(), durationMs=100.0 + i) for i in range(n)]
    payload = {"id": document_id, "observations": items}
    record(app.store, app.keys, payload, ingest=app.reader.read(Ingest), now=app.clock())


def score(app: App) -> ScoreReport:
    """Score what arrived until now."""
    app.clock.advance(LAG)  # type: ignore[attr-defined]  # it is a ManualClock
    fold_feedback(app.store, ingest=app.reader.read(Ingest), now=app.clock())
    return score_observations(app.store, app.reader, clock=app.clock)


def everything(store: Store) -> dict[str, str]:
    """Return every document of a store but the key's fingerprint, types included."""
    found = (s for name in store.collections() for s in store.query(Query(name)))
    return {str(s.ref): pformat(s.data) for s in found if s.ref != FINGERPRINT}


def held(folder: Path) -> dict[str, str]:
    """Return every document of a backup, types included."""
    names = read_manifest(folder).collections
    return {str(ref): pformat(data) for n in names for ref, data, _ in read_documents(folder, n)}


def files(folder: Path) -> dict[str, Any]:
    """Return the files of a folder but its manifest, whose instant differs."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".jsonl"}


def fill(store: Store, folder: Path, show: Show = lambda done, total: None) -> RestoreReport:
    """Restore a backup, as the command does."""
    manifest = read_manifest(folder)
    check_backup(folder, manifest)
    return restore(wired(store, ManualClock(LATER)), folder, manifest, show)
