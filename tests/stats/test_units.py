"""Units: who was met, counted and found again in another arm; a union in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.stats.units import KEPT, Units, met_by_both, sum_units, unit_hash, units_of

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=400)


def named(first: int, last: int) -> Units:
    return units_of(unit_hash(f"unit-{i}") for i in range(first, last))


@given(HASHES, HASHES, HASHES)
def test_union_is_associative_commutative_and_idempotent(
    a: list[int], b: list[int], c: list[int]
) -> None:
    x, y, z = units_of(a), units_of(b), units_of(c)
    assert (x + y) + z == x + (y + z) == sum_units([z, x, y, x])
    assert x + y == y + x == units_of(a + b)
    assert x + x == x + Units() == Units() + x == x


def test_units_in_parts_are_the_units_of_the_whole() -> None:
    parts = [named(i, i + 130) for i in range(0, 1000, 100)]
    assert sum_units(parts) == named(0, 1030)
    assert sum_units([]) == Units()


@pytest.mark.parametrize("n", [0, 1, KEPT - 1])
def test_few_units_are_counted_exactly(n: int) -> None:
    assert named(0, n).count() == n


@pytest.mark.parametrize("n", [1000, 20_000])
def test_many_units_are_counted_within_a_fifth(n: int) -> None:
    # One sigma is 1 / sqrt(254), 6.3 %: these are within three.
    assert abs(named(0, n).count() / n - 1) < 0.19


def test_a_unit_met_by_two_arms_is_found_among_few() -> None:
    both, share = met_by_both(named(0, 60), named(50, 100))
    assert (both, share) == (10, 0.1)


def test_a_share_of_units_met_by_two_arms_is_found_among_many() -> None:
    # 1,000 of 10,000 units: 10 %, seen through a sample of about 256 of them.
    both, share = met_by_both(named(0, 5500), named(4500, 10_000))
    assert both > 10
    assert 0.04 < share < 0.17


def test_arms_that_share_no_unit_share_none() -> None:
    assert met_by_both(named(0, 3000), named(3000, 6000)) == (0, 0.0)
    assert met_by_both(Units(), Units()) == (0, 0.0)
    assert met_by_both(named(0, 3), Units()) == (0, 0.0)


def test_units_come_back_from_the_store_as_they_went() -> None:
    assert Units.parse(named(0, 1000).to_map()) == named(0, 1000)
    assert len(named(0, 1000).packed) == 2048
