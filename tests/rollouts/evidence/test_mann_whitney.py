"""Mann-Whitney: against R and Kayenta, the textbook, and all pairs counted out."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ratchet.rollouts.evidence.mann_whitney import TOLERANCE, compare, mann_whitney
from ratchet.rollouts.pair import Pair, Question
from ratchet.stats.moments import Floats
from tests.support.paired import one_a_bin

FILE = Path(__file__).parents[4] / "shared/data/evidence/mann_whitney.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.is_file() else []
TINY = 1e-9
# R's example of wilcox.test: the ozone of airquality in May and in August.
MAY = "41 36 12 18 28 23 19 8 7 16 11 14 18 14 34 6 30 11 1 11 4 32 23 45 115 37"
AUGUST = "39 9 16 78 35 66 122 89 110 44 28 65 22 59 23 31 44 21 9 45 168 73 76 118 84 85"
# Hollander & Wolfe, table 4.1: permeability of the membrane at term, and at 12 to 26 weeks.
AT_TERM = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
EARLIER = np.array([1.15, 0.88, 0.90, 0.74, 1.21])


def numbers(text: str) -> Floats:
    """Return the numbers of a text."""
    return np.array(text.split(), np.float64)


@pytest.mark.skipif(not CASES, reason="no shared/data/evidence/mann_whitney.json")
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_cases_of_kayenta_give_their_interval(case: dict[str, Any]) -> None:
    level = case["confidence_level"] or 0.95
    found = mann_whitney(np.array(case["experiment"]), np.array(case["control"]), level)
    if case["estimate"] is None:
        assert all(math.isfinite(value) for value in found)
        return
    assert (found.low, found.high) == pytest.approx((case["ci_low"], case["ci_high"]), abs=1e-12)
    # R searches the estimate without continuity correction; one case has Kayenta's, with it.
    kayenta = case["name"].endswith("Intermediate Values / Variables")
    within = TOLERANCE / 5 if kayenta else 1e-12
    assert found.estimate == pytest.approx(case["estimate"], abs=within)


def test_the_example_of_r_gives_its_p_value() -> None:
    found = mann_whitney(numbers(MAY), numbers(AUGUST))
    assert found.p_value == pytest.approx(0.0001208, abs=5e-8)
    assert found == pytest.approx((-32.0, -53.0, -15.0, 0.0001208), abs=TOLERANCE)


def test_the_example_of_hollander_and_wolfe_gives_their_estimate_and_interval() -> None:
    found = mann_whitney(AT_TERM, EARLIER, tolerance=TINY)
    assert (found.low, found.high) == pytest.approx((-0.15, 0.76))
    assert found.estimate == pytest.approx(0.305, abs=0.005)  # no rank changes from 0.30 to 0.31
    whole = compare(one_a_bin(EARLIER, AT_TERM), Question())
    assert float(whole.estimate) == pytest.approx(0.305)
    assert (float(whole.low), float(whole.high)) == pytest.approx((-0.15, 0.76))


@pytest.mark.parametrize("seed", range(8))
def test_the_bounds_are_pairs_counted_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = rng.integers(8, 40, 2)
    x, y = rng.normal(0.3, 1, n), rng.normal(0, 1, m)
    gaps = sorted(a - b for a, b in itertools.product(x, y))
    found = mann_whitney(x, y, tolerance=TINY)
    # A bound is the gap at which so few pairs are left beyond that their count, 1/2 nearer the
    # middle, lies 1.96 deviations from it.
    reach = 1.959964 * math.sqrt(n * m * (n + m + 1) / 12)
    few = [k for k in range(n * m) if k + 1 > n * m / 2 - 0.5 - reach]
    assert found.low == pytest.approx(gaps[few[0]], abs=1e-8)
    assert found.high == pytest.approx(gaps[-1 - few[0]], abs=1e-8)
    middle = (n * m - 1) / 2
    assert gaps[math.floor(middle)] - 1e-8 <= found.estimate <= gaps[math.ceil(middle)] + 1e-8


def test_exchanged_samples_exchange_the_interval() -> None:
    found, back = (
        mann_whitney(*pair, tolerance=TINY) for pair in ((AT_TERM, EARLIER), (EARLIER, AT_TERM))
    )
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low), abs=1e-8)
    assert back.p_value == found.p_value


def test_one_value_a_sample_has_a_difference_and_no_interval() -> None:
    found = mann_whitney(np.array([3.0]), np.array([1.0]))
    assert found.estimate == 2.0
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.p_value == 1.0


def test_of_nothing_and_of_what_is_not_finite_nothing_is_said() -> None:
    for x in (np.array([]), np.array([np.nan, np.inf])):
        found = mann_whitney(x, np.array([1.0, 2.0]))
        assert math.isnan(found.estimate)
        assert found[1:] == (-math.inf, math.inf, 1.0)


def test_an_unknown_value_is_left_out() -> None:
    found = mann_whitney(np.array([10.0, np.nan, 20.0, 30.0, 40.0]), np.arange(1.0, 5.0))
    assert found == mann_whitney(np.array([10.0, 20.0, 30.0, 40.0]), np.arange(1.0, 5.0))


@pytest.mark.parametrize(("experiment", "p_value"), [(2.0, 1.0), (3.0, 0.0001)])
def test_samples_all_alike_have_their_difference_and_no_interval(
    experiment: float, p_value: float
) -> None:
    found = mann_whitney(np.full(10, experiment), np.full(10, 2.0))
    assert found.estimate == experiment - 2.0
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.p_value == pytest.approx(p_value, abs=1e-4)


def test_steps_of_another_base_do_not_shift_the_arms() -> None:
    # Both arms at 0.2 and then at 0.8, mostly the control first and mostly the challenger then.
    rng = np.random.default_rng(2)
    den = np.ones((2, 2, 256)) * np.array([[[9], [1]], [[1], [9]]])
    base = np.array([0.2, 0.8])[:, None, None]
    num = den * base + rng.normal(0, 0.01, den.shape)
    pair = Pair(num, den, np.array([0.1, 0.9]), np.full(2, 256.0))
    found = compare(pair, Question())
    assert abs(float(found.estimate)) < 0.01
    assert found.low <= 0 <= found.high


def test_bins_all_alike_are_not_trusted() -> None:
    found = compare(one_a_bin(np.zeros(100), np.ones(100)), Question())
    assert float(found.estimate) == 1.0
    assert not found.trusted
