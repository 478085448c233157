"""Corrected: the judges' mean put right by what people say of the observations that were drawn."""

from dataclasses import replace

import numpy as np

from ratchet.rollouts.pair import Pair
from ratchet.rollouts.worth import by_arm
from ratchet.stats.moments import SCALES, Floats


def corrected(pair: Pair, drawn: Floats, stands_for: Floats, higher: Floats) -> Pair:
    """Return the pair of judges' grades with the mean error of the drawn ones added.

    The mean of an arm's step is F/N + C/D: the judges' mean, and how much higher the people grade,
    each drawn observation counting 1/p. Dividing by D, not by N, it stays right where not every
    drawn one was answered, or not every judged one could be drawn; where nobody answered there is
    no mean. A step counts by D. The arm has so many values as people gave, and no more than as many
    of equal 1/p are worth (Kish): a few that stand for most of D say little, however many others
    there are.

    Shapes: pair's num and den and all others (..., steps, 2, bins). Units: `drawn` observations,
    `stands_for` and `higher` in SCALES["drawn"], sums of 1/p and of (person - judges)/p.
    Source: the difference estimator with known selection probabilities, Angelopoulos et al.,
    Science 2023 (prediction-powered inference), in Hajek's form; Robins et al., JASA 1994; Kish,
    Survey Sampling, 1965.

    >>> arms = np.array([[[8.0], [8.0]]])  # ten judged 0.8 in each arm, two of them drawn, p = 0.2
    >>> judged = Pair(arms, np.full((1, 2, 1), 10.0), np.array([0.5]), np.array([10.0, 10.0]))
    >>> drawn, stands_for = np.full((1, 2, 1), 2.0), np.full((1, 2, 1), 10e6)
    >>> higher = np.array([[[0.0], [-1e6]]])  # in the second, people graded 0.1 less
    >>> found = corrected(judged, drawn, stands_for, higher)
    >>> (found.num / found.den).ravel().tolist(), found.units.tolist()
    ([0.8, 0.7], [2.0, 2.0])
    """
    judged = pair.den.sum(-1, keepdims=True)
    each = stands_for / SCALES["drawn"]
    weight = each.sum(-1, keepdims=True)
    share = np.where(judged > 0, weight / np.where(judged > 0, judged, 1.0), 0.0)
    return replace(
        pair,
        num=pair.num * share + higher / SCALES["drawn"],
        den=pair.den * share,
        units=np.minimum(pair.units, np.minimum(by_arm(drawn), by_arm(each))),
    )
