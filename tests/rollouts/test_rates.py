import math

import numpy as np
import pytest

from ratchet.rollouts.pair import Pair
from ratchet.rollouts.rates import Split, Trials, apart, log_ratio, own_rate, ratio_of, split_events
from ratchet.stats.moments import Floats

EVENTS = 150
TRIALS = 400
HALF = np.array([0.5])


def ever_excluded(excluded: np.ndarray, p: float) -> float:
    """Return the exact probability that a walk of events ever stands at an excluded count.

    Shapes: excluded (n + 1, n + 1): after so many trials, with so many successes.
    """
    n = excluded.shape[0] - 1
    alive, lost = np.zeros(n + 2), 0.0
    alive[0] = 1.0
    for trial in range(1, n + 1):
        alive[1:] = alive[1:] * (1 - p) + alive[:-1] * p
        alive[0] *= 1 - p
        out = np.zeros(n + 2, dtype=bool)
        out[: n + 1] = excluded[trial]
        lost += float(alive[out].sum())
        alive[out] = 0.0
    return lost


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("planned", [10.0, 200.0])
def test_the_ratio_of_like_arms_is_excluded_ever_with_the_stated_error_at_most(
    share: float, planned: float
) -> None:
    x, total = np.meshgrid(np.arange(EVENTS + 1.0), np.arange(EVENTS + 1.0))
    x = np.minimum(x, total)
    odds = np.array([math.log(share / (1 - share))])
    split = Split(x[..., None], (total - x)[..., None], odds, np.array([share]))
    found = log_ratio(split, np.array(0.025), planned)
    lost = ever_excluded((found.low > 0) | (found.high < 0), share)
    assert 0.001 < lost <= 0.05


@pytest.mark.parametrize("p", [0.003, 0.01, 0.3])
def test_a_rate_is_excluded_ever_with_the_stated_error_at_most(p: float) -> None:
    hits, n = np.meshgrid(np.arange(TRIALS + 1.0), np.arange(TRIALS + 1.0))
    found = own_rate(Trials(np.minimum(hits, n), n), np.array(0.05))
    assert ever_excluded((found.low > p) | (found.high < p), p) <= 0.05


def test_no_event_in_a_thousand_trials_bounds_the_rate_by_hand() -> None:
    # ln B(1/2, 1000 1/2) - ln pi = -4.0264, so (1 - p) ** 1000 = 0.05 * exp(-4.0264).
    found = own_rate(Trials(np.array(0.0), np.array(1000.0)), np.array(0.05))
    assert float(found.low) == 0.0
    assert float(found.high) == pytest.approx(0.0069975, abs=1e-6)


def test_of_no_events_nothing_is_said_about_the_ratio() -> None:
    nothing = np.zeros((1,))
    found = log_ratio(Split(nothing, nothing, np.zeros(1), HALF), np.array(0.025), 50.0)
    assert (float(found.low), float(found.high)) == (-math.inf, math.inf)


def test_an_arm_without_events_has_no_lower_bound_and_gets_an_upper_one() -> None:
    found = log_ratio(
        Split(np.array([0.0]), np.array([60.0]), np.array([0.0]), HALF), np.array(0.025), 50.0
    )
    assert float(found.low) == -math.inf
    assert float(found.high) < math.log(0.25)


def test_steps_with_unlike_shares_share_one_ratio() -> None:
    # Three times the odds in each of two steps: 30 of 130 at one in ten, 60 of 80 at a half.
    odds = np.log(np.array([0.1 / 0.9, 1.0]))
    split = Split(np.array([32.5, 60.0]), np.array([97.5, 20.0]), odds, np.array([0.1, 0.5]))
    found = log_ratio(split, np.array(0.025), 200.0)
    assert found.low < math.log(3) < found.high
    assert found.low > math.log(1.6)


def events(by_unit: list[tuple[int, int, int]]) -> Pair:
    """Return a pair of (arm, bin, events), at even shares."""
    num: Floats = np.zeros((1, 2, 256))
    for arm, unit, count in by_unit:
        num[0, arm, unit] += count
    return Pair(num, np.maximum(num, 1.0) * 10, np.array([0.5]), np.array([128.0, 128.0]))


def test_events_of_one_unit_count_as_about_one() -> None:
    found = split_events(events([(0, 3, 20), (0, 90, 20), (0, 200, 20)]))
    assert float(found.control.sum()) == pytest.approx(3, abs=0.2)


def test_events_of_many_units_count_in_full() -> None:
    scattered = [(i % 2, i, 1) for i in range(100)]
    found = split_events(events(scattered))
    assert float(found.control.sum()) == pytest.approx(50, rel=0.02)
    assert float(found.challenger.sum()) == pytest.approx(50, rel=0.02)


def test_the_arms_trials_say_whose_an_event_would_be_not_the_plan() -> None:
    num: Floats = np.zeros((1, 2, 256))
    num[0, 0, :120] = num[0, 1, 120:180] = 1  # 120 and 60 events in 2:1 trials, planned as 1:1
    den = np.stack([np.full((1, 256), 40.0), np.full((1, 256), 20.0)], 1)
    pair = Pair(num, den, HALF, np.array([5000.0, 2500.0]))
    found = log_ratio(split_events(pair), np.array(0.025), 100.0)
    assert found.low < 0 < found.high


def test_a_step_in_which_all_traffic_is_the_challengers_says_nothing() -> None:
    num: Floats = np.zeros((2, 2, 256))
    num[0, 0, :20] = num[0, 1, 20:40] = 1
    num[1, 1, :] = 5
    pair = Pair(num, np.full_like(num, 100), np.array([0.5, 1.0]), np.array([128.0, 128.0]))
    found = split_events(pair)
    assert found.challenger.tolist() == pytest.approx([20.0, 0.0], rel=0.05)


@pytest.mark.parametrize("hits", [(0.0, 30.0), (40.0, 3.0), (20.0, 60.0)])
def test_two_rates_lie_apart_from_the_alpha_on_at_which_their_bounds_touch(
    hits: tuple[float, float],
) -> None:
    arms = [Trials(np.array(x), np.array(200.0)) for x in hits]
    alpha = apart(*arms)
    low, high = (own_rate(arm, alpha) for arm in sorted(arms, key=lambda arm: float(arm.events)))
    assert float(low.high) == pytest.approx(float(high.low), rel=1e-6)
    assert 0 < alpha < 0.05
    assert apart(arms[0], arms[0]) == 1


def test_the_p_value_of_a_ratio_is_twice_the_error_whose_bound_touches_even_rates() -> None:
    ratio = ratio_of(Split(np.array([60.0]), np.array([25.0]), np.zeros(1), HALF))
    low, high = 1e-6, 0.25
    for _ in range(40):
        error = (low + high) / 2
        excluded = bool(ratio.low(np.array(error), 50.0) > 0)
        low, high = (low, error) if excluded else (error, high)
    assert 0.0001 < high < 0.02
    assert float(ratio.p_value(np.array(high), 50.0)) == pytest.approx(2 * high, rel=1e-6)
