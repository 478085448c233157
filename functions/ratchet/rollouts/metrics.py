"""Metrics as pairs: what arms did, out of rollout buckets; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ratchet.observe.watch import CONTROL, PAIRED, SHADOW
from ratchet.rollouts.corrected import corrected
from ratchet.rollouts.metric import DRAWN, ERROR, Metric
from ratchet.rollouts.pair import Pair
from ratchet.stats.bins import BINS, sum_bins
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.quantiles import Histogram, sum_histograms
from ratchet.stats.rollout_bucket import BINNED, OF_RUNS, RolloutBucket, RolloutSums
from ratchet.stats.units import Units, sum_units


@dataclass(frozen=True)
class Arm:
    """What an arm did in a step: each sum by bin, as numbers. Shapes: (256,)."""

    sums: Mapping[str, Floats]
    units: Units
    latency: Histogram

    def total(self, field: str) -> float:
        """Return a sum over all bins."""
        return float(self.of(field).sum())

    def of(self, field: str) -> Floats:
        """Return a sum by bin; zeros where nothing was counted."""
        return self.sums.get(field, _ZEROS)


Arms = Mapping[tuple[int, str], Arm]
_ZEROS: Floats = np.zeros(BINS)
# What the names of a field begin with, and the field.
_FIELD = {ERROR.removesuffix(":"): "errors"} | {name: name for name in OF_RUNS}
_NO_ARM = Arm({}, Units(), Histogram())


def arms_of(buckets: Iterable[RolloutBucket]) -> dict[tuple[int, str], Arm]:
    """Return what each arm did in each step, over all hours; every bucket is unpacked once."""
    return {place: _arm(group) for place, group in by_place(buckets).items()}


def by_place(buckets: Iterable[RolloutBucket]) -> dict[tuple[int, str], list[RolloutBucket]]:
    """Return the buckets of each step and arm, in this order."""
    found: dict[tuple[int, str], list[RolloutBucket]] = {}
    for bucket in buckets:
        found.setdefault((bucket.step, bucket.arm), []).append(bucket)
    return dict(sorted(found.items()))


def _arm(buckets: list[RolloutBucket]) -> Arm:
    sums = [bucket.sums for bucket in buckets]
    names = {f"{of}:{name}" for of, f in _FIELD.items() for s in sums for name in getattr(s, f)}
    named = {field: total_of(sums, field) for field in (*BINNED, *sorted(names))}
    return Arm(
        {field: values.astype(np.float64) for field, values in named.items()},
        sum_units(bucket.units for bucket in buckets),
        sum_histograms(s.latency_bins for s in sums),
    )


def total_of(sums: Iterable[RolloutSums], field: str) -> Ints:
    """Return a field of some sums, added up exactly; `error:CODE` is the errors of that code.

    So is `run_w:loss` what the field has of that name.
    """
    of, colon, name = field.partition(":")
    if not colon:
        return sum_bins(getattr(s, field) for s in sums)
    found = (getattr(s, _FIELD[of]) for s in sums)
    return sum_bins(by_name[name] for by_name in found if name in by_name)


@lru_cache(maxsize=64)  # all metrics of two arms have the same units
def _met(steps: tuple[Units, ...]) -> float:
    return sum_units(steps).count()


def pair_of(
    arms: Arms, metric: Metric, challenger: str, shares: Floats, *, shadow: bool = False
) -> Pair:
    """Return a metric of a challenger and its control, by step and bin.

    Shapes: shares (steps,), the challenger's part of the traffic of the two. A shadow is compared
    with the served observations that it ran beside, one for one: they are its exposures.
    """
    names = (PAIRED + challenger, SHADOW + challenger) if shadow else (CONTROL, challenger)
    table = [[arms.get((step, name), _NO_ARM) for name in names] for step in range(shares.shape[0])]
    less = np.array([[arm.of(metric.less) for arm in row] for row in table])
    num = np.array([[arm.of(metric.num) for arm in row] for row in table]) - less
    den = np.array([[arm.of(metric.den) for arm in row] for row in table])
    if shadow and metric.den == "exposures":
        den = np.array([[row[0].of("w")] * 2 for row in table])
    units = [_met(tuple(row[i].units for row in table)) for i in range(2)]
    halves = np.full_like(shares, 0.5)
    pair = Pair(num / metric.scale, den, halves if shadow else shares, np.array(units), metric.span)
    if not metric.corrected:
        return pair
    return corrected(pair, *(np.array([[a.of(f) for a in row] for row in table]) for f in DRAWN))
