"""What shadows cost counts before their hours are closed, and nothing else does."""

from typing import Any

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.spent import open_spend
from ratchet.store.port import Store
from tests.support.evidenced import NOON, arm_of, put, rollout

# Every observation of these buckets costs a cent.
ARMS = ("control", "pair:1.0.1", "shadow:1.0.1")


def counted(store: Store, hours: int, **how: Any) -> Rollout:
    running = rollout(share=0.2, **how)
    buckets = [
        arm_of("1.0.1", 0.5, 10, hour=hour).model_copy(update={"arm": arm, "shard": hour % 2})
        for hour in range(hours)
        for arm in ARMS
    ]
    put(store, running, buckets, NOON)
    return running


def test_only_the_shadows_of_open_hours_count(store: Store) -> None:
    shadow = counted(store, 3, mode="shadow")
    assert open_spend(store, shadow, NOON) == pytest.approx(0.3)
    assert open_spend(store, shadow, NOON + 2 * HOUR) == pytest.approx(0.1)
    assert open_spend(store, shadow, NOON + 3 * HOUR) == 0.0


def test_where_nobody_runs_beside_nothing_is_read(embedded: Store) -> None:
    assert open_spend(embedded, counted(embedded, 1), NOON) == 0.0
