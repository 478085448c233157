"""Chat: an example as a conversation, in the form that OpenAI's fine-tuning takes.

A tool's answer follows the call that it answers, under the call's id; one that nothing asked for is
said by the user, and a call that nobody answered has an empty answer. Plans are the assistant's.
"""

import re
from typing import Any

from ratchet.datasets.example import Step
from ratchet.datasets.export.exporter import json_lines
from ratchet.datasets.versions.load import Item

Message = dict[str, Any]
_ROLES = ("system", "developer", "user", "assistant")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
_NAME_LETTERS = 64
_ANY = {"type": "object", "properties": {}}  # what its arguments are nobody knows


def row_of(item: Item) -> dict[str, Any]:
    """Return the line of an example: its messages, and the tools that they call."""
    talk = _Talk()
    talk.say("user", item.content.input)
    for step in item.content.steps:
        talk.take(step)
    talk.say("assistant", item.content.output)
    named = sorted({tool_name(s.name) for s in item.content.steps if s.kind == "call"})
    tools = [{"type": "function", "function": {"name": n, "parameters": _ANY}} for n in named]
    return {"messages": talk.messages} | ({"tools": tools} if tools else {})


class _Talk:
    """The messages so far, and the calls of the last one that wait for an answer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._waiting: list[tuple[str, str]] = []  # (id, name)
        self._calls = 0

    def say(self, role: str, text: str) -> None:
        """Add what somebody said."""
        self._answer_all()
        self.messages.append({"role": role, "content": text})

    def take(self, step: Step) -> None:
        """Add a step."""
        if step.kind == "call":
            self._call(tool_name(step.name), step.text)
        elif step.kind == "result":
            self._result(tool_name(step.name), step.text)
        else:
            self.say(step.role if step.role in _ROLES else "assistant", step.text)

    def _call(self, name: str, arguments: str) -> None:
        """Let the assistant call a tool, in its last message while no answer came to that."""
        last = self.messages[-1]
        if last["role"] != "assistant" or (last.get("tool_calls") and not self._waiting):
            self._answer_all()
            last = {"role": "assistant", "content": None}
            self.messages.append(last)
        self._calls += 1
        named = f"call_{self._calls}"
        function = {"name": name, "arguments": arguments or "{}"}
        calls = last.setdefault("tool_calls", [])
        calls.append({"id": named, "type": "function", "function": function})
        self._waiting.append((named, name))

    def _result(self, name: str, text: str) -> None:
        """Answer the first waiting call of that name, else the first one."""
        if not self._waiting:
            self.say("user", text)
            return
        found = next((call for call in self._waiting if call[1] == name), self._waiting[0])
        self._waiting.remove(found)
        self.messages.append({"role": "tool", "tool_call_id": found[0], "content": text})

    def _answer_all(self) -> None:
        for named, _ in self._waiting:
            self.messages.append({"role": "tool", "tool_call_id": named, "content": ""})
        self._waiting.clear()


def tool_name(name: str) -> str:
    """Return a tool's name as the format allows it.

    >>> tool_name("maps.find route"), tool_name("")
    ('maps_find_route', 'tool')
    """
    return _NO_NAME.sub("_", name)[:_NAME_LETTERS] or "tool"


EXPORTER = json_lines("chat", row_of)
