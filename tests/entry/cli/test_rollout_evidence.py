"""`ratchet rollout evidence`: from what a component sends to what a person reads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from ratchet.entry.wiring import open_app
from ratchet.kernel.clock import ManualClock, hour_of, millis
from ratchet.rollouts.rollout import Rollout
from tests.support.commands import Ratchet, score_at_once, write_json

UNITS = 700


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of every command, set by hand."""
    at = ManualClock(hour_of(datetime.now(UTC)) + timedelta(minutes=5))
    monkeypatch.setattr("ratchet.entry.cli.output.open_app", partial(open_app, clock=at))
    return at


@pytest.fixture
def started(ratchet: Ratchet, clock: ManualClock) -> str:
    """The id of a rollout that runs: half of the units meet a draft of router-core."""
    score_at_once(ratchet)
    assert ratchet("seed").status == 0
    params = write_json("params.json", {"latencyTargetMs": 2400})
    drafted = ratchet("policy", "propose", "router-core", "--params", params, "--reason", "test",
                      "--json").json  # fmt: skip
    ran = ratchet("rollout", "start", "router-core", "--challenger", drafted["version"],
                  "--mode", "split", "--reason", "test", "--json")  # fmt: skip
    assert ran.status == 0, ran.err
    rollout_id: str = ran.json["id"]
    return rollout_id


def served(ratchet: Ratchet, rollout_id: str, clock: ManualClock, **challenger: Any) -> None:
    """Serve every unit once, and record its exposure and its outcome."""
    rollout = Rollout.parse(ratchet("rollout", "show", rollout_id, "--json").json)
    now = millis(clock())
    items: list[dict[str, Any]] = []
    for i in range(UNITS):
        met = rollout.allocation().assign(f"user-{i}")
        how = {} if met.arm == "control" else challenger
        outcome = {"ts": now, "component": "router:a", "outcome": "success", "costUsd": 0.01,
                   "durationMs": 400.0 + i % 90}  # fmt: skip
        items += [
            {"kind": "exposure", "ts": now, **met.as_exposure()},
            {**outcome, **met.as_observation(), "policyVersion": met.version, **how},
        ]
    for number, batch in enumerate(batches(items, 400)):
        sent = write_json(f"{number}.json", {"id": f"b{number}", "observations": batch})
        assert ratchet("record", sent).status == 0


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items so many at a time."""
    return (items[i : i + size] for i in range(0, len(items), size))


def closed(ratchet: Ratchet, clock: ManualClock) -> None:
    """Let the windows close, and everything be read."""
    clock.advance(timedelta(hours=2, minutes=1))
    for name in ("score_observations", "roll_stats"):
        assert ratchet("tick", "--only", name).status == 0


def test_a_challenger_that_fails_more_is_shown_as_worse(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    served(ratchet, started, clock, outcome="failure", errorCode="rate_limit")
    closed(ratchet, clock)
    found = ratchet("rollout", "evidence", started, "--json").json
    says = {c["metric"]: c["says"] for c in found["compared"]}
    assert says["failure"] == says["reward"] == says["error:rate_limit"] == "worse"
    assert not found["exposures"]["mismatch"]
    assert sum(arm["exposures"] for arm in found["arms"]) == UNITS
    told = ratchet("rollout", "evidence", started).out
    assert "exposures as planned: control 0." in told
    assert "worse" in told


def test_what_is_not_closed_yet_is_said_and_not_shown(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    served(ratchet, started, clock)
    assert ratchet("tick", "--only", "score_observations").status == 0
    told = ratchet("rollout", "evidence", started).out
    # Now is five past an hour: it ends in 55 minutes, and its windows an hour after that.
    closes = clock() + timedelta(minutes=115)
    assert "no hour is closed yet: hours are whole, and one closes 1 h after its end" in told
    assert (
        f"{UNITS} exposures and {UNITS} outcomes; the first closes at {closes:%Y-%m-%d %H:%M}:00"
        " UTC, once `ratchet tick` has run after that"
    ) in told
    assert "failure" not in told
    found = ratchet("rollout", "evidence", started, "--json").json
    assert not found["closed"]
    assert "until" not in found
    assert found["open"] == {"exposures": UNITS, "outcomes": UNITS, "closes": millis(closes)}
    assert "chanceBetter" not in str(found)


def test_an_hour_whose_windows_are_over_waits_for_the_tick(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    served(ratchet, started, clock)
    assert ratchet("tick", "--only", "score_observations").status == 0
    clock.advance(timedelta(hours=2))
    assert "UTC: run `ratchet tick`" in ratchet("rollout", "evidence", started).out
    assert ratchet("tick", "--only", "score_observations").status == 0
    assert "of units exposed before" in ratchet("rollout", "evidence", started).out


def test_a_rollout_that_nobody_has_met_says_when_somebody_would_be_shown(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    told = ratchet("rollout", "evidence", started).out
    shown = clock() + timedelta(minutes=115)
    assert f"nothing is counted so far; who is exposed now is shown from {shown:%Y-%m-%d}" in told
    assert f"{shown:%H:%M}:00 UTC on" in told


def test_a_rollout_that_ended_or_lost_its_champion_says_so(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    ratchet("policy", "activate", "router-core", "1.0.1", "--reason", "test")
    told = ratchet("rollout", "evidence", started).out
    assert "running, but not served: its champion router-core@1.0.0 is not active" in told
    assert "who is exposed now" not in told
    ratchet("rollout", "end", started, "--reason", "test")
    told = ratchet("rollout", "evidence", started).out
    assert f"ended {clock():%Y-%m-%d %H:%M:%S} UTC: no unit meets it any more" in told


def test_the_page_says_that_each_bound_stands_by_itself(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    served(ratchet, started, clock)
    closed(ratchet, clock)
    told = ratchet("rollout", "evidence", started).out
    # reward, cost, success, failure and timeout have values; nobody graded a quality
    assert "each bound by itself fails with at most 0.025 over all looks; the 5 rows" in told


def test_costs_that_one_arm_does_not_report_hold_what_rests_on_them(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    served(ratchet, started, clock, costUsd=None)
    closed(ratchet, clock)
    told = ratchet("rollout", "evidence", started).out
    assert "held: unknown cost differs" in told
    assert "unknown cost of 1.0.1: 100.0% against 0.0%, the arms differ" in told


def test_a_rollout_that_does_not_exist_is_an_error(ratchet: Ratchet, started: str) -> None:
    ran = ratchet("rollout", "evidence", "nonsense", "--json")
    assert (ran.status, ran.error["field"]) == (3, "rollout")
