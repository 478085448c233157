"""The commands of judges' weights: what each earned, why some earned nothing, night by night."""

from datetime import UTC, datetime

import pytest

from ratchet.labels.judge_weight import JUDGE_WEIGHTS
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.commands import Ratchet
from tests.support.judge_nights import judge_all, label_all


@pytest.fixture
def weighed(ratchet: Ratchet) -> Ratchet:
    """A store in which a wise judge and a liar were weighed."""
    assert ratchet("seed").status == 0
    store = SqliteStore(".ratchet/ratchet.db")
    now = datetime.now(UTC)
    label_all(store, ts=now)
    judge_all(store, "wise", ts=now)
    judge_all(store, "liar", flipped=range(16), ts=now)
    store.close()
    ran = ratchet("judges", "weights", "--update")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("2 judges of 1 agent weighed, 2 changed\n")
    return ratchet


def test_weights_are_shown_with_why_some_are_nothing(weighed: Ratchet) -> None:
    first, second = weighed("judges", "weights", "--json").lines
    assert (first["judge"], round(first["weight"], 2)) == ("wise", 0.44)
    assert (second["judge"], second["weight"], second["finding"]) == ("liar", 0, "flipped")
    told = weighed("judges", "weights", "--agent", "router").out
    assert "it says the opposite of the labels" in told
    assert weighed("judges", "weights", "--agent", "another").out == (
        "another is unknown: it has no judgements and no labels; labels are of router\n"
    )


def test_an_update_tells_what_changed(weighed: Ratchet) -> None:
    again = weighed("judges", "weights", "--update", "--agent", "router", "--json").json
    assert (again["judges"], again["changed"], again["failed"]) == (2, [], [])


def test_history_shows_the_nights_of_an_agent(weighed: Ratchet) -> None:
    (one,) = weighed("judges", "history", "router", "--judge", "wise", "--json").lines
    assert one["n"] == 16
    assert "flipped" in weighed("judges", "history", "router", "--since", "1d").out
    assert weighed("judges", "history", "nobody").out == "nothing to show\n"


def test_a_weight_that_was_broken_by_hand_keeps_no_other_from_being_shown(
    weighed: Ratchet,
) -> None:
    store = SqliteStore(".ratchet/ratchet.db")
    store.set(Ref(JUDGE_WEIGHTS, "x~router"), {"agent": "router", "weight": 7})
    store.close()
    told = weighed("judges", "weights")
    assert "wise" in told.out
    assert "left out: " in told.out
