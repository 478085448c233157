"""What makes a candidate unsure: its judges by what they earned, and its own confidence."""

from typing import Any

import pytest

from ratchet.labels.judge_weight import JudgeWeight
from ratchet.labels.select.candidate import Candidate
from ratchet.labels.select.frames import Word
from ratchet.labels.select.measure import Measures, measure
from tests.support.observing import NOON

ONE = [Candidate("s1")]


def word(judge: str, label: str | None = None, **said: Any) -> Word:
    return Word(judge, label, said.get("score"), said.get("confidence"))


def earned(judge: str, weight: float, **fields: Any) -> JudgeWeight:
    known: dict[str, Any] = {"plain": weight, "agreement": 0.9, "chance_corrected": 0.8}
    counted = {"n": 50, "effective_n": 40.0, "ts": NOON}
    return JudgeWeight(judge=judge, agent="router", weight=weight, **known, **counted, **fields)


def of(*words: Word, weights: tuple[JudgeWeight, ...] = ()) -> Measures:
    return measure(ONE, {"s1": words}, {w.judge: w for w in weights})


def test_judges_that_nobody_measured_count_alike() -> None:
    found = of(word("a", "good"), word("b", "bad"))
    assert found.score.tolist() == [1.0]
    assert found.reason(0) == "judges leave it open (1.00)"


def test_a_judge_that_earned_nothing_counts_nothing_and_one_of_few_labels_counts_half() -> None:
    words = (word("a", "good"), word("b", "bad"))
    assert of(*words, weights=(earned("b", 0.0, finding="random"),)).score.tolist() == [0.0]
    few = (earned("a", 0.5), earned("b", 0.0, finding="few"))
    assert of(*words, weights=few).score.tolist() == [1.0]


@pytest.mark.parametrize(
    "said",
    [word("a", score=0.75), word("a", "good", confidence=0.75), word("a", "bad", confidence=0.25)],
)
def test_a_score_and_a_class_with_its_confidence_say_the_same(said: Word) -> None:
    assert of(said).disagreement == pytest.approx([0.811278], abs=1e-6)


def test_classes_are_those_that_judges_named() -> None:
    assert of(word("a", "good")).classes == ("good", "bad")
    assert of(word("a", "billing"), word("b", "sales")).classes == ("billing", "sales")
    assert of(word("a", "billing")).classes == ("billing", "other")


def test_of_very_many_classes_those_named_most_are_shown_and_the_rest_is_other() -> None:
    free = [word("a", f"answer {i:03d}") for i in range(100)]
    found = of(*free, *(word("b", f"answer {i:03d}") for i in range(49)))
    assert found.classes == (*(f"answer {i:03d}" for i in range(49)), "other")
    # Of 149 words 51 say other, and two each of the 49: (98/149 ln 74.5 + 51/149 ln 2.92) / ln 50.
    assert found.disagreement == pytest.approx([0.8186], abs=1e-4)


def test_a_judge_that_contradicts_itself_is_told_as_such() -> None:
    found = of(word("a", "x"), word("a", "y"), word("b", "z", confidence=0.5))
    assert found.spread.tolist() == [1.0]
    assert "a judge contradicts itself (1.00)" in found.reason(0)


def test_without_judges_its_own_confidence_speaks_and_else_chance() -> None:
    found = measure([Candidate("s1", confidence=0.3), Candidate("s2")], {}, {})
    assert found.score == pytest.approx([0.7, 0.0])
    assert found.reason(0) == "its own confidence is low (0.70)"
    assert found.reason(1).startswith("drawn by chance")
