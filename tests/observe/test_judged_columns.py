"""The columns of a corrected mean, by hand."""

from typing import Any

import numpy as np

from ratchet.observe.judged_columns import judged_columns

# Judged alone; drawn and answered; drawn and asked; answered undrawn; asked undrawn; not judged.
ITEMS: list[dict[str, Any]] = [
    {"judged": 0.8},
    {"judged": 0.75, "drawn": 0.25, "person": 0.5},
    {"judged": 0.5, "drawn": 0.25, "asked": True},
    {"judged": 0.5, "person": 1.0},
    {"judged": 0.5, "asked": True},
    {"drawn": 0.25, "person": 1.0},
]


def test_each_observation_counts_as_what_is_known_of_it() -> None:
    weight = np.array([1, 3, 1, 1, 1, 1])
    found = judged_columns(ITEMS, weight, np.ones(6, np.bool_))
    assert {name: column.tolist() for name, column in found.items()} == {
        "judged_w": [1, 3, 1, 1, 1, 0],
        "judged_wx": [800_000, 2_250_000, 500_000, 500_000, 500_000, 0],
        "drawn": [0, 1, 0, 0, 0, 0],
        "drawn_w": [0, 12_000_000, 0, 0, 0, 0],  # it stands for 4, and its weight is 3
        "drawn_wx": [0, -3_000_000, 0, 0, 0, 0],  # and the person says 0.25 less
        "known_corrected": [1, 3, 1 - 4, 1, 1, 0],  # a question that waits stands for 4
    }


def test_what_failed_is_not_known_among_the_successes() -> None:
    found = judged_columns(ITEMS[:2], np.array([1, 3]), np.array([True, False]))
    assert found["known_corrected"].tolist() == [1, 0]
    assert found["judged_w"].tolist() == [1, 3]


def test_where_nothing_was_judged_there_is_nothing_to_count() -> None:
    assert judged_columns([{"quality": 0.5}], np.array([1]), np.array([True])) == {}
    assert judged_columns([], np.array([], np.int64), np.array([], np.bool_)) == {}
