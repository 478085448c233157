"""Scoring: every observation once, in chunks, behind a lag, within a deadline."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import HOUR, hour_of
from ratchet.kernel.errors import Unavailable
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.observe.score import read_cursor
from ratchet.observe.settings import Ingest
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
from tests.support.observing import (
    NOON,
    SECOND,
    Worker,
    alerts,
    buckets_of,
    configure,
    ids,
    observation,
    reward_of,
    worker,
)
from tests.support.recount import check


def singles(at: Worker, n: int, **fields: Any) -> None:
    for i in range(n):
        at.record({"id": f"o{i:03d}"} | observation(at.clock(), **fields))


def test_singles_and_batches_are_scored_once_and_their_terms_kept(store: Store) -> None:
    at = worker(store)
    item = observation(durationMs=800.0, costUsd=0.01, quality=1.0)
    at.record({"id": "s1"} | item)
    at.batch("b1", [item, observation(outcome="failure"), item])
    report = at.scored_later()
    assert (report.scored, report.documents, report.finished) == (4, 2, True)
    assert (report.unknown_cost, report.unknown_latency) == (1, 1)
    terms = {"successBoost": 0.6, "latencyPenalty": 0.05, "costPenalty": 0.02, "errorPenalty": 0.0}
    for observation_id in ("s1", "b1.0", "b1.2"):
        reward = reward_of(store, observation_id)
        assert (reward["score"], reward["details"]) == (0.78, terms)
        assert (reward["ts"], reward["component"]) == (NOON, "router")
    assert reward_of(store, "b1.1")["score"] == 0
    assert reward_of(store, "b1")["rewardEpoch"] == 1
    assert at.score().scored == 0
    check(store)


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_the_size_of_chunks_does_not_show(embedded: SqliteStore, chunk: int) -> None:
    at = worker(embedded)
    singles(at, 10)
    at.batch("b", [observation(durationMs=float(i)) for i in range(9)])
    at.later()
    assert at.score(chunk=chunk).scored == 19
    check(embedded)


def test_a_chunk_is_one_commit(embedded: SqliteStore) -> None:
    at = worker(embedded)
    singles(at, 25)
    at.later()
    counting = FaultyStore(embedded)
    Worker(counting, at.clock).score(chunk=10)
    # Three chunks; the first tick also opens the epoch.
    assert counting.log.count("commit") == 3 + 1


def test_nothing_newer_than_the_lag_is_scored(store: Store) -> None:
    at = worker(store, lag_seconds=5)
    singles(at, 2)
    at.later(4 * SECOND)
    assert at.score().scored == 0
    at.record({"id": "young"} | observation())
    at.later(SECOND)
    assert at.score().scored == 2
    assert ids(store, "ops_rewards") == ["o000", "o001"]
    at.later(4 * SECOND)
    assert at.score().scored == 1


class SlowStore(FaultyStore):
    """Lets some time pass with each commit."""

    def __init__(self, inner: Store, pass_time: Callable[[], Any]) -> None:
        super().__init__(inner)
        self._pass_time = pass_time

    def commit(self, writes: Sequence[Write]) -> None:
        super().commit(writes)
        self._pass_time()


def test_a_tick_stops_at_80_percent_of_its_deadline_and_the_next_goes_on(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    singles(at, 50)
    at.scored_later(timedelta(0))  # opens the epoch
    at.later(20 * SECOND)
    slow = Worker(SlowStore(embedded, lambda: at.later(10 * SECOND)), at.clock)
    first = slow.score(deadline=60 * SECOND, chunk=5)
    # After 10, 20, 30, 40, 50 seconds: the fifth commit is the last, 48 s being 80 %.
    assert (first.scored, first.finished, first.lag_seconds) == (25, False, 70.0)
    second = slow.score(deadline=600 * SECOND, chunk=5)
    assert (second.scored, second.finished, second.lag_seconds) == (25, True, 0.0)
    check(embedded)


def test_a_tick_goes_on_after_a_commit_that_landed_and_was_reported_lost(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    at.score()
    singles(at, 20)
    at.later()
    # settings and their shards, epoch, cursor, stream; then a chunk reads twice and commits.
    lossy = FaultyStore(embedded)
    Worker(lossy, at.clock).score(chunk=100, deadline=timedelta(0))
    first = len(lossy.log) + 3
    lossy = FaultyStore(embedded, first, "after", Unavailable("the answer was lost"))
    Worker(lossy, at.clock).score(chunk=5)
    assert lossy.log[first - 1] == "commit"
    assert len(ids(embedded, "ops_rewards")) == 20
    check(embedded)


def test_late_data_count_in_their_own_hour(store: Store) -> None:
    at = worker(store)
    at.record({"id": "late"} | observation(NOON - timedelta(days=3, minutes=5)))
    at.record({"id": "ahead"} | observation(NOON + timedelta(minutes=9)))
    at.scored_later()
    hours = sorted(bucket.hour for bucket in buckets_of(store))
    assert hours == [hour_of(NOON - timedelta(days=3)) - HOUR, NOON]


def test_a_new_configuration_opens_an_epoch_with_buckets_of_its_own(store: Store) -> None:
    at = worker(store)
    at.record({"id": "old"} | observation())
    assert at.scored_later().epoch == 1
    configure(store, RewardConfig(weights=Weights(success=0.3)))
    at = Worker(store, at.clock)
    at.record({"id": "new"} | observation())
    assert at.scored_later().epoch == 2
    assert (reward_of(store, "old")["score"], reward_of(store, "new")["score"]) == (0.85, 0.55)
    assert sorted(bucket.epoch for bucket in buckets_of(store)) == [1, 2]
    check(store)


def test_a_worker_with_an_old_configuration_scores_under_the_epoch_that_another_opened(
    embedded: SqliteStore,
) -> None:
    old = worker(embedded)
    old.score()
    configure(embedded, RewardConfig(weights=Weights(success=0.3)))
    Worker(embedded, old.clock).score()
    old.record({"id": "o"} | observation())
    assert old.scored_later().epoch == 2
    assert reward_of(embedded, "o")["score"] == 0.55


def test_series_over_the_cap_are_counted_as_other_with_one_alert(store: Store) -> None:
    at = worker(store, max_series_per_hour=2)
    for i in range(6):
        at.record({"id": f"o{i}"} | observation(component=f"c{i % 4}", durationMs=float(i)))
        at.later(SECOND)
    at.later()
    assert at.score(chunk=2).scored == 6
    assert sorted(b.component for b in buckets_of(store)) == ["c0", "c1", "other"]
    (other,) = [b for b in buckets_of(store) if b.component == "other"]
    assert (other.version, other.sums.total.n) == ("other", 2)
    assert alerts(store) == ["series-capped"]
    check(store)
    # The component's own reward keeps its name, and remembers where it was counted.
    assert reward_of(store, "o2")["component"] == "c2"
    assert reward_of(store, "o2")["series"] == "other"
    assert reward_of(store, "o2")["score"] == pytest.approx(0.849875)


def test_no_observations_cost_next_to_nothing(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.score()
    counting = FaultyStore(embedded)
    idle = Worker(counting, at.clock)
    assert idle.score().scored == 0
    counting.log.clear()
    assert idle.score().scored == 0
    assert sorted(counting.log) == ["get", "get", "get", "stream"]


def test_the_cursor_is_the_last_document_that_was_scored(store: Store) -> None:
    at = worker(store)
    singles(at, 3)
    at.scored_later()
    assert read_cursor(store, 0).position() == (NOON, "o002")
    # Documents of the same instant that sort behind it are still scored.
    at.clock.now = NOON
    at.record({"id": "z"} | observation())
    assert at.scored_later().scored == 1
    assert store.count(Query("ops_rewards")) == 4


def test_shards_are_scored_each_from_its_own_cursor(embedded: SqliteStore) -> None:
    at = worker(embedded, shards=4)
    singles(at, 40)
    assert at.scored_later().scored == 40
    assert len({bucket.shard for bucket in buckets_of(embedded)}) == 4
    assert Ingest().shards == 4
    check(embedded)


def test_a_stored_error_code_that_no_bucket_can_hold_is_counted_as_other(store: Store) -> None:
    at = worker(store)
    at.batch("batch", [observation(outcome="failure", errorCode="429") for _ in range(2)])
    ref = Ref("ops_observations", "batch")
    found = store.get(ref)
    assert found is not None
    items = [found.data["items"][0], found.data["items"][1] | {"errorCode": "__x__"}]
    store.set(ref, found.data | {"items": items})
    at.clock.advance(10 * SECOND)
    assert at.score().scored == 2
    (bucket,) = buckets_of(store)
    assert bucket.sums.errors == {"429": 1, "other": 1}
