"""Paired: what arms did with the same units, and what the best arm of each unit would have done."""

from dataclasses import dataclass

import numpy as np

from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.looks import PARTS, SUM, WEIGHT
from ratchet.entry.trial.sample import Sample
from ratchet.kernel.document import Model
from ratchet.stats.intervals import LEVEL, t_quantile
from ratchet.stats.moments import Floats

LEAST_PAIRS = 30
WHOLE = 0.99
ROWS = 2


class Paired(Model):
    """Differences of the arms to the control, on the units that both met.

    `whole` says that every unit has every arm once: a full counterfactual. `oracle` is the mean of
    each unit's best arm, `share` the part of the log's units that was kept for this.
    """

    units: int
    share: float
    whole: bool
    control: str
    differences: dict[str, Estimate]
    pairs: dict[str, int]
    oracle: Estimate | None = None


@dataclass(frozen=True)
class Table:
    """The means of units by arm, NaN where they did not meet. Shapes: (units, arms)."""

    means: Floats
    rows: Floats


def table_of(sample: Sample, place: int, arms: int) -> Table:
    """Return the kept units' means of one metric by arm."""
    units, where = np.unique(sample.keys["unit"], return_inverse=True)
    at = where * arms + sample.keys["arm"]
    parts = sample.sums.reshape(len(where), -1, PARTS)[:, place]
    size = len(units) * arms
    den, num, rows = (
        np.bincount(at, parts[:, k], size).astype(np.float64) for k in (WEIGHT, SUM, ROWS)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(den > 0, num / den, np.nan)
    return Table(means.reshape(-1, arms), rows.reshape(-1, arms))


def compare_pairs(
    table: Table, names: list[str], control: int, sign: int, share: float
) -> Paired | None:
    """Return the paired differences, or None where too few units met two arms.

    `sign` is 1 where more is better. Units: the metric's.
    """
    met = ~np.isnan(table.means)
    differences, pairs = {}, {}
    for arm, name in enumerate(names):
        both = met[:, arm] & met[:, control]
        if arm != control and both.sum() >= LEAST_PAIRS:
            change = table.means[both, arm] - table.means[both, control]
            differences[name], pairs[name] = _mean(change), int(both.sum())
    if not differences:
        return None
    full = met.all(1) & (table.rows <= 1).all(1)
    whole = bool(full.mean() >= WHOLE)
    best = sign * (sign * table.means[full]).max(1) if whole else None
    return Paired(
        units=len(table.means),
        share=round(share, 6),
        whole=whole,
        control=names[control],
        differences=differences,
        pairs=pairs,
        oracle=_mean(best) if best is not None else None,
    )


def _mean(values: Floats) -> Estimate:
    """Return a mean over units with Student's interval. Shape: (n,)."""
    n, mean = len(values), float(values.mean())
    if n < 2:
        return Estimate(value=mean)
    reach = t_quantile((1 + LEVEL) / 2, n - 1) * float(values.std(ddof=1)) / n**0.5
    return Estimate(value=mean, low=mean - reach, high=mean + reach)
