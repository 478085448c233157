"""The golden commands: freezing, looking, and what a person is told of the budget."""

import json
from pathlib import Path

import pytest

from ratchet.entry.cli.output import opened
from ratchet.rollouts.golden.exposure import EXPOSURES
from ratchet.store.port import Ref
from tests.support.commands import Ratchet, write_json, write_lines
from tests.support.governed import PARAMS, SPACE

IDS = ["one", "two", "three", "four"]
TRIED, CHAMPION = "router-core@1.0.1", "router-core@1.0.0"


def frozen(ratchet: Ratchet, budget: int = 2) -> None:
    """Freeze a set of a file, and propose two versions."""
    rows = [{"id": i, "input": f"What is {i}?", "output": f"It is {i}."} for i in IDS]
    path = write_lines("rows.jsonl", rows)
    terms = ("--metric", "success", "--budget", budget, "--reason", "to measure by")
    ran = ratchet("golden", "freeze", "numbers", "--lines", path, *terms, "--by", "ada")
    assert ran.out == f"numbers is frozen: 4 examples, {budget} of {budget} looks are left\n"
    space = ("--space", write_json("space.json", SPACE), "--reason", "test")
    for i in range(2):
        params = write_json("params.json", PARAMS | {"cooldownMs": 30000 + i})
        ran = ratchet("policy", "propose", "router-core", "--params", params, *space)
        assert ran.status == 0


def scores(name: str, *values: float) -> Path:
    """Write scores of the set's examples."""
    return write_json(name, dict(zip(IDS, values, strict=True)))


