"""Intervals: against printed tables, and covering what they promise, weighted or not."""

import numpy as np
import pytest

from ratchet.stats.intervals import (
    Interval,
    chi2_quantile,
    mean_interval,
    rate_interval,
    t_quantile,
    wilson,
)
from ratchet.stats.moments import Floats, Ints, Moments, grouped_moments, to_units

SCALE = 10**6
RUNS = 2000

# Printed tables of Student's t and chi-square: (p, degrees of freedom) -> quantile.
T_TABLE = {
    (0.95, 3): 2.353,
    (0.95, 5): 2.015,
    (0.95, 10): 1.812,
    (0.95, 30): 1.697,
    (0.975, 3): 3.182,
    (0.975, 4): 2.776,
    (0.975, 5): 2.571,
    (0.975, 7): 2.365,
    (0.975, 10): 2.228,
    (0.975, 20): 2.086,
    (0.975, 30): 2.042,
    (0.975, 120): 1.980,
    (0.995, 5): 4.032,
    (0.995, 10): 3.169,
    (0.995, 30): 2.750,
}
CHI2_TABLE = {
    (0.90, 1): 2.706,
    (0.90, 3): 6.251,
    (0.90, 10): 15.987,
    (0.95, 1): 3.841,
    (0.95, 2): 5.991,
    (0.95, 3): 7.815,
    (0.95, 5): 11.070,
    (0.95, 10): 18.307,
    (0.95, 20): 31.410,
    (0.95, 100): 124.342,
    (0.99, 1): 6.635,
    (0.99, 2): 9.210,
    (0.99, 3): 11.345,
    (0.99, 5): 15.086,
    (0.99, 10): 23.209,
    (0.99, 30): 50.892,
}
# Newcombe, Statistics in Medicine 17 (1998), table I, the score method without correction.
NEWCOMBE = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}


@pytest.mark.parametrize(("p", "freedom"), T_TABLE)
def test_t_quantiles_are_those_of_the_tables(p: float, freedom: int) -> None:
    assert t_quantile(p, freedom) == pytest.approx(T_TABLE[p, freedom], rel=0.01)
    assert t_quantile(1 - p, freedom) == pytest.approx(-T_TABLE[p, freedom], rel=0.01)


@pytest.mark.parametrize(("p", "freedom"), CHI2_TABLE)
def test_chi_square_quantiles_are_those_of_the_tables(p: float, freedom: int) -> None:
    assert chi2_quantile(p, freedom) == pytest.approx(CHI2_TABLE[p, freedom], rel=0.01)


@pytest.mark.parametrize(("events", "n"), NEWCOMBE)
def test_rate_intervals_are_wilsons_published_ones(events: int, n: int) -> None:
    low, high = NEWCOMBE[events, n]
    found = rate_interval(events, events, n, n)
    assert found.low == pytest.approx(low, abs=0.00006)
    assert found.high == pytest.approx(high, abs=0.00006)


def test_a_rate_of_nothing_is_anywhere_and_a_rate_of_all_is_not_certain() -> None:
    assert rate_interval(0, 0, 0, 0) == Interval(low=0.0, high=1.0)
    assert rate_interval(20, 20, 20, 20).low == pytest.approx(1 - 0.1611, abs=0.0001)
    assert rate_interval(20, 20, 20, 20).high == 1.0
    assert all(wilson(1.0, n + 0.37).high == 1.0 for n in range(1, 200))
    assert all(wilson(0.0, n + 0.37).low == 0.0 for n in range(1, 200))


def test_weights_that_are_all_alike_do_not_narrow_a_rate() -> None:
    plain = rate_interval(30, 30, 50, 50)
    scaled = rate_interval(300, 3000, 500, 5000)
    assert scaled.low == pytest.approx(plain.low)
    assert scaled.high == pytest.approx(plain.high)


def test_a_mean_of_fewer_than_two_has_no_interval() -> None:
    assert mean_interval(Moments(), SCALE) is None
    assert mean_interval(Moments(n=1, w=1, wx=5, wxx=25, w2=1, w2x=5, w2xx=25), SCALE) is None


def test_an_interval_holds_its_ends() -> None:
    interval = Interval(low=0.2, high=0.4)
    assert [interval.holds(x) for x in (0.19, 0.2, 0.3, 0.4, 0.41)] == [0, 1, 1, 1, 0]


def share_covered(intervals: list[Interval | None], truth: float) -> float:
    return sum(i is not None and i.holds(truth) for i in intervals) / len(intervals)


def mean_intervals(x: Floats, w: Ints) -> list[Interval | None]:
    """Return the interval of each row; NaN was not observed. Shapes: (runs, n)."""
    seen = ~np.isnan(x)
    runs = np.nonzero(seen)[0]
    found = grouped_moments(to_units(x[seen], SCALE), w[seen], runs, len(x))
    return [mean_interval(moments, SCALE) for moments in found]


@pytest.mark.parametrize("n", [3, 5, 30, 400])
def test_mean_intervals_of_normal_data_cover_95_percent(n: int) -> None:
    x = np.random.default_rng(n).normal(0.6, 0.2, (RUNS, n))
    assert 0.935 <= share_covered(mean_intervals(x, np.ones(x.shape, np.int64)), 0.6) <= 0.965


@pytest.mark.parametrize("p", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("n", [60, 1000])
def test_rate_intervals_cover_95_percent(p: float, n: int) -> None:
    hits = np.random.default_rng(n).binomial(n, p, RUNS).tolist()
    found: list[Interval | None] = [rate_interval(k, k, n, n) for k in hits]
    assert 0.93 <= share_covered(found, p) <= 0.985


@pytest.mark.parametrize("p", [0.7, 0.95])
def test_intervals_of_sampled_successes_cover_95_percent(p: float) -> None:
    # Failures are all kept; a success is kept with probability 1/10 and then stands for ten.
    rng = np.random.default_rng(7)
    n = 1500
    success = rng.random((RUNS, n)) < p
    reward = np.where(success, rng.beta(8, 2, (RUNS, n)), 0.0)
    kept = ~success | (rng.random((RUNS, n)) < 0.1)
    weight = np.where(success, 10, 1)
    means = mean_intervals(np.where(kept, reward, np.nan), weight)
    assert 0.93 <= share_covered(means, p * 0.8) <= 0.97
    w, w2 = (np.where(kept & success, weight**e, 0).sum(1).tolist() for e in (1, 2))
    total, total2 = (np.where(kept, weight**e, 0).sum(1).tolist() for e in (1, 2))
    rates: list[Interval | None] = [
        rate_interval(*sums) for sums in zip(w, w2, total, total2, strict=True)
    ]
    assert 0.93 <= share_covered(rates, p) <= 0.97


def test_forgetting_the_weights_would_not_cover() -> None:
    # The control of the test above: it can fail.
    rng = np.random.default_rng(8)
    success = rng.random((RUNS, 1500)) < 0.7
    kept = ~success | (rng.random(success.shape) < 0.1)
    reward = np.where(kept, np.where(success, 0.8, 0.0), np.nan)
    assert share_covered(mean_intervals(reward, np.ones(success.shape, np.int64)), 0.56) < 0.05
