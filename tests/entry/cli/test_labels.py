"""The label commands: what is taken, loaded, told, shown and withdrawn."""

import pytest

from ratchet.store.port import Query
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet, arrived, write_json, write_lines

SENT = {"agent": "router:a", "subject": "q1", "source": "desk", "sourceId": "1", "stars": 5}
GOLD = [{"agent": "router:a", "subject": "q1", "label": "bad"}]


@pytest.fixture
def filled(ratchet: Ratchet) -> Ratchet:
    """The command line of a store with a desk's label, a gold set and a graded observation."""
    assert ratchet("record", write_json("o.json", arrived(quality=0.75) | {"id": "o1"})).status == 0
    assert ratchet("labels", "add", write_json("l.json", SENT), "--by", "ada").status == 0
    ran = ratchet("labels", "gold", "mine", write_lines("gold.jsonl", GOLD), "--by", "ada")
    assert ran.out.splitlines() == [
        "1 lines of mine, 1 of them new or changed",
        "next: ratchet labels load --feed gold",
    ]
    return ratchet


def test_labels_are_taken_once_and_bad_ones_are_named(ratchet: Ratchet) -> None:
    file = write_lines("l.jsonl", [SENT, SENT | {"sourceId": "2", "stars": 9}])
    told = ratchet("labels", "add", file).out.splitlines()
    assert told[0] == "1 labels taken, 1 refused"
    assert told[1].startswith("  item 1: stars: ")
    again = ratchet("labels", "add", file, "--json").json
    assert (again["accepted"], again["duplicate"]) == (1, 1)


def test_loading_tells_what_each_feed_brought(filled: Ratchet) -> None:
    ran = filled("labels", "load", "--json")
    assert ran.json["labels"] == 2
    assert ran.json["feeds"]["gold"]["labels"] == 1
    told = filled("labels", "load", "--feed", "outcomes").out
    assert "outcomes" in told
    assert "gold" not in told
    unknown = filled("labels", "load", "--feed", "hearsay", "--json")
    assert (unknown.status, unknown.error["field"]) == (2, "feed")


def test_statistics_are_by_source_and_agent(filled: Ratchet) -> None:
    assert filled("labels", "load", "--since", "1d").status == 0
    told = filled("labels", "stats").out
    assert told.startswith("3 labels stand, 0 are withdrawn\n  1 desk\n  1 gold\n  1 outcomes\n")
    assert "2 good, 1 bad" in told
    (agent,) = filled("labels", "stats", "--json").json["agents"]
    assert (agent["agent"], agent["recent"], agent["before"]) == ("router:a", 3, 0)


def test_a_label_is_shown_with_what_its_subject_comes_to(filled: Ratchet) -> None:
    assert filled("labels", "load").status == 0
    keys = [one["id"] for one in filled("labels", "list", "--subject", "q1", "--json").lines]
    assert sorted(keys) == ["desk~1", "gold~mine%2Frouter:a%20q1"]
    told = filled("labels", "show", "desk~1").out
    assert told.endswith(
        "q1 is bad, by gold, though others say otherwise: value 0, confidence 100\n"
    )
    shown = filled("labels", "show", "desk~1", "--json").json
    assert (shown["label"]["label"], shown["resolved"]["label"]) == ("good", "bad")
    missing = filled("labels", "show", "desk~9", "--json")
    assert (missing.status, missing.error["mend"]) == (3, "ratchet labels list, or GET /v1/labels")


def test_a_withdrawn_label_is_listed_only_where_it_is_asked_for(filled: Ratchet) -> None:
    ran = filled("labels", "withdraw", "desk~1", "--reason", "a typo", "--by", "ada")
    assert ran.out == "desk~1 is withdrawn: ada, a typo\n"
    assert filled("labels", "list").out == "nothing to show\n"
    assert "ada: a typo" in filled("labels", "list", "--all").out
    assert filled("labels", "show", "desk~1").out.endswith("nothing is said of q1 any more\n")
    log = filled("audit", "log", "config", "--json")
    assert log.lines[-1]["action"] == "withdraw_label"
    assert filled("labels", "add", "l.json", "--json").json["withdrawn"] == 1
    told = filled("labels", "add", "l.json").out
    assert told.startswith("1 labels taken, 0 refused (1 withdrawn)\n  what was withdrawn stays so")


def test_a_wrong_line_of_a_gold_set_is_named(ratchet: Ratchet) -> None:
    file = write_lines("gold.jsonl", [GOLD[0], GOLD[0] | {"value": 2}])
    ran = ratchet("labels", "gold", "mine", file, "--json")
    assert (ran.status, ran.error["field"]) == (2, "line 2.value")


def test_what_a_load_refuses_is_pointed_at(filled: Ratchet) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    (found,) = store.query(Query("ops_gold"))
    store.set(found.ref, {**found.data, "label": 7})
    store.close()
    told = filled("labels", "load", "--feed", "gold").out
    assert told.endswith("what was refused, and why: ratchet alerts\n")
    assert "ops_gold/" in filled("alerts").out
