"""The rollout commands: what they start and show, and what they refuse."""

from typing import Any

import pytest

from ratchet.entry.cli.rollout_start import told_plan
from ratchet.kernel.ids import random_id
from ratchet.observe.watch import ROLLOUTS
from ratchet.rollouts.assign import point
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ran, Ratchet
from tests.support.evidenced import rollout
from tests.support.units_served import POLICY, proposed
from tests.support.units_served import drafted as seeded


@pytest.fixture
def drafted(ratchet: Ratchet) -> Ratchet:
    """A store with 1.0.0 active, and a draft of 1.0.1 inside the envelope."""
    seeded(ratchet, {"latencyTargetMs": 2600})
    return ratchet


def started(ratchet: Ratchet, *options: object, version: str = "1.0.1") -> Ran:
    given = ("--challenger", version, "--reason", "try it", "--by", "ada")
    return ratchet("rollout", "start", POLICY, *given, *options)


CANARY = ("--mode", "canary")


def id_of(ran: Ran) -> str:
    assert ran.status == 0, ran.err
    name: str = ran.json["id"]
    return name


def test_a_start_tells_what_is_tried_how_it_is_judged_and_until_when(drafted: Ratchet) -> None:
    told = started(drafted, "--mode", "canary").out.splitlines()
    (shown,) = drafted("rollout", "list", "--json").lines
    name = shown["id"]
    assert told[0] == (f"{name} runs: canary of 1.0.1 (0.1) against router-core@1.0.0, step 1 of 2")
    assert told[1].startswith("judged by significance, once an hour; gates left after it: ")
    assert told[2] == "nothing is known of reward yet, so there is no plan"
    assert told[3].startswith("without a decision it expires at ")
    assert (shown["state"], shown["steps"]) == ("running", [{"1.0.1": 0.1}, {"1.0.1": 0.5}])
    assert (shown["watch"]["outcomeWindowHours"], len(shown["salt"])) == (1.0, len(random_id()))


@pytest.mark.parametrize(("late", "told"), [(False, "210 h"), (True, "210 h: LATE, that is past")])
def test_a_plan_says_what_it_takes_and_when_that_is_too_late(late: bool, told: str) -> None:
    planned = rollout(plan={"units": 4321, "hours": 210.4, "late": late})
    (line,) = [line for line in told_plan(planned) if line.startswith("to see")]
    assert line.startswith(f"to see reward 2 points takes 4,321 units of it and {told}")
    assert line.endswith("deadline" if late else " h")


def test_a_change_of_behaviour_enters_the_first_of_its_gates(ratchet: Ratchet) -> None:
    version = seeded(ratchet, {"fallbackOn": ["timeout"]})
    told = started(ratchet, version=version).out
    assert "runs: shadow of 1.0.1 (1) against router-core@1.0.0, in one step\n" in told
    assert "gates left after it: canary, approval\n" in told
    assert drafted_status(ratchet) == "shadow"


def test_a_mode_that_leaves_gates_out_is_told_as_an_override(ratchet: Ratchet) -> None:
    version = seeded(ratchet, {"fallbackOn": ["timeout"]})
    told = started(ratchet, "--mode", "canary", version=version).out
    assert "override: left out shadow, and the audit says so\n" in told
    assert "start_rollout (override)" in ratchet("policy", "history", POLICY).out


def drafted_status(ratchet: Ratchet) -> str:
    found = {v["version"]: v["status"] for v in ratchet("policy", "list", POLICY, "--json").lines}
    status: str = found["1.0.1"]
    return status


