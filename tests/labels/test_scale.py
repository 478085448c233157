"""Scales: thumbs, grades, stars and decisions come to the same three numbers."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.scale import SCALES, grade, named, outcome, said, stars


@pytest.mark.parametrize(
    ("scale", "raw", "expected"),
    [
        ("thumbs", "up", ("good", 1.0, 100.0)),
        ("thumbs", True, ("good", 1.0, 100.0)),
        ("thumbs", 1, ("good", 1.0, 100.0)),
        ("thumbs", "+1", ("good", 1.0, 100.0)),
        ("thumbs", "Down", ("bad", 0.0, 100.0)),
        ("thumbs", -1, ("bad", 0.0, 100.0)),
        ("thumbs", False, ("bad", 0.0, 100.0)),
        ("grade", 1, ("good", 1.0, 100.0)),
        ("grade", 0.5, ("good", 0.5, 0.0)),
        ("grade", 0.49, ("bad", 0.49, 2.0)),
        ("grade", 0.9, ("good", 0.9, 80.0)),
        ("stars", 1, ("bad", 0.0, 100.0)),
        ("stars", 2, ("bad", 0.25, 50.0)),
        ("stars", 3, ("good", 0.5, 0.0)),
        ("stars", 4.5, ("good", 0.875, 75.0)),
        ("stars", 5, ("good", 1.0, 100.0)),
        ("decision", "approved", ("good", 1.0, 100.0)),
        ("decision", "rejected", ("bad", 0.0, 100.0)),
        ("label", "good", ("good", 1.0, 100.0)),
        ("label", "spam", ("spam", None, 100.0)),
    ],
)
def test_each_scale_says_class_value_and_confidence(
    scale: str, raw: Any, expected: tuple[str, float | None, float]
) -> None:
    assert tuple(said(scale, raw)) == expected


def test_an_outcome_by_itself_is_half_as_sure_as_a_word() -> None:
    assert tuple(outcome("success")) == ("good", 1.0, 50.0)
    assert outcome("failure") == outcome("timeout") == ("bad", 0.0, 50.0)


def test_a_class_keeps_the_value_that_is_told() -> None:
    assert named("good", 0.7).value == 0.7
    assert named("spam", 0.0).value == 0.0


@pytest.mark.parametrize(
    ("scale", "raw"),
    [
        ("thumbs", "sideways"),
        ("thumbs", 1.0),
        ("thumbs", 2),
        ("thumbs", None),
        ("grade", 1.01),
        ("grade", -0.1),
        ("grade", True),
        ("grade", "0.5"),
        ("grade", math.nan),
        ("stars", 0),
        ("stars", 6),
        ("stars", True),
        ("decision", "void"),
        ("decision", True),
    ],
)
def test_what_is_not_on_a_scale_is_refused_by_its_name(scale: str, raw: Any) -> None:
    with pytest.raises(InvalidInput) as raised:
        said(scale, raw)
    assert raised.value.field == scale
    assert raised.value.mend.startswith("say ")


def test_an_unknown_scale_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as raised:
        said("likert", 4)
    assert all(name in raised.value.mend for name in SCALES)


@given(st.floats(0, 1))
def test_the_mirrored_grade_is_as_sure_and_of_the_other_class(value: float) -> None:
    one, other = grade(value), grade(1 - value)
    assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
    assert 0 <= one.confidence <= 100
    if one.confidence > 1e-6:
        assert {one.label, other.label} == {"good", "bad"}


@given(st.floats(1, 5), st.floats(1, 5))
def test_more_stars_never_say_worse(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert (stars(low).value or 0) <= (stars(high).value or 0)
    assert (stars(low).label, stars(high).label) != ("good", "bad")
