"""The scorer fills rollout buckets exactly, and reads of them as little as it must."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.observe.read_until import load_read_until
from ratchet.stats.units import met_by_both
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import (
    LATER,
    NOON,
    alerts,
    buckets_of,
    observation,
    reward_of,
    worker,
)
from tests.support.recount import check as check_buckets
from tests.support.rollout_recount import (
    ARMS,
    NEW,
    check,
    held,
    kept,
    met,
    mixed,
    only,
    recount,
    running,
    served,
    start,
    watch,
)

MINUTE = timedelta(minutes=1)
WATCHES = {"r1": watch()}


def test_buckets_equal_a_recount_over_shards_chunks_and_hours(store: Store) -> None:
    at = running(store, shards=3)
    for i in range(6):
        at.batch(f"b{i}", mixed(20, hour=-(i % 2)))
    at.record({"id": "single"} | served(paired=[NEW]))
    at.record({"id": "shadow"} | served(rolloutArm=NEW, shadow=True))
    at.record({"id": "plain"} | observation())
    at.later()
    at.score(chunk=25)
    check(store, WATCHES)
    check_buckets(store)
    assert {b.arm for b in kept(store)} == {"control", NEW, f"shadow:{NEW}", f"pair:{NEW}"}
    assert {b.epoch for b in kept(store)} == {1}


def test_exposures_alone_are_counted_and_make_no_observation(store: Store) -> None:
    at = running(store)
    at.batch("b1", [met(unit=f"u{i}", rolloutArm=ARMS[i % 2]) for i in range(5)])
    at.later()
    assert at.score().scored == 0
    assert [only(store, arm).sums.exposures.total() for arm in ARMS] == [3, 2]
    assert only(store, "control").units.count() == 3
    assert buckets_of(store) == []


def test_shadows_and_pairs_never_reach_the_champions_statistics(store: Store) -> None:
    at = running(store)
    at.record({"id": "served"} | served(paired=[NEW], durationMs=100.0))
    at.record({"id": "shadow"} | served(rolloutArm=NEW, shadow=True, durationMs=900.0))
    at.later()
    at.score()
    (bucket,) = buckets_of(store)
    assert (bucket.sums.total.n, bucket.sums.latency.wx) == (1, 100_000)
    totals = {b.arm: b.sums.n.total() for b in kept(store)}
    assert totals == {"control": 1, f"pair:{NEW}": 1, f"shadow:{NEW}": 1}


def test_an_observation_that_stands_for_k_counts_k_times_and_is_one_unit(store: Store) -> None:
    at = running(store)
    at.record(served(weight=100, costUsd=0.01))
    at.later()
    at.score()
    sums = only(store, "control").sums
    assert (sums.n.total(), sums.w.total(), sums.cost_wx.total()) == (1, 100, 10**9)
    assert only(store, "control").units.count() == 1


def test_a_unit_met_by_both_arms_is_found_in_the_store(store: Store) -> None:
    at = running(store)
    at.batch("b1", [met(unit="u1"), met(unit="u2"), met(unit="u2", rolloutArm=NEW)])
    at.later()
    at.score()
    assert met_by_both(only(store, "control").units, only(store, NEW).units) == (1, 0.5)


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        (None, {}),
        ({"v": 1}, {}),
        ({"v": 1, "watch": {"arms": []}}, {}),
        ({"v": 1, "watch": watch(epoch=77).to_map()}, {}),
        ({"v": 1, "watch": watch().to_map()}, {"rolloutArm": "other"}),
        ({"v": 1, "watch": watch().to_map()}, {"rolloutStep": 9}),
    ],
)
def test_what_belongs_to_no_rollout_that_can_be_read_raises_one_alert(
    store: Store, document: dict[str, Any] | None, wrong: dict[str, Any]
) -> None:
    at = worker(store)
    if document:
        store.set(Ref("ops_rollouts", "r1"), document)
    for _ in range(3):
        at.record(served(**wrong))
        at.later()
        assert at.score(chunk=1).scored == 1
    assert kept(store) == []
    assert alerts(store) == ["rollout-foreign"]
    (alert,) = [s.data for s in store.query(Query("ops_alerts"))]
    assert (alert["count"], "r1" in alert["text"]) == (1, True)
    check_buckets(store)


def test_what_counted_in_no_bucket_is_never_taken_back_from_one(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "o1"} | served())
    at.later()
    at.score()
    start(embedded)  # it can be read from now on
    at.record({"id": "o2"} | served(unit="u2", quality=0.5))
    at.feedback({"obsId": "o1", "source": "a", "grade": 0.0})
    at.later()
    at.score()
    at.fold()
    assert reward_of(embedded, "o1")["quality"] == 0.0
    sums = only(embedded, "control").sums
    assert (sums.n.total(), sums.quality_wx.total(), sums.reward_wx.total()) == (
        1,
        500_000,
        550_000,
    )


def test_the_rollouts_that_wait_are_known_with_the_end_of_their_last_window(store: Store) -> None:
    at = running(store)
    start(store, "r2", outcome_window_hours=24.0)
    at.batch("b1", [met(), met(NOON + MINUTE, rolloutId="r2"), met(NOON - HOUR, rolloutId="r2")])
    at.later()
    at.score()
    closes = {"r1": NOON + 2 * HOUR, "r2": NOON + 25 * HOUR}
    assert load_read_until(store).rollouts == closes


def test_observations_without_a_rollout_cost_what_they_did(embedded: SqliteStore) -> None:
    counting = CountingStore(embedded)
    at = worker(counting)
    at.batch("b1", [observation() for _ in range(50)])
    at.score()  # opens the epoch
    at.later(LATER)
    before = counting.bill
    at.score()
    bill = counting.bill - before
    # Reads: pointer, shards, cursor, the batch, the cursor again, the bucket.
    assert (bill.reads, bill.writes) == (6, 3)


def test_a_rollouts_document_is_read_once_a_tick(embedded: SqliteStore) -> None:
    counting = CountingStore(embedded)
    at = running(counting)
    for i in range(4):
        at.batch(f"b{i}", [served(unit=f"u{i}")])
    at.score()
    at.later(LATER)
    before = counting.bill
    at.score(chunk=1)
    reads = (counting.bill - before).reads
    # Pointer, shards, cursor, 4 batches; the rollout, its epoch; then a chunk: the cursor, the
    # bucket, how far all was read, the rollout bucket.
    assert reads == 3 + 4 + 2 + 4 * 4
    assert held(kept(embedded)) == recount(embedded, WATCHES)
