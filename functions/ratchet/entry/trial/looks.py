"""Looks: a log's metrics at the moments somebody would have looked, by arm and bin of units."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ratchet.entry.trial.read import Chunk
from ratchet.entry.trial.sample import Sample
from ratchet.entry.trial.tally import bins_of
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats, Ints
from ratchet.stats.resample import Hashes, mix

DEALT = 48
MOST = 168
MINUTES = (1, 5, 15, 60, 120, 240, 480, 1440, 2880, 5760, 11520, 23040, 46080, 92160, 184320)
HOUR, LONG = 60, 720  # minutes; a log that is long enough is looked at by the hour
# What is kept of a metric: by bin the weights and the weighted sum; and without weights or bins,
# as a dashboard would compare: the rows, their sum, and the sum of their squares.
WEIGHT, SUM = 0, 1
PARTS = 5  # of a metric in the sample: these two, and these three


@dataclass
class Looks:
    """Sums by arm and slot; slots are widened while there are too many, or dealt without a time.

    Shapes: bins[(arm, slot)] (metrics, 2, BINS), rows[(arm, slot)] (metrics, 3).
    """

    names: tuple[str, ...]
    timed: bool
    seed: int
    sample: Sample
    minutes: int = 1
    untimed: int = 0
    bins: dict[tuple[int, int], Floats] = field(default_factory=dict)
    rows: dict[tuple[int, int], Floats] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Add a chunk of rows; one without a time, in a log that has times, is at no look."""
        slots, known = self._slots(chunk)
        self.untimed += int((~known).sum())
        unit, arm, weight = chunk.unit[known], chunk.arm[known], chunk.weight[known]
        columns = np.stack([chunk.metrics[name][known] for name in self.names], axis=1)
        seen = ~np.isnan(columns)
        values = np.where(seen, columns, 0.0)
        self._sum(arm, slots[known] // self.minutes, unit, weight, seen, values)
        parts = (weight[:, None] * seen, weight[:, None] * values, seen, values, values**2)
        self.sample.add(unit, arm, slots[known], np.stack(parts, axis=2).reshape(len(unit), -1))
        while self.timed and self._span() > MOST and self.minutes < MINUTES[-1]:
            self._widen()

    def settle(self) -> None:
        """Look by the hour where that is a fair number of looks; call once, at the end."""
        while self.timed and self.minutes < HOUR and self._span() * self.minutes >= LONG:
            self._widen()
        self.sample.merge()

    def slots(self) -> list[int]:
        """Return the slots in their order."""
        return sorted({slot for _, slot in self.bins})

    def at(self, metric: str, arms: Sequence[int]) -> tuple[Floats, Floats]:
        """Return a metric's sums up to each look: by bin, and what a dashboard keeps.

        Shapes: (arms, looks, 2, BINS), (arms, looks, 3).
        """
        place, slots = self.names.index(metric), self.slots()
        binned = np.zeros((len(arms), len(slots), 2, BINS))
        rows = np.zeros((len(arms), len(slots), 3))
        for i, arm in enumerate(arms):
            for j, slot in enumerate(slots):
                if (arm, slot) in self.bins:
                    binned[i, j] = self.bins[arm, slot][place]
                    rows[i, j] = self.rows[arm, slot][place]
        return binned.cumsum(1), rows.cumsum(1)

    def units_met(self, arms: int) -> Floats:
        """Return how many units each arm met up to each look; estimated where not all were kept.

        Shape: (arms, looks).
        """
        keys, looks = self.sample.keys, len(self.slots())
        slot = self.look_of(keys["slot"])
        order = np.lexsort((slot, keys["arm"], keys["unit"]))
        met = keys[order][["unit", "arm"]]
        first = order[np.concatenate([[True], met[1:] != met[:-1]])] if len(met) else order
        counts = np.bincount(keys["arm"][first] * looks + slot[first], minlength=arms * looks)
        return np.asarray(counts.reshape(arms, looks).cumsum(1) / self.sample.share)

    def look_of(self, slot: Ints) -> Ints:
        """Return the look at which a slot of the sample is first seen. Shapes: (n,)."""
        return np.asarray(np.searchsorted(self.slots(), slot // self.minutes))

    def _slots(self, chunk: Chunk) -> tuple[Ints, Ints]:
        if self.timed:
            known = ~np.isnan(chunk.ts)
            return np.floor(np.where(known, chunk.ts, 0.0) / 60).astype(np.int64), known
        salted = mix(chunk.unit ^ mix(np.array([self.seed], np.uint64)))
        return (salted % np.uint64(DEALT)).astype(np.int64), np.ones(len(salted), np.bool_)

    def _sum(
        self, arm: Ints, slot: Ints, unit: Hashes, weight: Floats, seen: Ints, values: Floats
    ) -> None:
        pairs, group = np.unique(np.stack([arm, slot]), axis=1, return_inverse=True)
        count = pairs.shape[1]
        place = group.reshape(-1) * BINS + bins_of(unit)
        binned = np.zeros((count, len(self.names), 2, BINS))
        rows = np.zeros((count, len(self.names), 3))
        for m in range(len(self.names)):
            known, x = seen[:, m] * 1.0, values[:, m]
            for k, part in ((WEIGHT, weight * known), (SUM, weight * x)):
                binned[:, m, k] = np.bincount(place, part, count * BINS).reshape(count, BINS)
            for k, part in enumerate((known, x, x**2)):
                rows[:, m, k] = np.bincount(group.reshape(-1), part, count)
        for i, (a, s) in enumerate(pairs.T.tolist()):
            self._put((a, s), binned[i], rows[i])

    def _put(self, key: tuple[int, int], binned: Floats, rows: Floats) -> None:
        if key in self.bins:
            self.bins[key] += binned
            self.rows[key] += rows
        else:
            self.bins[key], self.rows[key] = binned.copy(), rows.copy()

    def _span(self) -> int:
        found = [slot for _, slot in self.bins]
        return max(found) - min(found) + 1 if found else 0

    def _widen(self) -> None:
        wider = MINUTES[MINUTES.index(self.minutes) + 1]
        bins, rows, factor = self.bins, self.rows, wider // self.minutes
        self.bins, self.rows, self.minutes = {}, {}, wider
        for arm, slot in sorted(bins):
            self._put((arm, slot // factor), bins[arm, slot], rows[arm, slot])
