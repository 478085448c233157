"""Traces that are text: steps and chat messages are read, all else is one message."""

import pytest

from ratchet.datasets.extract.trace_text import steps_of


@pytest.mark.parametrize("around", ["{}", '{{"steps": {}}}', '{{"traj": {}, "id": 3}}'])
def test_steps_and_messages_are_read_from_a_list_or_from_under_its_name(around: str) -> None:
    listed = (
        '[{"kind": "plan", "text": "rest"}, {"role": "system", "content": "be kind"},'
        ' {"role": "assistant", "content": "so", "tool_calls":'
        ' [{"function": {"name": "nap", "arguments": "{}"}}]},'
        ' {"role": "tool", "name": "nap", "content": "Error: awake"}]'
    )
    found = steps_of(around.format(listed), "traces.0")
    assert [(s.kind, s.name, s.text, s.ok) for s in found] == [
        ("plan", "", "rest", None),
        ("message", "", "so", None),
        ("call", "nap", "{}", None),
        ("result", "nap", "Error: awake", False),
    ]


@pytest.mark.parametrize(
    "text", ["plain words", "[not json", '{"level": "info"}', "[1, 2]", '[{"kind": "dream"}]', "[]"]
)
def test_whatever_else_it_is_stays_one_message(text: str) -> None:
    (step,) = steps_of(text, "traces.0")
    assert (step.kind, step.role, step.text) == ("message", "trace", text)


def test_nothing_is_no_step() -> None:
    assert steps_of(" \n", "traces.0") == ()
