"""Documents as people leave them: compared by what they say, kept in alerts while small."""

import math
from typing import Any

import pytest

from ratchet.policies.documents import alike, small
from tests.support.governed import NOON


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ({"x": 1, "y": [2.0]}, {"y": [2], "x": 1.0}, True),
        ({"x": 1}, {"x": True}, False),
        ({"x": 1}, {"x": 1, "y": None}, False),
        (None, {}, False),
        ({"x": b"1"}, {"x": b"1"}, True),
        ({"x": b"1"}, {"x": b"2"}, False),
        ({"x": math.nan, "y": NOON}, {"y": NOON, "x": float("nan")}, True),
        ({"x": math.nan}, {"x": 1.0}, False),
        (None, {"x": math.nan}, False),
    ],
)
def test_documents_are_alike_that_say_the_same(a: Any, b: dict[str, Any], same: bool) -> None:
    assert alike(a, b) is same


def test_a_small_document_is_kept_whole_and_a_large_one_as_its_hash() -> None:
    assert small({"x": NOON}) == {"x": NOON}
    assert small(None) == {}
    assert list(small({"x": "y" * 200_000})) == ["sha256"]
    assert list(small({"x": math.nan})) == ["unreadable"]
