"""Strata: worked by hand on a few bins, and against variances known by algebra."""

import numpy as np
import pytest

from ratchet.rollouts.pair import Pair
from ratchet.rollouts.strata import combine
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

HALF = np.array([0.5])
RUNS, UNITS = 400, 300


def small(num: list[list[float]], den: list[list[float]]) -> Pair:
    """Return one step of two arms over a few bins: the control, the challenger."""
    sums = np.array([num], float), np.array([den], float)
    return Pair(*sums, HALF, np.full(2, 100.0))


def test_arms_in_bins_of_their_own_add_their_variances() -> None:
    # Means 1 and 1.5; every residual is 1 / 4 of its arm's total: 4 (1/4)**2, times 4 bins / 3.
    found = combine(small([[1, 3, 0, 0], [0, 0, 2, 4]], [[2, 2, 0, 0], [0, 0, 2, 2]]))
    assert float(found.estimate) == 0.5
    assert found.means.tolist() == [1.0, 1.5]
    assert found.influence.tolist() == [0.25, -0.25, -0.25, 0.25]
    assert float(found.variance) == pytest.approx(1 / 3)
    assert float(found.events) == 2.0


def test_arms_that_rise_and_fall_together_in_a_bin_take_their_variance_away() -> None:
    found = combine(small([[1, 3], [2, 4]], [[2, 2], [2, 2]]))
    assert float(found.estimate) == 0.5
    assert float(found.variance) == 0.0


def test_arms_that_rise_and_fall_against_each_other_in_a_bin_double_it() -> None:
    # Influences -1/2 and 1/2: 2 (1/2)**2, times 2 bins / 1.
    found = combine(small([[3, 1], [2, 4]], [[2, 2], [2, 2]]))
    assert float(found.variance) == 1.0


def test_a_bin_weighs_by_what_it_holds() -> None:
    # Control: 5 / 4, residuals (1 - 5/4) / 4 and (4 - 15/4) / 4. Challenger: 1, no residual.
    found = combine(small([[1, 4, 0], [0, 0, 3]], [[1, 3, 0], [0, 0, 3]]))
    assert float(found.estimate) == -0.25
    assert found.influence.tolist() == [0.0625, -0.0625, 0.0]
    assert float(found.variance) == pytest.approx(2 * 0.0625**2 * 3 / 2)


def test_a_step_weighs_by_the_observations_that_it_holds() -> None:
    # Step 0: 1 / (1/2 + 1/2) = 1. Step 1: 1 / (1/4 + 1/4) = 2. Outcomes have no part in it.
    num = np.array([[[0, 1, 0, 0], [0, 0, 0, 1]], [[0, 2, 0, 0], [0, 0, 2, 2]]], float)
    den = np.array([[[1, 1, 0, 0], [0, 0, 1, 1]], [[2, 2, 0, 0], [0, 0, 2, 2]]], float)
    found = combine(Pair(num, den, np.array([0.5, 0.5]), np.full(2, 4.0)))
    assert found.weights == pytest.approx([1 / 3, 2 / 3])
    assert float(found.estimate) == pytest.approx(1 / 3)
    assert found.means == pytest.approx([0.5, 1 / 3 * 0.5 + 2 / 3])
    # Squares of residuals: 4 times 1/4 over 4 in step 0, 2 times 1 over 8 in step 1.
    assert float(found.alike) == pytest.approx((1 / 9) * (1 / 4) * 1 + (4 / 9) * (1 / 4) * (1 / 2))


def test_a_quiet_step_takes_no_more_than_its_observations() -> None:
    # 100 requests without a failure, then 10,000 with 1 % and 5 %: the first must not silence them.
    num, den = np.zeros((2, 2, 256)), np.zeros((2, 2, 256))
    den[0, 0], den[0, 1] = 90 / 256, 10 / 256
    den[1], num[1, 0], num[1, 1] = 5000 / 256, 50 / 256, 250 / 256
    found = combine(Pair(num, den, np.array([0.1, 0.5]), np.full(2, 5000.0)))
    assert float(found.estimate) > 0.039


def test_a_base_rate_that_moves_while_the_share_rises_is_no_difference() -> None:
    # 10 % of the traffic at a rate of 1/2, then 50 % at 3/4: pooled, 0.5250 against 0.7083.
    den = np.array([[[90, 90], [10, 10]], [[10, 10], [50, 50]]], float)
    num = den * np.array([0.5, 0.75])[:, None, None]
    pooled = num.sum((0, 2)) / den.sum((0, 2))
    found = combine(Pair(num, den, np.array([0.1, 0.5]), np.full(2, 100.0)))
    assert pooled[1] - pooled[0] > 0.18
    assert float(found.estimate) == pytest.approx(0.0, abs=1e-12)


