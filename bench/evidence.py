"""What it costs to read the evidence of a rollout: 30 days, 5 arms, at two volumes of traffic."""

import math
import time
from collections.abc import Iterator

import numpy as np

from bench.figure import Figure
from bench.support import START
from ratchet.kernel.clock import DAY, HOUR, day_of
from ratchet.observe.read_until import READ_UNTIL, ReadUntil
from ratchet.observe.reward import RewardConfig, RewardEpoch
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.observe.watch import CONTROL
from ratchet.rollouts.read_evidence import read_evidence
from ratchet.rollouts.rollout import Rollout
from ratchet.stats.bins import BINS, pack
from ratchet.stats.moments import Ints
from ratchet.stats.quantiles import histogram_of
from ratchet.stats.rollout_bucket import RolloutBucket, RolloutSums
from ratchet.stats.units import units_of
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store, Write
from ratchet.store.sqlite import SqliteStore

BEGAN = day_of(START)
HOURS = 30 * 24 - 1  # the last day is not whole yet: the most buckets there can be
ARMS = ("1.0.1", "1.0.2", "1.0.3", "1.0.4")
SHARDS = 2
FEW, MANY = 50, 500  # observations an hour and arm
READS = 3
_COMMIT = 100


def figures() -> list[Figure]:
    """Count the reads and take the time of the evidence, on the embedded store."""
    few, slow = measured(FEW)
    many, slower = measured(MANY)
    name = "evidence of a rollout, 30 days and 5 arms: "
    return [
        Figure(name + "reads", many, "reads"),
        Figure(name + "reads as observations grow 10 x: growth", many / few, "x", 1.0),
        Figure(name + f"embedded, {5 * FEW * HOURS:,} observations", slow, "ms"),
        Figure(name + f"embedded, {5 * MANY * HOURS:,} observations", slower, "ms"),
    ]


def measured(each: int) -> tuple[int, float]:
    """Return the reads and the least milliseconds of one look at the evidence."""
    store = SqliteStore()
    rollout = fill(store, each)
    counting, best = CountingStore(store), math.inf
    for _ in range(READS):
        before, began = counting.bill, time.perf_counter()
        read_evidence(counting, rollout.id)
        best = min(best, time.perf_counter() - began)
        reads = (counting.bill - before).reads
    store.close()
    return reads, best * 1000


def fill(store: Store, each: int) -> Rollout:
    """Write a rollout with its buckets as the scorer leaves them, and merge what is frozen."""
    rollout = Rollout.parse(
        {
            "id": "bench-r1",
            "policy": "bench",
            "champion": "bench@1.0.0",
            "challengers": [{"arm": arm, "version": f"bench@{arm}"} for arm in ARMS],
            "mode": "split",
            "steps": [dict.fromkeys(ARMS, 0.2)],
            "salt": "0" * 32,
            "watch": {"arms": (CONTROL, *ARMS), "steps": 1, "epoch": 1},
            "started_at": BEGAN,
        }
    )
    config = RewardConfig()
    epoch = RewardEpoch(epoch=1, config=config, config_hash="", opened_at=BEGAN)
    for document in (rollout, epoch):
        store.set(Ref(document.collection, document.key()), document.to_map())
    writes = [Write("set", Ref(b.collection, b.key()), b.to_map()) for b in buckets(each)]
    for i in range(0, len(writes), _COMMIT):
        store.commit(writes[i : i + _COMMIT])
    read = BEGAN + HOURS * HOUR + rollout.watch.window
    store.set(READ_UNTIL, ReadUntil(until=read, rollouts={rollout.id: read}).to_map())
    roll_rollouts(store, now=read)
    return rollout


def buckets(each: int) -> Iterator[RolloutBucket]:
    """Yield the buckets of every hour, arm and shard."""
    rng = np.random.default_rng(1)
    for hour in range(HOURS):
        for arm in (CONTROL, *ARMS):
            for shard in range(SHARDS):
                yield RolloutBucket(
                    rollout="bench-r1",
                    step=0,
                    arm=arm,
                    epoch=1,
                    hour=BEGAN + hour * HOUR,
                    shard=shard,
                    sums=sums(rng, each // SHARDS),
                    units=units_of(rng.integers(0, 2**63, each // SHARDS).tolist()),
                    updated_at=BEGAN,
                    expire_at=BEGAN + 70 * DAY,
                )


def sums(rng: np.random.Generator, n: int) -> RolloutSums:
    """Return the sums of n observations of as many units; one in ten fails, half are graded."""
    w: Ints = rng.multinomial(n, np.full(BINS, 1 / BINS))
    success = rng.binomial(w, 0.9)
    graded = rng.binomial(success, 0.5)
    failed = w - success
    return RolloutSums(
        exposures=pack(w),
        n=pack(w),
        w=pack(w),
        success=pack(success),
        failure=pack(failed),
        reward_wx=pack(success * 700_000),
        quality_w=pack(graded),
        quality_wx=pack(graded * 800_000),
        cost_w=pack(w),
        cost_wx=pack(w * 2_500_000),
        latency_w=pack(w),
        over=pack(rng.binomial(w, 0.05)),
        known_cost=pack(success),
        known_latency=pack(success),
        known_quality=pack(graded),
        errors={"rate_limit": pack(failed)} if failed.any() else {},
        latency_bins=histogram_of(rng.lognormal(6, 0.5, n), np.ones(n, np.int64)),
    )
