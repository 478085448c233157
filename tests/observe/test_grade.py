"""Feedback is checked field by field as it comes in."""

from typing import Any

import pytest

from ratchet.kernel.clock import millis
from ratchet.observe.grade import Grade, check_grade
from ratchet.observe.observation import AHEAD, Rejection
from tests.support.observing import NOON, SECOND

GOOD = {"obsId": "b1.2", "source": "person", "grade": 0.5}

BAD: dict[str, list[Any]] = {
    "obsId": [None, "", "a/b", "a.b", "a.1234", "a.1.2", 5, "x" * 125, "a "],
    "source": [None, "", "a b", "x" * 121, "judges", "review"],
    "grade": [-0.1, 1.1, "good", float("nan"), True],
    "outcome": ["ok", 1],
    "ts": ["today", 1.5, millis(NOON + AHEAD + SECOND)],
    "score": [1],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD.items() for value in values]
)
def test_a_bad_field_is_named_with_its_item(field: str, value: Any) -> None:
    found = check_grade(GOOD | {field: value}, 4, now=NOON)
    assert isinstance(found, Rejection)
    assert (found.index, found.field) == (4, field)


def test_a_grade_or_an_outcome_is_wanted() -> None:
    bare = {"obsId": "b1", "source": "person"}
    found = check_grade(bare, 0, now=NOON)
    assert isinstance(found, Rejection)
    assert found.field == "grade"
    for known in ({"grade": 0}, {"outcome": "failure"}):
        assert isinstance(check_grade(bare | known, 0, now=NOON), Grade)


def test_a_reserved_source_is_refused_with_the_command_that_writes_it() -> None:
    found = [check_grade(GOOD | {"source": name}, 0, now=NOON) for name in ("judges", "review")]
    assert [f.reason for f in found if isinstance(f, Rejection)] == [
        "'judges' is reserved: `ratchet judges record` writes it; name another source",
        "'review' is reserved: `ratchet review label` writes it; name another source",
    ]


@pytest.mark.parametrize("raw", [None, 5, "text", [GOOD]])
def test_what_is_no_object_is_refused(raw: Any) -> None:
    assert isinstance(check_grade(raw, 0, now=NOON), Rejection)


def test_the_id_of_the_last_item_of_the_longest_batch_id_is_taken() -> None:
    assert isinstance(check_grade(GOOD | {"obsId": "x" * 120 + ".499"}, 0, now=NOON), Grade)
