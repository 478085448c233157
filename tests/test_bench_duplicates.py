"""What near duplicates are held against: every pair, found exactly."""

from itertools import combinations

import pytest

from bench import duplicates
from ratchet.datasets.dedupe.near import near_pairs
from ratchet.datasets.dedupe.shingles import shingles_of
from tests.support.repeated import shingle_jaccard, signatures

TEXTS = duplicates.drawn(1200, words=3000)
SIGNED = signatures(TEXTS)


def test_the_texts_are_of_every_likeness_and_most_of_all_about_the_threshold() -> None:
    near = [shingle_jaccard(TEXTS[i], TEXTS[i + 1]) for i in range(0, 600, 3)]
    assert sum(0.7 <= value < 0.9 for value in near) > 100
    assert min(near) < 0.7
    assert max(near) > 0.95


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_the_exact_join_finds_every_pair(threshold: float) -> None:
    few = TEXTS[:90]
    plain = {
        (a, b): shingle_jaccard(few[a], few[b])
        for a, b in combinations(range(len(few)), 2)
        if shingle_jaccard(few[a], few[b]) >= threshold
    }
    assert len(plain) > 20
    assert duplicates.exact_pairs([shingles_of(text) for text in few], threshold) == plain


@pytest.mark.parametrize("threshold", [0.75, 0.8, 0.9])
def test_recall_and_precision_are_above_what_was_asked_for(threshold: float) -> None:
    ids = [f"{i:04d}" for i in range(len(TEXTS))]
    sets = [shingles_of(text) for text in TEXTS]
    exact = {(ids[a], ids[b]) for a, b in duplicates.exact_pairs(sets, threshold)}
    named = dict(zip(ids, TEXTS, strict=True))
    found = set(near_pairs(ids, SIGNED, named.__getitem__, threshold))
    assert len(exact) > 200
    assert duplicates.recall(found, exact) >= 0.99
    assert found <= exact
