"""RolloutBucket: what an arm of a rollout did in an hour, over 256 bins of units."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import numpy as np

from ratchet.kernel.clock import hour_label
from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.bins import BINS, Bins, pack, sum_bins
from ratchet.stats.bucket import OTHER, Level, cap_named
from ratchet.stats.quantiles import Histogram, sum_histograms
from ratchet.stats.units import Units

MAX_CODES = 8


class RolloutSums(Model):
    """What a rollout bucket adds up, bin by bin; `a + b` is the bucket of both.

    `exposures` count assignments, `n` observations as they arrived; all else is weighted by what
    an observation stands for. `*_w` is the weight of the observations whose value is known, `*_wx`
    the weighted sum in integer units (`SCALES`); `over` counts latencies over the objective;
    `known_*` counts successes whose cost, latency or quality is known, `known_corrected` those with
    a grade by judges, less what those stand for that a person is still asked about. `judged_*` are
    of the judges' grades; `drawn` counts those that a person drawn at random graded too, `drawn_w`
    what they stand for (1/p), `drawn_wx` how much higher he graded them (below 0: lower), for all
    that. `runs` counts runs, each once; by `loss` and by the names of its terms, `run_w` counts
    those that know it and `run_wx` adds it up.
    """

    exposures: Bins = Bins()
    n: Bins = Bins()
    w: Bins = Bins()
    success: Bins = Bins()
    failure: Bins = Bins()
    timeout: Bins = Bins()
    reward_wx: Bins = Bins()
    quality_w: Bins = Bins()
    quality_wx: Bins = Bins()
    cost_w: Bins = Bins()
    cost_wx: Bins = Bins()
    latency_w: Bins = Bins()
    over: Bins = Bins()
    known_cost: Bins = Bins()
    known_latency: Bins = Bins()
    known_quality: Bins = Bins()
    judged_w: Bins = Bins()
    judged_wx: Bins = Bins()
    drawn: Bins = Bins()
    drawn_w: Bins = Bins()
    drawn_wx: Bins = Bins()
    known_corrected: Bins = Bins()
    runs: Bins = Bins()
    errors: dict[str, Bins] = {}
    run_w: dict[str, Bins] = {}
    run_wx: dict[str, Bins] = {}
    latency_bins: Histogram = Histogram()

    def __add__(self, other: "RolloutSums") -> "RolloutSums":
        return _combine(self, other, 1)

    def __sub__(self, other: "RolloutSums") -> "RolloutSums":
        return _combine(self, other, -1)


# Sums that are counted by name, and all that are one for each bin.
OF_RUNS = ("run_w", "run_wx")
NAMED = ("errors", *OF_RUNS)
BINNED = tuple(name for name in RolloutSums.model_fields if name not in (*NAMED, "latency_bins"))


def _combine(a: RolloutSums, b: RolloutSums, sign: int) -> RolloutSums:
    def both(x: Bins, y: Bins) -> Bins:
        return x + y if sign > 0 else x - y

    def by_name(x: Mapping[str, Bins], y: Mapping[str, Bins]) -> dict[str, Bins]:
        found = {k: both(x.get(k, Bins()), y.get(k, Bins())) for k in sorted({*x, *y})}
        return {name: bins for name, bins in found.items() if bins.packed}

    merged: dict[str, Any] = {name: both(getattr(a, name), getattr(b, name)) for name in BINNED}
    merged |= {name: by_name(getattr(a, name), getattr(b, name)) for name in NAMED}
    if sign < 0:
        merged["errors"] = _unfolded(merged["errors"])
    latency = a.latency_bins + b.latency_bins if sign > 0 else a.latency_bins - b.latency_bins
    return RolloutSums.model_construct(latency_bins=latency, **merged)


def _unfolded(codes: Mapping[str, Bins]) -> dict[str, Bins]:
    """Return error codes by bin; what was folded into `other` is taken back from there."""
    counts = {code: bins.array() for code, bins in codes.items()}
    left = counts.get(OTHER, np.zeros(BINS, np.int64))
    for code, array in counts.items():
        short = np.minimum(array, 0)
        taken = np.where(left + short >= 0, short, 0)
        if code != OTHER and taken.any():
            left, counts[code] = left + taken, array - taken
    if OTHER in counts:
        counts[OTHER] = left
    return {code: bins for code, array in sorted(counts.items()) if (bins := pack(array)).packed}


def sum_rollouts(parts: Iterable[RolloutSums]) -> RolloutSums:
    """Return the sum of many, each unpacked once."""
    found = list(parts)
    merged: dict[str, Any] = {
        name: pack(sum_bins(getattr(part, name) for part in found)) for name in BINNED
    }
    merged |= {name: _by_name([getattr(part, name) for part in found]) for name in NAMED}
    latency = sum_histograms(part.latency_bins for part in found)
    return RolloutSums.model_construct(latency_bins=latency, **merged)


def _by_name(parts: Sequence[Mapping[str, Bins]]) -> dict[str, Bins]:
    names = sorted({name for part in parts for name in part})
    sums = {name: pack(sum_bins(p[name] for p in parts if name in p)) for name in names}
    return {name: bins for name, bins in sums.items() if bins.packed}


def cap_codes(sums: RolloutSums) -> RolloutSums:
    """Keep the 8 most frequent error codes; the rest count as `other`."""
    if len(sums.errors) <= MAX_CODES:
        return sums
    errors = cap_named(
        sums.errors, MAX_CODES, count=lambda bins: bins.total(), total=lambda b: pack(sum_bins(b))
    )
    return sums.model_copy(update={"errors": errors})


class RolloutBucket(Document):
    """The sums of one arm of a rollout in a step and an hour.

    Levels as in Bucket: `shard` is written by the scorer until the hour's outcome windows have
    closed, `hour` and `day` merge what is closed. `units` may only grow: a unit once met stays met.
    """

    collection: ClassVar[str] = "ops_rollout_buckets"

    rollout: str
    step: int
    arm: str
    epoch: int
    hour: Instant
    shard: int = 0
    level: Level = "shard"
    sums: RolloutSums = RolloutSums()
    units: Units = Units()
    updated_at: Instant
    expire_at: Instant

    def key(self) -> str:
        """Return rollout, step, arm, hour and shard (or the level, once merged)."""
        last: str | int = self.shard if self.level == "shard" else self.level
        return rollout_bucket_key(self.rollout, self.step, self.arm, self.hour, last)

    def changed(
        self, plus: RolloutSums, minus: RolloutSums, met: Units, now: datetime
    ) -> "RolloutBucket":
        """Return the bucket with sums added, and then taken back, and with units met."""
        sums = cap_codes(self.sums + plus - minus)
        at = max(now, self.updated_at)
        return self.model_copy(update={"sums": sums, "units": self.units + met, "updated_at": at})


def rollout_bucket_key(rollout: str, step: int, arm: str, hour: datetime, last: str | int) -> str:
    """Return the id of a rollout bucket."""
    return join_key(rollout, step, arm, hour_label(hour), last)
