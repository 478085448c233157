"""Exact weighted sums of one metric: integers in fixed units, so merging is exact in any order."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from ratchet.kernel.document import ExactInt, Model

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# How many integer units one natural unit has: rewards, grades and losses in millionths, latency
# (ms) in microseconds, cost (US dollars) in nanodollars; what drawn observations stand for, in
# millionths.
SCALES: Final = {
    "reward": 10**6,
    "quality": 10**6,
    "latency": 10**3,
    "cost": 10**9,
    "drawn": 10**6,
    "loss": 10**6,
}


class Moments(Model):
    """Sums over observations x that stand for w each; x is in integer units.

    The second set, weighted by w squared, is what a Horvitz-Thompson variance needs.
    """

    n: int = 0
    w: ExactInt = 0
    wx: ExactInt = 0
    wxx: ExactInt = 0
    w2: ExactInt = 0
    w2x: ExactInt = 0
    w2xx: ExactInt = 0

    def __add__(self, other: "Moments") -> "Moments":
        return _combine(self, other, 1)

    def __sub__(self, other: "Moments") -> "Moments":
        return _combine(self, other, -1)

    def mean(self, scale: int) -> float | None:
        """Return the weighted mean in natural units, or None of nothing."""
        return self.wx / self.w / scale if self.w else None

    def variance(self, scale: int) -> float | None:
        """Return the variance of one observation in squared natural units; wants two."""
        if self.n < 2 or not self.w:
            return None
        spread = (self.wxx * self.w - self.wx * self.wx) / (self.w * self.w)
        return max(0.0, spread) / scale**2 * self.n / (self.n - 1)

    def standard_error(self, scale: int) -> float | None:
        """Return the standard error of the weighted mean, in natural units; wants two.

        Source: Hájek's ratio estimator, sum w**2 (x - m)**2 / (sum w)**2.
        """
        if self.n < 2 or not self.w:
            return None
        w, wx = self.w, self.wx
        spread = self.w2xx * w * w - 2 * wx * w * self.w2x + wx * wx * self.w2
        return math.sqrt(max(0, spread) / w**4 * self.n / (self.n - 1)) / scale

    def effective_n(self) -> float:
        """Return the number of equally weighted observations that say as much (Kish)."""
        return self.w * self.w / self.w2 if self.w2 else 0.0


def sum_moments(parts: Iterable[Moments]) -> Moments:
    """Return the sum of many."""
    found = list(parts)
    return Moments.model_construct(
        **{name: sum(getattr(part, name) for part in found) for name in Moments.model_fields}
    )


def _combine(a: Moments, b: Moments, sign: int) -> Moments:
    return Moments(
        n=a.n + sign * b.n,
        w=a.w + sign * b.w,
        wx=a.wx + sign * b.wx,
        wxx=a.wxx + sign * b.wxx,
        w2=a.w2 + sign * b.w2,
        w2x=a.w2x + sign * b.w2x,
        w2xx=a.w2xx + sign * b.w2xx,
    )


def to_units(values: Floats, scale: int) -> Ints:
    """Return values as integer units, halves to even."""
    return np.rint(values * scale).astype(np.int64)


def grouped_moments(x: Ints, w: Ints, groups: Ints, count: int) -> list[Moments]:
    """Return the moments of each group.

    Shapes: x, w, groups (n,), groups in 0..count-1. Units: x in integer units, w whole.
    """
    if not x.size:
        return [Moments()] * count
    widest = int(np.abs(x).max()) ** 2 * int(w.max()) ** 2 * x.size
    if widest >= 2**62:  # beyond 64 bits: Python's integers, slower and as exact
        x, w = x.astype(object), w.astype(object)
    wx, w2 = w * x, w * w
    columns = [w, wx, wx * x, w2, wx * w, wx * wx]
    sums = [grouped_sum(column, groups, count) for column in columns]
    n = np.bincount(groups, minlength=count).tolist()
    names = ("w", "wx", "wxx", "w2", "w2x", "w2xx")
    return [
        Moments(n=n[g], **{name: column[g] for name, column in zip(names, sums, strict=True)})
        for g in range(count)
    ]


def grouped_sum(values: Ints, groups: Ints, count: int) -> list[int]:
    """Return the exact sum of each group. Shapes: values, groups (n,)."""
    out = np.zeros(count, dtype=values.dtype)
    np.add.at(out, groups, values)
    return [int(v) for v in out]
