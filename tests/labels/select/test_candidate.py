"""Candidates: what is kept of an observation, and a fair sample where there are too many."""

import math

import pytest

from ratchet.labels.select.candidate import Candidate, Frame, candidate_of, text_of


def test_too_many_candidates_leave_the_same_sample_in_whatever_order_they_come() -> None:
    frames = [Frame(most=100), Frame(most=100)]
    for i in range(1000):
        frames[0].add(Candidate(f"s{i}"))
        frames[1].add(Candidate(f"s{999 - i}"))
    kept = [c.subject for c in frames[0].candidates]
    assert kept == [c.subject for c in frames[1].candidates]
    assert len(kept) == 100
    assert frames[0].share == 0.1
    early = sum(int(subject[1:]) < 500 for subject in kept)
    assert 30 < early < 70  # a fair coin lies outside once in 10,000


def test_a_frame_with_room_keeps_all() -> None:
    frame = Frame(most=3)
    assert (frame.share, frame.candidates) == (1.0, [])
    frame.add(Candidate("b"))
    frame.add(Candidate("a"))
    assert (frame.share, [c.subject for c in frame.candidates]) == (1.0, ["a", "b"])


def test_an_observation_is_alike_by_what_its_meta_says_whatever_else_differs() -> None:
    one = candidate_of("a", {"meta": {"q": "Why?", "k": 2}, "confidence": 0.5, "weight": 3})
    other = candidate_of("b", {"meta": {"k": 2, "q": "WHY ?"}, "durationMs": 9.0})
    assert one.fingerprint == other.fingerprint
    assert (one.confidence, one.weight, other.weight) == (0.5, 3, 1)
    assert math.isnan(other.confidence)


@pytest.mark.parametrize("meta", [None, {}, {"k": 2}, {"k": [1, {"j": True}]}, {"q": "  "}])
def test_what_has_no_words_is_no_copy_of_anything(meta: object) -> None:
    assert text_of(meta) == ""
    assert candidate_of("a", {"meta": meta}).signature is None
