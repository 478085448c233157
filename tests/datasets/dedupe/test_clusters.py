"""Who is kept of duplicates: the parent's first, then the better, the earlier, the smaller id."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.dedupe.clusters import (
    Candidate,
    first_of_equals,
    preferred,
    repeated,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IDS = "abcdefgh"
PAIRS = st.lists(
    st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda p: p[0] != p[1])
)


def candidate(name: str, parent: bool, quality: float | None, minutes: int) -> Candidate:
    return Candidate(name, parent, quality, NOON + timedelta(minutes=minutes))


RANKED = [
    candidate("z", True, 10.0, 9),
    candidate("y", False, 90.0, 9),
    candidate("x", False, 80.0, 1),
    candidate("v", False, 80.0, 2),
    candidate("w", False, 80.0, 2),
    candidate("b", False, 0.0, 0),
    candidate("a", False, None, 0),
]


@given(st.permutations(RANKED))
def test_preference_is_of_parent_quality_age_and_id_in_any_order(rows: list[Candidate]) -> None:
    assert preferred(rows) == ["z", "y", "x", "v", "w", "b", "a"]


def test_of_a_chain_both_ends_are_kept() -> None:
    assert repeated("bac", [("a", "b"), ("c", "b")]) == {"a": "b", "c": "b"}
    assert repeated("acb", [("a", "b"), ("c", "b")]) == {"b": "a"}
    assert repeated("abcd", [("a", "b"), ("b", "c"), ("c", "d")]) == {"b": "a", "d": "c"}


@given(st.permutations(list(IDS)), PAIRS)
def test_no_pair_is_kept_and_all_left_out_repeat_a_kept_one(
    ids: list[str], pairs: list[tuple[str, str]]
) -> None:
    left_out = repeated(ids, pairs)
    assert not [pair for pair in pairs if left_out.keys().isdisjoint(pair)]
    near = {frozenset(pair) for pair in pairs}
    for name, kept in left_out.items():
        assert kept not in left_out
        assert {name, kept} in near
    assert repeated(ids, [(b, a) for a, b in reversed(pairs)]) == left_out


def test_of_equals_the_first_stays() -> None:
    assert first_of_equals("abcd", ["x", "y", "x", "x"]) == {"c": "a", "d": "a"}
    assert first_of_equals("dcba", ["x", "x", "y", "x"]) == {"c": "d", "a": "d"}
