"""The threshold costs least by what errors cost, on cases reckoned by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.labels.heuristics.threshold import best_threshold, cost_at, left_out_cost
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
    p, y = np.array([0.2, 0.8, 0.3, 0.7]), np.array([0.0, 1.0, 1.0, 1.0])
    first, last = np.array([0, 1]), np.array([2, 3])
    one = costs(1, 1)
    # The first half says yes from a half on, and 0.3 is missed; the last always says yes.
    assert left_out_cost(p, y, ONE, one, [(first, last), (last, first)]) == 0.5
    assert left_out_cost(p, y, np.array([1, 1, 3, 1.0]), one, [(first, last)]) == 3 / 6


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
