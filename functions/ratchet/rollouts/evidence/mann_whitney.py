"""Mann-Whitney: the shift between two samples, whatever their shape; fixed-horizon, for reading.

For samples off line and for bin means; never look at it to decide.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ratchet.rollouts.pair import CHALLENGER, CONTROL, Bounds, Pair, Question, nothing
from ratchet.stats.moments import Floats

TOLERANCE = 1e-4  # R's, in the unit of the data
_STEPS = 1000
_NORMAL = NormalDist()


class Shift(NamedTuple):
    """How far the experiment lies above the control (Hodges & Lehmann), and whether it does."""

    estimate: float
    low: float
    high: float
    p_value: float


def mann_whitney(
    experiment: Floats, control: Floats, level: float = 0.95, *, tolerance: float = TOLERANCE
) -> Shift:
    """Return the shift between two samples as R's wilcox.test and Kayenta find it.

    That is `wilcox.test(experiment, control, conf.int=TRUE, exact=FALSE)`: the bounds and the
    p-value with the continuity correction, the estimate without. They are searched for to within
    `tolerance`, so they may lie apart from the data, and in the wrong order, by that much: give a
    smaller one for small numbers. What is not finite is left out; of nothing the estimate is NaN,
    and where all is tied the bounds are infinite.

    Shapes: (n,), (m,). Source: Bauer, JASA 1972; the search is Brent's (1973).
    """
    x, y = (np.sort(v[np.isfinite(v)]) for v in (experiment, control))
    if not x.size or not y.size:
        return Shift(math.nan, -math.inf, math.inf, 1.0)
    ends = float(x[0] - y[-1]), float(x[-1] - y[0])
    p_value = min(1.0, 2 * _NORMAL.cdf(-abs(_standardised(x, y, 0.0, 0.5))))
    if ends[0] == ends[1]:
        return Shift(ends[0], -math.inf, math.inf, p_value)

    def found(quantile: float, correction: float) -> float:
        return _root(lambda d: _standardised(x, y, d, correction) - quantile, *ends, tolerance)

    z = _NORMAL.inv_cdf((1 + level) / 2)
    return Shift(found(0.0, 0.0), found(z, 0.5), found(-z, 0.5), p_value)


def compare(pair: Pair, question: Question) -> Bounds:
    """Return the bounds of the shift between the arms' bin means: they hold at one look.

    A bin's mean is taken about the middle of the arms' means in each step, so that steps may
    differ (aligned ranks: Hodges & Lehmann 1962); bins count alike, and the question's minima do
    not apply. Nothing is said where the bins are too few to reach the bounds, or all alike.
    """
    shape = pair.num.shape[:-3]
    out, values = nothing(shape), _aligned(pair)
    for at in np.ndindex(shape):
        x, y = (v[np.isfinite(v)] for v in (values[at][CHALLENGER], values[at][CONTROL]))
        estimate, low, high = _between(x, y, question)
        out.estimate[at] = estimate
        if math.isfinite(low) and math.isfinite(high) and low < high:
            z = _NORMAL.inv_cdf(question.low_error) + _NORMAL.inv_cdf(question.high_error)
            out.error[at], out.trusted[at] = (low - high) / z, True
            out.low[at], out.high[at] = low, high
    return out


def _between(x: Floats, y: Floats, question: Question) -> tuple[float, float, float]:
    """Return the middle of all differences and the ones that bound it, by the normal count.

    Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods (2014), 4.2 and 4.3.
    """
    pairs = x.size * y.size
    if not pairs:
        return math.nan, -math.inf, math.inf
    gaps = np.sort(np.subtract.outer(x, y).ravel())
    sigma = math.sqrt(pairs * (x.size + y.size + 1) / 12)
    below = math.floor(pairs / 2 - 0.5 + sigma * _NORMAL.inv_cdf(question.low_error))
    above = math.floor(pairs / 2 - 0.5 + sigma * _NORMAL.inv_cdf(question.high_error))
    low = float(gaps[below]) if below >= 0 else -math.inf
    return float(np.median(gaps)), low, float(gaps[-1 - above]) if above >= 0 else math.inf


def _aligned(pair: Pair) -> Floats:
    """Return each bin's mean by arm, about its steps' middles; NaN of none. (..., 2, bins)."""
    known = np.isfinite(pair.num) & np.isfinite(pair.den) & (pair.den > 0)
    total = np.where(known, pair.den, 0.0).sum(-1, keepdims=True)
    known &= (total > 0).all(-2, keepdims=True)
    den, num = np.where(known, pair.den, 0.0), np.where(known, pair.num, 0.0)
    mean = num.sum(-1, keepdims=True) / np.where(total > 0, total, 1.0)
    middle = mean.mean(-2, keepdims=True)
    size = den.sum(-3)
    about = (num - middle * den).sum(-3)
    return np.asarray(np.where(size > 0, about / np.where(size > 0, size, 1.0), np.nan))


def _standardised(x: Floats, y: Floats, shift: float, correction: float) -> float:
    """Return the standardised rank sum of x - shift among y. Shapes: (n,), (m,), both sorted."""
    moved = x - shift
    n, m = float(x.size), float(y.size)
    wins = np.searchsorted(y, moved, "left") + np.searchsorted(y, moved, "right")
    excess = float(wins.sum()) / 2 - n * m / 2
    ties = np.unique(np.concatenate([moved, y]), return_counts=True)[1].astype(np.float64)
    tied = float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1))
    sigma = math.sqrt(max(0.0, n * m / 12 * (n + m + 1 - tied)))
    return (excess - math.copysign(min(correction, abs(excess)), excess)) / sigma if sigma else 0.0


def _root(f: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Return where a falling function crosses zero, or the end that it does not reach.

    Source: Brent, Algorithms for Minimization without Derivatives (1973), 4: inverse quadratic
    steps where they help, halves where not. It goes step by step as R's uniroot does.
    """
    a, b, fa, fb = low, high, f(low), f(high)
    if fa <= 0:
        return low
    if fb >= 0:
        return high
    c, fc = a, fa
    for _ in range(_STEPS):
        before = b - a
        if abs(fc) < abs(fb):
            a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
        least = 2 * np.finfo(float).eps * abs(b) + tolerance / 2
        step = (c - b) / 2
        if abs(step) <= least or fb == 0:
            return b
        if abs(before) >= least and abs(fa) > abs(fb):
            step = _interpolated((a, b, c), (fa, fb, fc), before, least)
        a, fa = b, fb
        b += math.copysign(max(abs(step), least), step)
        fb = f(b)
        if fb * fc > 0:
            c, fc = a, fa
    return b


def _interpolated(
    at: tuple[float, float, float], value: tuple[float, float, float], before: float, least: float
) -> float:
    """Return the step to where the curve through the last points crosses zero, if it is safe."""
    a, b, c = at
    fa, fb, fc = value
    across, s = c - b, fb / fa
    if a == c:
        p, q = across * s, 1 - s
    else:
        r, t = fa / fc, fb / fc
        p = s * (across * r * (r - t) - (b - a) * (t - 1))
        q = (r - 1) * (t - 1) * (s - 1)
    p, q = (p, -q) if p > 0 else (-p, q)
    safe = p < 0.75 * across * q - abs(least * q) / 2 and p < abs(before * q / 2)
    return p / q if safe else across / 2
