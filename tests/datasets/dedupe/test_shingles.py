"""Shingles as numbers: the Jaccard of the numbers is that of the shingles themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.dedupe.shingles import jaccard, mixed, shingles_of, verifier

TEXTS = st.text(st.sampled_from("abc é\U0001f600"), min_size=5, max_size=60)


def plain(text: str) -> set[str]:
    return {text[i : i + 5] for i in range(len(text) - 4)}


@given(TEXTS, TEXTS)
def test_jaccard_of_numbers_is_jaccard_of_the_sets_of_shingles(one: str, other: str) -> None:
    a, b = plain(one), plain(other)
    assert shingles_of(one).size == len(a)
    assert jaccard(shingles_of(one), shingles_of(other)) == len(a & b) / len(a | b)


@pytest.mark.parametrize(("one", "other"), [("ab", "abc"), ("", "a"), ("abcd", "abcde")])
def test_a_text_shorter_than_a_shingle_is_like_itself_alone(one: str, other: str) -> None:
    assert jaccard(shingles_of(one), shingles_of(one)) == 1.0
    assert jaccard(shingles_of(one), shingles_of(other)) == 0.0


def test_bits_are_mixed_as_splitmix64_publishes() -> None:
    # The first output of SplitMix64 seeded with 1234567 is the mix of seed + golden gamma.
    state = np.array([(1234567 + 0x9E3779B97F4A7C15) % 2**64], np.uint64)
    assert mixed(state).tolist() == [6457827717110365317]


def test_the_threshold_itself_is_near_and_a_text_is_read_once() -> None:
    # 4 of 5 shingles are shared: abcde bcdef cdefg defgh, and efghi of one alone.
    texts, read = {"a": "abcdefgh", "b": "abcdefghi"}, []

    def text_of(name: str) -> str:
        read.append(name)
        return texts[name]

    alike = verifier(text_of, 0.8)
    assert alike("a", "b")
    assert alike("b", "a")
    assert read == ["a", "b"]
    assert not verifier(texts.__getitem__, 0.81)("a", "b")


def test_what_was_judged_before_is_not_read_again() -> None:
    verdicts = {("a", "b"): True, ("a", "c"): False}
    texts = {"a": "the same words", "d": "the same words"}
    alike = verifier(texts.__getitem__, 0.8, lambda one, other: verdicts.get((one, other)))
    assert (alike("a", "b"), alike("a", "c"), alike("a", "d")) == (True, False, True)
