"""Welch's interval on bin means: fixed-horizon, for reading; never look at it to decide."""

import numpy as np

from ratchet.rollouts.pair import Bounds, Pair, Question
from ratchet.rollouts.strata import combine
from ratchet.stats.intervals import t_quantile
from ratchet.stats.moments import Floats

LEAST_FREEDOM = 3.0


def compare(pair: Pair, question: Question) -> Bounds:
    """Return Student's bounds of the difference of means: each holds at one look, named before.

    Units (by their bins) are the clusters, steps the strata; the question's minima are for
    decisions, so they do not apply. Nothing is said of fewer than four bins or of no spread.

    Source: Welch, Biometrika 1947, on the linearised clusters of `combine`.
    """
    strata = combine(pair)
    freedom = _freedom(pair, strata.events)
    trusted = np.isfinite(strata.estimate) & np.isfinite(strata.variance)
    trusted &= (strata.variance > 0) & (freedom >= LEAST_FREEDOM)
    error = np.sqrt(np.where(trusted, strata.variance, 0.0))
    reach = np.vectorize(t_quantile, otypes=[np.float64])
    low = strata.estimate - error * reach(1 - question.low_error, freedom)
    high = strata.estimate + error * reach(1 - question.high_error, freedom)
    return Bounds(
        strata.estimate,
        np.where(trusted, error, np.inf),
        np.where(trusted, low, -np.inf),
        np.where(trusted, high, np.inf),
        trusted,
    )


def _freedom(pair: Pair, events: Floats) -> Floats:
    """Return the degrees of freedom of the variance: of the arm with fewer, 1 at least.

    Of n equal normal bins the fourth powers leave n / 3 events, of skewed ones fewer.
    """
    used = (pair.den > 0).any(-3).sum(-1).min(-1)
    return np.asarray(np.maximum(np.minimum(3 * events, used) - 1, 1.0))