def test_the_options_of_a_start_are_the_rollouts(drafted: Ratchet) -> None:
    given = ("--steps", "0.1,0.3", "--window-hours", "2", "--latency-objective-ms", "800")
    profile = ("--mode", "canary", "--profile", "quality-gain")
    found = started(drafted, *given, *profile, "--json").json
    assert found["steps"] == [{"1.0.1": 0.1}, {"1.0.1": 0.3}]
    assert found["watch"]["outcomeWindowHours"] == 2
    assert found["watch"]["latencyObjectiveMs"] == 800
    assert found["profileName"] == "quality-gain"


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (("--mode", "split"), [{"1.0.1": 1 / 3, "slow": 1 / 3}]),
        (("--mode", "shadow"), [{"1.0.1": 1.0, "slow": 1.0}]),
        (("--mode", "canary", "--share", "0.2"), [{"1.0.1": 0.2, "slow": 0.2}]),
    ],
)
def test_several_challengers_have_names_and_shares_alike(
    drafted: Ratchet, options: tuple[str, ...], steps: list[Any]
) -> None:
    assert proposed(drafted, {"latencyTargetMs": 2700}) == "1.0.2"
    found = started(drafted, "--challenger", "slow=1.0.2", *options, "--json").json
    assert found["steps"] == steps
    assert found["challengers"] == [
        {"arm": "1.0.1", "version": "router-core@1.0.1"},
        {"arm": "slow", "version": "router-core@1.0.2"},
    ]


def test_an_aa_tries_the_active_version_against_itself(drafted: Ratchet) -> None:
    told = drafted("rollout", "aa", POLICY, "--arms", "2", "--reason", "check").out
    assert "runs: split of aa1 (0.333), aa2 (0.333) against router-core@1.0.0" in told
    assert "whatever is found changes nothing" in told
    name = told.split()[0]
    assert "aa" in drafted("rollout", "list").out
    counted = drafted("rollout", "show", name, "--json").json["falseDecisions"]
    assert (counted["rollouts"], counted["decided"], counted["alpha"]) == (1, 0, 0.05)
    told = drafted("rollout", "show", name).out
    assert "false decisions so far: 0 of 1 A/A rollouts" in told


def test_a_share_that_leaves_no_control_is_no_aa(drafted: Ratchet) -> None:
    given = ("--share", "0.9", "--arms", "2", "--reason", "x", "--json")
    ran = drafted("rollout", "aa", POLICY, *given)
    assert (ran.status, ran.error["field"]) == (2, "share")


