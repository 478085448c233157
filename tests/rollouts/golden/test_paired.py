"""Paired scores: the interval keeps its promise where a t interval does not, and stays narrow."""

import math

import numpy as np
import pytest
from scipy.stats import binom, t  # type: ignore[import-untyped]  # it ships no types

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.golden.paired import ALPHA, gain_of, spread_of


def losing(n: int, k: int) -> tuple[list[float], list[float]]:
    """Return the scores of one that loses on k of n examples, and of the one it is held against."""
    return [0.0] * k + [1.0] * (n - k), [1.0] * n


def test_all_lost_and_all_won_have_an_interval_that_ends_at_the_edge() -> None:
    lost, won = [0.0] * 40, [1.0] * 40
    found = gain_of(lost, won, budget=1)
    assert (found.value, found.low) == (-1.0, -1.0)
    assert -1.0 < found.high < -0.5
    assert gain_of(won, lost, budget=1).low == -found.high
    assert gain_of(won, lost, budget=1).high == 1.0
    assert gain_of(lost, lost, budget=1).value == 0.0


def test_a_spread_is_that_of_the_textbook() -> None:
    found = spread_of([0.2, 0.4, 0.4, 0.4, 0.5, 0.5, 0.7, 0.9])  # the well-known 2, 4, 4 ... by ten
    assert found.n == 8
    assert found.mean == pytest.approx(0.5)
    assert found.sd == pytest.approx(0.2138089935)


@pytest.mark.parametrize("budget", [1, 20, 100])
def test_a_rare_loss_passes_over_the_life_of_a_set_with_a_chance_below_alpha(budget: int) -> None:
    n = 200
    lows = [gain_of(*losing(n, k), budget=budget).low for k in range(30)]
    differences = [np.array([-1.0] * k + [0.0] * (n - k)) for k in range(30)]
    bound = t.ppf(1 - ALPHA / budget / 2, n - 1)
    usual = [d.mean() - bound * d.std(ddof=1) / math.sqrt(n) for d in differences]

    def worst(bounds: list[float]) -> float:
        rates = np.linspace(0.005, 0.08, 30)
        chances = binom.pmf(np.arange(30)[:, None], n, rates)
        passes = np.array(bounds)[:, None] > -rates
        return float((chances * passes).sum(axis=0).max())

    assert budget * worst(lows) <= ALPHA / 2
    assert budget * worst(usual) > 2 * ALPHA  # what this interval is there for


def test_where_nothing_differs_the_width_is_what_the_number_of_examples_can_tell() -> None:
    # One bet alone wins ln(20 * 2) at a loss of 3.7 in n; nine share, so up to ln(9) more.
    for n in (100, 1000):
        found = gain_of([1.0] * n, [1.0] * n, budget=1)
        assert math.log(40) / n <= -found.low <= (math.log(40) + math.log(9)) / (0.95 * n)
        assert found.high == -found.low
        assert found.value == 0


def test_the_price_of_the_promise_is_at_most_half_of_a_t_interval_on_usual_scores() -> None:
    better = [1.0] * 1950 + [0.0] * 50 + [1.0] * 100 + [0.0] * 900
    than = [1.0] * 1950 + [1.0] * 50 + [0.0] * 100 + [0.0] * 900
    found = gain_of(better, than, budget=20)
    low, high = t.interval(0.9975, 2999, 50 / 3000, np.std(np.subtract(better, than)) / 3000**0.5)
    assert found.low <= low
    assert high <= found.high
    assert found.high - found.low <= 1.5 * (high - low)


def test_a_gain_turns_round_with_its_sides_and_heeds_no_order() -> None:
    better, than = [0.9, 0.4, 0.7, 1.0, 0.2], [0.5, 0.5, 0.1, 0.9, 0.0]
    found, back = gain_of(better, than, budget=5), gain_of(than, better, budget=5)
    assert (found.low, found.high) == pytest.approx((-back.high, -back.low))
    assert found == gain_of(better[::-1], than[::-1], budget=5)
    assert found.level == 0.99


@pytest.mark.parametrize(("better", "than"), [([1.0], [1.0]), ([1.0, 0.0], [1.0])])
def test_what_does_not_pair_is_refused(better: list[float], than: list[float]) -> None:
    with pytest.raises(InvalidInput, match="do not pair"):
        gain_of(better, than, budget=1)


def test_one_score_has_no_spread() -> None:
    with pytest.raises(InvalidInput, match="no spread"):
        spread_of([1.0])
