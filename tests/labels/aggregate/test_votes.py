"""Votes refuse columns that do not fit together."""

from dataclasses import replace

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.aggregate.votes import Aggregate, settled
from tests.support.raters import rows

VOTES = rows((0, 0, 0), (0, 1, 1), (1, 1, 1))


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"item": np.array([0, 1])}, "rater"),
        ({"label": np.array([0, 1, 2])}, "label"),
        ({"rater": np.array([0, 1, -1])}, "rater"),
        ({"weights": np.array([0.5])}, "weights"),
        ({"weights": np.array([0.5, 1.5])}, "weights"),
        ({"known": np.array([0, 2])}, "known"),
        ({"propensity": np.array([0.5, np.nan])}, "propensity"),
        ({"classes": 0, "item": np.zeros(0, int), "rater": np.zeros(0, int)}, "label"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(VOTES, **columns)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_votes_are_counted_by_item_and_class() -> None:
    assert VOTES.counts().tolist() == [[1, 1], [0, 1]]


def test_known_items_have_their_class_whatever_was_voted() -> None:
    votes = replace(VOTES, known=np.array([1, -1]))
    found = settled(votes, np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert found.chances.tolist() == [[0, 1], [0.2, 0.8]]
    assert found.shares.tolist() == [0.1, 0.9]


def test_of_equal_chances_the_first_class_is_said() -> None:
    assert Aggregate(np.array([[0.5, 0.5]]), np.array([0.5, 0.5])).labels().tolist() == [0]
