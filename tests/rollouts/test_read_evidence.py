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


def test_nothing_closed_is_no_evidence_and_says_what_waits(store: Store) -> None:
    put(store, rollout(), BUCKETS, NOON)
    found = read_evidence(store, ID)
    assert {c.says for c in found.compared} == {"too few"}
    assert [arm.n for arm in found.arms] == [0, 0]
    assert (found.closed, found.until) == (False, None)
    assert found.open is not None
    # Four hours of two arms of 600; the hour of 12 has ended at 13, its windows have at 15.
    assert (found.open.exposures, found.open.outcomes) == (4800, 4800)
    assert found.open.closes == NOON + 3 * HOUR


def test_what_ran_beside_a_shadow_counts_once(embedded: Store) -> None:
    names = ("control", "pair:1.0.1", "shadow:1.0.1")
    buckets = [arm_of(arm, 0.5, 10).model_copy(update={"arm": arm}) for arm in names]
    put(embedded, rollout(mode="shadow", share=0.2), buckets, NOON)
    waiting = read_evidence(embedded, ID).open
    assert waiting is not None
    assert waiting.outcomes == 20


def test_nothing_counted_at_all_has_no_hour_to_wait_for(embedded: Store) -> None:
    put(embedded, rollout(), [], NOON)
    waiting = read_evidence(embedded, ID).open
    assert waiting is not None
    assert (waiting.exposures, waiting.outcomes, waiting.closes) == (0, 0, None)


def test_hours_that_closed_empty_leave_what_is_open_told(embedded: Store) -> None:
    later = [arm_of("control", 0.5, 10, hour=5)]
    put(embedded, rollout(), later, NOON + 5 * HOUR)
    found = read_evidence(embedded, ID)
    assert (found.closed, found.until) == (True, NOON + 3 * HOUR)
    assert found.open is not None
    assert (found.open.outcomes, found.open.closes) == (10, NOON + 8 * HOUR)


def test_hours_that_closed_before_the_start_are_shown(embedded: Store) -> None:
    """A component whose clock runs behind, or a log that is carried in."""
    started = rollout(started_at=NOON + 6 * HOUR)
    put(embedded, started, BUCKETS, NOON + 6 * HOUR)
    found = read_evidence(embedded, ID)
    assert (found.closed, found.until, found.open) == (True, NOON + 4 * HOUR, None)
    assert [arm.n for arm in found.arms] == [2400, 2400]


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
