from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.example import Content, Step
from ratchet.datasets.export.chat import row_of
from tests.support.exported import TOLD, item

steps = st.builds(
    Step,
    kind=st.sampled_from(["message", "call", "result", "plan"]),
    role=st.sampled_from(["user", "assistant", "system", "trace", "tool", ""]),
    name=st.sampled_from(["book", "find", "a.b c", ""]),
    text=st.text(max_size=5),
)


def messages(*told: Step) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = row_of(item("x", Content(input="ask", output="end", steps=told)))[
        "messages"
    ]
    return found


def call(name: str, text: str = "{}") -> Step:
    return Step(kind="call", role="assistant", name=name, text=text)


def result(name: str, text: str) -> Step:
    return Step(kind="result", role="tool", name=name, text=text)


def test_an_example_is_a_conversation_with_its_calls_and_their_answers() -> None:
    assert row_of(item("x", TOLD)) == {
        "messages": [
            {"role": "user", "content": TOLD.input},
            {
                "role": "assistant",
                "content": "Look, then book.",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "book", "arguments": '{"to":"Rome"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "ok"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "book", "parameters": {"type": "object", "properties": {}}},
            }
        ],
    }


def test_without_calls_there_are_messages_and_nothing_else() -> None:
    assert row_of(item("x", Content(input="2+2?", output="4"))) == {
        "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    }


def test_an_answer_goes_to_the_call_of_its_name() -> None:
    said = messages(call("a"), call("b"), result("b", "of b"), result("a", "of a"))
    assert [c["id"] for c in said[1]["tool_calls"]] == ["call_1", "call_2"]
    assert [(m["tool_call_id"], m["content"]) for m in said[2:4]] == [
        ("call_2", "of b"),
        ("call_1", "of a"),
    ]


def test_calls_after_an_answer_are_a_message_of_their_own() -> None:
    said = messages(call("a"), result("a", "1"), call("a"), result("a", "2"))
    assert [m["role"] for m in said[1:-1]] == ["assistant", "tool", "assistant", "tool"]
    assert said[3]["content"] is None


def test_a_call_without_answer_has_an_empty_one_and_an_answer_without_call_is_told() -> None:
    said = messages(call("a"), Step(kind="message", role="user", text="well?"), result("a", "late"))
    assert said[2] == {"role": "tool", "tool_call_id": "call_1", "content": ""}
    assert said[3:5] == [
        {"role": "user", "content": "well?"},
        {"role": "user", "content": "late"},
    ]


def test_who_is_nobody_in_a_conversation_speaks_as_the_assistant() -> None:
    told = Step(kind="message", role="trace", text="hm")
    assert messages(told)[1] == {"role": "assistant", "content": "hm"}


@given(told=st.lists(steps, max_size=12))
def test_whatever_happened_each_call_is_answered_once_right_after_it(told: list[Step]) -> None:
    waiting: list[str] = []
    for message in messages(*told):
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
        else:
            assert waiting == []
            waiting = [c["id"] for c in message.get("tool_calls", ())]
            assert message["content"] is not None or waiting
    assert waiting == []
