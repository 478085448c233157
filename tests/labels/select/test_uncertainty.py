"""The measures of what is unsure: 0 where all is sure or unsaid, 1 where nothing is known."""

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.select.uncertainty import combined, disagreement, low_confidence, spread

ITEM = np.array([0, 0, 1, 1, 2])
CHANCES = np.array([[1, 0], [0, 1], [1, 0], [1, 0], [0.5, 0.5]], np.float64)


def test_judges_disagree_by_the_entropy_of_their_weighted_word() -> None:
    # Item 0: weights 3 and 1 on opposite classes; -(3/4 log2 3/4 + 1/4 log2 1/4) = 0.8113 bits.
    found = disagreement(ITEM, np.array([3.0, 1, 1, 1, 1]), CHANCES, 4)
    assert found == pytest.approx([0.811278, 0.0, 1.0, 0.0], abs=1e-6)


def test_a_judge_without_weight_says_nothing() -> None:
    found = disagreement(ITEM, np.array([1.0, 0, 1, 1, 0]), CHANCES, 4)
    assert found.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_three_classes_are_unsure_by_their_own_most() -> None:
    chances = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1.0], [0.5, 0.5, 0]])
    found = disagreement(np.array([0, 0, 0, 1]), np.ones(4), chances, 2)
    assert found == pytest.approx([1.0, 0.63093], abs=1e-5)  # log 2 / log 3


def test_one_class_is_nothing_to_disagree_about() -> None:
    with pytest.raises(InvalidInput):
        disagreement(np.array([0]), np.ones(1), np.ones((1, 1)), 1)


def test_a_judge_that_turns_with_the_position_is_spread_and_different_judges_are_not() -> None:
    item, judge = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 1, 0, 0, 1])
    good = np.array([1, 0, 1, 0, 1, 0.5, 0])
    # Item 2: judge 0 says 1 and 0.5, variance 1/16, of at most 1/4; judge 1 was asked once.
    assert spread(item, judge, np.ones(7), good, 3).tolist() == [1.0, 0.0, 0.25]


def test_a_spread_judge_counts_by_its_weight() -> None:
    item, judge = np.zeros(4, np.int64), np.array([0, 0, 1, 1])
    found = spread(item, judge, np.array([0.3, 0.3, 0.1, 0.1]), np.array([1.0, 0, 1, 1]), 1)
    assert found == pytest.approx([0.75])
    assert spread(item, judge, np.zeros(4), np.array([1.0, 0, 1, 1]), 1).tolist() == [0.0]


def test_any_one_measure_can_make_an_item_unsure() -> None:
    unknown = low_confidence(np.array([np.nan, 0.1, 1.0]))
    assert unknown == pytest.approx([0.0, 0.9, 0.0])
    assert combined(unknown, np.array([1.0, 0.5, 0.0])) == pytest.approx([1.0, 0.95, 0.0])
