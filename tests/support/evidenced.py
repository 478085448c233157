"""Rollouts whose buckets are written by hand, for what is read of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ratchet.observe.read_until import READ_UNTIL, ReadUntil
from ratchet.observe.reward import RewardConfig, RewardEpoch
from ratchet.observe.watch import CONTROL
from ratchet.rollouts.rollout import Rollout
from ratchet.stats.bins import BINS, bin_of, pack
from ratchet.stats.moments import to_units
from ratchet.stats.quantiles import histogram_of
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.stats.units import unit_hash, units_of
from ratchet.store.port import Ref, Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = "router-core-r7"


def rollout(arms: Sequence[str] = ("1.0.1",), share: float = 0.5, **fields: Any) -> Rollout:
    """Return a rollout of some challengers, each with a share in its only step."""
    steps = fields.pop("steps", (dict.fromkeys(arms, share),))
    watched = {"outcome_window_hours": 2.0, "latency_objective_ms": 1000.0}
    watch = {"arms": (CONTROL, *arms), "steps": len(steps), "epoch": 1} | watched
    given = {
        "id": ID,
        "policy": "router-core",
        "champion": "router-core@1.0.0",
        "challengers": [{"arm": arm, "version": f"router-core@{arm}"} for arm in arms],
        "mode": "split",
        "steps": steps,
        "salt": "0123456789abcdef",
        "watch": watch,
        "started_at": NOON,
    }
    return Rollout.parse(given | fields)


def counted(
    units: Sequence[str], rewards: Sequence[float], *, graded: float = 1.0, failed: float = 0.0
) -> RolloutSums:
    """Return the sums of a success of each unit; the first ones ungraded, the last ones failed.

    Every latency is 400 ms, every cost a cent.
    """
    bins = np.array([bin_of(unit) for unit in units])
    n = len(units)
    ok = np.arange(n) < n * (1 - failed)
    known = ok & (np.arange(n) >= n * (1 - graded))

    def binned(values: Any) -> Any:
        out = np.zeros(BINS, np.int64)
        np.add.at(out, bins, np.asarray(values).astype(np.int64))
        return pack(out)

    ones = np.ones(n)
    return RolloutSums(
        exposures=binned(ones),
        n=binned(ones),
        w=binned(ones),
        success=binned(ok),
        failure=binned(~ok),
        reward_wx=binned(to_units(np.asarray(rewards, float), 10**6)),
        quality_w=binned(known),
        quality_wx=binned(known * 800_000),
        cost_w=binned(ones),
        cost_wx=binned(ones * 10**7),
        latency_w=binned(ones),
        known_cost=binned(ok),
        known_latency=binned(ok),
        known_quality=binned(known),
        errors={"rate_limit": binned(~ok)} if failed else {},
        latency_bins=histogram_of(np.full(n, 400.0), np.ones(n, np.int64)),
    )


def hour_of_arm(
    arm: str,
    sums: RolloutSums,
    units: Sequence[str],
    *,
    hour: int = 0,
    step: int = 0,
    shard: int = 0,
) -> RolloutBucket:
    """Return the bucket of an arm, some hours after noon."""
    return RolloutBucket(
        rollout=ID,
        step=step,
        arm=arm,
        epoch=1,
        hour=NOON + hour * HOUR,
        shard=shard,
        sums=sums,
        units=units_of(unit_hash(unit) for unit in units),
        updated_at=NOON,
        expire_at=NOON + timedelta(days=70),
    )


def arm_of(
    arm: str, mean: float, units: int, *, seed: int = 0, first: int = 0, hour: int = 0,
    step: int = 0, **how: float
) -> RolloutBucket:  # fmt: skip
    """Return an hour of an arm, with rewards that spread by 0.2 around a mean; a unit has one."""
    names = [f"{arm}-{i}" if not first else f"u{i}" for i in range(first, first + units)]
    rewards = np.clip(np.random.default_rng(seed).normal(mean, 0.2, units), 0, 1)
    return hour_of_arm(arm, counted(names, rewards.tolist(), **how), names, hour=hour, step=step)


def put(store: Store, running: Rollout, buckets: Sequence[RolloutBucket], read: datetime) -> None:
    """Write a rollout, its buckets, and until when everything was read."""
    config = RewardConfig()
    epoch = RewardEpoch(
        epoch=1, config=config, config_hash=config.scoring_hash(), opened_at=running.started_at
    )
    for document in (running, epoch):
        store.set(Ref(document.collection, document.key()), document.to_map())
    for bucket in buckets:
        store.set(Ref(bucket.collection, bucket.key()), bucket.to_map())
    store.set(READ_UNTIL, ReadUntil(until=read, rollouts={running.id: read}).to_map())