def test_a_look_is_recorded_against_a_champion_and_shown(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(ratchet)
    own, than = scores("own.json", 1, 1, 1, 0), scores("than.json", 1, 0, 0, 0)
    beside = ("--champion", CHAMPION, "--champion-scores", than)
    for bare in (("router-core",), (TRIED, "--champion", "router-core")):
        ran = ratchet("golden", "record", "numbers", *bare, "--scores", own, "--json")
        assert (ran.status, ran.error["mend"]) == (2, "name one, like router-core@1.0.0")
        assert ran.error["field"] == ("champion" if "--champion" in bare else "version")
    ran = ratchet("golden", "record", "numbers", TRIED, "--scores", own, *beside)
    assert ran.out.splitlines()[:2] == [
        f"{TRIED} on numbers is look 1; 1 are left",
        "  mean 0.75 over 4 examples",
    ]
    assert ran.out.splitlines()[2].startswith(
        f"  better than {CHAMPION} by +0.5, 97.50% interval -0."
    )
    again = ratchet("golden", "record", "numbers", TRIED, "--scores", own, *beside)
    assert "was known already as look 1; 1 are left" in again.out
    told = ratchet("golden", "show", "numbers").out
    assert "success, high is good; 1 of 2 looks are left" in told
    assert "to measure by" in told
    assert CHAMPION in told
    monkeypatch.setenv("COLUMNS", "80")
    rows = ratchet("golden", "show", "numbers").out.splitlines()[3:]
    (row,) = [line.split() for line in rows if CHAMPION in line]
    assert row[:6] == ["1", TRIED, "0.75", "0.5", CHAMPION, "0.5"]
    found = ratchet("golden", "show", "numbers", "--json").json
    assert found["golden"]["left"] == 1
    assert [look["version"] for look in found["looks"]] == [TRIED]
    assert "scores" not in found["looks"][0]  # nor where they are: single scores give it away


def test_a_spent_set_says_so_and_may_be_looked_at(ratchet: Ratchet) -> None:
    frozen(ratchet, budget=1)
    record = ("golden", "record", "numbers", TRIED, "--json", "--scores")
    assert ratchet(*record, scores("a.json", 1, 1, 1, 0)).json["left"] == 0
    ran = ratchet(*record, scores("b.json", 1, 1, 0, 0))
    assert (ran.status, ran.error["code"], ran.error["field"]) == (4, "RATCHET-7402", "purpose")
    look = ratchet(*record, scores("b.json", 1, 1, 0, 0), "--purpose", "look").json
    assert (look["sequence"], look["justifies"], look["duplicate"]) == (2, False, False)
    (listed,) = ratchet("golden", "list", "--json").lines
    assert (listed["name"], listed["exposures"], listed["left"]) == ("numbers", 2, 0)
    assert "past the budget" in ratchet("golden", "show", "numbers").out


def test_what_is_exported_is_what_is_scored(ratchet: Ratchet) -> None:
    frozen(ratchet)
    ran = ratchet("golden", "export", "numbers", "--out", "set.jsonl")
    assert (ran.status, ran.out) == (0, "set.jsonl: 4 examples\n")
    rows = [json.loads(line) for line in Path("set.jsonl").read_text().splitlines()]
    (one,) = [row for row in rows if row["id"] == "one"]
    assert (one["input"], one["output"]) == ("What is one?", "It is one.")
    own = write_json("own.json", {row["id"]: 1 for row in rows})
    assert ratchet("golden", "record", "numbers", TRIED, "--scores", own).status == 0
    told = ratchet("golden", "export", "numbers", "--out", "set.jsonl", "--json").json
    assert told == {"set": "numbers", "examples": 4, "file": "set.jsonl"}
    assert ratchet("golden", "export", "letters", "--out", "set.jsonl").status == 3


def test_wrong_examples_and_wrong_words_are_refused_by_name(ratchet: Ratchet) -> None:
    frozen(ratchet)
    some = write_json("some.json", {"one": 1, "five": 1})
    ran = ratchet("golden", "record", "numbers", TRIED, "--scores", some, "--json")
    assert (ran.status, ran.error["field"]) == (2, "scores.four")
    every = scores("every.json", 1, 1, 1, 1)
    ran = ratchet("golden", "record", "numbers", TRIED, "--scores", every, "--purpose", "fun")
    assert (ran.status, "one of promotion, look" in ran.err) == (2, True)
    ran = ratchet("golden", "record", "letters", TRIED, "--scores", every, "--json")
    assert (ran.status, ran.error["mend"].startswith("ratchet golden list")) == (3, True)


def test_examples_come_from_one_place(ratchet: Ratchet) -> None:
    terms = ("--metric", "success", "--budget", 2, "--reason", "test", "--json")
    for places in ((), ("--version", "default@1.0.0", "--ids", "ids.txt")):
        ran = ratchet("golden", "freeze", "numbers", *places, *terms)
        assert (ran.status, ran.error["field"]) == (2, "version")
    ran = ratchet("golden", "freeze", "numbers", "--version", "default@1.0.0", *terms)
    assert (ran.status, ran.error["code"]) == (3, "RATCHET-2001")
    train = ("--version", "default@1.0.0", "--split", "train")
    assert ratchet("golden", "freeze", "numbers", *train, *terms).error["code"] == "RATCHET-7301"
    Path("ids.txt").write_text("a b\n")
    ran = ratchet("golden", "freeze", "numbers", "--ids", "ids.txt", *terms)
    assert (ran.status, ran.error["message"]) == (3, "no examples a, b")


def test_verify_names_what_was_changed_and_ends_with_another_status(ratchet: Ratchet) -> None:
    frozen(ratchet)
    own = scores("own.json", 1, 1, 1, 0)
    assert ratchet("golden", "record", "numbers", TRIED, "--scores", own).status == 0
    ran = ratchet("golden", "verify", "numbers")
    assert (ran.status, ran.out) == (0, "numbers: valid: 4 examples, 1 looks\n")
    with opened(None) as app:
        app.store.delete(Ref(EXPOSURES, "numbers~000001"))
    ran = ratchet("golden", "verify", "numbers")
    assert ran.status == 4
    assert "numbers: BROKEN: 4 examples, 1 looks" in ran.out
    assert "RATCHET-7401" in ran.err
    assert ratchet("golden", "verify", "numbers", "--json").json["faults"] == [
        "ops_golden_exposures/numbers~000001 is missing, or not counted"
    ]
