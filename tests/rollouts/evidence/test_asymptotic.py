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


def test_without_a_plan_a_sample_of_a_thousand_is_planned() -> None:
    # 800 units an arm are 1 / (1/800 + 1/800) = 400 of the 1,000.
    pair = replace(ALTERNATING, units=np.full(2, 800.0))
    assert float(compare(pair, replace(ASKED, planned_error=None)).high) == pytest.approx(
        BEFORE * ERROR
    )


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


@pytest.mark.parametrize(
    ("units", "error"), [(200.0, 0.02 / np.sqrt(2)), (2000.0, 0.002 / np.sqrt(2))]
)
def test_what_never_varied_is_doubted_as_if_two_units_of_each_arm_had(
    units: float, error: float
) -> None:
    # 2 spans over 200 units, of both arms: 0.01 * sqrt 2.
    same = replace(ALTERNATING, num=ALTERNATING.den, units=np.full(2, units))
    found = compare(same, ASKED)
    assert found.trusted
    assert float(found.estimate) == 0.0
    assert float(found.error) == pytest.approx(error)
    assert found.low < 0 < found.high


def test_a_metric_without_a_span_is_doubted_by_its_own_size() -> None:
    same = replace(ALTERNATING, num=3 * ALTERNATING.den, units=np.full(2, 200.0), span=None)
    assert float(compare(same, ASKED).error) == pytest.approx(6 * 0.02 / np.sqrt(2))
