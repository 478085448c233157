"""TuningSpace: what lies inside the envelope, one step from where it was."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.policies.space import Choice, Range, Simplex, parse_space

WEIGHTS = Simplex(kind="simplex", floor=0.1, cap=0.7, max_step=0.2)
BEFORE = {"a": 0.5, "b": 0.3, "c": 0.2}
MS = Range(kind="float", low=10, high=100, max_step=5)


@pytest.mark.parametrize(
    ("weights", "holds"),
    [
        ({"a": 0.7, "b": 0.2, "c": 0.1}, True),
        ({"a": 0.5, "b": 0.3, "c": 0.2}, True),
        ({"a": 0.65, "b": 0.3, "c": 0.05}, False),  # under the floor
        ({"a": 0.71, "b": 0.19, "c": 0.1}, False),  # over the cap and the step
        ({"a": 0.29, "b": 0.41, "c": 0.3}, False),  # a step of 0.21
        ({"a": 0.5, "b": 0.5}, False),
        ({"a": 0.5, "b": 0.3, "d": 0.2}, False),
        ({"a": "0.5", "b": 0.3, "c": 0.2}, False),
        ({"a": 0.5, "b": 0.3, "c": True}, False),
        ([0.5, 0.3, 0.2], False),
    ],
)
def test_weights_lie_between_floor_and_cap_and_within_a_step(weights: Any, holds: bool) -> None:
    assert WEIGHTS.holds(weights, BEFORE) is holds


@pytest.mark.parametrize(
    ("value", "before", "holds"),
    [
        (15, 10, True),
        (15.5, 10, False),
        (9, 10, False),
        (101, 99, False),
        (50, "50", False),
        ("50", 50, False),
        (True, 10, False),
        (None, 10, False),
    ],
)
def test_a_number_lies_between_its_bounds_and_within_a_step(
    value: Any, before: Any, holds: bool
) -> None:
    assert MS.holds(value, before) is holds


def test_a_number_without_a_step_may_go_anywhere_between_its_bounds() -> None:
    free = Range(kind="float", low=10, high=100)
    assert free.holds(100, 10)
    assert not free.holds(100.1, 10)


def test_a_whole_number_has_no_fraction() -> None:
    whole = Range(kind="int", low=0, high=10)
    assert whole.holds(3, 1)
    assert whole.holds(3.0, 1)
    assert not whole.holds(3.5, 1)


def test_a_choice_is_one_of_its_options() -> None:
    choice = Choice(kind="choice", options=("fast", {"deep": 1}))
    assert choice.holds({"deep": 1}, "fast")
    assert not choice.holds("slow", "fast")


@pytest.mark.parametrize(
    ("space", "field"),
    [
        ({"w": {"kind": "simplex", "floor": 0.5, "cap": 0.4}}, "w.simplex"),
        ({"w": {"kind": "simplex", "maxStep": 0}}, "w.simplex.maxStep"),
        ({"w": {"kind": "simplex", "flor": 0.1}}, "w.simplex.flor"),
        ({"w": {"kind": "float", "low": 2, "high": 1}}, "w.float,int"),
        ({"w": {"kind": "float", "low": float("nan"), "high": 1}}, "w"),
        ({"w": {"kind": "choice"}}, "w.choice.options"),
        ({"w": {"kind": "cube"}}, "w"),
        ({"w": 3}, "w"),
    ],
)
def test_an_envelope_that_does_not_parse_names_its_field(space: Any, field: str) -> None:
    with pytest.raises(InvalidInput, match="tuningSpace") as caught:
        parse_space(space)
    assert caught.value.field.startswith(field.split(",")[0])


def test_the_component_of_an_arm_is_named_or_the_routers() -> None:
    span = Simplex(kind="simplex", components={"a": "planner"})
    assert (span.component_of("a"), span.component_of("b")) == ("planner", "router:b")
