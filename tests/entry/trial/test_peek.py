"""Peek: a dashboard's rule and the rollouts' bounds on the same looks."""

import numpy as np
import pytest

from ratchet.entry.trial.peek import first, peek
from ratchet.stats.moments import Floats

Sums = tuple[Floats, Floats, Floats]


def sums(rates: tuple[float, float], n: int, looks: int, seed: int = 1) -> Sums:
    """Return the sums of two arms, n independent rows of each at each look."""
    rng = np.random.default_rng(seed)
    bins = rng.integers(0, 256, (2, looks, n))
    values = (rng.random((2, looks, n)) < np.array(rates)[:, None, None]) * 1.0
    binned = np.zeros((2, looks, 2, 256))
    for arm in range(2):
        for look in range(looks):
            binned[arm, look, 0] = np.bincount(bins[arm, look], minlength=256)
            binned[arm, look, 1] = np.bincount(bins[arm, look], values[arm, look], 256)
    rows = np.stack([np.full((2, looks), n), values.sum(-1), values.sum(-1)], -1)
    units = np.cumsum(np.full((looks, 2), float(n)), 0)
    return binned.cumsum(1), rows.cumsum(1), units


def test_the_naive_rule_is_welchs_by_hand() -> None:
    binned = np.zeros((2, 2, 2, 256))
    one = [[100, 50, 50], [100, 65, 65]]  # 50 and 65 of 100
    rows = np.array([[one[0], one[0]], [one[1], one[1]]], dtype=np.float64)
    found = peek(binned, rows, np.full((2, 2), 100.0), 1.0, 1)
    # 0.15 / sqrt((0.25 + 0.2275) / 99)
    assert found.z[0] == pytest.approx(0.15 / (0.4775 / 99) ** 0.5)
    assert found.naive.tolist() == [1, 1]


def test_a_dashboard_says_nothing_of_less_than_thirty_rows() -> None:
    binned, rows, units = sums((0.0, 1.0), 29, 2)
    rows[..., 2] += 1  # some variance
    assert np.isnan(peek(binned, rows, units, 1.0, 1).z).tolist() == [True, False]


def test_a_large_difference_is_found_by_both_and_sooner_by_the_naive_rule() -> None:
    found = peek(*sums((0.5, 0.7), 50, 40), 1.0, 1)
    naive, bounded = first(found.naive), first(found.bounded)
    assert naive is not None
    assert bounded is not None
    assert naive <= bounded
    assert found.bounded[-1] == 1
    assert found.bounds.low[-1] < 0.2 < found.bounds.high[-1]


def test_more_challengers_make_the_bounds_wider() -> None:
    alone, of_five = (peek(*sums((0.5, 0.5), 50, 20), 1.0, k) for k in (1, 5))
    width = of_five.bounds.high[-1] - of_five.bounds.low[-1]
    assert width > alone.bounds.high[-1] - alone.bounds.low[-1]


def test_of_identical_arms_the_naive_rule_finds_many_and_the_bounds_few() -> None:
    runs = [peek(*sums((0.5, 0.5), 40, 48, seed), 1.0, 1) for seed in range(200)]
    naive = np.mean([first(r.naive) is not None for r in runs])
    bounded = np.mean([first(r.bounded) is not None for r in runs])
    assert naive > 0.15
    assert bounded <= 0.05 + 2 * 0.0154  # two standard errors of 200 runs


def test_no_rows_decide_nothing() -> None:
    found = peek(np.zeros((2, 3, 2, 256)), np.zeros((2, 3, 3)), np.zeros((3, 2)), 1.0, 1)
    assert (first(found.naive), first(found.bounded)) == (None, None)
    assert np.isnan(found.difference).all()
