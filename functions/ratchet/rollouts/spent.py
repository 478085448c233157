"""Spent: what shadows cost in hours that are still open, so that a cap need not wait for them."""

from datetime import UTC, datetime

from ratchet.observe.rollout_buckets import buckets_between
from ratchet.observe.watch import SHADOW
from ratchet.rollouts.metric import METRICS
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Store

_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def open_spend(store: Store, rollout: Rollout, until: datetime) -> float:
    """Return what shadows cost from an hour on, as far as it is counted. Units: USD."""
    if rollout.mode != "shadow":
        return 0.0
    open_hours = buckets_between(store, rollout.id, "shard", until, _LAST)
    shadows = (bucket for bucket in open_hours if bucket.arm.startswith(SHADOW))
    return sum(bucket.sums.cost_wx.total() for bucket in shadows) / METRICS["cost"].scale
