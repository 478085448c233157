"""Sample: what a bounded number of a log's units did, each of them whole.

A unit is kept while its hash is under a bound that falls as units come, so every unit is as likely
to be kept as any other, with all its rows, in whatever order they come.
"""

from dataclasses import dataclass, field

import numpy as np

from ratchet.stats.moments import Floats, Ints
from ratchet.stats.resample import Hashes

KEPT_ROWS = 150_000
_KEYS = np.dtype([("unit", np.uint64), ("arm", np.int64), ("slot", np.int64)])


@dataclass
class Sample:
    """Rows of the kept units, summed by unit, arm and slot.

    Shapes: keys (k,), sums (k, width). `bound` is a 2**64-th of the units' share that is kept.
    """

    width: int
    bound: int = 2**64
    keys: np.ndarray = field(default_factory=lambda: np.empty(0, _KEYS))
    sums: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.empty((0, self.width))

    @property
    def share(self) -> float:
        """The share of the units that is kept."""
        return self.bound / 2**64

    def add(self, unit: Hashes, arm: Ints, slot: Ints, sums: Floats) -> None:
        """Add rows. Shapes: unit, arm, slot (n,), sums (n, width)."""
        near = self._near(unit)
        keys = np.empty(int(near.sum()), _KEYS)
        keys["unit"], keys["arm"], keys["slot"] = unit[near], arm[near], slot[near]
        self.keys = np.concatenate([self.keys, keys])
        self.sums = np.concatenate([self.sums, sums[near]])
        if len(self.keys) > KEPT_ROWS:
            self.merge()
        while len(self.keys) > KEPT_ROWS:
            self.bound //= 2
            kept = self._near(self.keys["unit"])
            self.keys, self.sums = self.keys[kept], self.sums[kept]

    def merge(self) -> None:
        """Sum the rows that have unit, arm and slot in common."""
        order = np.lexsort((self.keys["slot"], self.keys["arm"], self.keys["unit"]))
        keys, sums = self.keys[order], self.sums[order]
        if len(keys):
            starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
            self.keys, self.sums = keys[starts], np.add.reduceat(sums, starts, axis=0)

    def _near(self, unit: Hashes) -> np.ndarray:
        return unit <= np.uint64(self.bound - 1)