@pytest.mark.parametrize(
    ("options", "field", "told"),
    [
        (("--share", "0.1", "--steps", "0.2"), "steps", "--share and --steps at once"),
        (("--share", "0.2"), "mode", "shares are of a mode"),
        ((*CANARY, "--steps", "0.2,0.1"), "steps", "--steps 0.2,0.1: a share falls in step 2 of 2"),
        ((*CANARY, "--steps", ","), "steps", "--steps ,: "),
        ((*CANARY, "--steps", "0.1,nan"), "steps", "--steps 0.1,nan: "),
        (("--mode", "duel"), "mode", "--mode duel: "),
        (("--challenger", "1.0.1"), "challenger", "two challengers are called 1.0.1"),
        (("--challenger", "b=1.0"), "challenger", "--challenger 1.0.1, b=1.0: '1.0' is no"),
        (("--challenger", "control=1.0.0"), "challenger", "control is no name"),
        (("--challenger", "a b=1.0.0"), "challenger", "--challenger 1.0.1, a b=1.0.0: "),
        ((*CANARY, "--share", "0"), "share", "--share 0: "),
        ((*CANARY, "--share", "-0.1"), "share", "--share -0.1: "),
        ((*CANARY, "--share", "nan"), "share", "--share nan: "),
        (
            (*CANARY, "--share", "0.9"),
            "share",
            "--share 0.9: a canary gives a challenger 1% to 50%",
        ),
        (("--profile", "none"), "profile", "there is no profile 'none'"),
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
    assert ran.error["mend"].startswith(
        (f"--{field} ", "give one", "wanted: shadow", "name --mode", "one of significance")
    )
    assert drafted("rollout", "list", "--json").out == ""


@pytest.mark.parametrize(
    ("mode", "mend"),
    [
        ("canary", "--share from 0.01 to 0.5"),
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
    assert "the profile's in a canary and in shadow mode, equal parts in a split" in told


def test_a_rollout_whose_champion_is_replaced_has_ended(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    assert "notServed" not in drafted("rollout", "show", name, "--json").json
    ran = drafted("policy", "activate", POLICY, "1.0.1", "--reason", "good")
    assert ran.out == "router-core: 1.0.1 is active, 1.0.0 was before\n"
    why = f"the head of router-core does not name {name}"
    assert ran.err == f"note: rollout {name} has ended: its champion is not active any more\n"
    assert drafted("policy", "activate", POLICY, "1.0.1", "--reason", "again").err == ""
    assert drafted("rollout", "show", name, "--json").json["notServed"] == why
    assert why in drafted("rollout", "show", name).out
    assert f"{name} is not served: {why}" in drafted("rollout", "list").out
    refused = drafted("rollout", "assignment", name, "user-1", "--json")
    assert (refused.status, refused.error["message"]) == (4, f"{name} is not served: {why}")
    assert drafted("rollout", "evaluate", name, "--json").status == 4
    assert "superseded" in drafted("rollout", "list").out


def test_a_rollout_that_ended_says_so_and_assigns_nobody(drafted: Ratchet) -> None:
    name = id_of(started(drafted, "--json"))
    drafted("rollout", "abort", name, "--reason", "enough")
    assert drafted("rollout", "show", name, "--json").json["notServed"] == "it has ended"
    assert "; aborted at " in drafted("rollout", "show", name).out
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
    abort = f"ratchet rollout abort {name} --reason ..."
    assert (refused.status, refused.error["mend"]) == (4, abort)
    ended = drafted("rollout", "abort", name, "--reason", "enough")
    assert ended.out == f"{name} has ended, router-core@1.0.0 serves everybody\n"
    assert id_of(started(drafted, "--json")) != name
    shown = drafted("rollout", "list", POLICY, "--json").lines
    assert [r["state"] for r in shown] == ["ended", "running"]
    assert drafted("audit", "verify", POLICY).status == 0


def test_a_rollout_that_does_not_exist_is_not_found(drafted: Ratchet) -> None:
    for verb, *given in (("show",), ("assignment", "user-1"), ("watch", "--once")):
        ran = drafted("rollout", verb, "router-core-r99", *given)
        assert (verb, ran.status) == (verb, 3)
        assert "ratchet rollout list" in ran.err


def test_an_assignment_is_the_arm_whose_range_holds_the_unit(drafted: Ratchet) -> None:
    running = started(drafted, *CANARY, "--share", "0.5", "--json").json
    seen = set()
    for unit in ("user-1", "user-2", "user-3", "user-4", "user-5", "user-6"):
        found = drafted("rollout", "assignment", running["id"], unit, "--json").json
        inside = point(running["salt"], unit) < 0.5
        wanted = ("1.0.1", "router-core@1.0.1") if inside else ("control", "router-core@1.0.0")
        assert (found["rolloutArm"], found["intendedVersion"]) == wanted
        assert (found["propensity"], found["unit"]) == (0.5, unit)
        seen.add(found["rolloutArm"])
        assert wanted[1] in drafted("rollout", "assignment", running["id"], unit).out
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
    drafted("rollout", "abort", name, "--reason", "enough")
    assert "rollout" not in drafted("policy", "resolve", POLICY, "--json").json


def test_a_document_that_does_not_parse_keeps_no_rollout_from_being_listed(
    drafted: Ratchet,
) -> None:
    name = id_of(started(drafted, "--json"))
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref(ROLLOUTS, "router-core-r99"), {"v": 1, "policy": POLICY})
    store.close()
    told = drafted("rollout", "list").out.splitlines()
    assert any(name in line and "running" in line for line in told)
    assert "ratchet rollout abort router-core-r99 --reason ..." in told[-1]
    listed = drafted("rollout", "list", POLICY, "--json")
    assert (listed.status, listed.json["id"]) == (0, name)
    assert "router-core-r99" in listed.err
