"""`ratchet review estimate`: the share among all candidates, with the plain one beside it."""

import pytest

from ratchet.labels.review_item import REVIEW_QUEUE
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet, arrived, score_at_once, write_json, write_lines


@pytest.fixture
def reviewed(ratchet: Ratchet) -> Ratchet:
    """A queue of four that bob answered: three are good."""
    score_at_once(ratchet)
    settings = write_json("review.json", {"secondShare": 0})
    assert ratchet("config", "set", "review", settings, "--reason", "test").status == 0
    assert ratchet("record", write_lines("sent.jsonl", [arrived(i) for i in range(4)])).status == 0
    assert ratchet("review", "fill").status == 0
    for label in ("good", "bad", "good", "good"):
        item = ratchet("review", "next", "--by", "bob", "--json").json["id"]
        assert ratchet("review", "label", item, label, "--by", "bob").status == 0
    return ratchet


def test_the_share_is_told_with_its_interval_and_the_plain_one_beside_it(
    reviewed: Ratchet,
) -> None:
    told = reviewed("review", "estimate", "--agent", "router:a").out
    # All were asked, so nothing is left open; of the answers alone one would not know that.
    assert "all candidates │ 75.0 % │ 75.0 % to 75.0 %" in told
    assert "those answered │ 75.0 % │ 30.1 % to 95.4 %" in told  # Wilson's of 3 of 4
    assert "4 of 4 drawn are answered, of 4 candidates in 1 draws" in told


def test_programs_read_the_same_and_what_is_broken_is_told(reviewed: Ratchet) -> None:
    found = reviewed("review", "estimate", "--agent", "router:a", "--json").json
    assert (found["share"], found["drawn"], found["answered"]) == (0.75, 4, 4)
    (key, *_) = [x["id"] for x in reviewed("review", "list", "--json", "--all").lines]
    store = SqliteStore(".ratchet/ratchet.db")
    stored = store.get(Ref(REVIEW_QUEUE, key))
    assert stored is not None
    store.set(stored.ref, stored.data | {"state": "lost"})
    store.close()
    ran = reviewed("review", "estimate", "--agent", "router:a", "--json")
    assert ran.json["answered"] == 3
    assert "state" in ran.err


def test_an_agent_that_nothing_was_drawn_of_is_named_with_the_mend(ratchet: Ratchet) -> None:
    assert ratchet("seed").status == 0
    ran = ratchet("review", "estimate", "--agent", "nobody", "--json")
    assert (ran.status, ran.error["mend"]) == (3, "ratchet review fill --agent nobody")
