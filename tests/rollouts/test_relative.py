"""Bounds of a ratio of means: where the difference from so much of the control is left out."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Pair, Question
from ratchet.rollouts.relative import relative
from ratchet.stats.bins import BINS
from tests.support.weighing import HALF, NOTHING, SAME, N, around, pair, stacked

ASKED = Question(low_error=0.01, high_error=0.003, planned_error=0.006)
MORE = pair(around(0.5, 0.2, N, 1), around(0.6, 0.2, N, 2))
LESS = pair(around(0.5, 0.2, N, 1), around(0.3, 0.2, N, 2))


def scaled(found: Pair, ratio: float) -> Pair:
    """Return the pair with the control's values so many times as large, and its range with them."""
    num = found.num * np.array([ratio, 1.0])[:, None]
    return replace(found, num=num, span=found.span and found.span * max(1.0, ratio))


@pytest.mark.parametrize("found", [MORE, LESS], ids=["more", "less"])
def test_its_ends_are_where_the_difference_from_that_part_of_the_control_ends_at_0(
    found: Pair,
) -> None:
    bounds = relative(found, ASKED)
    for end, side in ((bounds.low, "low"), (bounds.high, "high")):
        ratio = 1 + float(end)
        # What is planned grows with what is asked about, once it is more than the control.
        wider = replace(ASKED, planned_error=0.006 * max(1.0, ratio))
        at_end = EVIDENCE["asymptotic"](scaled(found, ratio), wider)
        assert float(getattr(at_end, side)) == pytest.approx(0.0, abs=1e-9)
    assert bounds.low < bounds.estimate < bounds.high


def test_a_fifth_more_is_seen_as_such_by_hand() -> None:
    # The error of a ratio r of means of 4,000 units, SD 0.2: 0.2 sqrt((1 + r r) / 4000) / 0.5.
    found = relative(MORE, ASKED)
    assert float(found.estimate) == pytest.approx(0.2, abs=0.02)
    assert float(found.error) == pytest.approx(0.00988, rel=0.1)


def test_of_a_control_that_is_not_told_from_0_there_is_no_upper_bound() -> None:
    rng = np.random.default_rng(2)
    rare = pair(
        (rng.random(200) < 0.02).astype(float), (rng.random(200) < 0.5).astype(float), span=None
    )
    found = relative(rare, Question(least_events=1, planned_error=0.05))
    assert found.trusted
    assert float(found.high) == np.inf
    assert float(found.low) > -1


@pytest.mark.parametrize("times", [0.0, 0.002])
def test_from_nothing_to_something_is_as_many_times_more_as_can_be_told(times: float) -> None:
    # The control costs nothing, or nearly: 2,000 units a cent each are bounded far above a fifth.
    paid = np.full(2000, 0.01)
    found = relative(pair(times * paid, paid, span=None), ASKED)
    assert found.trusted
    assert 5 < found.low < found.high == np.inf
    turned = relative(pair(paid, times * paid, span=None), ASKED)
    assert turned.high < -0.8


def test_what_never_cost_anything_in_either_arm_is_alike() -> None:
    free = np.zeros(2000)
    found = relative(pair(free, free, span=None), ASKED)
    assert found.trusted
    assert [float(found.low), float(found.high)] == [0.0, 0.0]
    few = relative(pair(free[:40], free[:40], span=None), ASKED)
    assert not few.trusted
    assert [float(few.low), float(few.high)] == [-np.inf, np.inf]
    within = relative(pair(free, free), ASKED)  # of a metric with a range nothing is told from 0
    assert not within.trusted


def test_looks_are_bounded_one_by_one_and_of_no_values_nothing_is_said() -> None:
    found = relative(stacked(MORE, NOTHING, LESS, SAME), ASKED)
    assert found.trusted.tolist() == [True, False, True, True]
    assert (found.low[1], found.high[1]) == (-np.inf, np.inf)
    assert found.low[0] == relative(MORE, ASKED).low
    assert found.high[2] == relative(LESS, ASKED).high


def test_a_true_ratio_is_left_out_at_any_of_many_looks_no_oftener_than_stated() -> None:
    # 100 runs of 8 looks at 0.05 in all: 5 at most are expected; 13 are 3.5 sigma more.
    rng = np.random.default_rng(8)
    den = rng.poisson(1.0, (100, 8, 1, 2, BINS)).cumsum(1).astype(float)
    steps = np.diff(den, axis=1, prepend=0.0)
    mean = np.array([0.5, 0.55])[:, None]
    num = (rng.normal(0, 0.3, den.shape) * np.sqrt(steps) + mean * steps).cumsum(1)
    found = relative(Pair(num, den, HALF, den.sum((-3, -1))), Question())
    assert ((found.low > 0.1) | (found.high < 0.1)).any(1).sum() < 13
    assert (found.low > 0).any(1).mean() > 0.3  # and that there is a gain, is seen
