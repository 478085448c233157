"""Shapes of rewards: inverse distribution functions of a uniform number, with a given mean.

Rewards stay in 0..1: a drift or an effect moves the mean, and nothing leaves their range.
"""

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist

import numpy as np

from ratchet.stats.moments import Floats

Mean = float | Floats
Shape = Callable[[Floats, Mean], Floats]

_GRID = 200_000
_NOISE = 0.1


def low_skewed(u: Floats, mean: Mean) -> Floats:
    """Return draws of Beta(a, 1), a = mean / (1 - mean): most rewards near 0 where a < 1.

    >>> low_skewed(np.array([0.5, 1.0]), 0.2)
    array([0.0625, 1.    ])
    """
    return np.asarray(u ** ((1 - mean) / mean))


def high_skewed(u: Floats, mean: Mean) -> Floats:
    """Return the mirror image of `low_skewed`: most rewards near 1 where the mean is high."""
    return 1 - low_skewed(u, 1 - mean)


def rare_ones(u: Floats, mean: Mean) -> Floats:
    """Return ones so rare as the mean asks, else noise in 0..0.1.

    >>> rare_ones(np.array([0.01, 0.525]), 0.0975).round(3)
    array([1.  , 0.05])
    """
    rate = (mean - _NOISE / 2) / (1 - _NOISE / 2)
    return np.where(u < rate, 1.0, _NOISE * (u - rate) / (1 - rate))


def rare_zeros(u: Floats, mean: Mean) -> Floats:
    """Return the mirror image of `rare_ones`."""
    return 1 - rare_ones(u, 1 - mean)


def event(u: Floats, mean: Mean) -> Floats:
    """Return 1 where the event happens, at a rate of `mean`, else 0."""
    return np.asarray(u < mean, float)


def costly(u: Floats, mean: Mean) -> Floats:
    """Return costs with a heavy tail: an exponential to the power 3/2, SD 1.55 times the mean."""
    return np.asarray(mean / math.gamma(2.5) * (-np.log1p(-u)) ** 1.5)


def seldom(u: Floats, mean: Mean, *, rate: float, noise: float = 0.0) -> Floats:
    """Return large costs at a rate, else nought, or noise that has a part `noise` of the mean.

    >>> seldom(np.array([0.01, 0.51]), 1.0, rate=0.02, noise=0.1)
    array([45. ,  0.1])
    """
    small = 2 * noise * mean * (u - rate) / (1 - rate) ** 2
    return np.where(u < rate, (1 - noise) * mean / rate, small)


def lognormal(u: Floats, mean: Mean, *, sigma: float) -> Floats:
    """Return log-normal costs, `sigma` the standard deviation of their logarithm."""
    places, chances = _normal()
    return np.asarray(mean * np.exp(sigma * np.interp(u, chances, places) - sigma**2 / 2))


@cache
def _normal() -> tuple[Floats, Floats]:
    """Return places between -8 and 8, and the normal distribution function there."""
    places = np.linspace(-8, 8, 16_001)
    return places, np.array([NormalDist().cdf(place) for place in places.tolist()])


def spread(shape: Shape, mean: float) -> float:
    """Return the standard deviation of one draw, by the midpoint rule."""
    return float(shape((np.arange(_GRID) + 0.5) / _GRID, mean).std())
