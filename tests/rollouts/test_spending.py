"""LORD++: one budget of error for all the drafts of a policy."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.spending import gamma, next_level

histories = st.lists(st.booleans(), max_size=60)


def test_the_first_levels_are_those_computed_by_hand() -> None:
    # 2 ** -1.6 = 0.329877 and 3 ** -1.6 = 0.172427; all of them sum to zeta(1.6) = 2.285766.
    assert next_level([]) == pytest.approx(0.025 / 2.285766, rel=1e-3)
    assert next_level([False]) == pytest.approx(0.025 * 0.329877 / 2.285766, rel=1e-3)
    assert next_level([False, False]) == pytest.approx(0.025 * 0.172427 / 2.285766, rel=1e-3)


def test_a_first_promotion_earns_the_rest_of_alpha_and_a_second_all_of_it() -> None:
    # W0 gamma_2 + (alpha - W0) gamma_1, then W0 gamma_3 + (alpha - W0) gamma_2 + alpha gamma_1
    first = (0.01 * 0.329877 + 0.04) / 2.285766
    second = (0.01 * 0.172427 + 0.04 * 0.329877 + 0.05) / 2.285766
    assert next_level([True], 0.05, start=0.01) == pytest.approx(first, rel=1e-3)
    assert next_level([True, True], 0.05, start=0.01) == pytest.approx(second, rel=1e-3)


def test_the_parts_fall_and_sum_to_at_most_one() -> None:
    parts = [gamma(place) for place in range(1, 20_001)]
    assert all(a >= b for a, b in pairwise(parts))
    # Beyond N they sum to at most the integral of x ** -1.6, over the sum of all of them.
    beyond = 20_000**-0.6 / 0.6 / 2.285766
    assert 0.99 < sum(parts) + beyond <= 1


@given(alpha=st.floats(0.001, 0.4), part=st.floats(0.01, 1))
def test_drafts_that_are_never_promoted_spend_at_most_the_start(alpha: float, part: float) -> None:
    start = alpha * part
    spent = sum(next_level([False] * n, alpha, start=start) for n in range(300))
    assert spent <= start


@given(history=histories)
def test_a_promotion_never_lowers_a_later_level(history: list[bool]) -> None:
    for i in range(len(history)):
        if not history[i]:
            promoted = [*history[:i], True, *history[i + 1 :]]
            assert next_level(promoted) >= next_level(history)


@given(history=histories)
def test_levels_never_promise_more_false_ones_than_the_rate_allows(history: list[bool]) -> None:
    # The estimate that LORD++ keeps below alpha: all levels over the promotions, at least one.
    levels = [next_level(history[:n]) for n in range(len(history))]
    assert sum(levels) <= 0.05 * max(1, sum(history)) + 1e-12
    assert all(level > 0 for level in levels)


@pytest.mark.parametrize(
    ("alpha", "start", "field"), [(0, None, "alpha"), (1, None, "alpha"), (0.05, 0.06, "start")]
)
def test_what_is_no_budget_is_refused_by_name(
    alpha: float, start: float | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        next_level([], alpha, start=start)
    assert caught.value.field == field
    assert caught.value.mend
