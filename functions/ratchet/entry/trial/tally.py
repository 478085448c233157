"""Tally: what each arm of a log did, in sums that do not grow with the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ratchet.entry.trial.columns import MAX_ARMS
from ratchet.entry.trial.read import Chunk
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.quantiles import Histogram, histogram_of
from ratchet.stats.resample import Hashes

# Latencies once more, coarsely but by bin: from 0.01 ms, each cell 10 % wider than the last.
CELL, CELLS, SHORTEST = np.log(1.1), 240, 0.01
# Units are counted by the smallest hashes, as in stats/units, within 1 % (one sigma).
KEPT = 16_384


def bins_of(units: Hashes) -> Ints:
    """Return the bin of each unit's hash, as evenly as `stats/bins` deals them."""
    return np.asarray((units & np.uint64(BINS - 1)).astype(np.int64))


@dataclass
class Sums:
    """One metric by arm and bin. Shapes: all (MAX_ARMS, BINS); `rows` counts, the rest weighs."""

    rows: Floats = field(default_factory=lambda: np.zeros((MAX_ARMS, BINS)))
    den: Floats = field(default_factory=lambda: np.zeros((MAX_ARMS, BINS)))
    num: Floats = field(default_factory=lambda: np.zeros((MAX_ARMS, BINS)))
    least: float = np.inf
    most: float = -np.inf

    def add(self, values: Floats, weight: Floats, place: Ints) -> None:
        """Add what is known. Shapes: (n,)."""
        known = ~np.isnan(values)
        x, w, at = values[known], weight[known], place[known]
        self.rows += _summed(np.ones_like(x), at)
        self.den += _summed(w, at)
        self.num += _summed(w * x, at)
        if x.size:
            self.least, self.most = min(self.least, x.min()), max(self.most, x.max())


@dataclass
class Tally:
    """What each arm did: its rows and units, its metrics, and how long it took."""

    metrics: Mapping[str, Sums]
    every: Sums = field(default_factory=Sums)
    units: dict[int, Hashes] = field(default_factory=dict)
    latency: dict[int, Histogram] = field(default_factory=dict)
    slow: dict[int, Floats] = field(default_factory=dict)
    nameless: int = 0
    weighted: bool = False

    def add(self, chunk: Chunk) -> None:
        """Add a chunk of rows."""
        place = chunk.arm * BINS + bins_of(chunk.unit)
        self.every.add(np.ones(len(chunk.arm)), chunk.weight, place)
        for name, values in chunk.metrics.items():
            self.metrics[name].add(values, chunk.weight, place)
        self.nameless += chunk.nameless
        self.weighted = self.weighted or bool((chunk.weight != 1).any())
        for arm in np.unique(chunk.arm).tolist():
            mine = chunk.arm == arm
            met = np.unique(chunk.unit[mine])[:KEPT]
            before = self.units.get(arm, met[:0])
            self.units[arm] = np.unique(np.concatenate([before, met]))[:KEPT]
            if "latency" in chunk.metrics:
                self._time(arm, chunk, mine)

    def _time(self, arm: int, chunk: Chunk, mine: Ints) -> None:
        known = mine & ~np.isnan(chunk.metrics["latency"])
        taken, weight = chunk.metrics["latency"][known], chunk.weight[known]
        found = histogram_of(taken, np.rint(weight).astype(np.int64))
        self.latency[arm] = self.latency.get(arm, Histogram()) + found
        place = bins_of(chunk.unit[known]) * CELLS + cell_of(taken)
        counts = np.bincount(place, weight, BINS * CELLS).reshape(BINS, CELLS)
        self.slow[arm] = self.slow.get(arm, np.zeros((BINS, CELLS))) + counts

    def count_units(self, arm: int) -> float:
        """Return how many units an arm met; exact while they are few."""
        kept = self.units.get(arm, np.empty(0, np.uint64))
        if len(kept) < KEPT:
            return float(len(kept))
        return (KEPT - 1) * 2.0**64 / (float(kept[-1]) + 1)


def cell_of(taken: Floats) -> Ints:
    """Return the coarse cell of each latency. Shapes: (n,)."""
    cell = np.log(np.maximum(taken, SHORTEST) / SHORTEST) / CELL
    return np.asarray(np.minimum(cell.astype(np.int64), CELLS - 1))


def _summed(values: Floats, place: Ints) -> Floats:
    held: Floats = np.bincount(place, values, MAX_ARMS * BINS).astype(np.float64)
    return held.reshape(MAX_ARMS, BINS)
