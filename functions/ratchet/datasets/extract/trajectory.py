"""Trajectory: one conversation of an agent with a user and with tools, as tau-bench writes it."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field

from ratchet.datasets.example import Step
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name

HANDED_OVER = "transfer_to_human_agents"
_ERROR = "Error"


class Read(Model):
    """A part of a trajectory; what nobody here has a use for is passed over."""

    model_config = ConfigDict(extra="ignore")


class Call(NamedTuple):
    """A tool by its name, and the arguments that it was called with, as JSON."""

    name: str
    arguments: str


class Message(Read):
    """What one side said; an agent may call tools instead, and a tool (`name`) answers."""

    role: str
    content: str | None = None
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] | None = None

    @property
    def characters(self) -> int:
        """How much was said, with the names and arguments of the calls."""
        calls = [call.get("function") for call in self.tool_calls or ()]
        return len(self.content or "") + sum(len(json.dumps(call)) for call in calls)

    @property
    def is_tool_error(self) -> bool:
        """Whether a tool refused what it was asked."""
        return self.role == "tool" and (self.content or "").startswith(_ERROR)

    @property
    def calls(self) -> Iterator[Call]:
        """The tools that it calls."""
        for call in self.tool_calls or ():
            told = call.get("function")
            told = told if isinstance(told, dict) else {}
            name, arguments = told.get("name"), told.get("arguments") or ""
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            yield Call(name if isinstance(name, str) else "", text)

    def steps(self) -> Iterator[Step]:
        """Yield what happened in it: what was said, and then what was called."""
        if self.role == "tool":
            text, ok = self.content or "", not self.is_tool_error
            yield Step(kind="result", role="tool", name=self.name or "", text=text, ok=ok)
        elif self.content:
            yield Step(kind="message", role=self.role, text=self.content)
        for name, arguments in self.calls:
            yield Step(kind="call", role=self.role, name=name, text=arguments)


class Info(Read):
    """The task as it was set, and what the judge said; nothing where it was cut off before."""

    task: dict[str, Any] | None = None
    reward_info: dict[str, Any] | None = None


class Trajectory(Read):
    """One trial of a task; the reward is that of the judge, 0 or 1.

    tau-bench names neither component nor model: a line that does says more than it has to.
    """

    task_id: int | str
    trial: int = 0
    reward: Annotated[float, Field(ge=0, le=1)]
    info: Info = Info()
    traj: Annotated[tuple[Message, ...], Field(min_length=1)]
    component: Name = "agent"
    model: Name | None = None

    @property
    def passed(self) -> bool:
        """Whether the whole task was done."""
        return self.reward >= 1

    @property
    def was_cut_off(self) -> bool:
        """Whether it ran out of steps, so that nobody judged it."""
        return self.info.reward_info is None

    @property
    def steps(self) -> int:
        """How often the agent spoke."""
        return sum(message.role == "assistant" for message in self.traj)

    @property
    def tool_errors(self) -> int:
        """How many calls a tool refused."""
        return sum(message.is_tool_error for message in self.traj)

    @property
    def handed_over(self) -> bool:
        """Whether the agent gave the user to a person."""
        return any(call.name == HANDED_OVER for message in self.traj for call in message.calls)
