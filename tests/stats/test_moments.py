"""Moments: exact sums that merge, take back, and stay exact beyond 64 bits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.document import INT64_MAX
from ratchet.stats.moments import Moments, grouped_moments, grouped_sum, to_units

VALUES = st.integers(-(10**13), 10**13)
WEIGHTS = st.integers(1, 1000)
ROWS = st.lists(st.tuples(VALUES, WEIGHTS), min_size=1, max_size=30)
Rows = list[tuple[int, int]]


def moments_of(rows: Rows) -> Moments:
    x = np.array([x for x, _ in rows], np.int64)
    w = np.array([w for _, w in rows], np.int64)
    (out,) = grouped_moments(x, w, np.zeros(len(rows), np.int64), 1)
    return out


def slow(rows: Rows) -> Moments:
    return Moments(
        n=len(rows),
        w=sum(w for _, w in rows),
        wx=sum(w * x for x, w in rows),
        wxx=sum(w * x * x for x, w in rows),
        w2=sum(w * w for _, w in rows),
        w2x=sum(w * w * x for x, w in rows),
        w2xx=sum((w * x) ** 2 for x, w in rows),
    )


@given(ROWS)
def test_sums_are_exact_even_beyond_64_bits(rows: Rows) -> None:
    assert moments_of(rows) == slow(rows)


@given(ROWS, ROWS)
def test_merging_equals_the_whole_and_taking_back_leaves_the_rest(a: Rows, b: Rows) -> None:
    whole = moments_of(a + b)
    assert moments_of(a) + moments_of(b) == whole
    assert whole - moments_of(b) == moments_of(a)
    assert whole - whole == Moments()


def test_sums_wider_than_the_stores_integers_come_back_from_their_text() -> None:
    wide = moments_of([(10**13, 1000)] * 40)
    stored = wide.to_map()
    assert wide.w2xx == 40 * 10**32 > INT64_MAX
    assert stored["w2Xx"] == "4" + "0" * 33
    assert stored["w"] == 40_000
    assert Moments.parse(stored) == wide


@given(st.lists(st.tuples(VALUES, WEIGHTS, st.integers(0, 3)), min_size=1, max_size=30))
def test_groups_are_summed_apart(rows: list[tuple[int, int, int]]) -> None:
    x, w, g = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    apart = [[(a, b) for a, b, group in rows if group == i] for i in range(5)]
    assert grouped_moments(x, w, g, 5) == [slow(part) for part in apart]


def test_groups_of_nothing_are_empty() -> None:
    none = np.empty(0, np.int64)
    assert grouped_moments(none, none, none, 2) == [Moments(), Moments()]
    assert grouped_sum(none, none, 2) == [0, 0]


def test_mean_variance_and_error_of_equal_weights_are_numpys() -> None:
    x = np.array([2.0, 4.0, 4.5, 7.25, 1.125])
    found = moments_of([(value, 1) for value in to_units(x, 1000).tolist()])
    assert found.mean(1000) == pytest.approx(x.mean(), rel=1e-12)
    assert found.variance(1000) == pytest.approx(x.var(ddof=1), rel=1e-12)
    assert found.standard_error(1000) == pytest.approx(x.std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert found.effective_n() == 5


def test_the_weighted_error_is_hajeks_on_a_case_worked_by_hand() -> None:
    # x = 0, 1, 1 with weights 1, 1, 2: the mean is 3/4, so
    # sum w2 (x - m)2 = 9/16 + 1/16 + 4/16 = 14/16; over (sum w)2 = 16; times n/(n-1) = 3/2.
    found = moments_of([(0, 1), (1, 1), (1, 2)])
    assert found.mean(1) == 0.75
    error = found.standard_error(1)
    assert error is not None
    assert error**2 == pytest.approx(float(Fraction(14, 16) / 16 * Fraction(3, 2)), rel=1e-12)
    assert found.effective_n() == pytest.approx(16 / 6)


def test_an_error_far_smaller_than_the_mean_is_not_lost_to_rounding() -> None:
    # Two rewards a millionth apart on a mean of a thousand: floats would cancel to nothing.
    found = moments_of([(10**9, 1), (10**9 + 1, 1)])
    assert found.standard_error(10**6) == pytest.approx(5e-7, rel=1e-9)
    assert found.variance(10**6) == pytest.approx(5e-13, rel=1e-9)


def test_nothing_has_no_mean_and_one_observation_has_no_error() -> None:
    assert Moments().mean(1) is None
    assert Moments().standard_error(1) is None
    assert Moments().effective_n() == 0
    one = moments_of([(5, 3)])
    assert one.mean(1) == 5
    assert one.variance(1) is None
    assert one.standard_error(1) is None


def test_units_round_halves_to_even() -> None:
    assert to_units(np.array([0.5, 1.5, 2.5, 0.0015]), 1).tolist() == [0, 2, 2, 0]
    assert to_units(np.array([0.123456789]), 10**9).tolist() == [123_456_789]
