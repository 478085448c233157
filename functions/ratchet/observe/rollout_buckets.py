"""Read a rollout's frozen buckets: each hour in one of them, whole days together."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import EPOCH, day_of, hour_of
from ratchet.kernel.ids import join_key
from ratchet.observe.watch import Watch
from ratchet.stats.bucket import Level
from ratchet.stats.rollout_bucket import RolloutBucket, cap_codes, sum_rollouts
from ratchet.stats.units import sum_units
from ratchet.store.port import Filter, Query, Ref, Store


def rollout_buckets(
    store: Store, rollout_id: str, watch: Watch, until: datetime
) -> list[RolloutBucket]:
    """Return the buckets of the hours that were frozen when all was read `until` an instant.

    Later hours are left out, so the same `until` returns the same numbers at any time. Reads grow
    with arms and days: hours that the roll has not merged yet come in a bucket a shard.
    """
    frozen = frozen_until(watch, until)
    merged = min(merged_until(store, rollout_id), frozen)
    found = [
        *buckets_between(store, rollout_id, "day", EPOCH, day_of(merged)),
        *buckets_between(store, rollout_id, "hour", day_of(merged), merged),
        *merge(buckets_between(store, rollout_id, "shard", merged, frozen), "hour", until),
    ]
    return sorted(found, key=lambda bucket: (bucket.hour, bucket.key()))


def frozen_until(watch: Watch, until: datetime) -> datetime:
    """Return the hour before which every hour is frozen."""
    return hour_of(until - watch.window)


def rolled_ref(rollout_id: str) -> Ref:
    """Return where it stands until which hour a rollout was merged."""
    return Ref(CHECKPOINTS, join_key("rollout_buckets", rollout_id))


def merged_until(store: Store, rollout_id: str) -> datetime:
    """Return the hour before which all hours and whole days of a rollout are merged."""
    found = store.get(rolled_ref(rollout_id))
    merged: datetime = found.data["merged"] if found else EPOCH
    return merged


def between(rollout_id: str, level: Level, start: datetime, end: datetime) -> Query:
    """Return the query for a rollout's buckets of a level in a span, by hour."""
    where = (
        Filter("rollout", "==", rollout_id),
        Filter("level", "==", level),
        Filter("hour", ">=", start),
        Filter("hour", "<", end),
    )
    return Query(RolloutBucket.collection, where, ("hour",))


def buckets_between(
    store: Store, rollout_id: str, level: Level, start: datetime, end: datetime
) -> list[RolloutBucket]:
    """Return a rollout's buckets of a level in a span."""
    if start >= end:
        return []
    found = store.stream(between(rollout_id, level, start, end))
    return [RolloutBucket.from_store(s.data) for s in found]


def merge(buckets: Iterable[RolloutBucket], level: Level, now: datetime) -> list[RolloutBucket]:
    """Return one bucket for each step, arm and hour (or day)."""
    start = day_of if level == "day" else hour_of
    parts: dict[tuple[datetime, int, str], list[RolloutBucket]] = defaultdict(list)
    for bucket in buckets:
        parts[start(bucket.hour), bucket.step, bucket.arm].append(bucket)
    return [
        _merged(found, hour, level, now)
        for (hour, _, _), found in sorted(parts.items(), key=lambda part: part[0])
    ]


def _merged(
    found: list[RolloutBucket], hour: datetime, level: Level, now: datetime
) -> RolloutBucket:
    first = found[0]
    changes: dict[str, Any] = {"hour": hour, "level": level, "shard": 0, "updated_at": now}
    if len(found) > 1:
        changes |= {
            "sums": cap_codes(sum_rollouts(b.sums for b in found)),
            "units": sum_units(b.units for b in found),
            "expire_at": max(b.expire_at for b in found),
        }
    return first.model_copy(update=changes)
