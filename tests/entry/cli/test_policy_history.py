"""What a policy served at an instant, told on the command line."""

from datetime import timedelta

import pytest

from ratchet.kernel.clock import ManualClock, millis
from tests.support.commands import Ratchet
from tests.support.units_served import POLICY, clock_of_commands, drafted

WHY = ("--reason", "better", "--by", "ada")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    return clock_of_commands(monkeypatch)


def test_the_version_its_reason_and_the_rollout_of_an_instant_are_told(
    ratchet: Ratchet, clock: ManualClock
) -> None:
    version = drafted(ratchet, {"fallbackOn": ["timeout"]})
    start = clock()
    clock.advance(timedelta(hours=1))
    given = ("--challenger", version, "--mode", "canary", *WHY, "--json")
    rollout = ratchet("rollout", "start", POLICY, *given).json["id"]
    clock.advance(timedelta(hours=1))
    assert ratchet("rollout", "override", rollout, "PROMOTE", *WHY).status == 0

    told = ratchet("policy", "history", POLICY, "--at", "1h").out.splitlines()
    assert told[0] == (
        f"at {clock() - timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC router-core@1.0.0 was active,"
        f" from {start:%Y-%m-%d %H:%M:%S} UTC to {clock():%Y-%m-%d %H:%M:%S} UTC"
    )
    assert told[-2] == (
        f"rollout {rollout} ran, canary, step 1: control 0.9 (router-core@1.0.0),"
        " 1.0.1 0.1 (router-core@1.0.1)"
    )
    told = ratchet(
        "policy", "history", POLICY, "--at", f"{clock():%Y-%m-%dT%H:%M}"
    ).out.splitlines()
    assert "router-core@1.0.1 was active" in told[0]
    assert told[0].endswith("UTC on, and still")
    assert told[1:5] == [
        "activate by ada (person): OVERRIDE of its gates",
        "gates left out: approval",
        "reason: better",
        "nobody approved it",
    ]
    assert "holdback, canary, step 1: control 0.95 (router-core@1.0.1), former 0.05" in told[-2]
    assert told[-1].startswith("audit chain valid: ")
    found = ratchet("policy", "history", POLICY, "--at", "1h", "--json").json
    assert (found["version"], found["until"]) == ("router-core@1.0.0", millis(clock()))
    assert found["rollout"]["shares"] == {"control": 0.9, "1.0.1": 0.1}


def test_an_instant_before_everything_served_nothing(ratchet: Ratchet, clock: ManualClock) -> None:
    assert ratchet("seed").status == 0
    told = ratchet("policy", "history", POLICY, "--at", "7d").out
    assert "router-core served nothing: no version was active before " in told


@pytest.mark.parametrize(("at", "status"), [("yesterday", 2), ("24h", 3)])
def test_an_instant_or_a_policy_that_is_none_is_refused(
    ratchet: Ratchet, at: str, status: int
) -> None:
    assert ratchet("seed").status == 0
    policy = POLICY if status == 2 else "nobody"
    assert ratchet("policy", "history", policy, "--at", at, "--json").status == status
