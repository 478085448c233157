"""`ratchet rollout evidence`: from what a component sends to what a person reads."""

from datetime import timedelta

import pytest

from ratchet.kernel.clock import ManualClock, millis
from ratchet.rollouts.rollout import Rollout
from tests.support import units_served
from tests.support.commands import Ratchet, write_json
from tests.support.units_served import clock_of_commands, close_hours, serve

UNITS, FEW = 400, 20
ARM = ("unit", "rolloutId", "rolloutArm", "rolloutStep")  # what a run names of who served it


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of every command, set by hand."""
    return clock_of_commands(monkeypatch)


@pytest.fixture
def started(ratchet: Ratchet, clock: ManualClock) -> str:
    """The id of a rollout that runs: half of the units meet a draft of router-core."""
    return units_served.started(ratchet)


def test_a_challenger_that_fails_more_is_shown_as_worse(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    serve(ratchet, started, clock, UNITS, outcome="failure", errorCode="rate_limit")
    close_hours(ratchet, clock)
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
    serve(ratchet, started, clock, FEW)
    assert ratchet("tick", "--only", "score_observations").status == 0
    told = ratchet("rollout", "evidence", started).out
    # Now is five past an hour: it ends in 55 minutes, and its windows an hour after that.
    closes = clock() + timedelta(minutes=115)
    assert "no hour is closed yet: hours are whole, and one closes 1 h after its end" in told
    assert (
        f"{FEW} exposures and {FEW} outcomes; the first closes at {closes:%Y-%m-%d %H:%M}:00"
        " UTC, once `ratchet tick` has run after that"
    ) in told
    assert "failure" not in told
    found = ratchet("rollout", "evidence", started, "--json").json
    assert not found["closed"]
    assert "until" not in found
    assert found["open"] == {"exposures": FEW, "outcomes": FEW, "closes": millis(closes)}
    assert "chanceBetter" not in str(found)


def test_an_hour_whose_windows_are_over_waits_for_the_tick(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    serve(ratchet, started, clock, FEW)
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


def test_a_rollout_that_ended_says_so(ratchet: Ratchet, started: str, clock: ManualClock) -> None:
    ratchet("policy", "activate", "router-core", "1.0.1", "--reason", "test")
    told = ratchet("rollout", "evidence", started).out
    assert "but not served: the head of router-core does not name" in told
    assert "who is exposed now" not in told
    assert ratchet("rollout", "evaluate", "--json").json["note"].startswith("it has ended")
    told = ratchet("rollout", "evidence", started).out
    assert f"ended {clock():%Y-%m-%d %H:%M:%S} UTC: no unit meets it any more" in told


def test_the_page_says_that_each_bound_stands_by_itself(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    serve(ratchet, started, clock, UNITS)
    close_hours(ratchet, clock)
    told = ratchet("rollout", "evidence", started).out
    # all but quality have values: reward, cost, success, failure, timeout, and slow by the target
    assert "each bound by itself fails with at most 0.025 over all looks; the 6 rows" in told


def test_costs_that_one_arm_does_not_report_hold_what_rests_on_them(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    serve(ratchet, started, clock, UNITS, costUsd=None)
    close_hours(ratchet, clock)
    told = ratchet("rollout", "evidence", started).out
    assert "held: unknown cost differs" in told
    assert "unknown cost of 1.0.1: 100.0% against 0.0%, the arms differ" in told


def test_runs_that_name_their_arm_are_compared_by_their_loss_and_what_they_do_not_tell(
    ratchet: Ratchet, started: str, clock: ManualClock
) -> None:
    serve(ratchet, started, clock, UNITS)
    rollout = Rollout.parse(ratchet("rollout", "show", started, "--json").json["rollout"])
    runs = []
    for i in range(UNITS):
        met = rollout.allocation().assign(f"user-{i}")
        loss = {"gates": {"lint": "passed" if i % 5 else "failed"}}
        graded = {"metrics": {"grounding": 0.5}} if met.arm == "control" else {}
        run = {"runId": f"run-{i}", "ts": millis(clock()), "component": "router:a"}
        served = {k: v for k, v in met.as_observation().items() if k in ARM}
        runs.append(run | loss | graded | served)
    assert ratchet("run", "record", write_json("runs.json", runs)).status == 0
    close_hours(ratchet, clock)
    told = ratchet("rollout", "evidence", started).out
    assert "runs per exposure of 1.0.1: 1 against 1" in told
    assert "unknown loss:grounding of 1.0.1: 100.0% against 0.0%, the arms differ" in told
    assert "held: unknown loss:grounding differs" in told
    shown = ratchet("rollout", "evidence", started, "--json").json["compared"]
    says = {c["metric"]: c["says"] for c in shown if c["metric"].startswith("loss")}
    assert says == {"loss": "held", "loss:gatePassRate": "open", "loss:grounding": "held"}


def test_a_rollout_that_does_not_exist_is_an_error(ratchet: Ratchet, started: str) -> None:
    ran = ratchet("rollout", "evidence", "nonsense", "--json")
    assert (ran.status, ran.error["field"]) == (3, "rollout")
