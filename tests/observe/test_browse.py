"""Browsing: newest first over every shard, filters and limits inside batches, on both stores."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.observe.browse import PAGE, Wanted, browse, show
from ratchet.observe.observation import COLLECTION
from ratchet.observe.settings import Ingest
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from tests.support.observing import NOON, SECOND, Worker, configure, observation, worker


def ids(at: Worker, limit: int = 100, **wanted: Any) -> list[str]:
    """Return the ids that browsing shows, in order."""
    return [o["id"] for o in browse(at.store, at.reader, Wanted(**wanted), limit=limit)]


@pytest.fixture
def at(store: Store) -> Worker:
    """Six documents over four shards, a second apart: five singles and then a batch of four."""
    at = worker(store, shards=4)
    for i in range(5):
        at.record(observation(id=f"single{i}", runId="r1", component="planner"))
        at.later(SECOND)
    items = [
        observation(component=f"router:{'ab'[i % 2]}", policyVersion="p@1.0.0") for i in range(3)
    ]
    at.batch("batch", [*items, observation(outcome="timeout", errorCode="504")])
    return at


def test_documents_come_newest_first_across_shards_and_a_batch_in_its_order(at: Worker) -> None:
    shards = {at.store.get(Ref(COLLECTION, f"single{i}")).data["shard"] for i in range(5)}  # type: ignore[union-attr]
    assert len(shards) > 1
    assert ids(at) == [
        *("batch.0", "batch.1", "batch.2", "batch.3"),
        *("single4", "single3", "single2", "single1", "single0"),
    ]


def test_a_limit_counts_observations_and_not_documents(at: Worker) -> None:
    assert ids(at, limit=2) == ["batch.0", "batch.1"]
    assert ids(at, limit=5)[-1] == "single4"
    assert ids(at, limit=3, component="planner") == ["single4", "single3", "single2"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"component": "router:a"}, ["batch.0", "batch.2"]),
        ({"outcome": "timeout"}, ["batch.3"]),
        ({"error_code": "504"}, ["batch.3"]),
        ({"version": "p@1.0.0", "component": "router:b"}, ["batch.1"]),
        ({"run_id": "r1", "outcome": "failure"}, []),
        ({"since": NOON + 4 * SECOND, "component": "planner"}, ["single4"]),
        ({"since": NOON + 5 * SECOND}, ["batch.0", "batch.1", "batch.2", "batch.3"]),
        ({"since": NOON + 6 * SECOND}, []),
    ],
)
def test_filters_look_at_each_observation(
    at: Worker, wanted: dict[str, Any], found: list[str]
) -> None:
    assert ids(at, **wanted) == found


def test_one_document_or_one_item_of_it_is_shown_by_id(at: Worker) -> None:
    assert [o["id"] for o in show(at.store, "batch")] == [f"batch.{i}" for i in range(4)]
    assert [o["outcome"] for o in show(at.store, "batch.3")] == ["timeout"]
    assert [o["component"] for o in show(at.store, "single2")] == ["planner"]
    assert list(show(at.store, "nobody")) == list(show(at.store, "batch.4")) == []


def test_an_observation_is_shown_as_it_was_sent_without_bookkeeping(at: Worker) -> None:
    (shown,) = show(at.store, "single0")
    assert shown == {
        "ts": NOON,
        "component": "planner",
        "outcome": "success",
        "runId": "r1",
        "id": "single0",
    }


def test_a_reward_is_shown_with_its_terms_beside_its_own_observation(at: Worker) -> None:
    at.scored_later()
    scores = {o["id"]: o["reward"]["score"] for o in browse(at.store, at.reader, Wanted(), limit=9)}
    assert scores["batch.3"] == 0.0
    assert {score for name, score in scores.items() if name != "batch.3"} == {0.85}
    (shown,) = show(at.store, "batch.3")
    assert shown["reward"]["details"]["errorPenalty"] == 0.6


def test_items_that_were_refused_leave_the_ids_of_the_others_as_they_are(embedded: Store) -> None:
    at = worker(embedded)
    at.batch("b", [observation(outcome="great"), observation(), observation(outcome="failure")])
    at.scored_later()
    assert ids(at) == ["b.1", "b.2"]
    scores = {o["id"]: o["reward"]["score"] for o in show(embedded, "b")}
    assert scores == {"b.1": 0.85, "b.2": 0.0}
    assert list(show(embedded, "b.0")) == []


def test_shards_that_are_no_longer_written_are_still_read(embedded: Store) -> None:
    at = worker(embedded, shards=8)
    for i in range(20):
        at.record(observation(id=f"o{i}"))
    configure(embedded, Ingest(shards=1))
    assert len(ids(Worker(embedded, at.clock))) == 20


def test_a_look_at_the_newest_does_not_read_the_rest(embedded: Store) -> None:
    at = worker(embedded)
    for i in range(10 * PAGE):
        at.record(observation(id=f"o{i}"))
        at.later(timedelta(milliseconds=1))
    counting = CountingStore(embedded)
    shown = list(browse(counting, at.reader, Wanted(), limit=5))
    assert shown[0]["id"] == f"o{10 * PAGE - 1}"
    assert counting.bill.reads <= 3 * PAGE


def test_a_filter_that_nothing_passes_ends(embedded: Store) -> None:
    at = worker(embedded)
    for i in range(2 * PAGE + 1):
        at.record(observation(id=f"o{i}"))
    assert ids(at, component="nobody") == []
    assert len(ids(at, limit=1000)) == 2 * PAGE + 1


def test_an_outcome_that_there_is_not_is_refused_and_not_just_unseen() -> None:
    with pytest.raises(InvalidInput) as caught:
        Wanted.parse({"outcome": "great"})
    assert caught.value.field == "outcome"
