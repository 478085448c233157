"""`targets`: from measured quantiles, inside bounds and one step, with a dead band."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ratchet.tune.targets import suggest
from ratchet.tune.view import Suggestion
from tests.support.views import SIMPLEX, measured, view

WIDE = {"kind": "float", "low": 1, "high": 100_000}


def targeted(
    latency: Sequence[float], present: Any = 1000.0, name: str = "latencyTargetMs", **span: Any
) -> Suggestion:
    """Suggest a target for one component that has these values."""
    sums = measured(latency) if name == "latencyTargetMs" else measured(cost=latency)
    space = {name: WIDE | {"component": "router"} | span}
    return suggest(view({name: present}, space, {"router": [sums]}))


def test_the_latency_target_is_the_95th_percentile() -> None:
    found = targeted(np.linspace(0, 2000, 2001).tolist())
    assert found.params["latencyTargetMs"] == pytest.approx(1900, rel=0.01)
    assert found.reasons[0].startswith("latencyTargetMs 1000 -> 1")
    assert "p95 of 2001 values" in found.reasons[0]
    assert found.gain is None


def test_the_cost_limit_is_the_99th_percentile() -> None:
    costs = np.linspace(0, 0.2, 1001).tolist()
    found = targeted(costs, 0.09, "maxCostUsd", low=0.001, high=1)
    assert found.params["maxCostUsd"] == pytest.approx(0.198, rel=0.01)


def test_a_target_has_three_digits() -> None:
    value = targeted(np.linspace(100, 1234.567, 5000).tolist()).params["latencyTargetMs"]
    assert value == round(value, -1)


@pytest.mark.parametrize(("measured_at", "expected"), [(5000.0, 1300.0), (10.0, 700.0)])
def test_a_target_moves_by_at_most_a_step(measured_at: float, expected: float) -> None:
    found = targeted([measured_at] * 300, maxStep=300)
    assert found.params == {"latencyTargetMs": expected}


@pytest.mark.parametrize(("measured_at", "expected"), [(5000.0, 1200.0), (10.0, 800.0)])
def test_a_target_stays_inside_its_bounds(measured_at: float, expected: float) -> None:
    found = targeted([measured_at] * 300, low=800, high=1200)
    assert found.params == {"latencyTargetMs": expected}


@pytest.mark.parametrize(("present", "expected"), [(5000.0, 4700.0), (100.0, 400.0)])
def test_a_target_outside_its_bounds_comes_back_one_step_at_a_time(
    present: float, expected: float
) -> None:
    found = targeted([1000.0] * 300, present, low=800, high=1200, maxStep=300)
    assert found.params == {"latencyTargetMs": expected}


@pytest.mark.parametrize(
    ("measured_at", "moves"), [(1040.0, False), (960.0, False), (1070.0, True), (930.0, True)]
)
def test_under_five_percent_nothing_moves(measured_at: float, moves: bool) -> None:
    found = targeted([measured_at] * 300)
    assert bool(found.params) is moves
    assert ("within 5 % of the target" in found.reasons[0]) is not moves


@pytest.mark.parametrize(("n", "moves"), [(0, False), (199, False), (200, True)])
def test_too_few_known_values_move_nothing(n: int, moves: bool) -> None:
    found = targeted([3000.0] * n)
    assert bool(found.params) is moves
    if not moves:
        assert found.reasons == (f"latencyTargetMs: {n} known values, 200 wanted",)


def test_a_whole_number_stays_whole_and_inside() -> None:
    found = targeted([5000.0] * 300, 1000, kind="int", low=10.5, high=1200.5)
    assert found.params == {"latencyTargetMs": 1200}
    assert isinstance(found.params["latencyTargetMs"], int)


def test_bounds_that_hold_no_whole_number_move_nothing() -> None:
    assert targeted([5000.0] * 300, 1000, kind="int", low=999.2, high=999.8).params == {}


def test_what_costs_nothing_sets_no_limit() -> None:
    found = targeted([0.0] * 300, 0.09, "maxCostUsd", low=0, high=1)
    assert found.params == {}
    assert "which is no target" in found.reasons[0]


@pytest.mark.parametrize("present", ["soon", True, None])
def test_a_present_value_that_is_no_number_is_left_alone(present: Any) -> None:
    assert targeted([3000.0] * 300, present).params == {}


def test_without_a_component_the_arms_count_together() -> None:
    params = {"modelWeights": {"a": 0.5, "b": 0.5}, "latencyTargetMs": 1000}
    space = {"modelWeights": SIMPLEX, "latencyTargetMs": WIDE}
    hours = {
        "router:a": [measured([500.0] * 60)] * 3,
        "router:b": [measured([3000.0] * 60)] * 3,
        "planner": [measured([90_000.0] * 500)],
    }
    found = suggest(view(params, space, hours))
    assert found.params["latencyTargetMs"] == pytest.approx(3000, rel=0.01)
    assert "of 360 values" in found.reasons[0]


def test_ranges_that_are_no_targets_are_left_alone() -> None:
    found = suggest(view({"temperature": 0.5}, {"temperature": WIDE}, {}))
    assert (found.params, found.reasons) == ({}, ("the envelope holds no targets",))


def test_the_same_view_gives_the_same_suggestion() -> None:
    first, again = (targeted([3000.0] * 300) for _ in range(2))
    assert repr(first) == repr(again)
