"""Confidence intervals for what a window shows: fixed-time, for reading, not for gates."""

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from ratchet.kernel.document import Model

if TYPE_CHECKING:  # an interval is in many documents, which are read where no numpy is loaded
    from ratchet.stats.moments import Moments

LEVEL = 0.95
_NORMAL = NormalDist()


class Interval(Model):
    """A two-sided interval in the unit of its estimate."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether a value lies inside."""
        return self.low <= value <= self.high


def t_quantile(p: float, freedom: float) -> float:
    """Return Student's t quantile (error under 1 % from 3 degrees of freedom).

    Source: Abramowitz & Stegun 26.7.5, to the fourth term.

    >>> round(t_quantile(0.975, 10), 2)
    2.23
    """
    z, v = _NORMAL.inv_cdf(p), max(freedom, 1.0)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / v + g2 / v**2 + g3 / v**3 + g4 / v**4


def chi2_quantile(p: float, freedom: int) -> float:
    """Return the chi-square quantile (error under 1 % for p from 0.9).

    Source: Wilson & Hilferty 1931; one degree of freedom is the square of a normal.

    >>> round(chi2_quantile(0.95, 7), 1), round(chi2_quantile(0.95, 1), 2)
    (14.1, 3.84)
    """
    if freedom == 1:
        return _NORMAL.inv_cdf((1 + p) / 2) ** 2
    h = 2 / (9 * freedom)
    return float(freedom * (1 - h + _NORMAL.inv_cdf(p) * math.sqrt(h)) ** 3)


def mean_interval(moments: "Moments", scale: int, level: float = LEVEL) -> Interval | None:
    """Return the interval of a weighted mean, or None below two observations.

    Units: natural ones (`scale` integer units each).
    """
    mean, error = moments.mean(scale), moments.standard_error(scale)
    if mean is None or error is None:
        return None
    reach = t_quantile((1 + level) / 2, moments.effective_n() - 1) * error
    return Interval(low=mean - reach, high=mean + reach)


def rate_interval(w: int, w2: int, total: int, total2: int, level: float = LEVEL) -> Interval:
    """Return Wilson's interval of a share of weighted events, at the effective sample size.

    `w` and `w2` sum the weights and their squares over events, `total` and `total2` over all.
    Source: Wilson 1927, with the design effect of the Horvitz-Thompson variance.

    >>> rate_interval(8, 8, 10, 10).to_map()
    {'low': 0.490..., 'high': 0.943...}
    """
    if total <= 0:
        return Interval(low=0.0, high=1.0)
    p = w / total
    variance = (w2 * (1 - p) ** 2 + (total2 - w2) * p**2) / total**2
    return wilson(p, p * (1 - p) / variance if variance > 0 else total**2 / total2, level)


def wilson(p: float, n: float, level: float = LEVEL) -> Interval:
    """Return Wilson's interval of a share p seen in n observations.

    Source: Wilson 1927.

    >>> wilson(0.8, 10).to_map()
    {'low': 0.490..., 'high': 0.943...}
    """
    z = _NORMAL.inv_cdf((1 + level) / 2)
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = max(0.0, center - reach), min(1.0, center + reach)
    return Interval(low=low if p > 0 else 0.0, high=high if p < 1 else 1.0)  # but for rounding
