"""Pairs of simulated arms, for what is weighed and planned."""

import numpy as np

from ratchet.rollouts.pair import Pair
from ratchet.rollouts.rules import Rules, Term
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

HALF = np.array([0.5])


def pair(control: Floats, challenger: Floats, *, span: float | None = 1.0) -> Pair:
    """Return the pair of one value a unit, dealt to the bins in turn. Shapes: (units,)."""
    num, den = np.zeros((1, 2, BINS)), np.zeros((1, 2, BINS))
    for arm, values in enumerate((control, challenger)):
        bins = np.arange(values.size) % BINS
        num[0, arm] = np.bincount(bins, weights=values, minlength=BINS)
        den[0, arm] = np.bincount(bins, minlength=BINS)
    return Pair(num, den, HALF, np.array([control.size, challenger.size], float), span)


def around(mean: float, spread: float, units: int, seed: int) -> Floats:
    """Return values of units around a mean."""
    return np.random.default_rng(seed).normal(mean, spread, units)


def events(rate: float, units: int) -> Floats:
    """Return 0 and 1, exactly so many of them and evenly spread."""
    count = round(rate * units)
    return np.floor(np.arange(1, units + 1) * count / units) - np.floor(
        np.arange(units) * count / units
    )


def stacked(*pairs: Pair) -> Pair:
    """Return pairs as looks or runs of one."""
    first = pairs[0]
    return Pair(
        np.stack([p.num for p in pairs]),
        np.stack([p.den for p in pairs]),
        first.share,
        np.stack([p.units for p in pairs]),
        first.span,
    )


N = 4000
SAME = pair(around(0.6, 0.2, N, 1), around(0.6, 0.2, N, 2))
GOOD = pair(around(0.6, 0.2, N, 1), around(0.7, 0.2, N, 2))
POOR = pair(around(0.6, 0.2, N, 1), around(0.5, 0.2, N, 2))
NOTHING = Pair(np.zeros((1, 2, BINS)), np.zeros((1, 2, BINS)), HALF, np.zeros(2))
RARE = pair(events(0.01, N), events(0.01, N))
OFTEN = pair(events(0.01, N), events(0.05, N))
REWARD = Rules(goal=Term(metric="reward"))
SAFE = Rules(goal=Term(metric="reward"), guardrails=(Term(metric="failure", margin=0.03),))