def test_a_step_without_one_arm_says_nothing() -> None:
    alone = small([[1, 3, 0, 0], [0, 0, 2, 4]], [[2, 2, 0, 0], [0, 0, 2, 2]])
    zero = np.zeros((1, 1, 4))
    full = np.concatenate([zero, np.full((1, 1, 4), 9.0)], 1)
    num, den = (np.concatenate([x, full]) for x in (alone.num, alone.den))
    found = combine(Pair(num, den, np.array([0.5, 1.0]), alone.units))
    assert found.weights.tolist() == [1.0, 0.0]
    assert float(found.estimate) == 0.5
    assert float(found.variance) == pytest.approx(1 / 3)


def drawn(*, again: int, alike: float, shadow: bool = False) -> Pair:
    """Return runs of units that recur, of variance 1, `alike` of it a unit's own.

    In the shadow all units are in both arms; else each arm has its own.
    """
    rng = np.random.default_rng(7)
    num, den = np.zeros((RUNS, 1, 2, BINS)), np.zeros((RUNS, 1, 2, BINS))
    shape = (RUNS, UNITS)
    bins, own = rng.integers(0, BINS, shape), rng.normal(0, np.sqrt(alike), shape)
    for arm in range(2):
        if arm and not shadow:
            bins, own = rng.integers(0, BINS, shape), rng.normal(0, np.sqrt(alike), shape)
        noise = rng.normal(0, np.sqrt((1 - alike) * again), shape)
        at = (np.arange(RUNS)[:, None] * BINS + bins).ravel()
        for out, value in ((num, again * own + noise), (den, np.full(shape, float(again)))):
            sums = np.bincount(at, weights=value.ravel(), minlength=RUNS * BINS)
            out[:, 0, arm] = sums.reshape(RUNS, BINS)
    return Pair(num, den, HALF, np.full((RUNS, 2), float(UNITS)))


@pytest.mark.parametrize(
    ("pair", "variance"),
    [
        (drawn(again=1, alike=0.0), 2 / UNITS),
        # Kish: 1 + (m - 1) rho times the variance of independent observations.
        (drawn(again=20, alike=0.3), 2 / (UNITS * 20) * (1 + 19 * 0.3)),
        (drawn(again=20, alike=0.1), 2 / (UNITS * 20) * (1 + 19 * 0.1)),
        # The same units in both arms: what they share drops out.
        (drawn(again=1, alike=0.8, shadow=True), 2 / UNITS * (1 - 0.8)),
    ],
    ids=["independent", "recurring at 0.3", "recurring at 0.1", "shadowed"],
)
def test_the_variance_is_that_of_the_estimate_whatever_recurs(pair: Pair, variance: float) -> None:
    found = combine(pair)
    assert float(found.variance.mean()) == pytest.approx(variance, rel=0.05)
    assert float(np.var(found.estimate)) == pytest.approx(variance, rel=0.25)


def test_units_that_change_arm_as_a_ramp_rises_are_counted_once() -> None:
    shares = (0.2, 0.5)
    pair = ramped(np.random.default_rng(3), shares)
    found = combine(pair)
    assert float(found.variance.mean()) == pytest.approx(float(np.var(found.estimate)), rel=0.2)
    apart = [
        combine(Pair(pair.num[:, [s]], pair.den[:, [s]], HALF, pair.units)).variance
        for s in range(2)
    ]
    summed = sum(
        float(v.mean()) * float(found.weights[:, s].mean()) ** 2
        for s, v in zip((0, 1), apart, strict=True)
    )
    assert float(found.variance.mean()) != pytest.approx(summed, rel=0.15)


def ramped(rng: np.random.Generator, shares: tuple[float, ...]) -> Pair:
    """Return runs of units that stay for all steps: a challenger's stays one, others join."""
    num, den = (np.zeros((RUNS, len(shares), 2, BINS)) for _ in range(2))
    bins = rng.integers(0, BINS, (RUNS, UNITS))
    place, own = rng.random((RUNS, UNITS)), rng.normal(0, 1, (RUNS, UNITS))
    run = np.arange(RUNS)[:, None]
    for step, share in enumerate(shares):
        at = ((run * 2 + (place < share)) * BINS + bins).ravel()
        for out, value in ((num, own), (den, np.ones_like(own))):
            sums = np.bincount(at, weights=value.ravel(), minlength=RUNS * 2 * BINS)
            out[:, step] = sums.reshape(RUNS, 2, BINS)
    return Pair(num, den, np.array(shares), np.full((RUNS, 2), UNITS / 2.0))


def test_of_no_variance_all_bins_carry_it_and_of_one_bin_nothing_is_known() -> None:
    same = combine(small([[1, 1, 0, 0], [0, 0, 1, 1]], [[1, 1, 0, 0], [0, 0, 1, 1]]))
    assert (float(same.variance), float(same.events)) == (0.0, 4.0)
    one = combine(small([[1], [2]], [[2], [2]]))
    assert float(one.estimate) == 0.5
    assert float(one.variance) == np.inf


def test_one_heavy_bin_leaves_few_events() -> None:
    values: Floats = np.zeros(100)
    values[0] = 50.0
    lone = combine(small([list(values), [0.0] * 100], [[1.0] * 100, [1.0] * 100]))
    assert 1.0 <= float(lone.events) < 1.1
