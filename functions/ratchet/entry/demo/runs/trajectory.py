"""Trajectory: one conversation of an agent with a user and with tools, as tau-bench writes it."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from ratchet.entry.files import parse_json, read_text
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput, NotFound

SAMPLE = "shared/data/agents/tau_airline_gpt4o.jsonl.gz"
_BESIDE_PROJECT = Path(__file__).resolve().parents[6]
HANDED_OVER = "transfer_to_human_agents"
_ERROR = "Error"


class Read(Model):
    """A part of a trajectory; what the demo has no use for is passed over."""

    model_config = ConfigDict(extra="ignore")


class Message(Read):
    """What one side said; an agent may call tools instead, and a tool answers."""

    role: str
    content: str | None = None
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


class Info(Read):
    """What the judge said; nothing where the conversation was cut off before its end."""

    reward_info: dict[str, Any] | None = None


class Trajectory(Read):
    """One trial of a task; the reward is that of the judge, 0 or 1."""

    task_id: int | str
    trial: int = 0
    reward: Annotated[float, Field(ge=0, le=1)]
    info: Info = Info()
    traj: Annotated[tuple[Message, ...], Field(min_length=1)]

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
        calls = (call for message in self.traj for call in message.tool_calls or ())
        return any((call.get("function") or {}).get("name") == HANDED_OVER for call in calls)


def read_trajectories(path: Path | None) -> list[Trajectory]:
    """Return the trajectories of a file of JSON lines, by trial; without one, of the sample data.

    Raises: NotFound, InvalidInput that names the line.
    """
    file = path or _BESIDE_PROJECT / SAMPLE
    if path is None and not file.is_file():
        raise NotFound(
            f"the sample data are not here: {file} does not exist",
            field="file",
            mend="name a file of trajectories, JSON lines as tau-bench writes them: "
            "ratchet demo --runs FILE",
        )
    lines = enumerate(read_text(file, "file").splitlines(), 1)
    found = [_parsed(line, f"{file} line {n}") for n, line in lines if line.strip()]
    if not found:
        raise InvalidInput(f"{file} has no trajectories", field="file", mend="one a line, JSON")
    return sorted(found, key=lambda one: (one.trial, str(one.task_id).zfill(8)))


def _parsed(line: str, where: str) -> Trajectory:
    try:
        return Trajectory.parse(parse_json(line, where, "file"))
    except InvalidInput as error:
        wanted = "wants task_id, trial, reward and traj, as tau-bench writes them"
        raise InvalidInput(f"{where}: {error.message}", field="file", mend=wanted) from error
