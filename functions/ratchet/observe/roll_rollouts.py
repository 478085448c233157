"""Roll up rollouts: frozen hours over shards, then whole days; each is merged from scratch."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from ratchet.kernel.clock import DAY, EPOCH, HOUR, day_of
from ratchet.observe.read_until import drop_rollouts, load_read_until
from ratchet.observe.rollout_buckets import (
    between,
    buckets_between,
    frozen_until,
    merge,
    merged_until,
    rolled_ref,
)
from ratchet.observe.watched import RolloutReader
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Ref, Store, Write

DAY_RETENTION = timedelta(days=400)
_COMMIT = 80  # of at most 120 KB each: a commit has 10 MiB


def roll_rollouts(store: Store, *, now: datetime) -> int:
    """Merge what has been frozen since the last roll; returns how many buckets were written.

    A repeated roll changes nothing: what is frozen stays as it is.
    """
    kept = load_read_until(store)
    known = RolloutReader(store).watched(kept.rollouts)
    written, done = 0, {}
    for rollout_id, found in known.items():
        frozen = frozen_until(found.watch, kept.until)
        written += _roll(store, rollout_id, frozen, now)
        closes = kept.rollouts[rollout_id]
        if day_of(closes - HOUR - found.watch.window) + DAY <= frozen:
            done[rollout_id] = closes
    drop_rollouts(store, done)
    return written


def _roll(store: Store, rollout_id: str, frozen: datetime, now: datetime) -> int:
    since = merged_until(store, rollout_id)
    if frozen <= since:
        return 0
    written, days = 0, {day_of(since)} - {EPOCH}
    shards = store.stream(between(rollout_id, "shard", since, frozen))
    parsed = (RolloutBucket.from_store(s.data) for s in shards)
    for hour, found in groupby(parsed, key=lambda bucket: bucket.hour):
        written += _write(store, merge(found, "hour", now))
        days.add(day_of(hour))
    for day in sorted(day for day in days if day + DAY <= frozen):
        hours = buckets_between(store, rollout_id, "hour", day, day + DAY)
        written += _write(store, [_kept(b) for b in merge(hours, "day", now)])
    store.set(rolled_ref(rollout_id), {"v": 1, "merged": frozen})
    return written


def _kept(day: RolloutBucket) -> RolloutBucket:
    """Return a day's bucket with the longer life of days."""
    return day.model_copy(update={"expire_at": max(day.expire_at, day.hour + DAY_RETENTION)})


def _write(store: Store, buckets: Sequence[RolloutBucket]) -> int:
    writes = [Write("set", Ref(b.collection, b.key()), b.to_map()) for b in buckets]
    for i in range(0, len(writes), _COMMIT):
        store.commit(writes[i : i + _COMMIT])
    return len(writes)
