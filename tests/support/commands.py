"""The command line as a person uses it: what it prints, and the status that it ends with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet.entry.cli.app import run
from ratchet.kernel.clock import millis


@dataclass(frozen=True)
class Ran:
    """One command that ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """The JSON that was printed, a value for each line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        """The one line of JSON that was printed."""
        (only,) = self.lines
        return only

    @property
    def error(self) -> dict[str, Any]:
        """The error that was printed as JSON, with nothing beside it."""
        assert self.out == ""
        told = json.loads(self.err)
        assert set(told) == {"error"}
        error: dict[str, Any] = told["error"]
        return error


Ratchet = Callable[..., Ran]


def command_line(capsys: pytest.CaptureFixture[str]) -> Ratchet:
    """Return what runs `ratchet` with some arguments."""

    def ratchet(*arguments: object) -> Ran:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Ran(status, told.out, told.err)

    return ratchet


def arrived(i: int = 0, **fields: Any) -> dict[str, Any]:
    """Return an observation that has just happened, as it is sent."""
    now = millis(datetime.now(UTC))
    return {"ts": now - i, "component": "router:a", "outcome": "success"} | fields


def write_json(name: str, data: Any) -> Path:
    """Write a JSON file into the present folder."""
    path = Path(name)
    path.write_text(json.dumps(data))
    return path


def write_lines(name: str, items: list[Any]) -> Path:
    """Write a file of JSON lines into the present folder."""
    path = Path(name)
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


def score_at_once(ratchet: Ratchet) -> None:
    """Let the scorer keep no distance from the clock, so that a test need not wait."""
    settings = write_json("ingest.json", {"shards": 1, "lagSeconds": 0})
    assert ratchet("config", "set", "ingest", settings, "--reason", "test").status == 0
