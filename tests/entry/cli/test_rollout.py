"""The rollout commands: what they start, show and end, and what they refuse."""

from typing import Any

import pytest

from ratchet.kernel.ids import random_id
from ratchet.rollouts.assign import point
from tests.support.commands import Ran, Ratchet, write_json

POLICY = "router-core"


@pytest.fixture
def drafted(ratchet: Ratchet) -> Ratchet:
    """A store with 1.0.0 active, and a draft of 1.0.1."""
    assert ratchet("seed").status == 0
    params = write_json("params.json", {"latencyTargetMs": 2600})
    given = ("--params", params, "--reason", "slower is fine")
    assert ratchet("policy", "propose", POLICY, *given).status == 0
    return ratchet


def started(ratchet: Ratchet, *options: object, version: str = "1.0.1") -> Ran:
    given = ("--challenger", version, "--reason", "try it", "--by", "ada")
    return ratchet("rollout", "start", POLICY, *given, *options)


def id_of(ran: Ran) -> str:
    assert ran.status == 0, ran.err
    name: str = ran.json["id"]
    return name


def test_a_start_names_the_rollout_and_what_it_tries(drafted: Ratchet) -> None:
    told = started(drafted).out
    assert told.endswith("runs: canary of 1.0.1 (0.1) against router-core@1.0.0\n")
    (shown,) = drafted("rollout", "list", "--json").lines
    assert told.startswith(shown["id"])
    assert (shown["state"], shown["steps"]) == ("running", [{"1.0.1": 0.1}])
    assert (shown["watch"]["outcomeWindowHours"], len(shown["salt"])) == (1.0, len(random_id()))


def test_the_options_of_a_start_are_the_rollouts(drafted: Ratchet) -> None:
    given = ("--steps", "0.1,0.5", "--window-hours", "2", "--latency-objective-ms", "800")
    found = started(drafted, *given, "--json").json
    assert found["steps"] == [{"1.0.1": 0.1}, {"1.0.1": 0.5}]
    assert found["watch"]["outcomeWindowHours"] == 2
    assert found["watch"]["latencyObjectiveMs"] == 800


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (("--mode", "split"), [{"1.0.1": 1 / 3, "same": 1 / 3}]),
        (("--mode", "shadow"), [{"1.0.1": 1.0, "same": 1.0}]),
        (("--share", "0.2"), [{"1.0.1": 0.2, "same": 0.2}]),
    ],
)
def test_several_challengers_have_names_and_shares_alike(
    drafted: Ratchet, options: tuple[str, ...], steps: list[Any]
) -> None:
    found = started(drafted, "--challenger", "same=1.0.0", *options, "--json").json
    assert found["steps"] == steps
    assert found["challengers"] == [
        {"arm": "1.0.1", "version": "router-core@1.0.1"},
        {"arm": "same", "version": "router-core@1.0.0"},
    ]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (("--share", "0.1", "--steps", "0.2"), "steps"),
        (("--steps", "0.2,0.1"), "steps"),
        (("--steps", ","), "steps"),
        (("--mode", "duel"), "mode"),
        (("--challenger", "1.0.1"), "challenger"),
        (("--challenger", "b=1.0"), "version"),
        (("--challenger", "control=1.0.0"), "challengers"),
        (("--share", "0.9"), "steps"),
        (("--window-hours", "-1"), "outcomeWindowHours"),
    ],
)
def test_what_cannot_be_started_is_refused_by_its_field(
    drafted: Ratchet, options: tuple[str, ...], field: str
) -> None:
    ran = started(drafted, *options, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert drafted("rollout", "list", "--json").out == ""


def test_a_second_rollout_waits_for_the_end_of_the_first(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    refused = started(drafted, "--json")
    assert (refused.status, refused.error["mend"]) == (
        4,
        f"ratchet rollout end {name} --reason ...",
    )
    ended = drafted("rollout", "end", name, "--reason", "enough")
    assert ended.out == f"{name} has ended, router-core@1.0.0 serves everybody\n"
    assert id_of(started(drafted, "--json")) != name
    assert [r["state"] for r in drafted("rollout", "list", POLICY, "--json").lines] == [
        "ended",
        "running",
    ]
    assert drafted("audit", "verify", POLICY).status == 0


def test_show_tells_all_of_one_rollout(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    assert drafted("rollout", "show", name, "--json").json["id"] == name
    told = drafted("rollout", "show", name).out
    assert all(text in told for text in ("champion", "router-core@1.0.0", "salt", "running"))
    assert name in drafted("rollout", "list").out


@pytest.mark.parametrize("verb", [("show",), ("end", "--reason", "x"), ("assignment",)])
def test_a_rollout_that_does_not_exist_is_not_found(
    drafted: Ratchet, verb: tuple[str, ...]
) -> None:
    unit = ("user-1",) if verb[0] == "assignment" else ()
    ran = drafted("rollout", verb[0], "router-core-r99", *unit, *verb[1:], "--json")
    assert (ran.status, ran.error["mend"]) == (3, "ratchet rollout list")


def test_an_assignment_is_the_arm_whose_range_holds_the_unit(drafted: Ratchet) -> None:
    rollout = started(drafted, "--share", "0.5", "--json").json
    seen = set()
    for unit in ("user-1", "user-2", "user-3", "user-4", "user-5", "user-6"):
        found = drafted("rollout", "assignment", rollout["id"], unit, "--json").json
        inside = point(rollout["salt"], unit) < 0.5
        wanted = ("1.0.1", "router-core@1.0.1") if inside else ("control", "router-core@1.0.0")
        assert (found["rolloutArm"], found["intendedVersion"]) == wanted
        assert (found["propensity"], found["unit"]) == (0.5, unit)
        seen.add(found["rolloutArm"])
        assert wanted[1] in drafted("rollout", "assignment", rollout["id"], unit).out
    assert seen <= {"1.0.1", "control"}


def test_an_assignment_in_shadow_mode_names_who_runs_beside(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--mode", "shadow", "--json"))
    found = drafted("rollout", "assignment", name, "user-1", "--json").json
    assert (found["rolloutArm"], found["propensity"]) == ("control", 1.0)
    assert found["shadows"] == ["1.0.1"]
    assert "shadow" in drafted("rollout", "assignment", name, "user-1").out


def test_a_component_sees_the_rollout_in_its_answer(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    assert drafted("policy", "resolve", POLICY, "--json").json["rollout"]["id"] == name
    assert name in drafted("policy", "resolve", POLICY).out
    drafted("rollout", "end", name, "--reason", "enough")
    assert "rollout" not in drafted("policy", "resolve", POLICY, "--json").json
