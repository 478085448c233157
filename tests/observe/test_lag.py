"""Lag: how old the oldest observation without a reward is, shard by shard."""

from datetime import timedelta

from ratchet.observe.lag import lag_by_shard
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from tests.support.observing import NOON, SECOND, put_raw, worker


def test_a_store_where_nothing_waits_has_no_lag(store: Store) -> None:
    w = worker(store)
    w.batch("b1", [{"ts": NOON, "component": "router", "outcome": "success"}])
    assert w.scored_later().scored == 1
    assert lag_by_shard(store, w.ingest, now=w.clock()) == {0: 0.0}


def test_the_oldest_that_waits_counts_and_what_was_scored_does_not(store: Store) -> None:
    w = worker(store)
    item = {"component": "router", "outcome": "success"}
    put_raw(store, "scored", NOON - 90 * SECOND, item)
    w.score()
    put_raw(store, "older", NOON - 40 * SECOND, item)
    put_raw(store, "newer", NOON - 5 * SECOND, item)
    assert lag_by_shard(store, w.ingest, now=NOON + 2 * SECOND) == {0: 42.0}


def test_every_shard_that_was_ever_written_to_has_its_own(embedded: Store) -> None:
    w = worker(embedded, shards=3)
    item = {"component": "router", "outcome": "success"}
    put_raw(embedded, "a", NOON - 7 * SECOND, item | {})
    fewer = w.ingest.model_copy(update={"shards": 1})
    assert lag_by_shard(embedded, fewer, now=NOON) == {0: 7.0, 1: 0.0, 2: 0.0}


def test_an_instant_ahead_of_the_clock_is_no_lag(embedded: Store) -> None:
    w = worker(embedded)
    put_raw(embedded, "ahead", NOON + SECOND, {"component": "router", "outcome": "success"})
    assert lag_by_shard(embedded, w.ingest, now=NOON) == {0: 0.0}


def test_asking_costs_the_same_however_much_waits(embedded: Store) -> None:
    costs = []
    for n in (1, 300):
        for i in range(n):
            at = NOON - timedelta(milliseconds=i)
            put_raw(embedded, f"o{n}-{i}", at, {"component": "router", "outcome": "success"})
        counting = CountingStore(embedded)
        lag_by_shard(counting, worker(embedded).ingest, now=NOON)
        costs.append(counting.bill.reads)
    assert costs[0] == costs[1] <= 4
