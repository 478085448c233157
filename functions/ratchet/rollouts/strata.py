"""Strata: the difference of two arms within each step, combined over steps; its spread by bins."""

from dataclasses import dataclass

import numpy as np

from ratchet.rollouts.pair import CHALLENGER, CONTROL, Pair
from ratchet.stats.moments import Floats

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Strata:
    """The combined difference and what it rests on. Shapes: (...) unless said.

    `by_arm` (..., 2, bins) is each bin's part in the arms' means, `weights` (..., steps) each
    step's, `means` (..., 2) the arms' means under these weights; `correction` is that of the
    variance for few bins; `events` is the number of bins that carry an arm's variance (the inverse
    of their concentration), of the arm with fewer; `alike` the variance were the arms to vary
    alike.
    """

    estimate: Floats
    variance: Floats
    alike: Floats
    means: Floats
    weights: Floats
    by_arm: Floats
    correction: Floats
    events: Floats

    @property
    def influence(self) -> Floats:
        """Each bin's part in the difference. Shape: (..., bins)."""
        return np.asarray(self.by_arm[..., CHALLENGER, :] - self.by_arm[..., CONTROL, :])


def combine(pair: Pair) -> Strata:
    """Return the difference stratified by step, weighted by inverse variance under one variance.

    A step's weight is the information that it holds if one observation varies alike in all steps
    and arms (Mantel and Haenszel's weights): so no weight depends on an outcome, and a step in
    which little happened has no more than its observations. The variance is that of the bins'
    influences over all steps and both arms at once, so units that recur, change arm as a ramp
    rises, or were shadowed are counted as often as they say something new.

    Source: the linearised ratio estimator, Cochran, Sampling Techniques (1977), 6.
    """
    known = np.isfinite(pair.num) & np.isfinite(pair.den) & (pair.den > 0)
    den, num = np.where(known, pair.den, 0.0), np.where(known, pair.num, 0.0)
    total = den.sum(-1)  # (..., steps, 2)
    both = (total > 0).all(-1)  # (..., steps)
    safe = np.where(total > 0, total, 1.0)
    mean = num.sum(-1) / safe
    off = num - mean[..., None] * den
    off = np.where(np.abs(off) > _ROUNDING * np.abs(num), off, 0.0)
    residual = off / safe[..., None]  # (..., steps, 2, bins)
    information = np.where(both, 1.0 / (1.0 / safe).sum(-1), 0.0)
    sum_of = information.sum(-1, keepdims=True)
    weights = information / np.where(sum_of > 0, sum_of, 1.0)
    difference = mean[..., CHALLENGER] - mean[..., CONTROL]
    estimate = (weights * difference).sum(-1)
    by_arm = (weights[..., None, None] * residual).sum(-3)  # (..., 2, bins)
    influence = by_arm[..., CHALLENGER, :] - by_arm[..., CONTROL, :]
    used = ((den * (weights > 0)[..., None, None]).sum((-3, -2)) > 0).sum(-1)
    correction = used / np.maximum(used - 1, 1)
    variance = np.where(used > 1, (influence**2).sum(-1) * correction, np.inf)
    pooled = (off**2).sum((-2, -1)) / safe.sum(-1)
    alike = (weights**2 * pooled * (1.0 / safe).sum(-1)).sum(-1)
    met = sum_of[..., 0] > 0
    return Strata(
        estimate=np.where(met, estimate, np.nan),
        variance=np.where(met, variance, np.inf),
        alike=np.where(met, alike, np.inf),
        means=np.where(met[..., None], (weights[..., None] * mean).sum(-2), np.nan),
        weights=weights,
        by_arm=by_arm,
        correction=np.asarray(correction),
        events=np.where(met, _events(by_arm, used), 0.0),
    )


def _events(by_arm: Floats, used: Floats) -> Floats:
    """Return how many bins carry the variance of the arm with fewer; of no variance, all do."""
    squares = by_arm**2
    second, fourth = squares.sum(-1), (squares**2).sum(-1)  # a power of 4 is 20 times slower
    found = np.where(fourth > 0, second**2 / np.where(fourth > 0, fourth, 1.0), used[..., None])
    return np.asarray(found.min(-1))
