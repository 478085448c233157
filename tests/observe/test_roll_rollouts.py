"""Rolling rollouts: frozen hours over shards, whole days, and each hour read once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import DAY, HOUR, ManualClock
from ratchet.observe.read_until import keep_read_until, load_read_until, read_until
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.observe.rollout_buckets import rollout_buckets
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.observing import NOON, SECOND, Worker
from tests.support.rollout_recount import (
    NEW,
    held,
    kept,
    met,
    recount,
    running,
    served,
    start,
    watch,
)

pytestmark = pytest.mark.slow

MIDNIGHT = NOON.replace(hour=0)


def busy(store: Store, hours: int, begin: datetime = NOON, per_hour: int = 3) -> Worker:
    """Return a worker after hours of traffic in both arms, read at each hour's end."""
    at = running(store, shards=2)
    at.clock.now = begin
    for hour in range(hours):
        for i in range(per_hour):
            about = {"unit": f"u{i}", "rolloutArm": ("control", NEW)[i % 2]}
            ts = at.clock() + i * SECOND
            at.batch(f"h{hour}-{i}", [met(ts, **about), served(ts, durationMs=50.0, **about)])
        at.later(HOUR)
        at.read()
    return at


def read(store: Store, until: datetime | None = None) -> list[RolloutBucket]:
    return rollout_buckets(store, "r1", watch(), until or read_until(store))


