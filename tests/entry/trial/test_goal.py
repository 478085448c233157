"""Goal: the width of a metric's range, as shares have it or as the log shows it."""

import numpy as np
import pytest

from ratchet.entry.trial.goal import value_beside, width_of
from ratchet.entry.trial.tally import Sums


def sums_of(*values: float) -> Sums:
    """Return the sums of some values of one arm."""
    sums, n = Sums(), len(values)
    sums.add(np.array(values, np.float64), np.ones(n), np.zeros(n, np.int64))
    return sums


@pytest.mark.parametrize(
    ("goal", "values", "width"),
    [
        ("success", (1.0, 1.0), 1.0),
        ("quality", (0.2, 0.3), 1.0),
        ("latency", (100.0, 350.0), 250.0),
        ("cost", (0.002, 0.002), 0.002),
        ("reward", (-3.0, 5.0), 8.0),
        ("reward", (0.0, 0.0), 1.0),
        ("latency", (), 1.0),
    ],
)
def test_the_width_of_shares_is_one_and_of_others_what_the_log_shows(
    goal: str, values: tuple[float, ...], width: float
) -> None:
    assert width_of(goal, sums_of(*values)) == pytest.approx(width)


def test_beside_a_price_stands_what_varies_of_what_went_well() -> None:
    same, varied = sums_of(1.0, 1.0), sums_of(0.1, 0.9)
    assert value_beside("quality", {"success": same, "quality": varied}) == "quality"
    assert value_beside("cost", {"success": same, "quality": varied, "cost": varied}) == "quality"
    assert value_beside("cost", {"success": same, "cost": varied}) == "success"
    assert value_beside("cost", {"cost": varied}) is None
