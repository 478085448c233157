"""Asymptotic confidence sequences on bin means: for rewards, grades, costs and losses."""

import numpy as np

from ratchet.rollouts.boundary import reach
from ratchet.rollouts.pair import CONTROL, Bounds, Pair, Question
from ratchet.rollouts.strata import Strata, combine
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats

UNPLANNED = 0.01  # of the span, or of the control's mean


def compare(pair: Pair, question: Question) -> Bounds:
    """Return bounds of the difference of means that hold at every look.

    Units (by their bins) are the clusters, steps the strata. No bound is trusted before both arms
    have a value of `least_units` units and their variance rests on `least_events` bins each.

    Source: Waudby-Smith et al., arXiv:2103.06476, on the linearised clusters of `combine`.
    """
    strata, units = combine(pair), valued(pair)
    variance = np.maximum(strata.variance, _floor(pair, strata, units))
    error = np.sqrt(variance)
    share = (_planned(pair, strata, question) / np.where(error > 0, error, 1.0)) ** 2
    low = strata.estimate - error * reach(2 * question.low_error, share)
    high = strata.estimate + error * reach(2 * question.high_error, share)
    constant = strata.variance == 0
    enough = (units >= question.least_units).all(-1)
    trusted = enough & (constant | (strata.events >= question.least_events))
    trusted &= np.isfinite(strata.estimate) & np.isfinite(error)
    return Bounds(
        strata.estimate,
        np.where(trusted, error, np.inf),
        np.where(trusted, low, -np.inf),
        np.where(trusted, high, np.inf),
        trusted,
        units.min(-1),
        strata.events,
    )


def _floor(pair: Pair, strata: Strata, units: Floats) -> Floats:
    """Return the least variance to believe.

    It is as if a unit or two of each arm lay a span away (twice the mean, where there is none);
    and without a span what it is if the arms vary alike, since a dear case that an arm has not met
    yet is in the other.
    """
    few = (1 / np.maximum(units, 1.0) ** 2).sum(-1)
    if pair.span is not None:
        return np.asarray((2 * pair.span) ** 2 * few)
    means = np.abs(np.nan_to_num(strata.means)).max(-1)
    return np.asarray(np.maximum(strata.alike, (4 * means) ** 2 * few))


def _planned(pair: Pair, strata: Strata, question: Question) -> Floats:
    """Return the standard error where the bounds are tightest, the plan's or a hundredth."""
    if question.planned_error:
        return np.asarray(question.planned_error)
    if pair.span is not None:
        return np.asarray(UNPLANNED * pair.span)
    return np.asarray(UNPLANNED * np.abs(np.nan_to_num(strata.means[..., CONTROL])))
