"""What outliers are sought in: the shape of each example, what is known of it, how alone it is."""

from collections.abc import Sequence

import numpy as np

from ratchet.datasets.curate.vector import shape_in
from ratchet.datasets.versions.prepared import Prepared
from ratchet.stats.moments import Floats


def measured(prepared: Sequence[Prepared], apart: Floats) -> Floats:
    """Return the features of examples; NaN is unknown.

    `apart` is each one's mean distance to its neighbours. Durations, tokens and costs are fourth
    roots, which grow like logarithms, so that twice as much is as far above as half is below.

    Shapes: `apart` (n,); returns (n, 22).
    """
    shapes = shape_in(np.stack([one.vector for one in prepared]).astype(float))
    known = np.array([_known(one) for one in prepared], float)
    return np.column_stack([shapes, known, apart])


def _known(one: Prepared) -> tuple[float | None, ...]:
    example, facts = one.example, one.example.facts
    roots = (facts.duration_ms, float(one.tokens), facts.cost_usd)
    return (
        example.quality,
        example.confidence,
        *(None if value is None else value**0.25 for value in roots),
    )