def levels(buckets: list[RolloutBucket]) -> list[tuple[str, int]]:
    """Return (level, hours after noon) of some buckets, without arms."""
    return sorted({(b.level, (b.hour - NOON) // HOUR) for b in buckets})


def test_hours_are_merged_over_shards_once_they_are_frozen_and_not_before(store: Store) -> None:
    at = busy(store, 2)
    at.roll()
    assert kept(store, "hour") == []
    at.later(HOUR)
    at.read()
    assert at.roll().rollout_buckets == 2
    assert held(kept(store, "hour")) == {
        cell: counts for cell, counts in recount(store, {"r1": watch()}).items() if cell[3] == NOON
    }
    assert {b.units.count() for b in kept(store, "hour")} == {1, 2}


def test_only_what_has_frozen_since_is_merged(store: Store) -> None:
    at = busy(store, 4)
    assert at.roll().rollout_buckets == 4
    counting = CountingStore(store)
    assert roll_rollouts(counting, now=at.clock()) == 0
    # How far all was read; the rollout and its epoch; how far it was merged.
    assert (counting.bill.reads, counting.bill.writes) == (4, 0)


def test_where_there_is_no_rollout_a_roll_costs_one_read(embedded: SqliteStore) -> None:
    counting = CountingStore(embedded)
    assert roll_rollouts(counting, now=NOON) == 0
    assert (counting.bill.reads, counting.bill.writes) == (1, 0)


def test_each_frozen_hour_is_in_one_bucket_of_days_and_hours(store: Store) -> None:
    at = busy(store, 30, begin=MIDNIGHT)
    at.roll()
    found = read(store)
    assert levels(found) == [("day", -12), *(("hour", h) for h in range(12, 16))]
    assert len(found) == 2 * (1 + 4)
    frozen = MIDNIGHT + 28 * HOUR
    whole = {c: n for c, n in recount(store, {"r1": watch()}).items() if c[3] < frozen}
    assert total(held(found)) == total(whole)


def total(counts: Any) -> dict[Any, int]:
    """Return the sums by arm, over hours."""
    out: dict[Any, int] = {}
    for (rollout, step, arm, _), counted in counts.items():
        for key, n in counted.items():
            name = (rollout, step, arm, key)
            out[name] = out.get(name, 0) + n
    return out


@pytest.mark.parametrize("rolled", [False, True])
def test_frozen_hours_that_no_roll_has_merged_are_read_by_shard(store: Store, rolled: bool) -> None:
    at = busy(store, 4)
    if rolled:
        at.roll()
    found = read(store)
    assert levels(found) == [("hour", 0), ("hour", 1)]
    assert [b.sums.n.total() for b in found] == [1, 2, 1, 2]


def test_the_same_until_gives_the_same_numbers_at_any_time(store: Store) -> None:
    at = busy(store, 26, begin=MIDNIGHT)
    then = NOON + 3 * HOUR
    before = held(read(store, then))
    at.roll()
    assert held(read(store, then)) == before
    at.later(5 * DAY)
    at.read()
    at.roll()
    assert held(read(store, then)) == before
    assert {h for *_, h in before} == {MIDNIGHT + h * HOUR for h in range(14)}


def test_a_roll_that_dies_anywhere_is_made_good_by_the_next() -> None:
    made: list[list[RolloutBucket]] = []
    calls = 0
    for die_at in [None, *range(1, 40)]:
        store = SqliteStore()
        at = busy(store, 5, begin=MIDNIGHT - 2 * HOUR, per_hour=2)
        faulty = FaultyStore(store, die_at, "after")
        try:
            roll_rollouts(faulty, now=at.clock())
        except Died:
            roll_rollouts(store, now=at.clock())
        made.append(read(store))
        calls = calls or faulty.calls
        store.close()
        if die_at == calls:
            break
    assert 8 < calls < 40
    assert all(found == made[0] for found in made)
    assert levels(made[0]) == [("day", -36), ("hour", -12)]


def test_a_rollout_is_forgotten_once_its_last_day_is_merged_and_known_again_after(
    store: Store,
) -> None:
    at = busy(store, 1)
    at.roll()
    assert set(load_read_until(store).rollouts) == {"r1"}
    at.later(2 * HOUR)
    at.read()
    at.roll()
    assert levels(read(store)) == [("hour", 0)]
    assert set(load_read_until(store).rollouts) == {"r1"}
    at.later(DAY)
    at.read()
    assert at.roll().rollout_buckets == 2
    assert levels(read(store)) == [("day", -12)]
    assert load_read_until(store).rollouts == {}
    at.record({"id": "again"} | served(at.clock(), unit="u9"))
    at.later(2 * HOUR)
    at.read()
    at.later(HOUR)
    at.read()
    assert at.roll().rollout_buckets == 1
    assert levels(read(store)) == [("day", -12), ("hour", 27)]


def test_days_are_kept_for_long_and_hours_as_long_as_their_shards(store: Store) -> None:
    at = busy(store, 27, begin=MIDNIGHT)
    at.roll()
    (day, _) = kept(store, "day")
    assert day.expire_at == MIDNIGHT + timedelta(days=400)
    (hour, _) = [b for b in kept(store, "hour") if b.hour == NOON]
    assert hour.expire_at == NOON + at.ingest.bucket_retention


def test_what_has_expired_is_swept(embedded: SqliteStore) -> None:
    at = busy(embedded, 4)
    at.roll()
    at.later(at.ingest.bucket_retention + DAY)
    assert at.sweep().expired >= 12
    assert embedded.query(Query("ops_rollout_buckets")) == []


def test_a_month_of_five_arms_is_read_in_days_and_the_last_hours() -> None:
    store = SqliteStore()
    clock = ManualClock(MIDNIGHT)
    worker = Worker(store, clock)
    worker.score()  # opens the epoch
    arms = ("control", "a", "b", "c", "d")
    known = start(store, arms=arms, steps=1)
    end = MIDNIGHT + 30 * DAY + 10 * HOUR
    hour = MIDNIGHT
    while hour < end:
        writes = [
            RolloutBucket(
                rollout="r1",
                step=0,
                arm=arm,
                epoch=1,
                hour=hour,
                sums=RolloutSums(),
                updated_at=hour,
                expire_at=end + 60 * DAY,
            )
            for arm in arms
        ]
        for bucket in writes:
            store.set(Ref(bucket.collection, bucket.key()), bucket.to_map())
        hour += 3 * HOUR
    store.set(Ref("ops_checkpoints", "read_until"), {"v": 1, "rollouts": {"r1": end + 2 * HOUR}})
    keep_read_until(store, end + HOUR)
    assert roll_rollouts(store, now=end) == 5 * (30 * 8 + 4) + 5 * 30
    counting = CountingStore(store)
    found = rollout_buckets(counting, "r1", known, end + HOUR)
    assert len(found) == 5 * 30 + 5 * 4
    assert counting.bill.reads == len(found) + 1  # how far it was merged
    store.close()
