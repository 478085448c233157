"""The run commands: what is recorded, how a loss is shown, and what a person is told of faults."""

from typing import Any

import pytest

from ratchet.entry.cli.output import opened
from ratchet.runs.settings import RunLossSettings
from ratchet.stats.run_sums import RunBucket
from ratchet.store.port import Query
from tests.support.commands import Ratchet, arrived, write_json, write_lines
from tests.support.observing import configure


def a_run(run_id: str = "r1", **fields: Any) -> dict[str, Any]:
    """Return a run that has just ended, as it is sent."""
    told = {"gates": {"tests": "passed", "review": "failed"}, "metrics": {"contradictions": 1}}
    when = {"ts": arrived()["ts"], "component": "planner"}
    return {"runId": run_id} | when | told | fields


def test_a_run_is_recorded_with_its_loss_and_what_is_not_known(ratchet: Ratchet) -> None:
    metrics = {"contradictions": 1, "steps": 9}
    path = write_json("run.json", a_run(metrics=metrics, budget={"maxCostUsd": 1}))
    ran = ratchet("run", "record", path)
    assert ran.out.splitlines() == [
        "r1 is recorded as revision 1: loss 0.3875",
        "  its observations may still tell costOverBudget",
        "  no term reads steps",
    ]
    again = ratchet("run", "record", path)
    assert again.out.splitlines()[0] == "r1 is known already as revision 1: loss 0.3875"


def test_what_does_not_count_and_what_wants_a_budget_are_told(ratchet: Ratchet) -> None:
    zeros = dict.fromkeys(RunLossSettings().weights, 0.0)
    with opened(None) as app:
        configure(app.store, RunLossSettings(weights=zeros | {"ragCoverage": 1.0}))
    ratchet(
        "run", "record", write_json("new.json", a_run(revision=3, metrics={"ragCoverage": 0.7}))
    )
    old = write_json("old.json", a_run(revision=2, costUsd=1.5))
    assert ratchet("run", "record", old).out.splitlines() == [
        "r1 is recorded as revision 2: no loss, as what is known weighs 0",
        "  revision 3 counts (loss 0.3)",
        "  costOverBudget wants budget.maxCostUsd",
    ]
    ratchet("run", "record", write_json("other.json", a_run("r2", costUsd=1.5)))
    assert ratchet("run", "show", "r2").out.splitlines()[-1] == (
        "  costOverBudget wants budget.maxCostUsd"
    )


def test_a_file_of_runs_is_recorded_and_refused_ones_are_listed(ratchet: Ratchet) -> None:
    runs = [a_run(f"r{n}") for n in range(120)]
    runs[110]["metrics"] = {"grounding": 1.2}
    path = write_lines("runs.jsonl", runs)
    assert ratchet("run", "record", path).out.splitlines() == [
        "119 recorded, 1 refused",
        "  item 110: metrics.grounding: 1.2 is not between 0 and 1",
    ]
    again = ratchet("run", "record", path, "--json").json
    assert (again["accepted"], again["duplicate"], len(again["rejected"])) == (119, 119, 1)
    assert len(again["runs"]) == 119
    last = again["runs"][-1]
    assert (last["runId"], last["revision"], last["duplicate"]) == ("r119", 1, True)
    assert last["loss"]["loss"] == pytest.approx(0.3875)
    assert len(ratchet("run", "list", "--component", "planner", "--json").lines) == 20


def test_a_run_is_shown_term_by_term(ratchet: Ratchet) -> None:
    ratchet("run", "record", write_json("run.json", a_run(policyVersion="p@1.0.0", models=["m"])))
    out = ratchet("run", "show", "r1").out
    assert "r1: planner, p@1.0.0, m" in out
    assert "revision 1, loss 0.3875 by the weights of default" in out
    assert "0 observations, not counted yet: ratchet tick" in out
    (gates,) = (line for line in out.splitlines() if "gatePassRate" in line)
    # 0.25 of the 0.4 that the known terms weigh; half of the gates failed.
    assert [cell.strip(" │┃|") for cell in gates.replace("│", " ").split()] == [
        "gatePassRate",
        "0.5",
        "0.5",
        "0.625",
        "0.3125",
    ]
    assert "not known, and left out: grounding, costOverBudget" in out
    assert ratchet("run", "show", "r1", "--json").json["run"]["loss"]["loss"] == pytest.approx(
        0.3875
    )


def test_revisions_are_shown_when_asked_for(ratchet: Ratchet) -> None:
    for gates in ({"tests": "failed"}, {"tests": "passed"}):
        ratchet("run", "record", write_json("run.json", a_run(gates=gates)))
    lines = ratchet("run", "show", "r1", "--revisions").out.splitlines()
    counting = [line.split() for line in lines if line.rstrip(" │").endswith("counts")]
    assert len(counting) == 1
    told = ratchet("run", "show", "r1", "--revisions", "--json").json
    assert [r["number"] for r in told["run"]["revisions"]] == [1, 2]
    assert [r["report"]["gates"] for r in told["others"]] == [{"tests": "failed"}]


def test_losses_follow_changed_weights_by_recompute_alone(ratchet: Ratchet) -> None:
    ratchet("run", "record", write_json("run.json", a_run()))
    zeros = dict.fromkeys(RunLossSettings().weights, 0.0)
    with opened(None) as app:
        configure(app.store, RunLossSettings(weights=zeros | {"contradictions": 1.0}))
    assert ratchet("run", "recompute", "r1").out == "1 of 1 runs looked at changed\n"
    assert ratchet("run", "show", "r1", "--json").json["run"]["loss"]["loss"] == 0.2
    assert ratchet("run", "recompute", "--component", "planner", "--json").json["changed"] == 0


def test_sums_of_a_day_that_are_lost_are_made_anew(ratchet: Ratchet) -> None:
    ratchet("run", "record", write_json("run.json", a_run()))
    ratchet("run", "recompute")
    with opened(None) as app:
        (bucket,) = app.store.query(Query(RunBucket.collection))
        app.store.delete(bucket.ref)
    assert ratchet("run", "recompute", "--recount").out.splitlines() == [
        "0 of 1 runs looked at changed",
        "sums of days made anew: 1",
    ]
    with opened(None) as app:
        (again,) = app.store.query(Query(RunBucket.collection))
    assert again.data["sums"] == bucket.data["sums"]


@pytest.mark.parametrize(
    ("arguments", "status", "field"),
    [
        (("show", "nobody"), 3, "runId"),
        (("recompute", "nobody"), 3, "runId"),
        (("recompute", "a", "--component", "b"), 2, "run"),
        (("record", "nowhere.json"), 3, "source"),
        (("list", "--component", "a", "--since", "soon"), 2, "since"),
    ],
)
def test_what_cannot_be_done_says_why(
    ratchet: Ratchet, arguments: tuple[str, ...], status: int, field: str
) -> None:
    ratchet("run", "record", write_json("run.json", a_run()))
    ran = ratchet("run", *arguments, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)


def test_a_run_with_a_fault_is_refused_by_its_field(ratchet: Ratchet) -> None:
    ran = ratchet("run", "record", write_json("run.json", a_run(metrics={"grounding": 1.2})))
    assert ran.status == 2
    assert "run: metrics.grounding: 1.2 is not between 0 and 1 (mend it, or leave" in ran.err
