"""What judges and drawn people say of outcomes, as columns that rollout buckets add up; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ratchet.observe.tally import Bools
from ratchet.stats.moments import SCALES, Floats, Ints, to_units


def judged_columns(items: Sequence[Mapping[str, Any]], w: Ints, success: Bools) -> dict[str, Ints]:
    """Return the fields of RolloutSums that a corrected mean needs; none where nothing was judged.

    A question that waits for an answer is unknown as often as what it stands for, 1/p: where an
    arm is asked about oftener, as many more of its questions wait, and no more is unknown of it.

    Shapes: items, w, success and all columns (n,). Units: as SCALES has them.
    """
    if not any("judged" in item for item in items):
        return {}
    judged, person, drawn = (_floats(items, name) for name in ("judged", "person", "drawn"))
    asked = np.array(["asked" in item for item in items]) & ~np.isnan(drawn)
    known = ~np.isnan(judged)
    answered = known & ~np.isnan(person) & ~np.isnan(drawn)
    p = np.where(np.isnan(drawn), 1.0, drawn)
    stands_for = answered / p
    waits_for = np.rint((known & asked & success) / p).astype(np.int64)
    higher = np.where(answered, person - judged, 0.0)
    return {
        "judged_w": w * known,
        "judged_wx": w * to_units(np.nan_to_num(judged), SCALES["quality"]),
        "drawn": answered.astype(np.int64),
        "drawn_w": w * to_units(stands_for, SCALES["drawn"]),
        "drawn_wx": w * to_units(higher * stands_for, SCALES["drawn"]),
        "known_corrected": w * ((known & success) - waits_for),
    }


def _floats(items: Sequence[Mapping[str, Any]], name: str) -> Floats:
    return np.array([item.get(name, np.nan) for item in items], dtype=np.float64)
