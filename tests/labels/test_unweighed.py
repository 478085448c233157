"""Why nothing is weighed: no judgements, no labels, or none of the same subjects."""

import pytest

from ratchet.labels import unweighed
from ratchet.labels.unweighed import why_unweighed
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.judge_nights import judge_all, label_all


def test_it_says_what_is_missing_and_the_command_that_brings_it(store: Store) -> None:
    assert why_unweighed(store, "router") == (
        "router is unknown: it has no judgements and no labels"
    )
    assert "there are no judgements: ratchet judges record" in why_unweighed(store)
    judge_all(store, "wise", truth=["good", "bad"])
    for agent, of in (("router", " of router"), (None, "")):
        told = why_unweighed(store, agent)
        assert told.startswith(f"2 judgements{of} wait for labels{of}: ratchet labels add")
    label_all(store, ["good"])
    assert why_unweighed(store, "router").endswith("ratchet judges weights --update --agent router")
    assert why_unweighed(store).endswith("ratchet judges weights --update")
    label_all(store, ["good"], agent="planner")
    assert "no judgements of planner: ratchet judges" in why_unweighed(store, "planner")


def test_very_many_are_not_counted(embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unweighed, "MOST", 1)
    judge_all(embedded, "wise", truth=["good"])
    assert why_unweighed(embedded, "router").startswith("1 judgement of router waits")
    judge_all(embedded, "other", truth=["good"])
    assert why_unweighed(embedded, "router").startswith("many judgements of router wait")
