"""Roll up: shard buckets into hours, hours into days, and windows into statistics.

Only what changed is merged, so the reads of a tick grow with components and hours, never with
observations. A merge is made from scratch, so repeating it changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.clock import DAY, EPOCH, HOUR, day_of, hour_of
from ratchet.kernel.document import Model
from ratchet.observe.epochs import current_epoch
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.observe.settings import Ingest, shards_ever
from ratchet.stats.bucket import Bucket, Level, Sums, cap_errors, sum_sums
from ratchet.stats.window import ALL, WINDOWS, Stats, WindowName, stats_of
from ratchet.store.port import Filter, Query, Ref, Store, Write

SHORT: tuple[WindowName, ...] = ("1h", "24h")
LONG: tuple[WindowName, ...] = ("7d", "30d")
DAY_RETENTION = timedelta(days=400)
OVERLAP = timedelta(minutes=2)
ROLLED = Ref(CHECKPOINTS, "roll_stats")
_COMMIT = 400


class RollReport(Model):
    """What one tick rolled."""

    changed: int = 0
    merged: int = 0
    components: int = 0
    written: int = 0
    rollout_buckets: int = 0


def roll_stats(store: Store, reader: ConfigReader, *, now: datetime) -> RollReport:
    """Merge what changed and write the windows 1h and 24h of the components that it touches.

    Rollout buckets are merged once they are frozen.

    In the first tick of an hour every component with statistics is rolled, since old data leave.
    """
    last = store.get(ROLLED)
    since = last.data["at"] if last else EPOCH
    if since > now:  # the clock was set back: look as far behind it as it had been ahead
        since = now - (since - now)
    changed = _changed(store, reader, since - OVERLAP)
    live: dict[str, set[str]] = {bucket.component: set() for bucket in changed}
    hours = {(bucket.component, bucket.hour) for bucket in changed}
    if hour_of(since) != hour_of(now):
        live = live | _live(store, "24h")
        hours |= {(component, hour_of(since)) for component in live}
    merged = _merge_closed(store, hours, now)
    epoch = current_epoch(store, reader, now=now).epoch
    written = _write_all(store, live, SHORT, epoch, hour_of(now), now)
    of_rollouts = roll_rollouts(store, now=now)
    store.set(ROLLED, {"v": 1, "at": now})
    return RollReport(
        changed=len(changed),
        merged=merged,
        components=len(live),
        written=written,
        rollout_buckets=of_rollouts,
    )


def roll_long_windows(store: Store, reader: ConfigReader, *, now: datetime) -> RollReport:
    """Write the windows 7d and 30d of every component that has statistics."""
    live = _live(store, "24h") | _live(store, "30d")
    epoch = current_epoch(store, reader, now=now).epoch
    written = _write_all(store, live, LONG, epoch, _merged_until(store, now), now)
    return RollReport(components=len(live), written=written)


def buckets_since(
    store: Store, component: str, since: datetime, now: datetime, *, days: bool = False
) -> list[Bucket]:
    """Return a component's buckets that end after an instant, each observation in one of them.

    Hours that were merged come merged, later ones by shard; with `days`, merged days whole.
    """
    return _buckets_since(store, component, since, _merged_until(store, now), now, days=days)


def _merged_until(store: Store, now: datetime) -> datetime:
    """Return the hour before which the last roll merged every hour and day that was over."""
    last = store.get(ROLLED)
    return hour_of(min(now, last.data["at"])) if last else EPOCH


def _buckets_since(
    store: Store, component: str, since: datetime, merged: datetime, now: datetime, *, days: bool
) -> list[Bucket]:
    start = day_of(since) if days else hour_of(since)
    whole = max(start, day_of(merged)) if days else start
    edges: list[tuple[Level, datetime, datetime]] = [
        ("day", start, whole),
        ("hour", whole, merged),
        ("shard", max(start, merged), now + DAY),
    ]
    found: list[Bucket] = []
    for level, start, end in edges:
        if start < end:
            found += _buckets(store, component, level, start, end)
    return sorted(found, key=lambda bucket: (bucket.hour, bucket.key()))


def _buckets(
    store: Store, component: str, level: Level, start: datetime, end: datetime
) -> list[Bucket]:
    where = (
        Filter("component", "==", component),
        Filter("level", "==", level),
        Filter("hour", ">=", start),
        Filter("hour", "<", end),
    )
    return [
        Bucket.from_store(s.data) for s in store.query(Query(Bucket.collection, where, ("hour",)))
    ]


def _changed(store: Store, reader: ConfigReader, since: datetime) -> list[Bucket]:
    found: list[Bucket] = []
    for shard in range(max(reader.read(Ingest).shards, shards_ever(store))):
        where = (
            Filter("level", "==", "shard"),
            Filter("shard", "==", shard),
            Filter("updatedAt", ">=", since),
        )
        query = Query(Bucket.collection, where, ("updatedAt",))
        found += [Bucket.from_store(s.data) for s in store.stream(query)]
    return found


def _merge_closed(store: Store, hours: set[tuple[str, datetime]], now: datetime) -> int:
    """Merge the closed hours among some, and the closed days that hold them."""
    closed = sorted((component, hour) for component, hour in hours if hour < hour_of(now))
    merged = 0
    for component, hour in closed:
        merged += _merge(store, component, "shard", "hour", hour, hour + HOUR, now)
    for component, day in sorted({(component, day_of(hour)) for component, hour in closed}):
        if day < day_of(now):
            merged += _merge(store, component, "hour", "day", day, day + DAY, now)
    return merged


def _merge(
    store: Store,
    component: str,
    source: Level,
    target: Level,
    start: datetime,
    end: datetime,
    now: datetime,
) -> int:
    """Write the merged bucket of each version and epoch in a span; returns how many."""
    parts: dict[tuple[str, int], list[Bucket]] = defaultdict(list)
    for bucket in _buckets(store, component, source, start, end):
        parts[bucket.version, bucket.epoch].append(bucket)
    least = DAY_RETENTION if target == "day" else timedelta(0)
    writes = []
    for (version, epoch), buckets in sorted(parts.items()):
        merged = Bucket(
            component=component,
            version=version,
            epoch=epoch,
            hour=start,
            level=target,
            sums=cap_errors(sum_sums(b.sums for b in buckets)),
            updated_at=now,
            expire_at=max(start + least, *(b.expire_at for b in buckets)),
        )
        writes.append(Write("set", Ref(Bucket.collection, merged.key()), merged.to_map()))
    _commit(store, writes)
    return len(writes)


def _live(store: Store, window: WindowName) -> dict[str, set[str]]:
    """Return the components that have statistics in a window, with their versions."""
    where = (Filter("window", "==", window), Filter("n", ">", 0))
    live: dict[str, set[str]] = defaultdict(set)
    for found in store.stream(Query(Stats.collection, where, ("n",))):
        live[found.data["component"]].add(found.data["version"])
    return dict(live)


def _write_all(
    store: Store,
    live: Mapping[str, set[str]],
    windows: Sequence[WindowName],
    epoch: int,
    merged: datetime,
    now: datetime,
) -> int:
    writes = [
        Write("set", Ref(Stats.collection, stats.key()), stats.to_map())
        for component, versions in sorted(live.items())
        for stats in _windows(store, component, versions, windows, epoch, merged, now)
    ]
    _commit(store, writes)
    return len(writes)


def _windows(
    store: Store,
    component: str,
    versions: set[str],
    windows: Sequence[WindowName],
    epoch: int,
    merged: datetime,
    now: datetime,
) -> Iterator[Stats]:
    """Yield a component's statistics, with those that have just become empty."""
    longest = max(WINDOWS[name] for name in windows)
    days = longest > DAY
    buckets = _buckets_since(store, component, now - longest, merged, now, days=days)
    for window in windows:
        start = now - WINDOWS[window]
        inside = [b for b in buckets if b.hour + _length(b) > start]
        since = min([start, *(b.hour for b in inside)])
        for version in sorted({ALL, *versions, *(b.version for b in inside)}):
            yield stats_of(
                _sum(inside, version, epoch),
                component=component,
                version=version,
                window=window,
                since=since,
                ts=now,
                epoch=epoch,
            )


