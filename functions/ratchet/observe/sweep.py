"""Sweep: hold observations against rewards for closed windows, and score what is missing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ratchet.govern.alerts import Alert, alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import HOUR, hour_of
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import TooLarge
from ratchet.observe.commit import (
    REWARDS,
    Scored,
    chunks,
    limit_series,
    rollout_ids,
    score_documents,
    totals_of,
    write_scored,
)
from ratchet.observe.epochs import current_epoch
from ratchet.observe.observation import COLLECTION, items_of
from ratchet.observe.reward import RewardEpoch
from ratchet.observe.rollout_commit import alert_foreign
from ratchet.observe.score import read_cursor, unrewarded
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.observe.tally import columns_of
from ratchet.observe.watched import RolloutReader
from ratchet.store.port import Filter, Query, Snapshot, Store
from ratchet.store.transact import Transaction

REACH = timedelta(hours=48)
EXPIRING = (
    COLLECTION,
    Alert.collection,
    REWARDS,
    "ops_feedback",
    "ops_buckets",
    "ops_rollout_buckets",
    "ops_run_totals",
    "ops_runs",
    "ops_run_revisions",
    "ops_run_buckets",
    "ops_dead_letters",
    "ops_operations",
    "ops_judgements",
    "ops_judge_weight_nights",
    "ops_review_draws",
    "ops_review_queue",
    "ops_idempotency",
    "ops_traces",
    "ops_dead_traces",
    "ops_examples",
)


class SweepReport(Model):
    """What a sweep found: documents looked at, observations that were missing their reward."""

    since: Instant
    documents: int = 0
    missing: int = 0
    expired: int = 0


def sweep(
    store: Store, reader: ConfigReader, *, now: datetime, reach: timedelta = REACH
) -> SweepReport:
    """Score whatever the cursors passed by, in the windows that they have closed.

    Hours whose counts of observations and rewards agree are not read. Also removes what expired,
    where the store has no TTL of its own.
    """
    ingest = reader.read(Ingest)
    epoch = current_epoch(store, reader, now=now)
    rollouts = RolloutReader(store)
    report = SweepReport(since=hour_of(now - reach))
    for shard in range(max(ingest.shards, shards_ever(store))):
        passed = read_cursor(store, shard).ingested_at
        for start, end in _hours(report.since, min(passed, now - ingest.lag)):
            looked, missing = _sweep_hour(store, shard, start, end, epoch, rollouts, ingest, now)
            report = report.model_copy(
                update={
                    "documents": report.documents + looked,
                    "missing": report.missing + missing,
                }
            )
    expired = sum(store.expire(collection, now) for collection in EXPIRING)
    if report.missing:
        raise_alert(
            store,
            alert(
                "observations-missed",
                "sweep",
                "warning",
                f"{report.missing} observations had been passed by and are scored now",
                now=now,
                command="raise lagSeconds in config/ingest if this comes again",
            ),
        )
    return report.model_copy(update={"expired": expired})


def _hours(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the closed spans of an hour, the last one ending where the cursor is."""
    start = since
    while start <= until:
        yield start, min(start + HOUR, until + timedelta(microseconds=1))
        start += HOUR


def _sweep_hour(
    store: Store,
    shard: int,
    start: datetime,
    end: datetime,
    epoch: RewardEpoch,
    rollouts: RolloutReader,
    ingest: Ingest,
    now: datetime,
) -> tuple[int, int]:
    where = (
        Filter("shard", "==", shard),
        Filter("ingestedAt", ">=", start),
        Filter("ingestedAt", "<", end),
    )
    observed = Query(COLLECTION, where, ("ingestedAt",))
    expected = store.count(observed)
    if not expected or expected == store.count(Query(REWARDS, where, ("ingestedAt",))):
        return expected, 0
    # A TTL removes in no order: an observation that expired may have lost its reward already.
    kept = (found for found in store.stream(observed) if found.data["expireAt"] > now)
    missing = (
        _score_missing(store, shard, page, epoch, rollouts, ingest, now) for page in chunks(kept)
    )
    return expected, sum(missing)


def _score_missing(
    store: Store,
    shard: int,
    documents: list[Snapshot],
    epoch: RewardEpoch,
    rollouts: RolloutReader,
    ingest: Ingest,
    now: datetime,
) -> int:
    seen = read_cursor(store, shard).seen
    watched = rollouts.watched(rollout_ids(documents))

    def body(tx: Transaction) -> Scored:
        missing = unrewarded(tx, documents)
        if not missing:
            return Scored()
        columns = columns_of([item for found in missing for item in items_of(found.data)])
        _, over = limit_series(seen, columns, ingest.max_series_per_hour)
        scored = score_documents(missing, epoch, totals_of(tx, missing), over, watched)
        write_scored(tx, scored, epoch, shard, ingest, now)
        return scored

    try:
        done = store.transact(body, self_checking=True)
    except TooLarge:  # many runs or rollout buckets at once: fewer documents touch fewer
        if len(documents) == 1:
            raise
        half = len(documents) // 2
        parts = documents[:half], documents[half:]
        return sum(_score_missing(store, shard, p, epoch, rollouts, ingest, now) for p in parts)
    alert_foreign(store, done.rollouts.foreign, now)
    return done.observations
