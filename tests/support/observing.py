"""What the tests of observing share: a worker on a store and a clock, and observations to send."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.govern.config import Config, ConfigReader
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.keys import derive_keys
from ratchet.observe.feedback import FeedbackTaken, feedback
from ratchet.observe.fold import FoldReport, fold_feedback
from ratchet.observe.observation import COLLECTION
from ratchet.observe.read_until import keep_read_until
from ratchet.observe.record import Recorded, record
from ratchet.observe.rescore import RescoreReport, rescore
from ratchet.observe.roll_up import RollReport, roll_long_windows, roll_stats
from ratchet.observe.score import ScoreReport, score_observations
from ratchet.observe.settings import Ingest
from ratchet.observe.sweep import SweepReport, sweep
from ratchet.stats.bucket import Bucket
from ratchet.stats.window import ALL, Stats, stats_key
from ratchet.store.port import Query, Ref, Store

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEYS = derive_keys("a secret of the tests, long enough")
SECOND = timedelta(seconds=1)
LATER = timedelta(seconds=10)


def observation(ts: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return one observation as it is sent."""
    return {"ts": millis(ts), "component": "router", "outcome": "success"} | fields


def exposure(ts: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return one exposure as it is sent."""
    met = {"rolloutId": "r1", "step": 0, "rolloutArm": "control", "unit": "u1", "propensity": 0.9}
    return {"kind": "exposure", "ts": millis(ts)} | met | fields


def configure(store: Store, config: Config) -> None:
    """Write a configuration as a person would in the console."""
    store.set(Ref(config.collection, config.name), config.to_map())


@dataclass
class Worker:
    """One process: it has a configuration cache of its own, and dies with it."""

    store: Store
    clock: ManualClock

    def __post_init__(self) -> None:
        self.reader = ConfigReader(self.store, self.clock)

    @property
    def ingest(self) -> Ingest:
        return self.reader.read(Ingest)

    def record(self, payload: Any) -> Recorded:
        return record(self.store, KEYS, payload, ingest=self.ingest, now=self.clock())

    def batch(self, document_id: str, items: Iterable[dict[str, Any]]) -> Recorded:
        return self.record({"id": document_id, "observations": list(items)})

    def feedback(self, payload: Any) -> FeedbackTaken:
        return feedback(self.store, payload, ingest=self.ingest, now=self.clock())

    def score(self, **options: Any) -> ScoreReport:
        return score_observations(self.store, self.reader, clock=self.clock, **options)

    def fold(self) -> FoldReport:
        return fold_feedback(self.store, ingest=self.ingest, now=self.clock())

    def sweep(self, **options: Any) -> SweepReport:
        return sweep(self.store, self.reader, now=self.clock(), **options)

    def rescore(self, **options: Any) -> RescoreReport:
        return rescore(self.store, self.reader, now=self.clock(), **options)

    def roll(self) -> RollReport:
        return roll_stats(self.store, self.reader, now=self.clock())

    def roll_long(self) -> RollReport:
        return roll_long_windows(self.store, self.reader, now=self.clock())

    def read(self) -> None:
        """Score, fold, and keep how far all was read, as each tick does."""
        scored = self.score()
        self.fold()
        if scored.read_until is not None:
            keep_read_until(self.store, scored.read_until)

    def later(self, by: timedelta = LATER) -> None:
        self.clock.advance(by)

    def scored_later(self, by: timedelta = LATER) -> ScoreReport:
        """Let the safety lag pass, and score."""
        self.later(by)
        return self.score()


def worker(store: Store, now: datetime = NOON, **ingest: Any) -> Worker:
    """Return a worker whose settings of ingestion are these; one shard unless told."""
    configure(store, Ingest(**({"shards": 1} | ingest)))
    return Worker(store, ManualClock(now))


def put_raw(store: Store, document_id: str, ingested: datetime, item: dict[str, Any]) -> None:
    """Store an observation at an ingest time of one's choice, behind the recorder's back."""
    at = {"shard": 0, "ingestedAt": ingested, "expireAt": ingested + timedelta(days=30)}
    store.set(Ref(COLLECTION, document_id), {"v": 1, "ts": NOON} | item | at)


def reward_of(store: Store, observation_id: str) -> dict[str, Any]:
    """Return the reward of one observation or of an item `batch.index`, by its place."""
    document_id, _, place = observation_id.partition(".")
    found = store.get(Ref("ops_rewards", document_id))
    assert found is not None, f"{observation_id} has no reward"
    reward: dict[str, Any] = found.data["items"][int(place)] if place else found.data
    return reward


def buckets_of(store: Store, level: str = "shard") -> list[Bucket]:
    """Return the stored buckets of one level."""
    found = [Bucket.from_store(s.data) for s in store.query(Query("ops_buckets"))]
    return [bucket for bucket in found if bucket.level == level]


def stats_doc(store: Store, window: str, version: str = ALL, component: str = "router") -> Stats:
    """Return the statistics of a window."""
    found = store.get(Ref("ops_stats", stats_key(component, version, window)))
    assert found is not None, f"no statistics of {component} {version} {window}"
    return Stats.from_store(found.data)


def alerts(store: Store) -> list[str]:
    """Return what there are alerts about."""
    return sorted(s.data["what"] for s in store.query(Query("ops_alerts")))


def ids(store: Store, collection: str) -> Sequence[str]:
    """Return the ids of a collection, sorted."""
    return sorted(s.ref.id for s in store.query(Query(collection)))
