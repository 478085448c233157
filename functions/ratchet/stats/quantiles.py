"""Quantiles by a logarithmic histogram: mergeable, order-independent, within 0.5 % relative.

Source: the mapping of DDSketch (Masson, Rim and Lee, VLDB 2019) with alpha 0.005.
Convention: as numpy's `linear` method: the value at rank q (n - 1), interpolated between the
values at its floor and its ceiling, each known to within alpha.
"""

import math
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.stats.moments import Floats, Ints

ALPHA = 0.005
_GAMMA = (1 + ALPHA) / (1 - ALPHA)
_LOG_GAMMA = math.log(_GAMMA)
SMALLEST = 1e-9


class Histogram(Model):
    """Weighted counts over logarithmic bins; `zeros` counts what is at most 1e-9."""

    zeros: int = 0
    packed: bytes = b""

    def __add__(self, other: "Histogram") -> "Histogram":
        return _combine(self, other, 1)

    def __sub__(self, other: "Histogram") -> "Histogram":
        return _combine(self, other, -1)

    def bins(self) -> tuple[Ints, Ints]:
        """Return (bin indices ascending, counts). Shapes: both (k,)."""
        if not self.packed:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        raw = zlib.decompress(self.packed)
        k = len(raw) // 12
        index = np.frombuffer(raw, "<i4", k).astype(np.int64)
        return index, np.frombuffer(raw, "<i8", k, offset=4 * k).astype(np.int64)

    def total(self) -> int:
        """Return the weighted count of values."""
        return self.zeros + int(self.bins()[1].sum())

    def quantiles(self, qs: Sequence[float]) -> list[float] | None:
        """Return the quantiles in the unit of the values, or None of nothing.

        >>> histogram_of(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4, np.int64)).quantiles([0.5])
        [2.496...]

        Raises: InvalidInput for a q outside 0..1.
        """
        if any(not 0 <= q <= 1 for q in qs):
            raise InvalidInput("a quantile is between 0 and 1", field="q")
        index, counts = self.bins()
        below = self.zeros + np.cumsum(counts)
        total = int(below[-1]) if below.size else self.zeros
        if total <= 0:
            return None
        values = np.concatenate([[0.0], 2 * np.exp(index * _LOG_GAMMA) / (_GAMMA + 1)])
        edges = np.concatenate([[self.zeros], below])
        ranks = np.asarray(qs) * (total - 1)
        low, high = np.floor(ranks), np.ceil(ranks)
        at_low = values[np.searchsorted(edges, low, side="right")]
        at_high = values[np.searchsorted(edges, high, side="right")]
        return [float(v) for v in at_low + (ranks - low) * (at_high - at_low)]


def sum_histograms(parts: Iterable[Histogram]) -> Histogram:
    """Return the sum of many, packed once."""
    found = list(parts)
    bins = [part.bins() for part in found if part.packed]
    zeros = sum(part.zeros for part in found)
    if not bins:
        return Histogram(zeros=zeros)
    index, where = np.unique(np.concatenate([i for i, _ in bins]), return_inverse=True)
    counts = np.zeros(index.size, np.int64)
    np.add.at(counts, where, np.concatenate([c for _, c in bins]))
    return _pack(index, counts, zeros)


def _pack(index: Ints, counts: Ints, zeros: int) -> Histogram:
    kept = counts != 0
    if zeros < 0 or (counts < 0).any():
        raise InvalidInput("a histogram cannot take back what it does not hold")
    index, counts = index[kept], counts[kept]
    if not index.size:
        return Histogram(zeros=zeros)
    raw = index.astype("<i4").tobytes() + counts.astype("<i8").tobytes()
    return Histogram(zeros=zeros, packed=zlib.compress(raw, 6))


def _combine(a: Histogram, b: Histogram, sign: int) -> Histogram:
    if not b.packed:
        return _pack(*a.bins(), a.zeros + sign * b.zeros)
    (ia, ca), (ib, cb) = a.bins(), b.bins()
    index, where = np.unique(np.concatenate([ia, ib]), return_inverse=True)
    counts = np.zeros(index.size, np.int64)
    np.add.at(counts, where, np.concatenate([ca, sign * cb]))
    return _pack(index, counts, a.zeros + sign * b.zeros)


def histogram_of(values: Floats, weights: Ints) -> Histogram:
    """Return the histogram of values that stand for a whole weight each. Shapes: both (n,)."""
    tiny = values <= SMALLEST
    zeros = int(weights[tiny].sum())
    if tiny.all():
        return Histogram(zeros=zeros)
    raw = np.ceil(np.log(values[~tiny]) / _LOG_GAMMA).astype(np.int64)
    index, where = np.unique(raw, return_inverse=True)
    counts = np.zeros(index.size, np.int64)
    np.add.at(counts, where, weights[~tiny])
    return _pack(index, counts, zeros)
