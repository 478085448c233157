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
    assert told.endswith("runs: canary of 1.0.1 (0.1) against router-core@1.0.0, in one step\n")
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
    ("options", "field", "told"),
    [
        (("--share", "0.1", "--steps", "0.2"), "steps", "--share and --steps at once"),
        (("--steps", "0.2,0.1"), "steps", "--steps 0.2,0.1: a share falls in step 2 of 2"),
        (("--steps", ","), "steps", "--steps ,: "),
        (("--steps", "0.1,nan"), "steps", "--steps 0.1,nan: "),
        (("--mode", "duel"), "mode", "--mode duel: "),
        (("--challenger", "1.0.1"), "challenger", "two challengers are called 1.0.1"),
        (("--challenger", "b=1.0"), "challenger", "--challenger 1.0.1, b=1.0: '1.0' is no"),
        (("--challenger", "control=1.0.0"), "challenger", "control is no name"),
        (("--challenger", "a b=1.0.0"), "challenger", "--challenger 1.0.1, a b=1.0.0: "),
        (("--share", "0"), "share", "--share 0: "),
        (("--share", "-0.1"), "share", "--share -0.1: "),
        (("--share", "nan"), "share", "--share nan: "),
        (("--share", "0.9"), "share", "--share 0.9: a canary begins with at most 50%"),
        (("--window-hours", "-1"), "window-hours", "--window-hours -1: "),
        (("--latency-objective-ms", "0"), "latency-objective-ms", "--latency-objective-ms 0: "),
    ],
)
def test_what_cannot_be_started_is_refused_by_the_option_that_was_typed(
    drafted: Ratchet, options: tuple[str, ...], field: str, told: str
) -> None:
    ran = started(drafted, *options, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert told in ran.error["message"]
    assert ran.error["mend"].startswith((f"--{field} ", "give one", "wanted: shadow"))
    assert drafted("rollout", "list", "--json").out == ""


@pytest.mark.parametrize(
    ("mode", "mend"),
    [
        ("canary", "--share from 0.0001 to 0.5"),
        ("split", "--share from 0.0001 on"),
        ("shadow", "--share from 0.0001 to 1"),
    ],
)
def test_which_shares_there_may_be_is_told_for_the_mode(
    drafted: Ratchet, mode: str, mend: str
) -> None:
    ran = started(drafted, "--mode", mode, "--share", "2", "--json")
    assert ran.error["mend"].startswith(mend)


def test_the_usual_shares_are_told_for_every_mode(ratchet: Ratchet) -> None:
    told = " ".join(ratchet("rollout", "start", "--help").out.split())
    assert "0.1 in a canary, equal parts in a split, 1 in shadow mode" in told


def test_a_ramp_tells_its_next_step_and_goes_there(drafted: Ratchet) -> None:
    told = started(drafted, "--steps", "0.1,0.5").out
    name = told.split()[0]
    assert told.endswith(f", step 1 of 2; next: ratchet rollout advance {name} --reason ...\n")
    ran = drafted("rollout", "advance", name, "--reason", "it held", "--by", "ada")
    assert ran.out == (
        f"{name} runs: canary of 1.0.1 (0.5) against router-core@1.0.0, step 2 of 2, the last\n"
    )
    assert drafted("rollout", "show", name, "--json").json["step"] == 1
    assert "2 of 2" in drafted("rollout", "list").out
    entry = drafted("policy", "history", POLICY, "--json").lines[-1]
    assert (entry["action"], entry["was"], entry["to"], entry["actor"]) == (
        "advance_rollout",
        "1 of 2",
        "2 of 2",
        "ada",
    )
    again = drafted("rollout", "advance", name, "--reason", "more", "--json")
    assert (again.status, again.error["field"]) == (4, "step")
    assert drafted("audit", "verify", POLICY).status == 0


def test_a_rollout_whose_champion_is_replaced_is_told_wherever_it_is_shown(
    drafted: Ratchet,
) -> None:
    name = id_of(started(drafted, "--json"))
    assert "notServed" not in drafted("rollout", "show", name, "--json").json
    ran = drafted("policy", "activate", POLICY, "1.0.1", "--reason", "good")
    assert ran.out == "router-core: 1.0.1 is active, 1.0.0 was before\n"
    why = "its champion router-core@1.0.0 is not active any more: router-core@1.0.1 is"
    end = f"ratchet rollout end {name} --reason ..."
    assert ran.err == f"note: rollout {name} is not served any more: {why}; {end} ends it\n"
    assert drafted("rollout", "show", name, "--json").json["notServed"] == why
    assert why in drafted("rollout", "show", name).out
    assert drafted("rollout", "list", "--json").json["notServed"] == why
    assert "not served" in drafted("rollout", "list").out
    for verb in (("assignment", name, "user-1"), ("advance", name, "--reason", "more")):
        refused = drafted("rollout", *verb, "--json")
        assert (refused.status, refused.error["mend"]) == (4, end)
        assert refused.error["message"] == f"{name} is not served: {why}"
    back = drafted("policy", "rollback", POLICY, "--json")
    assert back.json["active"] == "1.0.0"
    assert back.err == f"note: rollout {name} is served: its champion is active; {end} ends it\n"
    assert drafted("rollout", "assignment", name, "user-1").status == 0
    drafted("rollout", "end", name, "--reason", "enough")
    assert drafted("policy", "rollback", POLICY, "1.0.1").err == ""


def test_a_rollout_that_ended_says_so_and_assigns_nobody(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    drafted("rollout", "end", name, "--reason", "enough")
    assert drafted("rollout", "show", name, "--json").json["notServed"] == "it has ended"
    assert "it has ended" in drafted("rollout", "show", name).out
    ran = drafted("rollout", "assignment", name, "user-1", "--json")
    assert (ran.status, ran.error["message"]) == (4, f"{name} is not served: it has ended")
    assert ran.error["mend"].startswith("ratchet policy resolve router-core")


def test_a_unit_without_a_name_is_assigned_nowhere(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    ran = drafted("rollout", "assignment", name, "", "--json")
    assert (ran.status, ran.error["field"]) == (2, "unit")


def test_a_list_of_a_policy_that_does_not_exist_is_not_found(drafted: Ratchet) -> None:
    ran = drafted("rollout", "list", "nosuchpolicy", "--json")
    assert (ran.status, ran.error["mend"]) == (3, "ratchet policy list")
    assert drafted("rollout", "list", POLICY).out == "nothing to show\n"


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


@pytest.mark.parametrize(
    "verb", [("show",), ("end", "--reason", "x"), ("advance", "--reason", "x"), ("assignment",)]
)
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
