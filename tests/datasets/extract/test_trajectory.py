"""Trajectory: what is counted in the messages of a conversation."""

from typing import Any

from ratchet.datasets.extract.trajectory import Trajectory
from tests.support.trajectories import ASKED, CALL, REFUSED, SAID, trajectory

TRANSFER = {**CALL, "tool_calls": [{"function": {"name": "transfer_to_human_agents"}}]}


def parsed(**changes: Any) -> Trajectory:
    return Trajectory.parse(trajectory(**changes))


def test_steps_errors_and_the_end_are_counted_in_the_messages() -> None:
    one = parsed()
    assert (one.steps, one.tool_errors, one.passed) == (2, 1, False)
    assert (one.was_cut_off, one.handed_over) == (False, False)
    assert parsed(reward=1.0).passed
    assert parsed(info={"reward_info": None}).was_cut_off
    assert parsed(traj=[ASKED, TRANSFER]).handed_over


def test_an_error_that_the_user_speaks_of_is_no_tool_error() -> None:
    spoken = {"role": "user", "content": "Error: it says"}
    assert parsed(traj=[spoken, SAID, {**REFUSED, "content": "no Error"}]).tool_errors == 0


def test_a_message_is_as_long_as_its_text_and_the_calls_in_it() -> None:
    found = parsed(traj=[SAID, {**CALL, "content": None}]).traj
    assert [message.characters for message in found] == [
        80,
        len('{"name": "book", "arguments": ""}'),
    ]


def test_a_call_without_name_or_arguments_is_one_of_nothing_and_its_arguments_may_be_a_map() -> (
    None
):
    calls = [{}, {"function": "x"}, {"function": {"name": 3, "arguments": {"a": 1}}}]
    (message,) = parsed(traj=[{**CALL, "tool_calls": calls}]).traj
    assert [tuple(call) for call in message.calls] == [("", ""), ("", ""), ("", '{"a": 1}')]
