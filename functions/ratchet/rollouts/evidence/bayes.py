"""Bayes: how probably the challenger lies above, and what either choice would lose; for reading.

These are not kept honest by any rule on looks: a posterior that is read until it pleases will.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ratchet.rollouts.pair import Bounds, Pair, Question
from ratchet.rollouts.strata import Strata, combine
from ratchet.stats.moments import Floats

# The prior of the difference: normal about no difference, with this standard deviation in spans of
# the metric (in its larger mean, twice, where it has no span).
PRIOR = 0.1
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Posterior:
    """What is believed of challenger - control. Shapes: all (...). Units: the metric's.

    `above` is the probability that the challenger lies above the control, `drop` the expected
    amount by which it lies below, `rise` above. Where more is better, taking the challenger is
    expected to lose `drop`, keeping the control `rise`; where less is better, the other way round.
    """

    mean: Floats
    error: Floats
    above: Floats
    drop: Floats
    rise: Floats


def posterior(pair: Pair) -> Posterior:
    """Return the posterior of the difference; of no data it is the prior.

    Source: the normal-normal model on the combined difference, as gbstats' Bayesian tests.
    """
    strata = combine(pair)
    known = np.isfinite(strata.estimate) & np.isfinite(strata.variance)
    span = _span(pair, strata)
    prior = (PRIOR * span) ** 2
    variance = np.where(known, _variance(pair, strata, span), 0.0)
    whole = prior + variance
    kept = np.where(known & (whole > 0), prior / np.where(whole > 0, whole, 1.0), 0.0)
    mean = kept * np.where(known, strata.estimate, 0.0)
    error = np.sqrt(np.where(known, kept * variance, prior))
    z = mean / np.where(error > 0, error, 1.0)
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    above = _normal(z)
    drop = np.maximum(error * density - mean * _normal(-z), 0.0)
    return Posterior(mean, error, above, drop, drop + mean)


def compare(pair: Pair, question: Question) -> Bounds:
    """Return the credible interval of the difference; its ends leave the question's errors out.

    The question's minima are for decisions, so they do not apply; nothing is said of one unit.
    """
    strata = combine(pair)
    trusted = np.isfinite(strata.estimate) & np.isfinite(strata.variance)
    trusted &= (pair.units >= 2).all(-1)
    found = posterior(pair)
    error = np.where(trusted, found.error, np.inf)
    estimate = np.where(trusted, found.mean, np.nan)
    return Bounds(
        estimate,
        error,
        np.where(trusted, found.mean + found.error * _NORMAL.inv_cdf(question.low_error), -np.inf),
        np.where(trusted, found.mean - found.error * _NORMAL.inv_cdf(question.high_error), np.inf),
        trusted,
    )


def _span(pair: Pair, strata: Strata) -> Floats:
    """Return the width of the metric's range, from its means where it has none."""
    if pair.span is not None:
        return np.full(strata.estimate.shape, float(pair.span))
    means = np.where(np.isfinite(strata.means), np.abs(strata.means), 0.0)
    return np.asarray(2 * means.max(-1))


def _variance(pair: Pair, strata: Strata, span: Floats) -> Floats:
    """Return the variance; where nothing varied, as if one unit of each arm lay a span away."""
    units = np.maximum(np.nan_to_num(pair.units), 1.0)
    unseen = span**2 * (1 / units**2).sum(-1)
    return np.asarray(np.where(strata.variance > 0, strata.variance, unseen))


def _normal(z: Floats) -> Floats:
    """Return the standard normal distribution function."""
    tail = np.vectorize(math.erfc, otypes=[np.float64])
    return np.asarray(0.5 * tail(-z / math.sqrt(2)))
