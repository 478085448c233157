"""The judge commands: who there is, what one says, and what others said, from a file."""

import pytest

from tests.support.commands import Ratchet, arrived, score_at_once, write_json, write_lines
from tests.support.model_server import said, serving_model

STYLE = {
    "kind": "rules",
    "family": "rules",
    "agents": ["router:*"],
    "settings": {"rules": [{"at": "durationMs", "above": 100, "label": "bad", "score": 0}]},
}


@pytest.fixture
def seated(ratchet: Ratchet) -> Ratchet:
    """A store with one judge, and two observations, one of which is its to judge."""
    settings = write_json("judges.json", {"judges": {"style": STYLE}})
    assert ratchet("config", "set", "judges", settings, "--reason", "test").status == 0
    score_at_once(ratchet)
    items = [arrived(durationMs=500), arrived(durationMs=5)]
    sent = write_json("o.json", {"id": "o1", "observations": items})
    assert ratchet("record", sent).status == 0
    return ratchet


def test_judges_are_listed_and_shown_with_what_they_spent(seated: Ratchet) -> None:
    told = seated("judges", "list").out
    assert all(text in told for text in ("style", "rules", "router:*"))
    (listed,) = seated("judges", "list", "--json").lines
    assert (listed["judge"], listed["kind"], listed["spentToday"]) == ("style", "rules", 0)
    assert seated("judges", "show", "style", "--json").json == listed
    assert "durationMs" in seated("judges", "show", "style").out
    missing = seated("judges", "show", "nobody", "--json")
    assert (missing.status, missing.error["mend"]) == (3, "ratchet judges list")


def test_a_run_says_what_was_judged_and_what_was_not_the_judges(seated: Ratchet) -> None:
    found = seated("judges", "run", "style", "router:a", "--json").json
    assert (found["judged"], found["unsaid"], found["failed"]) == (1, 1, 0)
    assert seated("judges", "run", "style", "router:a").out.splitlines() == [
        "style judged 0 observations of router:a for $0: 0 graded anew, 1 not its to judge,"
        " 0 failed",
        "  1 time: no rule holds of it",
    ]
    refused = seated("judges", "run", "style", "planner", "--json")
    assert (refused.status, refused.error["field"]) == (4, "agent")


def test_a_run_that_asks_and_is_never_answered_is_told_and_fails(seated: Ratchet) -> None:
    spec = {
        "kind": "llm",
        "family": "gpt",
        "settings": {"model": "m", "prompt": "{outcome}", "classes": {"good": 1, "bad": 0}}
        | {"maxCostUsdDay": 1, "usdPerMillionIn": 1, "usdPerMillionOut": 1, "retries": 0},
    }
    with serving_model(said("I cannot say", tokens=None)) as server:
        spec["settings"]["baseUrl"] = server.url  # type: ignore[index]
        settings = write_json("llm.json", {"judges": {"model": spec}})
        seated("config", "set", "judges", settings, "--reason", "test")
        ran = seated("judges", "run", "model", "router:a")
    assert ran.status == 6
    assert "2 failed" in ran.out
    assert "of 2 the server told no usage" in ran.out
    assert "model was asked about 2 observations, and said of none" in ran.err


def test_a_file_of_judgements_counts_once_and_says_what_it_refuses(seated: Ratchet) -> None:
    one = {"judge": "people", "family": "people", "agent": "router:a", "subject": "o1.0"}
    items = [one | {"score": 1}, one | {"subject": "o1.1", "label": "good"}, one | {"score": 7}]
    file = write_lines("j.jsonl", items)
    first = seated("judges", "record", file)
    assert first.out.splitlines()[0] == "2 judgements taken, 1 refused"
    assert "item 2: score:" in first.out
    again = seated("judges", "record", file, "--json").json
    assert (again["accepted"], again["duplicate"], len(again["rejected"])) == (2, 2, 1)
