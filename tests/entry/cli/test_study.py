"""The study commands: start one, run it or take its job, and see what came of it."""

import pytest

from tests.support.commands import Ratchet, write_json

POLICY = "router-core"
BY = ("--reason", "test", "--by", "ada")
ASKED = ("--component", "planner", "--policy", POLICY, "--hypothesis", "fewer contradictions")


@pytest.fixture
def seeded(ratchet: Ratchet) -> Ratchet:
    """The command line of a store with the seeded policy."""
    assert ratchet("seed").status == 0
    return ratchet


def test_a_study_is_started_run_listed_and_shown(seeded: Ratchet) -> None:
    ran = seeded("study", "start", "parameter_tuning", *ASKED, *BY, "--json")
    study = ran.json["id"]
    assert (ran.json["state"], ran.json["actor"]) == ("planned", "ada")
    told = seeded("study", "run", study, *BY).out
    assert "failed" in told
    assert "randomised draws in the window" in told
    (listed,) = seeded("study", "list", "--component", "planner", "--json").lines
    assert listed == seeded("study", "show", study, "--json").json
    assert study in seeded("study", "list", "--state", "failed").out
    assert seeded("study", "list", "--state", "planned").out == "nothing to show\n"
    assert "study-end" in seeded("audit", "log", POLICY).out


def test_a_job_is_taken_and_finished_by_hand(seeded: Ratchet) -> None:
    handed = write_json("c.json", {"metric": "contradictions"})
    ran = seeded(
        "study", "start", "prompt_synthesis", *ASKED, "--configuration", handed, *BY, "--json"
    )
    study = ran.json["id"]
    (job,) = seeded("study", "jobs", "--json").lines
    assert (job["study"], job["state"], job["configuration"]) == (
        study,
        "open",
        {"metric": "contradictions"},
    )
    said = write_json("r.json", {"state": "succeeded", "params": {"prompts": {"system": "exact"}}})
    early = seeded("study", "finish", study, said, *BY, "--json")
    assert (early.status, early.error["mend"]) == (4, f"take it first: ratchet study take {study}")
    taken = seeded("study", "take", "--by", "ada").out.splitlines()
    assert taken[0].startswith(f"the job of {study} is yours")
    assert taken[1:] == [
        f"  prompt_synthesis of planner, from {POLICY}@1.0.0",
        "  hypothesis: fewer contradictions",
        "  metric: contradictions",
    ]
    assert "ada" in seeded("study", "jobs").out
    ended = seeded("study", "finish", study, said, *BY, "--json").json
    assert (ended["state"], ended["version"]) == ("succeeded", f"{POLICY}@1.0.1")
    assert seeded("study", "jobs").out == "nothing to show\n"


def test_a_study_is_given_up_with_a_reason(seeded: Ratchet) -> None:
    study = seeded("study", "start", "tool_tuning", *ASKED, *BY, "--json").json["id"]
    assert "abandoned" in seeded("study", "abandon", study, *BY).out
    again = seeded("study", "abandon", study, *BY, "--json")
    assert (again.status, again.error["field"]) == (4, "state")


def test_what_is_wrong_ends_with_an_error_that_names_it(seeded: Ratchet) -> None:
    missing = seeded("study", "show", f"{POLICY}-s9", "--json")
    assert (missing.status, missing.error["mend"]) == (3, "ratchet study list")
    assert seeded("study", "start", "guessing", *ASKED, *BY).status == 2
    handed = seeded("study", "start", "rag_optimization", *ASKED, *BY, "--json").json["id"]
    ran = seeded("study", "run", handed, *BY, "--json")
    assert (ran.status, ran.error["mend"]) == (
        4,
        f"ratchet study take {handed}, or wait for a service",
    )
    none = seeded("study", "finish", handed, write_json("n.json", {"state": "failed"}), *BY)
    assert none.status == 2
    assert "a study that failed says why" in none.err
