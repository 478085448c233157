"""The mapping: a trajectory by hand comes out as the table says."""

from typing import Any

import pytest

from ratchet.datasets.extract.trajectory import Trajectory
from ratchet.entry.demo.runs.mapping import TABLE, run_of, steps_of
from ratchet.kernel.clock import from_millis
from ratchet.observe.observation import Observation, check_item
from ratchet.runs.run import RunReport
from tests.support.trajectories import ASKED, CALL, REFUSED, SAID, trajectory

TS = 1767355200000


def parsed(**changes: Any) -> Trajectory:
    return Trajectory.parse(trajectory(**changes))


def test_a_failed_task_is_a_failed_gate_with_the_reason() -> None:
    run = run_of(parsed(), "r1", TS)
    assert run == {
        "runId": "r1",
        "ts": TS,
        "component": "airline-agent",
        "models": ["gpt-4o"],
        "budget": {"maxCostUsd": 0.1},
        "outcome": "failure",
        "gates": {"task": "failed"},
        "metrics": {"steps": 2, "apiBreakages": 1},
        "errorCode": "tool_errors",
    }
    assert RunReport.parse(run).duration_ms is None


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"reward": 1.0}, "success", None),
        ({"info": {"reward_info": None}}, "timeout", "max_steps"),
        ({"traj": [ASKED, SAID]}, "failure", "wrong_result"),
        (
            {
                "traj": [
                    CALL,
                    REFUSED,
                    {**CALL, "tool_calls": [{"function": {"name": "transfer_to_human_agents"}}]},
                ]
            },
            "failure",
            "handed_over",
        ),
    ],
)
def test_how_it_ended_is_told_by_outcome_and_code(
    changes: dict[str, Any], outcome: str, code: str | None
) -> None:
    run = run_of(parsed(**changes), "r1", TS)
    assert (run["outcome"], run.get("errorCode")) == (outcome, code)


def test_a_step_costs_what_was_read_and_written_at_list_prices() -> None:
    first, second = steps_of(parsed(), "r1", TS)
    # 440 characters were said before the call of 33, whose answer has 15; then 80 are said.
    assert (first["tokensIn"], first["tokensOut"]) == (110, 8)
    assert first["costUsd"] == pytest.approx(110 * 2.50e-6 + 8 * 10e-6)
    assert (second["tokensIn"], second["tokensOut"]) == (122, 20)
    assert (first["outcome"], first["errorCode"]) == ("failure", "tool_error")
    assert (second["outcome"], "errorCode" in second) == ("success", False)


def test_steps_are_observations_that_name_their_run_and_no_time_that_nobody_measured() -> None:
    for step in steps_of(parsed(), "r1", TS):
        item = check_item(step, 0, now=from_millis(TS))
        assert isinstance(item, Observation)
        assert (item.run_id, item.arm, item.duration_ms) == ("r1", "gpt-4o", None)


def test_the_table_that_is_printed_has_a_line_for_each_thing_told() -> None:
    assert TABLE[0] == ("of the trajectory", "told as")
    assert len(TABLE) == 10
    assert all(left and right for left, right in TABLE)
