"""The threshold costs least by what errors cost, on cases reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.labels.heuristics.threshold import (
    best_threshold,
    choose_threshold,
    cost_at,
    left_out_cost,
)
from ratchet.policies.heuristic import ErrorCosts

P = np.array([0.1, 0.3, 0.6, 0.8])
Y = np.array([0.0, 1.0, 0.0, 1.0])
ONE = np.ones(4)


def costs(false_positive: float, false_negative: float) -> ErrorCosts:
    return ErrorCosts(false_positive=false_positive, false_negative=false_negative)


@pytest.mark.parametrize(
    ("given_costs", "threshold", "cost"),
    [
        # A missed yes is dear: from 0.3 on all are a yes, which is one wrong yes among four.
        (costs(1, 5), 1 / 6, 0.25),
        # A wrong yes is dear: only 0.8 is one, and one yes is missed.
        (costs(5, 1), 0.7, 0.25),
        # Wrong answers of one kind cost nothing: the answer is always that one.
        (costs(0, 1), 0.0, 0.0),
    ],
)
def test_the_dearer_error_moves_the_threshold(
    given_costs: ErrorCosts, threshold: float, cost: float
) -> None:
    found = best_threshold(P, Y, ONE, given_costs)
    assert found == pytest.approx(threshold, abs=0.051)
    assert cost_at(P, Y, ONE, given_costs, found) == cost


def test_rows_count_by_their_weight() -> None:
    heavy = np.array([1.0, 1.0, 9.0, 1.0])  # the wrong yes at 0.6 stands for nine
    found = best_threshold(P, Y, heavy, costs(1, 5))
    assert 0.6 < found <= 0.8


def test_rows_of_one_probability_are_never_told_apart() -> None:
    p, y = np.full(4, 0.5), np.array([0.0, 0.0, 0.0, 1.0])
    found = best_threshold(p, y, ONE, costs(1, 1))
    assert cost_at(p, y, ONE, costs(1, 1), found) == 0.25


def test_a_threshold_costs_what_it_does_on_rows_that_did_not_choose_it() -> None:
    # Up to 0.3 all is said too low: two of three parts agree on 0.2, and the third is like them.
    p, y = np.tile([0.1, 0.3], 9), np.tile([0.0, 1.0], 9)
    parts = np.array_split(np.arange(18), 3)
    folds = [(np.setdiff1d(np.arange(18), part), part) for part in parts]
    one, weight = costs(1, 1), np.ones(18)
    assert left_out_cost(p, y, weight, one, folds) == 0.0
    # Where the third is unlike them, their threshold costs it the six that it gets wrong.
    y[parts[2]] = 1 - y[parts[2]]
    found = left_out_cost(p, y, weight, one, folds)
    weight[parts[2]] = 2.0
    assert (found, left_out_cost(p, y, weight, one, folds)) == (6 / 18 + 6 / 18, 12 / 24 + 6 / 24)


def test_exact_odds_hold_unless_another_threshold_is_clearly_better_on_rows_left_out() -> None:
    p = np.array([0.1, 0.4, 0.9, 0.1, 0.4, 0.9, 0.1, 0.9])
    y, one = (p > 0.2).astype(float), np.ones(8)
    train, test = np.arange(3), np.arange(3, 8)
    assert best_threshold(p[train], y[train], one[train], costs(1, 1)) == 0.25
    # One of five is right by it, which is exactly a standard error: 0.2, and 0.2.
    assert choose_threshold(p, y, one, costs(1, 1), [(train, test)]) == 0.5
    assert choose_threshold(p, y, one, costs(1, 3), [(train, test)]) == 0.25
    p[6], y[6] = 0.4, 1.0  # two of five: 0.4, and 0.245
    assert choose_threshold(p, y, one, costs(1, 1), [(train, test)]) == pytest.approx(0.25)


def test_chances_that_tell_nothing_promise_no_saving() -> None:
    rng = np.random.default_rng(1)
    promised, seen = [], []
    for _ in range(60):
        p, y, one = rng.random(60), (rng.random(60) < 0.4).astype(float), np.ones(60)
        parts = np.array_split(rng.permutation(60), 5)
        folds = [(np.setdiff1d(np.arange(60), part), part) for part in parts]
        least = cost_at(p, y, one, costs(1, 1), best_threshold(p, y, one, costs(1, 1)))
        seen.append(least - y.mean())
        promised.append(left_out_cost(p, y, one, costs(1, 1), folds) - y.mean())
    assert np.mean(seen) < -0.01
    assert np.mean(promised) > 0


rows = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.booleans()), min_size=1)


@given(rows, st.floats(0.01, 10), st.floats(0.01, 10))
def test_no_other_threshold_within_0_to_1_costs_less(
    drawn: list[tuple[float, bool]], wrong_yes: float, wrong_no: float
) -> None:
    p, y = np.array([p for p, _ in drawn]), np.array([float(y) for _, y in drawn])
    one, given_costs = np.ones(len(p)), costs(wrong_yes, wrong_no)
    found = best_threshold(p, y, one, given_costs)
    assert 0 <= found <= 1
    least = min(
        cost_at(p, y, one, given_costs, t) for t in (0.0, 0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 1.0)
    )
    assert cost_at(p, y, one, given_costs, found) <= least + 1e-6
