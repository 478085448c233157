"""Samples: labelled rows of features, in one order whatever order the labels came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratchet.labels.heuristics.feature import Features, Floats, matrix_of


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
    """What is known of one subject, what it is worth, and how much it counts."""

    subject: str
    raw: Mapping[str, Any]
    y: float
    weight: float = 1.0


def samples_of(specs: Features, rows: Sequence[Row]) -> Samples:
    """Return rows as samples, in order of subject.

    Raises: InvalidInput that names the feature of a wrong type.
    """
    ordered = sorted(rows, key=lambda row: row.subject)
    return Samples(
        matrix_of(specs, [row.raw for row in ordered]),
        np.array([row.y for row in ordered], dtype=np.float64),
        np.array([row.weight for row in ordered], dtype=np.float64),
        tuple(row.subject for row in ordered),
    )
