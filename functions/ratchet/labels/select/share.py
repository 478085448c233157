"""The share of good among all candidates, from the few that people looked at."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ratchet.kernel.errors import InvalidInput
from ratchet.stats.intervals import LEVEL, Interval, t_quantile, wilson
from ratchet.stats.moments import Floats, Ints

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A share 0..1 with its 95 % interval; `n` is as many uniform draws as say as much of it."""

    value: float
    interval: Interval
    n: float


def weighted_share(good: Bools, propensity: Floats, weight: Ints, draw: Ints) -> Share:
    """Return the share of good of all that could be drawn, each answer counting weight/propensity.

    The interval is Wilson's at the effective sample size: the lesser of what the variance of a
    sample of fixed size says, and of what the weights alone say, since few heavy answers that
    happen to agree show no variance. Where everything was asked it has no width.
    Shapes: all (answers,); `draw` numbers the samples of fixed size. Units: shares 0..1.
    Raises: InvalidInput where nothing is answered.
    Source: Hajek 1971; variance of Deville 1993 (Tille 2006, section 7.5); Kish 1965.

    >>> one_draw = np.zeros(2, np.int64)
    >>> both = np.array([True, False]), np.array([0.2, 0.8]), np.ones(2, np.int64), one_draw
    >>> round(weighted_share(*both).value, 2)
    0.8
    """
    if not len(good):
        raise InvalidInput(
            "nobody answered what was drawn", field="agent", mend="ratchet review next"
        )
    heavy = weight / propensity
    total = float(heavy.sum())
    value = float(heavy[good].sum()) / total
    variance = _variance(heavy * (good - value), propensity, draw) / total**2
    spread = float((heavy**2 * (1 - propensity)).sum()) / total**2  # 1/n of Kish, if not all asked
    if variance > 0:
        spread = max(spread, variance / (value * (1 - value)))
    n = 1 / spread if spread > 0 else np.inf
    return Share(value, _interval(value, n), n)


def plain_share(good: Bools) -> Share:
    """Return the share of good of those that were answered, as if all had been as likely.

    Raises: InvalidInput where nothing is answered.
    """
    ones = np.ones(len(good), np.int64)
    found = weighted_share(good, np.full(len(good), 1e-9), ones, np.zeros(len(good), np.int64))
    return Share(found.value, wilson(found.value, len(good)), float(len(good)))


def _interval(value: float, n: float) -> Interval:
    """Return Wilson's interval, as wide as Student's t is at so few."""
    t = t_quantile((1 + LEVEL) / 2, max(n - 1, 2.0))
    return wilson(value, n, 2 * NormalDist().cdf(t) - 1)


def _variance(values: Floats, propensity: Floats, draw: Ints) -> float:
    """Return the variance of a sum of values of items, of each fixed-size draw around its own."""
    total = 0.0
    for one in np.unique(draw):
        mine = draw == one
        left, of = 1 - propensity[mine], values[mine]
        n = len(of)
        center = (left * of).sum() / left.sum() if n > 1 and left.sum() > 0 else 0.0
        total += float((left * (of - center) ** 2).sum()) * n / max(n - 1, 1)
    return total
