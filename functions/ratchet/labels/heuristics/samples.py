"""Samples: labelled rows of features, in one order whatever order the labels came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratchet.labels.heuristics.feature import Features, Floats, matrix_of

WORTH = 1 / 3  # of their number, that drawn rows are worth at least
HALVINGS = 60


@dataclass(frozen=True)
class Samples:
    """Rows of columns, what they are worth (0..1, for a class 0 or 1), and how much each counts.

    Shapes: x (n, width), y (n,), weight (n,); `subjects` names the rows.
    """

    x: Floats
    y: Floats
    weight: Floats
    subjects: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)

    @property
    def positives(self) -> int:
        """How many are worth a half or more."""
        return int((self.y >= 0.5).sum())


@dataclass(frozen=True)
class Row:
    """What is known of one subject, what it is worth, and how much it counts.

    `propensity` is the probability with which it was drawn to be labelled, where it was.
    """

    subject: str
    raw: Mapping[str, Any]
    y: float
    weight: float = 1.0
    propensity: float | None = None


def samples_of(specs: Features, rows: Sequence[Row]) -> Samples:
    """Return rows as samples, in order of subject.

    Raises: InvalidInput that names the feature of a wrong type.
    """
    ordered = sorted(rows, key=lambda row: row.subject)
    drawn = np.array([row.propensity for row in ordered], dtype=np.float64)  # NaN where None
    return Samples(
        matrix_of(specs, [row.raw for row in ordered]),
        np.array([row.y for row in ordered], dtype=np.float64),
        np.array([row.weight for row in ordered], dtype=np.float64) * drawn_counts(drawn),
        tuple(row.subject for row in ordered),
    )


def drawn_counts(propensity: Floats) -> Floats:
    """Return how much rows count by their draw: 1 / propensity, in mean 1; 1 where none is.

    People are asked where judges are unsure, so plainly counted the rows would have the base rate
    of what is hard. The heaviest count less, as far as it takes for the drawn to be worth a third
    of their number.

    Shapes: (n,), NaN where nobody drew. Units: propensities in (0, 1].
    Source: effective number of Kish, Survey Sampling 1965; capping of Ionides, JCGS 2008.

    >>> drawn_counts(np.array([0.5, 0.125, np.nan])).round(9).tolist()
    [0.4, 1.6, 1.0]
    """
    counts, drawn = np.ones(len(propensity)), ~np.isnan(propensity)
    inverse = 1 / propensity[drawn]
    if len(inverse):
        capped = np.minimum(inverse, _cap(inverse))
        counts[drawn] = capped / capped.mean()
    return counts


def _cap(inverse: Floats) -> float:
    """Return the highest cap under which rows are worth enough; the lower, the more they are."""
    low, high = float(inverse.min()), float(inverse.max())
    if _worth(inverse) >= WORTH:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _worth(np.minimum(inverse, middle)) >= WORTH:
            low = middle
        else:
            high = middle
    return low


def _worth(weight: Floats) -> float:
    """Return the effective share of rows: 1 where all weigh the same."""
    return float(weight.sum() ** 2 / (weight @ weight)) / len(weight)
