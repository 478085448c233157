"""Daily: what runs come to by day as arrays, of components and of the fleet; pure arithmetic."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ratchet.stats.moments import Floats
from ratchet.stats.run_sums import LOSS, TERMS

Bools = npt.NDArray[np.bool_]

REWARD = "reward"
METRICS = (LOSS, *TERMS, REWARD)
LEAST_RUNS = 5  # of a day: below, its mean is no number to compare
LEAST_SHARE = 0.2  # of its usual runs: a day with fewer would weigh as much as a whole one


@dataclass(frozen=True)
class Days:
    """Runs of a metric by day, oldest first; 0 is perfect, 1 the worst.

    Shapes: all (..., days). Units: `n` runs, `x` and `xx` the sums of values and their squares.
    """

    n: Floats
    x: Floats
    xx: Floats

    @property
    def enough(self) -> Bools:
        """Which days have runs enough to have a mean."""
        return np.asarray(self.n >= LEAST_RUNS)

    @property
    def usual(self) -> Bools:
        """Which of them have their usual number of runs, too."""
        runs = np.where(self.enough, self.n, 0.0)
        usual = runs.sum(-1, keepdims=True) / np.maximum(self.enough.sum(-1, keepdims=True), 1)
        return np.asarray(self.enough & (self.n >= LEAST_SHARE * usual))

    def last(self, days: int, skipped: int = 0) -> Self:
        """Return some of the last days."""
        end = self.n.shape[-1] - skipped
        return type(self)(*(part[..., end - days : end] for part in (self.n, self.x, self.xx)))


@dataclass(frozen=True)
class FleetDays:
    """What a fleet adds up to by day, over the components with runs enough on that day.

    Shapes: all (..., days). `means` sums the components' means and `inverse` one over their runs;
    `least` is the fewest runs of any, 0 of none; `n`, `x` and `xx` pool the runs of all.
    """

    components: Floats
    means: Floats
    inverse: Floats
    least: Floats
    n: Floats
    x: Floats
    xx: Floats

    def __add__(self, other: "FleetDays") -> "FleetDays":
        return FleetDays(
            components=self.components + other.components,
            means=self.means + other.means,
            inverse=self.inverse + other.inverse,
            least=_fewest(np.stack(np.broadcast_arrays(self.least, other.least))),
            n=self.n + other.n,
            x=self.x + other.x,
            xx=self.xx + other.xx,
        )

    def without(self, own: Days) -> "FleetDays":
        """Return the fleet of the others."""
        inside, safe = own.enough, np.maximum(own.n, 1)

        def less(whole: Floats, part: Floats) -> Floats:
            return np.asarray(whole - np.where(inside, part, 0.0))

        return FleetDays(
            components=less(self.components, np.ones_like(own.n)),
            means=less(self.means, own.x / safe),
            inverse=less(self.inverse, 1 / safe),
            least=self.least,
            n=less(self.n, own.n),
            x=less(self.x, own.x),
            xx=less(self.xx, own.xx),
        )


def _fewest(runs: Floats) -> Floats:
    """Return the fewest runs of those that have any, 0 where none has. Shapes: (components, ...)"""
    found = np.where(runs > 0, runs, np.inf).min(0)
    return np.asarray(np.where(np.isfinite(found), found, 0.0))


def fleet_of(days: Days) -> FleetDays:
    """Return the fleet of some components. Shapes: days (components, ...), the result (...)."""
    inside, safe = days.enough, np.maximum(days.n, 1)

    def total(part: Floats) -> Floats:
        return np.asarray(np.where(inside, part, 0.0).sum(0))

    return FleetDays(
        components=total(np.ones_like(days.n)),
        means=total(days.x / safe),
        inverse=total(1 / safe),
        least=_fewest(np.where(inside, days.n, 0.0)),
        n=total(days.n),
        x=total(days.x),
        xx=total(days.xx),
    )
