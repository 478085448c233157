"""Units that a rollout meets, served and recorded through the command line."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from ratchet.entry.wiring import open_app
from ratchet.kernel.clock import ManualClock, hour_of, millis
from ratchet.rollouts.rollout import Rollout
from tests.support.commands import Ratchet, score_at_once, write_json

POLICY = "router-core"


def clock_of_commands(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Set the clock of every command by hand: five past this hour."""
    at = ManualClock(hour_of(datetime.now(UTC)) + timedelta(minutes=5))
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", partial(open_app, clock=at))
    return at


def drafted(ratchet: Ratchet, params: dict[str, Any] | None = None) -> str:
    """Seed a store, and propose other params; returns the draft's number."""
    assert ratchet("seed").status == 0
    return proposed(ratchet, params or {"latencyTargetMs": 2400})


def proposed(ratchet: Ratchet, params: dict[str, Any]) -> str:
    """Propose params; returns the draft's number."""
    file = write_json("params.json", params)
    ran = ratchet("policy", "propose", POLICY, "--params", file, "--reason", "test", "--json")
    version: str = ran.json["version"]
    return version


def started(ratchet: Ratchet, *options: object) -> str:
    """Start a rollout of a draft, a split of halves unless told otherwise; returns its id."""
    score_at_once(ratchet)
    challenger = ("--challenger", drafted(ratchet))
    given = (*challenger, *(options or ("--mode", "split")), "--reason", "test", "--json")
    ran = ratchet("rollout", "start", POLICY, *given)
    assert ran.status == 0, ran.err
    rollout_id: str = ran.json["id"]
    return rollout_id


def serve(
    ratchet: Ratchet, rollout_id: str, clock: ManualClock, units: int, **challenger: Any
) -> None:
    """Serve every unit once, and record its exposure and its outcome."""
    rollout = Rollout.parse(ratchet("rollout", "show", rollout_id, "--json").json["rollout"])
    now = millis(clock())
    items: list[dict[str, Any]] = []
    for i in range(units):
        met = rollout.allocation().assign(f"user-{i}")
        how = {} if met.arm == "control" else challenger
        outcome = {"ts": now, "component": "router:a", "outcome": "success", "costUsd": 0.01,
                   "durationMs": 400.0 + i % 90}  # fmt: skip
        items += [
            {"kind": "exposure", "ts": now, **met.as_exposure()},
            {**outcome, **met.as_observation(), "policyVersion": met.version, **how},
        ]
    for start in range(0, len(items), 400):
        batch = {"id": f"b{now}-{start}", "observations": items[start : start + 400]}
        assert ratchet("record", write_json("batch.json", batch)).status == 0


def close_hours(ratchet: Ratchet, clock: ManualClock) -> None:
    """Let the windows close, and everything be read."""
    clock.advance(timedelta(hours=2, minutes=1))
    for name in ("score_observations", "roll_stats"):
        assert ratchet("tick", "--only", name).status == 0
