"""Asymptotic confidence sequences on bin means: for rewards, grades, costs and losses."""

import numpy as np

from ratchet.rollouts.boundary import reach
from ratchet.rollouts.pair import Bounds, Pair, Question
from ratchet.rollouts.strata import Strata, combine
from ratchet.stats.moments import Floats


def compare(pair: Pair, question: Question) -> Bounds:
    """Return bounds of the difference of means that hold at every look.

    Units (by their bins) are the clusters, steps the strata. No bound is trusted before both arms
    met `least_units` units and the variance rests on `least_events` bins.

    Source: Waudby-Smith et al., arXiv:2103.06476, on the linearised clusters of `combine`.
    """
    strata = combine(pair)
    variance = np.maximum(strata.variance, _floor(pair, strata))
    error = np.sqrt(variance)
    planned = question.planned_error
    share = (planned / error) ** 2 if planned else _share_of_units(pair, question)
    low = strata.estimate - error * reach(2 * question.low_error, share)
    high = strata.estimate + error * reach(2 * question.high_error, share)
    constant = strata.variance == 0
    enough = (pair.units >= question.least_units).all(-1)
    trusted = enough & (constant | (strata.events >= question.least_events))
    trusted &= np.isfinite(strata.estimate) & np.isfinite(error)
    return Bounds(
        strata.estimate,
        np.where(trusted, error, np.inf),
        np.where(trusted, low, -np.inf),
        np.where(trusted, high, np.inf),
        trusted,
    )


def _floor(pair: Pair, strata: Strata) -> Floats:
    """Return the least variance to believe: as if a unit or two of each arm lay a span away."""
    with np.errstate(invalid="ignore"):
        means = np.abs(strata.means).max(-1)
    span = pair.span if pair.span is not None else 2 * means
    units = np.maximum(pair.units, 1.0)
    return np.asarray((2 * span) ** 2 * (1 / units**2).sum(-1))


def _share_of_units(pair: Pair, question: Question) -> Floats:
    """Return the share of a planned sample of a thousand units, where no plan names an error."""
    units = np.maximum(pair.units, 1e-9)
    return np.asarray(1 / (1 / units).sum(-1) / 1000)
