"""Estimates: means, rates and quantiles with fixed-horizon 95 % intervals, by bins of units."""

import math
from statistics import NormalDist

import numpy as np

from ratchet.entry.trial.tally import CELLS, cell_of
from ratchet.kernel.document import Model
from ratchet.stats.intervals import LEVEL, t_quantile, wilson
from ratchet.stats.moments import Floats
from ratchet.stats.quantiles import Histogram

_P = (1 + LEVEL) / 2
_Z = NormalDist().inv_cdf(_P)


class Estimate(Model):
    """A number with its interval; without bounds where too little is known for any."""

    value: float
    low: float | None = None
    high: float | None = None


def mean_of(num: Floats, den: Floats, span: float = 0.0) -> Estimate | None:
    """Return a ratio of sums with Student's interval over bins, or None of nothing.

    `span` is the width of the metric's range, if it has one: see `_least`.
    Shapes: (bins,).
    Source: the linearised ratio estimator, Cochran, Sampling Techniques (1977), 6.
    """
    total = den.sum()
    if total <= 0:
        return None
    mean = float(num.sum() / total)
    used = int((den > 0).sum())
    if used < 2:
        return Estimate(value=mean)
    reach = t_quantile(_P, used - 1) * math.sqrt(ratio_variance(num, den))
    reach = max(reach, _least(span, total))
    return Estimate(value=mean, low=mean - reach, high=mean + reach)


def rate_of(
    num: Floats, den: Floats, rows: float, units: float, *, clustered: bool
) -> Estimate | None:
    """Return a share with Wilson's interval at the effective sample size, or None of nothing.

    That size is of the rows, or where units recur or rows have weights, the one that the spread
    over bins shows, and never more than the rows. Shapes: num, den (bins,).
    """
    total = float(den.sum())
    if total <= 0:
        return None
    share = min(max(float(num.sum()) / total, 0.0), 1.0)
    size = effective_size(num, den, rows, units) if clustered else rows
    found = wilson(share, size)
    return Estimate(value=share, low=found.low, high=found.high)


def effective_size(num: Floats, den: Floats, rows: float, units: float) -> float:
    """Return how many independent rows would say as much about a share. Shapes: (bins,)."""
    share = num.sum() / den.sum()
    variance = ratio_variance(num, den) if (den > 0).sum() > 1 else 0.0
    size = share * (1 - share) / variance if variance > 0 else min(rows, units)
    return float(max(1.0, min(rows, size)))


def ratio_variance(num: Floats, den: Floats) -> float:
    """Return the variance of sum(num) / sum(den) over bins. Shapes: (bins,)."""
    total = den.sum()
    used = (den > 0).sum()
    residual = (num - num.sum() / total * den) / total
    return float((residual**2).sum() * used / max(used - 1, 1))


def quantile_of(
    q: float, found: Histogram, cells: Floats, units: float, *, clustered: bool
) -> Estimate | None:
    """Return a quantile with its interval, or None of nothing.

    The bounds are the quantiles at Wilson's bounds of q; where units recur, at the effective size
    of the share under the quantile. There is none on a side where so few rows may well have nothing
    beyond the quantile. Shapes: cells (bins, CELLS).
    Source: Woodruff, JASA 1952.
    """
    values = found.quantiles([q])
    if values is None:
        return None
    rows = size = float(found.total())
    if clustered:
        edge = min(int(cell_of(np.array(values))[0]) + 1, CELLS)
        size = effective_size(cells[:, :edge].sum(1), cells.sum(1), rows, units)
    bound = wilson(q, size)
    low, high = found.quantiles([bound.low, bound.high]) or values * 2
    return Estimate(
        value=values[0],
        low=low if (1 - q) ** size <= 1 - _P else None,
        high=high if q**size <= 1 - _P else None,
    )


def weighted_of(weights: Floats, num: Floats, den: Floats, span: float = 0.0) -> Estimate | None:
    """Return the weighted sum of some arms' means, with the spread over bins of them together.

    Shapes: weights (arms,), num, den (arms, bins).
    """
    total = den.sum(1)
    used = weights > 0
    if not used.any() or (total[used] <= 0).any():
        return None
    w, n, d, t = weights[used], num[used], den[used], total[used]
    mean = n.sum(1) / t
    value = float(w @ mean)
    by_bin = (w[:, None] * (n - mean[:, None] * d) / t[:, None]).sum(0)
    bins = int((d.sum(0) > 0).sum())
    if bins < 2:
        return Estimate(value=value)
    reach = _Z * math.sqrt(float((by_bin**2).sum()) * bins / (bins - 1))
    reach = max(reach, _least(span, float(t.min())))
    return Estimate(value=value, low=value - reach, high=value + reach)


def _least(span: float, n: float) -> float:
    """Return how wide an interval is at least: what never happened in n rows may in 3 of n."""
    return 3 * span / n


def inside(metric: str, found: Estimate | None) -> Estimate | None:
    """Return an estimate whose interval stays where its metric can be."""
    if found is None or found.low is None or found.high is None or metric == "reward":
        return found
    most = 1.0 if metric in ("success", "quality") else found.high
    return found.model_copy(update={"low": max(0.0, found.low), "high": min(most, found.high)})
