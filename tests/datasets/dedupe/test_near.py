"""Near pairs: verified, found again in any order, and never as many as the square."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.datasets.dedupe.clusters import repeated
from ratchet.datasets.dedupe.near import near_pairs, signature_of
from tests.support.repeated import edited, shingle_jaccard, signatures, signed_texts, text

# Ten texts, each with edits of 1 to 4 of its 60 words.
TEXTS = {
    f"{base}{changes}": edited(text(base), changes, seed=base * 10 + changes)
    for base in range(10)
    for changes in range(5)
}

SIGNED = dict(zip(*signed_texts(TEXTS), strict=True))


def pairs_of(texts: dict[str, str], threshold: float = 0.8) -> set[frozenset[str]]:
    signed = [SIGNED[k] if k in SIGNED else signature_of(texts[k]) for k in texts]
    found = near_pairs(list(texts), signed, texts.__getitem__, threshold)
    assert len({frozenset(pair) for pair in found}) == len(found)
    return {frozenset(pair) for pair in found}


def test_the_pairs_are_those_of_exact_jaccard() -> None:
    exact = {
        frozenset((a, b))
        for a, b in combinations(TEXTS, 2)
        if shingle_jaccard(TEXTS[a], TEXTS[b]) >= 0.8
    }
    assert 30 < len(exact) < 100  # of 100 in ten clusters: some are near, and some are not
    assert pairs_of(TEXTS) == exact


@given(st.permutations(list(TEXTS)))
@settings(max_examples=10)
def test_pairs_do_not_depend_on_the_order(order: list[str]) -> None:
    assert pairs_of({name: TEXTS[name] for name in order}) == pairs_of(TEXTS)


@given(st.permutations(list(TEXTS)), st.sampled_from([0.6, 0.7, 0.8, 0.9]))
@settings(max_examples=10)
def test_no_two_that_are_kept_are_near_and_who_is_left_out_is_near_a_kept_one(
    order: list[str], threshold: float
) -> None:
    signed = [SIGNED[name] for name in order]
    left_out = repeated(order, near_pairs(order, signed, TEXTS.__getitem__, threshold))
    kept = [name for name in order if name not in left_out]
    for a, b in combinations(kept, 2):
        assert shingle_jaccard(TEXTS[a], TEXTS[b]) < threshold
    for name, other in left_out.items():
        assert other in kept
        assert order.index(other) < order.index(name)
        assert shingle_jaccard(TEXTS[name], TEXTS[other]) >= threshold


def test_the_preferred_one_comes_first_in_a_pair() -> None:
    ids, signed = ["z", "a"], signatures([text(1), text(1)])
    assert near_pairs(ids, signed, lambda _: text(1), 0.8) == [("z", "a")]


def test_known_ones_come_first_and_are_not_compared_with_each_other() -> None:
    texts = {"new": text(1), "known": edited(text(1), 1), "other": edited(text(1), 1, seed=5)}
    ids, signed = signed_texts(texts)
    found = near_pairs(ids, signed, texts.__getitem__, 0.8, known=["known", "other"])
    assert sorted(found) == [("known", "new"), ("other", "new")]


def test_nothing_has_no_pairs_and_texts_too_short_for_a_shingle_are_near_themselves() -> None:
    assert near_pairs([], [], str, 0.8) == []
    texts = {"a": "ab", "b": "ab", "c": "abc", "d": "", "e": ""}
    assert pairs_of(texts) == {frozenset("ab"), frozenset("de")}


@pytest.mark.parametrize("n", [200, 800])
def test_a_crowd_is_paired_with_whom_it_repeats_and_not_with_each_other(n: int) -> None:
    crowd = {f"{i:04d}": f"{text(7)} {i:04d}" for i in range(n)}
    reads = dict.fromkeys(crowd, 0)

    def text_of(name: str) -> str:
        reads[name] += 1
        return crowd[name]

    ids, signed = signed_texts(crowd)
    pairs = near_pairs(ids, signed, text_of, 0.8)
    assert set(repeated(ids, pairs).values()) == {"0000"}
    assert len(repeated(ids, pairs)) == n - 1
    assert len(pairs) < 64 * 64 + n  # all of them were n (n - 1) / 2, of 800 some 320,000
    assert sum(reads.values()) <= n
