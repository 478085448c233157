"""Resample: Poisson bootstrap over units in one pass, from a hash instead of a generator.

How often a unit counts in a replicate depends on the unit and the replicate alone, so a unit that
recurs anywhere in a stream, or in another process, counts the same, and nothing is remembered.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from ratchet.stats.moments import Floats

Hashes = npt.NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_LANES: Final = 4  # 16 bits of a hash draw one replicate's count
_DRAWS: Final = 2**16


def mix(values: Hashes) -> Hashes:
    """Return the splitmix64 hash of each value.

    Source: Steele, Lea and Flood, OOPSLA 2014; the constants of Vigna's splitmix64.c.

    >>> hex(int(mix(np.array([0], np.uint64))[0]))
    '0xe220a8397b1dcdaf'
    """
    z = values + _GOLDEN  # arrays of unsigned integers wrap around
    z ^= z >> np.uint64(30)
    z *= _FIRST
    z ^= z >> np.uint64(27)
    z *= _SECOND
    z ^= z >> np.uint64(31)
    return z


@dataclass(frozen=True)
class Resample:
    """The replicates of a bootstrap over units: so many for each seed."""

    seeds: tuple[int, ...] = (0, 1, 2)
    replicates: int = 200

    @property
    def total(self) -> int:
        """Return how many replicates there are over all seeds."""
        return len(self.seeds) * self.replicates

    def counts(self, units: Hashes) -> Floats:
        """Return how often each unit counts in each replicate, Poisson with mean 1.

        Shapes: units (n,), the result (n, total), seed by seed.
        """
        hashes = mix(units)[:, None] ^ self._keys[None, :]
        draws = mix(hashes).view(np.uint16).reshape(len(units), len(self.seeds), -1)
        kept = draws[:, :, : self.replicates].reshape(len(units), self.total)
        return np.asarray(_POISSON[kept])

    @cached_property
    def _keys(self) -> Hashes:
        """Return a key for every four replicates, seed by seed."""
        groups = np.arange(math.ceil(self.replicates / _LANES), dtype=np.uint64)
        return np.concatenate([mix(groups + mix(_of(seed))) for seed in self.seeds])


def folds_of(units: Hashes, folds: int) -> npt.NDArray[np.int64]:
    """Return each unit's fold, 0..folds - 1, independent of every replicate."""
    return (mix(units ^ mix(_of(folds))) % np.uint64(folds)).astype(np.int64)


def distinct(seeds: Sequence[int]) -> bool:
    """Say whether seeds are as many as they seem: whole numbers modulo 2**64, none twice."""
    return len({seed % 2**64 for seed in seeds}) == len(seeds)


def _of(number: int) -> Hashes:
    return np.array([number % 2**64], np.uint64)


def _poisson_table() -> Floats:
    """Return the Poisson(1) quantile of every 16-bit number, to 1 / 65,536 in probability."""
    chances = [math.exp(-1) / math.factorial(k) for k in range(12)]
    ends = np.rint(np.cumsum(chances) * _DRAWS)
    return np.searchsorted(ends, np.arange(_DRAWS), side="right").astype(np.float64)


_POISSON: Final = _poisson_table()
