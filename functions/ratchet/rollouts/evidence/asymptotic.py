"""Asymptotic confidence sequences on bin means: for rewards, grades, costs and losses."""

from dataclasses import dataclass

import numpy as np

from ratchet.rollouts.boundary import reach
from ratchet.rollouts.pair import CHALLENGER, CONTROL, Bools, Bounds, Pair, Question
from ratchet.rollouts.strata import Strata, combine
from ratchet.rollouts.worth import valued
from ratchet.stats.moments import Floats

UNPLANNED = 0.01  # of the span, or of a mean


@dataclass(frozen=True)
class Standing:
    """A difference in standard errors, and whether they are believed. Shapes: all (...).

    `information` is what there is as a share of the planned one.
    """

    strata: Strata
    units: Floats
    error: Floats
    information: Floats
    trusted: Bools


def compare(pair: Pair, question: Question) -> Bounds:
    """Return bounds of the difference of means that hold at every look.

    Units (by their bins) are the clusters, steps the strata. No bound is trusted before both arms
    have a value of `least_units` units and their variance rests on `least_events` bins each.

    Source: Waudby-Smith et al., arXiv:2103.06476, on the linearised clusters of `combine`.
    """
    at = standing(pair, question)
    estimate = at.strata.estimate
    low = estimate - at.error * reach(2 * question.low_error, at.information)
    high = estimate + at.error * reach(2 * question.high_error, at.information)
    return Bounds(
        estimate,
        np.where(at.trusted, at.error, np.inf),
        np.where(at.trusted, low, -np.inf),
        np.where(at.trusted, high, np.inf),
        at.trusted,
        at.units.min(-1),
        at.strata.events,
    )


def standing(pair: Pair, question: Question) -> Standing:
    """Return how the difference of means stands."""
    strata, units = combine(pair), valued(pair)
    variance = np.maximum(strata.variance, floor(pair, strata, units))
    error = np.sqrt(variance)
    information = (planned(pair, strata, question) / np.where(error > 0, error, 1.0)) ** 2
    constant = strata.variance == 0
    enough = (units >= question.least_units).all(-1)
    trusted = enough & (constant | (strata.events >= question.least_events))
    trusted &= np.isfinite(strata.estimate) & np.isfinite(error)
    return Standing(strata, units, error, information, trusted)


def floor(pair: Pair, strata: Strata, units: Floats, factor: float | Floats = 1.0) -> Floats:
    """Return the least variance to believe, of a difference from `factor` times the control.

    It is as if a unit or two of each arm lay a span away (twice the mean, where there is none);
    and without a span what it is if the arms vary alike, since a dear case that an arm has not met
    yet is in the other.
    """
    few, wider = (1 / np.maximum(units, 1.0) ** 2).sum(-1), np.maximum(factor, 1.0)
    if pair.span is not None:
        return np.asarray((2 * pair.span * wider) ** 2 * few)
    means = np.abs(np.nan_to_num(strata.means)).max(-1)
    return np.asarray(np.maximum(strata.alike, (4 * means) ** 2 * few) * wider**2)


def planned(pair: Pair, strata: Strata, question: Question) -> Floats:
    """Return the standard error where the bounds are tightest, the plan's or a hundredth.

    Without a span that is of the control's mean; of the challenger's, where the control has none.
    """
    if question.planned_error:
        return np.asarray(question.planned_error)
    if pair.span is not None:
        return np.asarray(UNPLANNED * pair.span)
    means = np.abs(np.nan_to_num(strata.means))
    known = np.where(means[..., CONTROL] > 0, means[..., CONTROL], means[..., CHALLENGER])
    return np.asarray(UNPLANNED * known)
