"""What a person decides about a rollout from the command line, and the hour."""

from datetime import timedelta

import pytest

from ratchet.kernel.clock import ManualClock
from tests.support.commands import Ratchet
from tests.support.units_served import POLICY, clock_of_commands, drafted, proposed, started

WHY = ("--reason", "because", "--by", "ada")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    return clock_of_commands(monkeypatch)


@pytest.fixture
def canary(ratchet: Ratchet, clock: ManualClock) -> str:
    """The id of a canary of 1.0.1 in two steps."""
    return started(ratchet, "--mode", "canary", "--steps", "0.1,0.5")


def last_entry(ratchet: Ratchet) -> dict[str, object]:
    entry: dict[str, object] = ratchet("policy", "history", POLICY, "--json").lines[-1]
    return entry


def test_a_step_that_a_person_opens_is_marked_as_an_override(ratchet: Ratchet, canary: str) -> None:
    ran = ratchet("rollout", "advance", canary, *WHY)
    assert ran.out == (
        f"{canary} runs: canary of 1.0.1 (0.5) against router-core@1.0.0, step 2 of 2, the last\n"
    )
    entry = last_entry(ratchet)
    assert (entry["action"], entry["to"], entry["actor"]) == ("advance_rollout", "2 of 2", "ada")
    assert entry["override"] is True
    again = ratchet("rollout", "advance", canary, *WHY, "--json")
    assert (again.status, again.error["field"]) == (4, "step")


def test_a_hold_says_what_releases_it(ratchet: Ratchet, canary: str) -> None:
    held = ratchet("rollout", "hold", canary, *WHY)
    assert held.out == f"{canary} is held; ratchet rollout hold {canary} --release --reason ...\n"
    assert "HELD by a person" in ratchet("rollout", "show", canary).out
    freed = ratchet("rollout", "hold", canary, "--release", *WHY)
    assert freed.out == f"{canary} is held no more\n"
    assert "HELD" not in ratchet("rollout", "show", canary).out


def test_an_override_promotes_at_once_with_a_holdback_beside(ratchet: Ratchet, canary: str) -> None:
    ran = ratchet("rollout", "override", canary, "PROMOTE", *WHY)
    holdback = ratchet("policy", "list", "--json").json["rollout"]
    assert ran.out == (
        f"{canary} has ended: router-core@1.0.1 is active, and {holdback} runs beside it\n"
    )
    assert "promoted by override at" in ratchet("rollout", "show", canary).out


def test_an_override_rolls_back_at_once(ratchet: Ratchet, canary: str) -> None:
    ran = ratchet("rollout", "override", canary, "ROLL_BACK", *WHY)
    assert ran.out == f"{canary} has ended: router-core@1.0.0 is active\n"
    assert "rolled back" in ratchet("rollout", "list").out


def test_one_of_two_challengers_goes_back_alone(ratchet: Ratchet) -> None:
    first, second = drafted(ratchet), proposed(ratchet, {"latencyTargetMs": 2700})
    given = ("--challenger", first, "--challenger", second, "--mode", "split", *WHY, "--json")
    both = ratchet("rollout", "start", POLICY, *given).json["id"]
    unnamed = ratchet("rollout", "override", both, "PROMOTE", *WHY, "--json")
    assert (unnamed.status, unnamed.error["field"]) == (2, "arm")
    ran = ratchet("rollout", "override", both, "ROLL_BACK", "--arm", "1.0.1", *WHY)
    assert ran.out.startswith(
        f"{both} goes on without that challenger: router-core@1.0.0 is active"
    )
    assert "dropped, and served by the champion: 1.0.1" in ratchet("rollout", "show", both).out


def test_a_decision_that_there_is_not_is_refused(ratchet: Ratchet, canary: str) -> None:
    ran = ratchet("rollout", "override", canary, "SHIP", *WHY, "--json")
    assert (ran.status, ran.error["mend"]) == (2, "PROMOTE or ROLL_BACK")


def test_a_rollout_that_does_not_exist_is_not_found(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    for verb, *given in (
        ("abort", *WHY),
        ("advance", *WHY),
        ("hold", *WHY),
        ("override", "PROMOTE", *WHY),
        ("evaluate",),
    ):
        ran = ratchet("rollout", verb, "router-core-r99", *given, "--json")
        assert (verb, ran.status) == (verb, 3)
        assert "ratchet rollout list" in ran.error["mend"]


def test_a_look_is_taken_once_in_an_hour_and_says_so(
    ratchet: Ratchet, canary: str, clock: ManualClock
) -> None:
    first = ratchet("rollout", "evaluate", canary).out
    assert f"{canary}~{clock():%Y%m%dT%H}: HOLD\n" in first
    assert "- no hour is closed yet\n" in first
    assert "once in an hour" not in first
    at, _ = clock(), clock.advance(timedelta(minutes=1))
    again = ratchet("rollout", "evaluate", canary).out
    assert again.startswith(first)
    assert f"that was decided at {at:%Y-%m-%d %H:%M:%S} UTC: a rollout is judged once" in again
    (all_of_them,) = ratchet("rollout", "evaluate", "--json").lines
    assert (all_of_them["rollout"], all_of_them["decision"]) == (canary, "HOLD")
    assert "no hour is closed yet" in ratchet("rollout", "evaluate").out
