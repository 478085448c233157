"""Trajectories of an agent, small and made by hand, and those of the sample data."""

import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry.demo.runs.trajectory import SAMPLE

SYSTEM = {"role": "system", "content": "s" * 400}
ASKED = {"role": "user", "content": "u" * 40}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "book", "arguments": ""}}],
}
REFUSED = {"role": "tool", "name": "book", "tool_call_id": "c1", "content": "Error: no seats"}
SAID = {"role": "assistant", "content": "a" * 80}


def trajectory(task: int = 0, trial: int = 0, *, reward: float = 0.0, **changes: Any) -> Any:
    """Return a trajectory whose agent asks a tool that refuses, and then answers."""
    return {
        "task_id": task,
        "trial": trial,
        "reward": reward,
        "info": {"source": "user", "reward_info": {"reward": reward}},
        "traj": [SYSTEM, ASKED, CALL, REFUSED, SAID],
    } | changes


def written(path: Path, *found: Any) -> Path:
    """Write trajectories as lines of JSON."""
    path.write_text("\n".join(map(json.dumps, found)), encoding="utf-8")
    return path


def sample() -> Path:
    """Return the airline trajectories; a test that wants them is skipped where they are missing."""
    path = Path(__file__).parents[3] / SAMPLE
    if not path.is_file():
        pytest.skip(f"../{SAMPLE} is not here")
    return path
