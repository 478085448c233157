"""Rescore: history moves to the present epoch, exactly, and goes on where it stopped."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.observe.reward import RewardConfig, Weights
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import Died, FaultyStore
from tests.support.grading import folded, grade
from tests.support.observing import (
    NOON,
    Worker,
    buckets_of,
    configure,
    observation,
    reward_of,
    worker,
)
from tests.support.recount import check, held, plain

START = NOON - timedelta(days=1)
NEW = RewardConfig(weights=Weights(success=0.3, latency=0.1))


def scored(store: Store) -> Worker:
    """Return a worker that has scored and graded some observations, over two shards."""
    at = worker(store, shards=2)
    for i in range(6):
        item = observation(durationMs=100.0 * i, policyVersion=f"p@1.0.{i % 2}", weight=1 + i)
        at.record({"id": f"o{i}"} | item)
    at.batch("b1", [observation(), observation(outcome="timeout"), observation(shadow=True)])
    at.scored_later()
    folded(at, grade("o1", 0.5), grade("b1.0", 0.2))
    return at


def changed(at: Worker, config: RewardConfig = NEW) -> Worker:
    """Change the configuration by hand; a fresh process sees it."""
    configure(at.store, config)
    return Worker(at.store, at.clock)


def numbers(store: Store, epoch: int) -> dict[Any, Any]:
    """Return what the buckets of one epoch hold, without its number."""
    return {
        (component, version, hour): counts
        for (component, version, of, hour), counts in plain(held(store)).items()
        if of == epoch
    }


def test_history_moves_to_the_new_epoch_and_the_old_buckets_are_empty(store: Store) -> None:
    at = changed(scored(store))
    report = at.rescore(since=START)
    assert (report.epoch, report.documents, report.rescored) == (2, 7, 9)
    assert {s.data["rewardEpoch"] for s in store.query(Query("ops_rewards"))} == {2}
    assert reward_of(store, "o0")["score"] == 0.55
    assert reward_of(store, "o1")["score"] == 0.25 + 0.3 * 0.5 - 0.1 * 100 / 4000
    assert reward_of(store, "b1.0")["quality"] == 0.2
    check(store)
    assert numbers(store, 1) == {}


def test_it_equals_scoring_under_the_new_configuration_from_the_start(
    embedded: SqliteStore,
) -> None:
    changed(scored(embedded)).rescore(since=START)
    fresh = SqliteStore()
    configure(fresh, NEW)
    scored(fresh)
    assert numbers(embedded, 2) == numbers(fresh, 1)
    fresh.close()


def test_repeating_it_changes_nothing(store: Store) -> None:
    at = changed(scored(store))
    at.rescore(since=START)
    before = [store.query(Query(name)) for name in ("ops_rewards", "ops_buckets")]
    assert at.rescore(since=START).rescored == 0
    assert [store.query(Query(name)) for name in ("ops_rewards", "ops_buckets")] == before


def test_what_is_in_the_present_epoch_costs_one_read_and_no_write(embedded: SqliteStore) -> None:
    at = changed(scored(embedded))
    at.rescore(since=START)
    counting = CountingStore(embedded)
    Worker(counting, at.clock).rescore(since=START)
    assert counting.bill.writes == 0
    # The rewards; settings, the epoch and its configuration are the few others.
    assert counting.bill.reads <= embedded.count(Query("ops_rewards")) + 8


def test_there_and_back_restores_the_rewards_exactly(embedded: SqliteStore) -> None:
    at = scored(embedded)
    before = numbers(embedded, 1)
    at = changed(at)
    at.rescore(since=START)
    at = changed(at, RewardConfig())
    assert at.rescore(since=START).epoch == 3
    assert numbers(embedded, 3) == before
    check(embedded)


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_goes_on_where_it_died(when: Any) -> None:
    at = 0
    while True:
        at += 1
        store = SqliteStore()
        process = changed(scored(store))
        faulty = FaultyStore(store, die_at=at, when=when)
        try:
            Worker(faulty, process.clock).rescore(since=START)
            done = True
        except Died:
            done = False
        process.rescore(since=START)
        check(store)
        assert {s.data["rewardEpoch"] for s in store.query(Query("ops_rewards"))} == {2}
        store.close()
        if done:
            break
    assert at > 8


def test_only_what_came_in_since_is_moved(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "old"} | observation())
    at.later()
    since = at.clock()
    at.record({"id": "new"} | observation())
    at.scored_later()
    assert changed(at).rescore(since=since).rescored == 1
    assert reward_of(embedded, "old")["rewardEpoch"] == 1
    assert reward_of(embedded, "new")["rewardEpoch"] == 2
    assert sorted(b.epoch for b in buckets_of(embedded)) == [1, 2]
    check(embedded)


def test_progress_is_told_in_documents(embedded: SqliteStore) -> None:
    told: list[int] = []
    changed(scored(embedded)).rescore(since=START, progress=told.append)
    assert told[-1] == 7
    assert told == sorted(told)


def test_what_went_into_other_stays_there(embedded: SqliteStore) -> None:
    at = worker(embedded, max_series_per_hour=1)
    for name in ("a", "b"):
        at.record({"id": name} | observation(component=name))
    at.scored_later()
    changed(at).rescore(since=START)
    assert {place[0] for place in numbers(embedded, 2)} == {"a", "other"}
    check(embedded)
