"""Tally: the mergeable sums of a replay, one set for the log and one for each replicate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.replay_rows import Estimator, Ratio, Rows
from ratchet.stats.moments import Floats
from ratchet.stats.resample import Resample, mix
from ratchet.stats.units import KEPT, Units, units_of

Layout = tuple[tuple[str, int, int], ...]
WEIGHT, SUPPORT = "weight", "support"
BLOCK = 2048  # rows whose counts are in memory at once, times the replicates


@dataclass(frozen=True)
class Tally:
    """What is known of some rows; `a + b` is what is known of both, in any order.

    `sums` has a column for each distinct numerator or denominator, and its first line is the log
    itself; `layout` names each ratio's estimator and the columns of the two.
    Shapes: sums (1 + replicates, columns).
    """

    layout: Layout
    sums: Floats
    units: Units
    rows: int = 0
    squares: float = 0.0  # of the rows' weights times counts
    largest_weight: float = 0.0
    largest_part: float = 0.0  # the largest weight times count
    least_propensity: float = 1.0

    def __add__(self, other: "Tally") -> "Tally":
        if self.layout != other.layout:
            raise InvalidInput(
                "some chunks have a reward model or a support and some have none",
                field="fitted",
                mend="give the same columns in every chunk",
            )
        return Tally(
            layout=self.layout,
            sums=self.sums + other.sums,
            units=self.units + other.units,
            rows=self.rows + other.rows,
            squares=self.squares + other.squares,
            largest_weight=max(self.largest_weight, other.largest_weight),
            largest_part=max(self.largest_part, other.largest_part),
            least_propensity=min(self.least_propensity, other.least_propensity),
        )

    def values(self) -> dict[str, Floats]:
        """Return each estimator's value, the log's own first. Shapes: (1 + replicates,)."""
        out: dict[str, Floats] = {}
        with np.errstate(divide="ignore", invalid="ignore"):
            for owner, top, bottom in self.layout:
                ratio = self.sums[:, top] / self.sums[:, bottom]
                out[owner] = out[owner] + ratio if owner in out else ratio
        return out

    def weights(self) -> Floats:
        """Return the sum of weights. Shape: (1 + replicates,)."""
        return self.sums[:, 0]


def tally(rows: Rows, estimators: Mapping[str, Estimator], resample: Resample) -> Tally:
    """Return the sums of some rows, whatever their number."""
    layout, columns = _columns(rows, estimators)
    sums = np.empty((1 + resample.total, columns.shape[1]))
    sums[0] = columns.sum(0)
    sums[1:] = 0.0
    for start in range(0, len(rows), BLOCK):
        counts = resample.counts(rows.unit[start : start + BLOCK])
        sums[1:] += counts.T @ columns[start : start + BLOCK]
    part = rows.weight if rows.count is None else rows.weight * rows.count
    return Tally(
        layout=layout,
        sums=sums,
        units=units_of(np.unique(mix(rows.unit))[:KEPT].tolist()),
        rows=len(rows),
        squares=float(part @ part),
        largest_weight=float(rows.weight.max(initial=0.0)),
        largest_part=float(part.max(initial=0.0)),
        least_propensity=float(rows.propensity.min(initial=1.0)),
    )


def _columns(rows: Rows, estimators: Mapping[str, Estimator]) -> tuple[Layout, Floats]:
    """Return the ratios, the mean weight and the mean support first, and their columns, once each.

    Shapes: the columns (n, distinct).
    """
    supported = rows.ones if rows.supported is None else rows.supported
    ratios: list[tuple[str, Ratio]] = [
        (WEIGHT, (rows.weight, rows.ones)),
        (SUPPORT, (supported, rows.ones)),
    ]
    ratios += [(name, ratio) for name, terms in estimators.items() for ratio in terms(rows)]
    distinct = {id(column): column for _, ratio in ratios for column in ratio}
    place = {key: i for i, key in enumerate(distinct)}
    layout = tuple((name, place[id(top)], place[id(bottom)]) for name, (top, bottom) in ratios)
    columns = np.column_stack(list(distinct.values()))
    return layout, columns if rows.count is None else columns * rows.count[:, None]
