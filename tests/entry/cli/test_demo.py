"""`seed` and `demo` on the command line: what they print, and what they refuse."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.commands import Ratchet, write_json
from tests.support.outcomes import real, three_arms
from tests.support.short_road import RATE, RULES

pytestmark = pytest.mark.slow

KEYS = (
    *("requests", "scored", "rewardFirst", "rewardLast", "rewardUniform", "rewardBestArm"),
    *("versions", "activations", "auditValid", "opsPerObservation", "seconds"),
)


def test_seed_says_what_it_wrote_and_what_it_kept(ratchet: Ratchet) -> None:
    assert ratchet("seed").out.splitlines() == [
        "written  config/flags",
        "written  config/gates",
        "written  config/ingest",
        "written  config/reward_config",
        "written  ops_policies/router-core@1.0.0",
    ]
    assert ratchet("seed").out.splitlines()[0] == "kept     config/flags"
    report = ratchet("seed", "--json").json
    assert (report["written"], len(report["kept"]), report["notes"]) == ([], 5, [])


def test_a_folder_of_seeds_may_be_ones_own(ratchet: Ratchet) -> None:
    folder = Path("seeds/config")
    folder.mkdir(parents=True)
    (folder / "ingest.json").write_text('{"shards": 3}')
    assert ratchet("seed", "--folder", "seeds").out == "written  config/ingest\n"
    ran = ratchet("seed", "--folder", "nowhere", "--json")
    assert (ran.status, ran.error["field"]) == (3, "folder")


def test_json_ends_with_one_line_of_exactly_these_keys(ratchet: Ratchet) -> None:
    ran = ratchet("demo", "--requests", 3000, "--json")
    assert ran.status == 0
    assert tuple(ran.json) == KEYS
    assert (ran.json["requests"], ran.json["scored"], ran.json["auditValid"]) == (3000, 3000, True)
    assert ran.json["activations"] == ran.json["versions"] - 1 == 1
    assert 0 < ran.json["rewardFirst"] < 1
    assert 0 < ran.json["opsPerObservation"] < 3
    assert not list(Path().iterdir()), "the demo's store is memory unless one is named"


def test_a_person_sees_fifths_versions_with_reasons_and_the_verdict(ratchet: Ratchet) -> None:
    table = three_arms(Path("t.csv"))
    ran = ratchet("demo", "--outcomes", table, "--requests", 4000, "--plot", "demo.svg")
    assert ran.status == 0
    assert "requests  1.0.1 goes live" in ran.out
    assert "1.0.1 (allocation, expected gain +" in ran.out
    assert "best or near best with probability" in ran.out
    assert "first fifth" in ran.out
    assert "last fifth" in ran.out
    assert "4000 of 4000 scored" in ran.out
    assert ran.out.endswith("audit chain valid\n")
    assert ElementTree.fromstring(Path("demo.svg").read_text()).tag.endswith("svg")


def test_a_store_of_ones_own_can_be_looked_into_afterwards(ratchet: Ratchet) -> None:
    at = ("--store", "sqlite:///demo.db")
    assert ratchet("demo", "--requests", 2500, *at, "--json").status == 0
    assert ratchet("audit", "verify", *at).status == 0
    assert ratchet("policy", "show", "demo-router", *at, "--json").json["version"] == "1.0.1"
    assert len(ratchet("observations", "--limit", 30, *at, "--json").lines) == 30
    ran = ratchet("demo", "--requests", 10, *at, "--json")
    assert (ran.status, ran.error["field"]) == (2, "store")


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--requests", "9", "requests"),
        ("--requests", "many", "command"),
        ("--seed", "-1", "seed"),
        ("--rate", "0", "rate"),
        ("--rate", "nan", "rate"),
        ("--tune-minutes", "0", "tuneMinutes"),
        ("--floor", "1.5", "floor"),
        ("--floor", "0.5", "tuningSpace.modelWeights"),
        ("--cap", "0", "cap"),
        ("--cap", "0.1", "tuningSpace.modelWeights"),
        ("--max-step", "0", "maxStep"),
        ("--store", "banana:", "RATCHET_STORE"),
    ],
)
def test_an_option_out_of_range_is_named(
    ratchet: Ratchet, option: str, value: str, field: str
) -> None:
    ran = ratchet("demo", option, value, "--json")
    assert (ran.status, ran.error["field"]) == (2, field)
    assert ratchet("demo", option, value).status == 2


def test_a_table_that_is_wrong_is_named_with_its_line(ratchet: Ratchet) -> None:
    Path("bad.csv").write_text("arm,outcome,costUsd\na,success,1\nb,success,cheap\n")
    ran = ratchet("demo", "--outcomes", "bad.csv", "--json")
    assert (ran.status, ran.error["field"]) == (2, "costUsd")
    assert ran.error["message"].startswith("bad.csv line 3: costUsd is 'cheap'")
    ran = ratchet("demo", "--outcomes", "nowhere.csv", "--json")
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")


def test_a_chart_that_cannot_be_written_does_not_hide_the_result(ratchet: Ratchet) -> None:
    ran = ratchet("demo", "--requests", 10, "--plot", "no/such.svg", "--json")
    assert (ran.status, ran.json["scored"]) == (2, 10)
    assert '"field": "plot"' in ran.err


def gates(outcomes: Path, *more: object) -> tuple[object, ...]:
    """Return the arguments of a demo of gates whose days are short."""
    rules = write_json("rules.json", RULES.to_map())
    return ("demo", "--gates", "--outcomes", outcomes, "--rules", rules, "--rate", RATE, *more)


@pytest.mark.slow
def test_the_demo_of_gates_ends_with_one_line_and_leaves_verdicts_to_check(
    ratchet: Ratchet,
) -> None:
    at = ("--store", "sqlite:///demo.db")
    ran = ratchet(*gates(real("dcrouter_nine_models.csv.gz"), *at, "--json"))
    assert ran.status == 0
    assert (ran.json["promoted"], ran.json["stopped"], ran.json["rolledBack"]) == (1, 1, 1)
    assert (ran.json["verdictsRecomputed"] > 50, ran.json["auditValid"]) == (True, True)
    assert ratchet("audit", "verify", *at).status == 0
    rollouts = ratchet("rollout", "list", "demo-router", *at, "--json").lines
    assert [r["outcome"] for r in rollouts].count("rolled_back") == 2
    assert ratchet("verdict", "check", "--all", rollouts[0]["id"], *at).status == 0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--gates", "--requests", "500"), "requests"),
        (("--gates", "--plot", "chart.svg"), "plot"),
        (("--gates", "--tune-minutes", "5"), "tuneMinutes"),
        (("--gates", "--rate", "0"), "rate"),
        (("--gates", "--rules", "nowhere.json"), "rules"),
        (("--rules", "rules.json"), "rules"),
    ],
)
def test_an_option_of_the_other_demo_is_refused_by_name(
    ratchet: Ratchet, arguments: tuple[str, ...], field: str
) -> None:
    error = ratchet("demo", *arguments, "--json").error
    assert error["field"] == field


def test_rules_that_do_not_parse_are_named_by_their_field(ratchet: Ratchet) -> None:
    rules = write_json("rules.json", {"behaviour": {"gates": ["shadow", "luck"]}})
    error = ratchet("demo", "--gates", "--rules", rules, "--json").error
    assert error["field"] == "behaviour.gates.1"
