"""Bins: exact sums of any size, in any order, and a unit's bin that says nothing of its arm."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.stats.bins import BINS, Bins, add, bin_of, grouped_bins, pack, sum_bins
from ratchet.stats.moments import Ints

WIDE = 2**70
NUMBERS = st.dictionaries(st.integers(0, BINS - 1), st.integers(-WIDE, WIDE), max_size=6)


def bins(numbers: dict[int, int]) -> Bins:
    return pack(array(numbers))


def array(numbers: dict[int, int]) -> Ints:
    return np.array([numbers.get(i, 0) for i in range(BINS)], dtype=object)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_sums_are_those_of_whole_numbers_in_any_order(
    a: dict[int, int], b: dict[int, int], c: dict[int, int]
) -> None:
    x, y, z = bins(a), bins(b), bins(c)
    whole = Counter(a)
    for more in (b, c):
        whole.update(more)
    assert ((x + y) + z).array().tolist() == array(dict(whole)).tolist()
    assert (x + y) + z == x + (y + z) == z + y + x
    assert sum_bins([x, y, z]).tolist() == ((x + y) + z).array().tolist()


@given(NUMBERS, NUMBERS)
def test_minus_undoes_plus_and_leaves_no_trace(a: dict[int, int], b: dict[int, int]) -> None:
    x, y = bins(a), bins(b)
    assert (x + y) - y == x
    assert y - y == Bins()


@given(NUMBERS)
def test_packing_loses_nothing_and_has_one_form(numbers: dict[int, int]) -> None:
    packed = bins(numbers)
    assert packed.array().tolist() == array(numbers).tolist()
    assert pack(packed.array()) == packed
    assert packed.total() == sum(numbers.values())
    assert Bins.parse(packed.to_map()) == packed


@pytest.mark.parametrize("edge", [2**7, 2**15, 2**31, 2**63, 2**64, 2**100])
def test_the_edge_of_each_width_is_kept(edge: int) -> None:
    numbers = {0: edge - 1, 1: -edge, 2: edge, 255: -edge - 1}
    assert bins(numbers).array().tolist() == array(numbers).tolist()


def test_a_few_small_counts_take_a_few_bytes() -> None:
    assert len(bins({}).packed) == 0
    assert len(bins({3: 100}).packed) < 30
    assert len(pack(np.arange(BINS)).packed) < 600


def test_adding_does_not_wrap_around_at_64_bits() -> None:
    most = np.full(BINS, 2**63 - 1)
    assert add(most, most).tolist() == [2**64 - 2] * BINS


def test_grouped_bins_put_each_value_into_its_group_and_bin() -> None:
    found = grouped_bins(np.array([5, 7, 11, 1]), np.array([0, 3, 3, 0]), np.array([0, 0, 1, 0]), 3)
    assert [b.array().nonzero()[0].tolist() for b in found] == [[0, 3], [3], []]
    assert [b.total() for b in found] == [13, 11, 0]
    assert found[0].array()[0] == 6


def test_grouped_bins_are_exact_beyond_64_bits() -> None:
    n = 2000  # a batch of the dearest observations with the greatest weight
    dear = np.full(n, 10_000 * 10**9 * 1000)
    zeros = np.zeros(n, np.int64)
    (found,) = grouped_bins(dear, zeros, zeros, 1)
    assert found.total() == 2 * 10**19


@pytest.mark.parametrize("pattern", ["user-{}", "{:032x}", "{}@example.com"])
def test_units_spread_evenly_over_the_bins(pattern: str) -> None:
    n = 25_600
    counts = np.bincount([bin_of(pattern.format(i)) for i in range(n)], minlength=BINS)
    chi_square = float(((counts - 100) ** 2 / 100).sum())
    assert chi_square < 330.5  # the 99.9 % point at 255 degrees of freedom
    assert chi_square > 190.0  # the 0.1 % point: not evener than chance, either


def test_a_unit_that_is_no_good_unicode_has_a_bin() -> None:
    assert 0 <= bin_of("\ud800") < BINS
