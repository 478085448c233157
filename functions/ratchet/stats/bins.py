"""Bins: exact sums over 256 groups of units, so that clusters of observations count as such.

A unit falls into one bin by the hash of its pseudonym, whatever its arm, step and hour, so the
spread between bins holds the correlation inside units, and between a unit's arms and steps.
"""

import hashlib
import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ratchet.kernel.document import Model
from ratchet.stats.moments import Ints, grouped_sum

BINS = 256
_WIDTHS = (1, 2, 4, 8)
_WIDE = 16


def bin_of(unit: str) -> int:
    """Return the bin of a unit's pseudonym, 0..255, independent of every assignment.

    >>> bin_of("unit-1"), bin_of("unit-2")
    (200, 148)
    """
    return hashlib.blake2b(b"bin:" + unit.encode(errors="replace"), digest_size=1).digest()[0]


class Bins(Model):
    """One whole number for each bin; `a + b` and `a - b` are exact, of any size."""

    packed: bytes = b""

    def __add__(self, other: "Bins") -> "Bins":
        return pack(add(self.array(), other.array())) if other.packed else self

    def __sub__(self, other: "Bins") -> "Bins":
        return pack(add(self.array(), -other.array())) if other.packed else self

    def array(self) -> Ints:
        """Return the numbers; Python's integers where one is beyond 64 bits. Shape: (256,)."""
        if not self.packed:
            return np.zeros(BINS, np.int64)
        raw = zlib.decompress(self.packed)
        width = len(raw) // BINS
        if width <= 8:
            return np.frombuffer(raw, f"<i{width}").astype(np.int64)
        cut = (raw[i : i + width] for i in range(0, len(raw), width))
        return np.array([int.from_bytes(c, "little", signed=True) for c in cut], dtype=object)

    def total(self) -> int:
        """Return the sum over all bins."""
        return sum(self.array().tolist())


def pack(values: Ints) -> Bins:
    """Return the bins of 256 whole numbers, in as few bytes as hold them."""
    numbers = values.tolist()
    if not any(numbers):
        return Bins()
    most = max(max(numbers), -min(numbers) - 1)
    for width in _WIDTHS:
        if most < 1 << (8 * width - 1):
            return Bins(packed=zlib.compress(values.astype(f"<i{width}").tobytes(), 6))
    wide = b"".join(int(n).to_bytes(_WIDE, "little", signed=True) for n in numbers)
    return Bins(packed=zlib.compress(wide, 6))


def add(a: Ints, b: Ints) -> Ints:
    """Return the sum of two arrays, exact beyond 64 bits."""
    if a.dtype != object and b.dtype != object:
        largest = int(np.abs(a).max(initial=0)) + int(np.abs(b).max(initial=0))
        if largest < 2**62:
            return a + b
    return np.asarray(a.astype(object) + b.astype(object))


def sum_bins(parts: Iterable[Bins]) -> Ints:
    """Return the sum of many bins as numbers. Shape: (256,)."""
    total: Ints = np.zeros(BINS, np.int64)
    for part in parts:
        if part.packed:
            total = add(total, part.array())
    return total


def grouped_bins(values: Ints, bins: npt.NDArray[np.int64], groups: Ints, count: int) -> list[Bins]:
    """Return the bins of each group. Shapes: values, bins, groups (n,), groups in 0..count-1."""
    if values.size and int(np.abs(values).max()) * values.size >= 2**62:
        values = values.astype(object)  # beyond 64 bits: Python's integers, slower and as exact
    sums = grouped_sum(values, groups * BINS + bins, count * BINS)
    table = np.array(sums, dtype=object).reshape(count, BINS)
    return [pack(row) for row in table]
