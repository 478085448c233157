"""Worth: how many independent units sums over bins are worth."""

import numpy as np

from ratchet.rollouts.pair import Pair
from ratchet.stats.moments import Floats


def recurrence(counts: Floats) -> Floats:
    """Return how much a unit counts, weighted by its counts: the design effect.

    Shapes: counts (..., steps, arms, bins), the result (...). A unit keeps its arm, so only
    the squares of its counts, over all steps, widen a share; these are what makes the totals of
    the bins spread more than Poisson counts do, however the arms are split.
    """
    by_bin = counts.sum((-3, -2))
    bins = by_bin.shape[-1]
    total = by_bin.sum(-1)
    if bins < 2:
        return np.ones_like(total)
    spread = ((by_bin - total[..., None] / bins) ** 2).sum(-1) * bins / (bins - 1)
    return np.asarray(np.maximum(1.0, spread / np.where(total > 0, total, 1.0)))


def valued(pair: Pair) -> Floats:
    """Return how many units each arm has a value of: units that were met may have none.

    Shapes: (..., 2). Values that stand for several, and units that bring several, count once.
    """
    den = np.where(np.isfinite(pair.den) & np.isfinite(pair.num) & (pair.den > 0), pair.den, 0.0)
    return np.asarray(np.minimum(pair.units, by_arm(den)))


def by_arm(counts: Floats) -> Floats:
    """Return how many units that count alike each arm's counts are worth.

    Shapes: counts (..., steps, 2, bins), the result (..., 2). Arm by arm: a unit that both arms
    met, as in shadow mode, has a value in each.
    """
    again = np.stack([recurrence(counts[..., arm : arm + 1, :]) for arm in range(2)], -1)
    return np.asarray(counts.sum((-3, -1)) / again)
