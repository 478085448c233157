"""A sample is exact, in proportion, and grows without letting anybody go."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.curate.sample import Candidate, sample

SALT = "default"
populations = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1)


def people(counts: dict[str, int]) -> list[Candidate]:
    """Return so many candidates of each stratum."""
    return [Candidate(f"{s}{i}", s) for s, count in counts.items() for i in range(count)]


def drawn(counts: dict[str, int], size: int, salt: str = SALT) -> dict[str, int]:
    """Return how many of each stratum are drawn."""
    return dict(Counter(name[0] for name in sample(people(counts), size, salt)))


def largest_remainders(counts: dict[str, int], size: int) -> dict[str, int]:
    """Return Hamilton's places, as a peer that gives everybody his share rounded up or down."""
    total = sum(counts.values())
    whole = {s: size * n // total for s, n in counts.items()}
    behind = sorted(counts, key=lambda s: (-(size * counts[s] % total), s))
    for s in behind[: size - sum(whole.values())]:
        whole[s] += 1
    return whole


@given(populations, st.integers(0, 250), st.randoms())
def test_a_sample_has_its_size_and_no_order(
    counts: dict[str, int], size: int, random: object
) -> None:
    found = sample(people(counts), size, SALT)
    assert len(found) == min(size, sum(counts.values()))
    turned = people(counts)
    random.shuffle(turned)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert sample(turned, size, SALT) == found


@given(populations, st.integers(0, 100), st.integers(0, 100))
def test_whoever_is_drawn_stays_when_the_size_grows(
    counts: dict[str, int], size: int, more: int
) -> None:
    assert sample(people(counts), size, SALT) <= sample(people(counts), size + more, SALT)


@given(populations, st.integers(0, 250))
def test_every_stratum_has_one_before_any_has_two(counts: dict[str, int], size: int) -> None:
    found = drawn(counts, size)
    assert len(found) == min(size, len(counts))
    assert size > len(counts) or set(found.values()) <= {1}


def test_of_several_strata_the_largest_come_first() -> None:
    assert set(drawn({"a": 2, "b": 9, "c": 5}, 2)) == {"b", "c"}


@pytest.mark.parametrize(
    ("counts", "size"),
    [
        ({"a": 60, "b": 30, "c": 10}, 10),
        ({"a": 61, "b": 29, "c": 10}, 20),
        ({"a": 500, "b": 300, "c": 155, "d": 45}, 60),
    ],
)
def test_strata_have_the_places_that_largest_remainders_give(
    counts: dict[str, int], size: int
) -> None:
    assert drawn(counts, size) == largest_remainders(counts, size)


def test_no_stratum_loses_a_place_where_the_size_grows_as_by_largest_remainders_it_would() -> None:
    # The Alabama paradox: of 6, 6 and 2 the last has two of ten places, and one of eleven.
    counts = {"a": 60, "b": 60, "c": 20}
    assert [largest_remainders(counts, size)["c"] for size in (10, 11)] == [2, 1]
    places = [drawn(counts, size)["c"] for size in range(3, 141)]
    assert places == sorted(places)


def test_another_salt_draws_others() -> None:
    counts = {"a": 100}
    assert sample(people(counts), 50, "one") != sample(people(counts), 50, "two")