def _length(bucket: Bucket) -> timedelta:
    return DAY if bucket.level == "day" else HOUR


def _sum(buckets: Iterable[Bucket], version: str, epoch: int) -> Sums:
    """Add up buckets; rewards of another epoch do not compare and are left out."""
    chosen = (b for b in buckets if version in (ALL, b.version))
    parts = (b.sums if b.epoch == epoch else b.sums.without_reward() for b in chosen)
    return cap_errors(sum_sums(parts))


def _commit(store: Store, writes: Sequence[Write]) -> None:
    for i in range(0, len(writes), _COMMIT):
        store.commit(writes[i : i + _COMMIT])


def hourly_series(store: Store, component: str, *, hours: int, now: datetime) -> list[Stats]:
    """Return a component's statistics hour by hour, oldest first, for plots."""
    by_hour: dict[datetime, list[Bucket]] = defaultdict(list)
    for bucket in buckets_since(store, component, now - hours * HOUR, now):
        by_hour[bucket.hour].append(bucket)
    out = []
    for hour, buckets in sorted(by_hour.items()):
        epoch = max(b.epoch for b in buckets)
        out.append(
            stats_of(
                _sum(buckets, ALL, epoch),
                component=component,
                version=ALL,
                window="1h",
                since=hour,
                ts=min(now, hour + HOUR),
                epoch=epoch,
            )
        )
    return out
