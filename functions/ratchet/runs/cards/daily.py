"""Daily: what runs come to by day as arrays, of components and of the fleet; pure arithmetic."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ratchet.stats.moments import Floats

Bools = npt.NDArray[np.bool_]

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

    @property
    def apart(self) -> Floats:
        """How far the mean of each day is from that of all, 0 where a day has none.

        Times sqrt(days / (days - 1)), so that its mean square is the variance of days.
        """
        means = np.where(self.enough, self.x / np.maximum(self.n, 1), 0.0)
        days = np.maximum(self.enough.sum(-1, keepdims=True), 2)
        apart = (means - means.sum(-1, keepdims=True) / days) * np.sqrt(days / (days - 1))
        return np.asarray(np.where(self.enough, apart, 0.0))

    def last(self, days: int, skipped: int = 0) -> Self:
        """Return some of the last days."""
        end = self.n.shape[-1] - skipped
        return type(self)(*(part[..., end - days : end] for part in (self.n, self.x, self.xx)))


@dataclass(frozen=True)
class FleetDays:
    """What a fleet adds up to by day, over the components with runs enough on that day.

    Shapes: all (..., days). `means` sums the components' means and `inverse` one over their runs;
    `apart` and `apart2` sum how far each is from its own mean of all days, and the squares of that;
    `least` is the fewest runs of any, 0 of none; `n`, `x` and `xx` pool the runs of all.
    """

    components: Floats
    means: Floats
    inverse: Floats
    apart: Floats
    apart2: Floats
    least: Floats
    n: Floats
    x: Floats
    xx: Floats

    def __add__(self, other: "FleetDays") -> "FleetDays":
        return FleetDays(
            components=self.components + other.components,
            means=self.means + other.means,
            inverse=self.inverse + other.inverse,
            apart=self.apart + other.apart,
            apart2=self.apart2 + other.apart2,
            least=_fewest(np.stack(np.broadcast_arrays(self.least, other.least))),
            n=self.n + other.n,
            x=self.x + other.x,
            xx=self.xx + other.xx,
        )

    def scatter(self, used: Bools) -> Floats:
        """Return the variance between days of one component; what moves all in a day is none of it.

        Over the days used that have two components or more. Shapes: used (..., days), (...).
        """
        counted = used & (self.components >= 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = self.apart2 - self.apart**2 / self.components
            freedom = np.where(counted, self.components - 1, 0.0).sum(-1)
            return np.asarray(np.where(counted, squares, 0.0).sum(-1) / freedom)

    def without(self, own: Days) -> "FleetDays":
        """Return the fleet of the others."""
        inside, safe = own.enough, np.maximum(own.n, 1)

        def less(whole: Floats, part: Floats) -> Floats:
            return np.asarray(whole - np.where(inside, part, 0.0))

        return FleetDays(
            components=less(self.components, np.ones_like(own.n)),
            means=less(self.means, own.x / safe),
            inverse=less(self.inverse, 1 / safe),
            apart=less(self.apart, own.apart),
            apart2=less(self.apart2, own.apart**2),
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
        apart=total(days.apart),
        apart2=total(days.apart**2),
        least=_fewest(np.where(inside, days.n, 0.0)),
        n=total(days.n),
        x=total(days.x),
        xx=total(days.xx),
    )
