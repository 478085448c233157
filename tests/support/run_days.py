"""Runs by day, from a few losses: their sums, and the buckets that hold them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.runs.patch_trend import patch_trend
from ratchet.runs.trend import RunTrend
from ratchet.stats.moments import SCALES, Moments, grouped_moments, to_units
from ratchet.stats.run_sums import RunBucket, RunSums
from ratchet.store.port import Ref, Store

TODAY = datetime(2026, 3, 1, tzinfo=UTC)
NOON = TODAY + timedelta(hours=12)
COMPONENT = "planner"


def moments(values: Sequence[float], unit: str = "loss") -> Moments:
    """Return the moments of values that stand for one run each."""
    x = to_units(np.array(values, dtype=np.float64), SCALES[unit])
    (found,) = grouped_moments(x, np.ones_like(x), np.zeros_like(x), 1)
    return found


def runs(
    *losses: float, terms: Mapping[str, Sequence[float]] | None = None, **more: Any
) -> RunSums:
    """Return the sums of runs with these losses."""
    by_term = {name: moments(values) for name, values in (terms or {}).items()}
    return RunSums(runs=len(losses), loss=moments(losses), terms=by_term, **more)


def days_back(*sums: RunSums) -> dict[datetime, RunSums]:
    """Return sums by day, the last of them today's."""
    return {TODAY - (len(sums) - 1 - i) * DAY: found for i, found in enumerate(sums)}


def put_bucket(
    store: Store,
    sums: RunSums,
    *,
    back: int = 0,
    version: str = "p@1.0.0",
    component: str = COMPONENT,
    now: datetime = NOON,
) -> Ref:
    """Store what the runs of a version came to some days ago; returns where."""
    day = TODAY - back * DAY
    bucket = RunBucket(
        component=component,
        version=version,
        day=day,
        shard=0,
        sums=sums,
        updated_at=now,
        expire_at=day + 400 * DAY,
    )
    ref = Ref(RunBucket.collection, bucket.key())
    store.set(ref, bucket.to_map())
    return ref


def refresh(
    store: Store, *changed: Ref, component: str = COMPONENT, now: datetime = NOON
) -> RunTrend:
    """Bring a component's trend up to its buckets."""
    return store.transact(lambda tx: patch_trend(tx, component, changed, now))
