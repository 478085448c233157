"""Welch's interval: by hand, and covering at one look what it promises."""

import numpy as np
import pytest

from ratchet.rollouts.evidence.welch import compare
from ratchet.rollouts.pair import Pair, Question
from ratchet.stats.bins import BINS
from tests.support.paired import ALTERNATING, ERROR, one_a_bin

RUNS = 3000


def test_the_bounds_are_students() -> None:
    # t(0.975) at 127 degrees of freedom is 1.97882, t(0.95) 1.65694.
    found = compare(ALTERNATING, Question(low_error=0.025, high_error=0.05))
    assert found.trusted
    assert float(found.error) == pytest.approx(ERROR)
    assert float(found.low) == pytest.approx(-1.97882 * ERROR, rel=1e-5)
    assert float(found.high) == pytest.approx(1.65694 * ERROR, rel=1e-5)


@pytest.mark.parametrize(
    ("control", "challenger"), [(200, 200), (200, 30), (40, 40), (25, 200)], ids=str
)
@pytest.mark.parametrize("skewed", [False, True])
def test_one_look_covers_what_it_promises(control: int, challenger: int, skewed: bool) -> None:
    rng = np.random.default_rng(control + challenger)
    num, den = (np.zeros((RUNS, 1, 2, BINS)) for _ in range(2))
    for arm, units in enumerate((control, challenger)):
        at = (np.arange(RUNS)[:, None] * BINS + rng.integers(0, BINS, (RUNS, units))).ravel()
        values = (rng.exponential(1, at.size) if skewed else rng.normal(1, 1, at.size)).ravel()
        for out, weights in ((num, values), (den, np.ones(at.size))):
            sums = np.bincount(at, weights=weights, minlength=RUNS * BINS)
            out[:, 0, arm] = sums.reshape(RUNS, BINS)
    units_met = np.broadcast_to(np.array([control, challenger], float), (RUNS, 2))
    found = compare(Pair(num, den, np.array([0.5]), units_met), Question())
    held = float(((found.low <= 0) & (found.high >= 0)).mean())
    assert 0.92 < held < 0.975


def test_no_spread_and_too_few_bins_bound_nothing() -> None:
    same = compare(one_a_bin(np.ones(20), np.ones(20)), Question())
    few = compare(one_a_bin(np.array([0.0, 1.0, 0.5]), np.array([1.0, 0.0, 0.5])), Question())
    for found in (same, few):
        assert not found.trusted
        assert float(found.estimate) == 0.0
        assert (float(found.low), float(found.high)) == (-np.inf, np.inf)
