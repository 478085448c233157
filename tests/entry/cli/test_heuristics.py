"""The heuristic commands: what is looked at, what training promises, and what a model says."""

from pathlib import Path

import pytest

from tests.support.commands import Ratchet, arrived, write_json, write_lines
from tests.support.taught import AGENT, CONFIG, heuristic

pytestmark = pytest.mark.slow

N = 60


@pytest.fixture
def labelled(ratchet: Ratchet) -> Ratchet:
    """The command line of a store where urgent observations of an agent were labelled good."""
    assert ratchet("seed").status == 0
    data = {"agents": {AGENT: CONFIG}}
    set_ = ratchet("config", "set", "heuristics", write_json("c.json", data), "--reason", "test")
    assert set_.status == 0, set_.err
    urgent = [i % 2 == 0 for i in range(N)]
    items = [arrived(component=AGENT, meta={"urgent": u, "size": i}) for i, u in enumerate(urgent)]
    assert ratchet("record", write_json("o.json", {"id": "b1", "observations": items})).status == 0
    sent = [
        {"agent": AGENT, "subject": f"b1.{i}", "source": "desk", "sourceId": f"{i}"}
        | {"stars": 5 if u else 1}
        for i, u in enumerate(urgent)
    ]
    assert ratchet("labels", "add", write_lines("l.jsonl", sent), "--by", "ada").status == 0
    return ratchet


def test_the_shipped_sets_and_an_agents_own_features_are_listed(labelled: Ratchet) -> None:
    listed = labelled("heuristics", "features", "--json").lines
    assert [sum(x["set"] == name for x in listed) for name in ("planner", "critic", "router")] == [
        7,
        5,
        4,
    ]
    told = labelled("heuristics", "features", AGENT).out
    assert all(text in told for text in ("urgent", "boolean", "meta.urgent"))
    unknown = labelled("heuristics", "features", "painter", "--json")
    assert (unknown.status, unknown.error["field"]) == (3, "agent")


def test_training_tells_what_it_promises_and_drafts_only_when_told(labelled: Ratchet) -> None:
    told = labelled("heuristics", "train", AGENT).out
    assert all(text in told for text in ("good", str(N), "logistic", "good looks at urgent"))
    assert [v["version"] for v in labelled("policy", "list", "router-core", "--json").lines] == [
        "1.0.0"
    ]
    ran = labelled("heuristics", "train", AGENT, "--draft", "--reason", "try", "--by", "ada")
    (study,) = labelled("study", "list", "--json").lines
    assert (study["type"], study["component"]) == ("heuristic_training", AGENT)
    assert ran.out.endswith(f"study {study['id']} succeeded\nrouter-core@1.0.1 is a draft\n")
    again = labelled("heuristics", "train", AGENT, "--draft", "--reason", "try", "--json")
    assert again.json["draft"]["new"] is False
    assert labelled("study", "show", again.json["study"], "--json").json["state"] == "failed"
    assert again.json["reports"]["good"]["labels"] == N
    differs = labelled("policy", "diff", "router-core", "1.0.0", "1.0.1").out
    assert "heuristic" in differs


def test_a_version_that_learned_from_a_withdrawn_label_says_so_wherever_it_is_met(
    labelled: Ratchet,
) -> None:
    by = ("--reason", "test", "--by", "ada")
    assert labelled("heuristics", "train", AGENT, "--draft", *by).status == 0
    assert "note: " not in labelled("policy", "show", "router-core", "1.0.1").out
    assert labelled("labels", "withdraw", "desk~0", *by).status == 0
    note = "note: router-core@1.0.1 learned from 1 label withdrawn since: desk~0; train it anew\n"
    assert labelled("policy", "show", "router-core", "1.0.1").out.endswith(note)
    ran = labelled("rollout", "start", "router-core", "--challenger", "1.0.1", *by)
    assert ran.out.endswith(note), ran.err
    told = labelled("policy", "show", "router-core", "1.0.1", "--json").json
    assert told["withdrawnLabels"] == ["desk~0"]


def test_a_feature_that_nothing_labelled_has_is_told_by_name(labelled: Ratchet) -> None:
    features = CONFIG["features"] | {"ghost": {"kind": "numeric", "at": "meta.nosuch"}}
    data = {"agents": {AGENT: CONFIG | {"features": features}}}
    labelled("config", "set", "heuristics", write_json("g.json", data), "--reason", "test")
    ran = labelled("heuristics", "train", AGENT)
    assert "not all labelled subjects have ghost (0%)\n" in ran.out
    assert "no labelled subject has meta.nosuch: ghost tells nothing apart" in ran.err
    found = labelled("heuristics", "train", AGENT, "--json").json
    assert found["seen"] == {"ghost": 0, "size": 1, "urgent": 1}


def test_a_model_written_to_a_file_is_uploaded_shown_and_asked(labelled: Ratchet) -> None:
    file = Path("model.json")
    assert labelled("heuristics", "train", AGENT, "--out", file).status == 0
    by = ("--reason", "test", "--by", "ada")
    assert labelled("heuristics", "upload", AGENT, file, *by).out.endswith("is a draft\n")
    missing = labelled("heuristics", "show", AGENT, "--json")
    assert (missing.status, missing.error["field"]) == (2, "heuristic")
    assert labelled("policy", "activate", "router-core", "1.0.1", *by).status == 0
    told = labelled("heuristics", "show", AGENT).out
    assert told.startswith("router-core@1.0.1 decides good or bad\ngood from ")
    asked = write_json("f.json", {"urgent": True, "size": 3})
    said = labelled("heuristics", "score", AGENT, "--features", asked, "--json").json
    assert (said["version"], said["decision"]) == ("router-core@1.0.1", "good")
    assert said["contributions"]["good"]["urgent"] > 0
    told = labelled("heuristics", "score", AGENT, "--features", asked).out
    assert "decides good" in told
    assert f"{said['bases']['good']:+.3g}" in told


def test_what_does_not_fit_ends_with_an_error_that_names_it(labelled: Ratchet) -> None:
    spoilt = write_json("m.json", heuristic(agent="painter"))
    ran = labelled("heuristics", "upload", AGENT, spoilt, "--reason", "test", "--json")
    assert (ran.status, ran.error["field"]) == (2, "agent")
    draft = labelled("heuristics", "train", AGENT, "--draft", "--json")
    assert (draft.status, draft.error["field"]) == (2, "reason")
