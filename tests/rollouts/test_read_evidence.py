"""Evidence read from a store: frozen hours alone, the same at every look."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import NotFound
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.rollouts.read_evidence import read_evidence
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from tests.support.evidenced import HOUR, ID, NOON, arm_of, put, rollout

BUCKETS = [
    arm_of(arm, mean, 600, seed=i + hour, hour=hour)
    for hour in range(4)
    for i, (arm, mean) in enumerate((("control", 0.5), ("1.0.1", 0.6)))
]


def test_only_hours_whose_windows_closed_are_read(store: Store) -> None:
    # Hours 12 to 15, windows of two hours: at 16:30, 12 and 13 have closed (until 14:30).
    put(store, rollout(), BUCKETS, NOON + timedelta(hours=4, minutes=30))
    found = read_evidence(store, ID)
    assert found.until == NOON + 2 * HOUR
    assert [arm.n for arm in found.arms] == [1200, 1200]
    assert found.compared[0].metric == "reward"
    assert found.compared[0].says == "better"


def test_merging_changes_no_number(store: Store) -> None:
    put(store, rollout(), BUCKETS, NOON + 30 * HOUR)
    before = read_evidence(store, ID)
    assert roll_rollouts(store, now=NOON + 30 * HOUR) > 0
    assert read_evidence(store, ID) == before
    assert [arm.n for arm in before.arms] == [2400, 2400]


def test_nothing_closed_is_no_evidence_and_no_fault(store: Store) -> None:
    put(store, rollout(), BUCKETS, NOON)
    found = read_evidence(store, ID)
    assert {c.says for c in found.compared} == {"too few"}
    assert [arm.n for arm in found.arms] == [0, 0]


def test_a_rollout_that_does_not_exist_is_named(embedded: Store) -> None:
    with pytest.raises(NotFound, match=ID):
        read_evidence(embedded, ID)


def test_merged_hours_cost_a_read_for_each_arm_and_not_for_each_shard(embedded: Store) -> None:
    sharded = [b.model_copy(update={"shard": s}) for b in BUCKETS for s in range(4)]
    put(embedded, rollout(), sharded, NOON + 7 * HOUR)
    roll_rollouts(embedded, now=NOON + 7 * HOUR)
    counting = CountingStore(embedded)
    read_evidence(counting, ID)
    # 8 hours of an arm, the rollout, and two checkpoints; and a read for each empty query.
    assert counting.bill.reads <= 8 + 3 + 2
