"""Sizes as Firestore counts them, and what it cannot hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput, TooLarge
from ratchet.store.limits import MAX_DEPTH, check_collection, check_document, check_id

NAME = 50 + len("things") + len("one")  # both names with a byte each, 16 for the name, 32 more


def size(data: dict[str, Any]) -> int:
    return check_document("things", "one", data) - NAME


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", 4),
        ("ü", 3),
        (7, 8),
        (1.5, 8),
        (True, 1),
        (None, 1),
        (b"abc", 3),
        (datetime(2026, 1, 1, tzinfo=UTC), 8),
        ([], 1),
        ({}, 1),
        ([1, "a"], 10),
        ({"k": 1}, 10),
        ({"ü": [None, {"k": "v"}]}, 8),
    ],
)
def test_a_value_has_the_size_of_googles_table(value: Any, expected: int) -> None:
    assert size({"f": value}) == 2 + expected


def test_the_documented_example_of_a_document_agrees() -> None:
    # Google's page: 147 bytes in users/jeff/tasks, whose two more path parts have 6 + 5 bytes.
    task = {
        "type": "Personal",
        "done": False,
        "priority": 1,
        "description": "Learn Cloud Firestore",
    }
    assert check_document("tasks", "my_task_id", task) == 147 - 11


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = {"m": value} if level % 2 else [value]
    return value


def test_maps_and_lists_nest_twenty_deep_and_no_deeper() -> None:
    assert size({"m": nested(MAX_DEPTH - 1)}) > 0
    with pytest.raises(InvalidInput):
        size({"m": nested(MAX_DEPTH)})


def test_a_list_inside_a_list_is_refused_and_inside_a_map_is_not() -> None:
    assert size({"l": [{"l": [1]}]}) > 0
    with pytest.raises(InvalidInput, match="list inside a list"):
        size({"l": [(1,)]})


@pytest.mark.parametrize("value", [object(), {1}, 1j, range(2)])
def test_a_type_that_cannot_be_stored_is_named(value: Any) -> None:
    with pytest.raises(InvalidInput, match=type(value).__name__) as refused:
        size({"outer": {"inner": value}})
    assert refused.value.field == "inner"


def test_an_oversized_document_is_named_with_its_size() -> None:
    with pytest.raises(TooLarge, match=r"things/one has 1500\d\d\d bytes"):
        size({f"part{i}": "x" * 150_000 for i in range(10)})


def test_reserved_looking_names_are_refused_and_near_misses_are_not() -> None:
    check_id("things", "__x")
    check_id("things", "x__y__z")
    check_collection("a_b1")
    assert size({"__x": 1, "x__": 1}) > 0
    for name in ("__x__", "____"):
        with pytest.raises(InvalidInput):
            size({name: 1})
        with pytest.raises(InvalidInput):
            check_id("things", name)
