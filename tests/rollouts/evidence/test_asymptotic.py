"""Asymptotic sequences: worked by hand on 256 bins of one unit each."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.rollouts.evidence.asymptotic import compare
from ratchet.rollouts.pair import Pair, Question
from tests.support.paired import ALTERNATING, ERROR

# gbstats 0.8.0, SequentialTwoSidedTTest: the half-width in standard errors at the planned sample,
# and at 0.4 of it, at alpha 0.05.
AT_PLAN, BEFORE = 3.0352089903762525, 3.123779091674729
ASKED = Question(planned_error=ERROR, least_events=100)


def test_at_its_plan_the_bounds_lie_where_gbstats_has_them() -> None:
    found = compare(ALTERNATING, ASKED)
    assert found.trusted
    assert float(found.estimate) == 0.0
    assert float(found.error) == pytest.approx(ERROR)
    assert float(found.high) == pytest.approx(AT_PLAN * ERROR)
    assert float(found.low) == pytest.approx(-AT_PLAN * ERROR)


def test_before_its_plan_they_are_wider_as_gbstats_has_them() -> None:
    planned = replace(ASKED, planned_error=ERROR * np.sqrt(0.4))
    assert float(compare(ALTERNATING, planned).high) == pytest.approx(BEFORE * ERROR)


def test_without_a_plan_the_bounds_are_tightest_at_a_hundredth_of_the_span() -> None:
    wide = replace(ALTERNATING, span=100 * ERROR)
    assert float(compare(wide, replace(ASKED, planned_error=None)).error) > ERROR  # by its floor
    pair = replace(ALTERNATING, span=1.0)
    question = replace(ASKED, planned_error=None)
    at_hundredth = compare(pair, replace(ASKED, planned_error=0.01))
    assert float(compare(pair, question).high) == float(at_hundredth.high)


def test_where_the_control_has_nothing_the_plan_is_a_hundredth_of_the_challengers_mean() -> None:
    cents = replace(ALTERNATING, num=ALTERNATING.den * [[[0.0], [0.01]]], span=None)
    found = compare(cents, replace(ASKED, planned_error=None))
    assert float(found.estimate) == pytest.approx(0.01)
    told = compare(cents, replace(ASKED, planned_error=0.0001))
    assert float(found.low) == float(told.low) > 0


def test_each_side_has_its_own_error() -> None:
    found = compare(ALTERNATING, replace(ASKED, low_error=0.001))
    assert found.low < -AT_PLAN * ERROR
    assert float(found.high) == pytest.approx(AT_PLAN * ERROR)


@pytest.mark.parametrize(
    ("pair", "question"),
    [
        (replace(ALTERNATING, units=np.array([49.0, 500.0])), ASKED),
        (replace(ALTERNATING, units=np.array([500.0, 49.0])), ASKED),
        (ALTERNATING, replace(ASKED, least_events=129)),
    ],
    ids=["too few units of the control", "too few of the challenger", "too few bins"],
)
def test_nothing_is_trusted_before_there_is_enough(pair: Pair, question: Question) -> None:
    found = compare(pair, question)
    assert not found.trusted
    assert float(found.estimate) == 0.0
    assert (float(found.low), float(found.high)) == (-np.inf, np.inf)


def alike(units: float, value: float) -> Pair:
    """Return two arms of so many units each, every one of which has the same value."""
    den = np.full_like(ALTERNATING.den, units / 256)
    return replace(ALTERNATING, num=value * den, den=den, units=np.full(2, units))


@pytest.mark.parametrize(
    ("units", "error"), [(200.0, 0.02 / np.sqrt(2)), (2000.0, 0.002 / np.sqrt(2))]
)
def test_what_never_varied_is_doubted_as_if_two_units_of_each_arm_had(
    units: float, error: float
) -> None:
    # 2 spans over 200 units, of both arms: 0.01 * sqrt 2.
    found = compare(alike(units, 1.0), ASKED)
    assert found.trusted
    assert float(found.estimate) == 0.0
    assert float(found.error) == pytest.approx(error)
    assert found.low < 0 < found.high


def test_a_metric_without_a_span_is_doubted_by_its_own_size() -> None:
    same = replace(alike(200.0, 3.0), span=None)
    assert float(compare(same, ASKED).error) == pytest.approx(6 * 0.02 / np.sqrt(2))


def test_a_dear_case_that_one_arm_has_not_met_is_no_cheapness() -> None:
    # A hundredth of the control's 2,000 units cost 100 each, and none of the challenger's 100.
    den = np.stack([np.full((1, 256), 2000 / 256), np.full((1, 256), 100 / 256)], 1)
    num = np.zeros_like(den)
    num[0, 0, ::13] = 100.0  # 20 bins
    pair = Pair(num, den, np.array([100 / 2100]), np.array([2000.0, 100.0]), span=None)
    found = compare(pair, Question(planned_error=0.5))
    assert found.trusted
    assert float(found.estimate) == pytest.approx(-1.0)
    assert found.low < 0 < found.high


def test_units_that_were_met_and_have_no_value_do_not_count() -> None:
    graded = replace(alike(30.0, 1.0), units=np.full(2, 3000.0))
    assert not compare(graded, ASKED).trusted
