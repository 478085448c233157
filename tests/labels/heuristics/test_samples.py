"""Rows count by how surely they are labelled, and by how likely they were drawn to be."""

import numpy as np
import pytest

from ratchet.labels.heuristics.samples import Row, drawn_counts, samples_of
from ratchet.policies.feature_spec import FeatureSpec

ONE = {"a": FeatureSpec(kind="numeric", at="meta.a")}


def test_what_was_drawn_counts_by_1_over_its_propensity_in_mean_1_and_by_its_confidence() -> None:
    rows = [
        Row("a", {}, 1.0, 0.5, propensity=0.5),
        Row("b", {}, 1.0, 1.0, propensity=0.125),
        Row("c", {}, 1.0, 0.3),
    ]
    # 2 and 8 have the mean 5; the third was not drawn.
    assert samples_of(ONE, rows).weight.tolist() == pytest.approx([0.5 * 0.4, 1.6, 0.3])


def test_the_heaviest_counts_so_little_that_the_drawn_are_worth_a_third_of_their_number() -> None:
    counts = drawn_counts(np.array([*[1.0] * 9, 0.001, np.nan]))
    # Of nine 1 and one c: (9 + c)^2 = (9 + c^2) 10 / 3, so c is 9.918.
    assert counts[9] / counts[0] == pytest.approx((18 + 800**0.5) / (14 / 3))
    assert (counts[:10].mean(), counts[10]) == (pytest.approx(1.0), 1.0)


def test_without_a_draw_rows_count_by_their_confidence_alone() -> None:
    rows = [Row(name, {}, 0.0, 0.7) for name in "ab"]
    assert samples_of(ONE, rows).weight.tolist() == [0.7, 0.7]
