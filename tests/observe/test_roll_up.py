"""Roll up: buckets into hours, days and windows, each observation once, on numbers by hand."""

from datetime import datetime, timedelta

import pytest

from ratchet.kernel.clock import day_of
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.observe.roll_up import hourly_series
from ratchet.stats.window import Stats
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import (
    NOON,
    Worker,
    buckets_of,
    configure,
    observation,
    stats_doc,
    worker,
)
from tests.support.recount import check, held, plain, recount
from tests.support.rolling import WINDOWS, counts, rolled, sent

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def test_closed_hours_are_merged_over_shards_and_the_open_hour_is_not(store: Store) -> None:
    at = worker(store, shards=4)
    for _ in range(12):
        sent(at, timedelta(0), HOUR, 2 * HOUR)
    at.roll()
    assert len({b.shard for b in buckets_of(store)}) > 1
    hours = sorted(b.hour for b in buckets_of(store, "hour"))
    assert hours == [NOON - 2 * HOUR, NOON - HOUR]
    expected = {place: c for place, c in plain(recount(store)).items() if place[3] < NOON}
    assert plain(held(store, "hour")) == expected
    check(store)


def test_closed_days_are_merged_from_their_hours(store: Store) -> None:
    at = worker(store, shards=2)
    sent(at, *(i * 5 * HOUR for i in range(12)), durationMs=100.0)
    at.roll()
    days = {b.hour: b.sums.total.n for b in buckets_of(store, "day")}
    today = day_of(NOON)
    # Every five hours back from noon: 3 today (12, 7, 2), 5 the day before, 4 before that.
    assert days == {today - DAY: 5, today - 2 * DAY: 4}


def test_windows_hold_whole_buckets_on_numbers_by_hand(store: Store) -> None:
    at = worker(store)
    at.clock.now = NOON + 30 * MINUTE
    for age, cost in ((0 * MINUTE, 0.01), (10 * HOUR, 0.02), (3 * DAY, 0.03), (20 * DAY, 0.04)):
        sent(at, age, costUsd=cost, durationMs=400.0)
    rolled(at)
    assert counts(store) == [1, 2, 3, 4]
    means = [stats_doc(store, window).avg_cost_usd for window in WINDOWS]
    assert means == [pytest.approx(x) for x in (0.01, 0.015, 0.02, 0.025)]
    for window in WINDOWS:
        found = stats_doc(store, window)
        assert found.p50_latency == pytest.approx(400, rel=0.01)
        assert found.success_rate == 1
        assert found.ts == at.clock()
    # 0.25 + 0.6 - 0.25 * 400/4000 - 0.2 * cost/0.10, by hand:
    assert stats_doc(store, "24h").avg_reward == pytest.approx((0.805 + 0.785) / 2)
    assert stats_doc(store, "1h").since == at.clock() - HOUR
    sent(at, HOUR)
    at.roll()
    # The bucket of 11:00 ends after 11:30, so it is in whole, and `since` says so.
    assert (stats_doc(store, "1h").n, stats_doc(store, "1h").since) == (2, NOON - HOUR)


def test_an_observation_leaves_each_window_when_its_bucket_has(store: Store) -> None:
    at = worker(store)
    sent(at, timedelta(0))
    rolled(at)
    assert counts(store) == [1, 1, 1, 1]
    for hours, expected in (
        (1, [1, 1, 1, 1]),  # 13:00:10 less an hour is within the bucket of 12:00
        (2, [0, 1, 1, 1]),
        (24, [0, 1, 1, 1]),
        (25, [0, 0, 1, 1]),
        (8 * 24, [0, 0, 0, 1]),
        (31 * 24, [0, 0, 0, 0]),
    ):
        at.clock.now = NOON + hours * HOUR + timedelta(seconds=10)
        rolled(at)
        assert counts(store) == expected, f"after {hours} hours"


def test_a_component_that_went_silent_is_rolled_at_the_turn_of_the_hour(store: Store) -> None:
    at = worker(store)
    sent(at, timedelta(0), component="silent")
    sent(at, timedelta(0), component="router")
    for _ in range(2):
        at.roll()
        at.later(5 * MINUTE)
    sent(at, timedelta(0), component="router")
    assert at.roll().components == 1
    at.clock.now = NOON + 2 * HOUR + MINUTE
    sent(at, timedelta(0), component="router")
    assert at.roll().components == 2
    assert stats_doc(store, "1h", component="silent").n == 0
    assert stats_doc(store, "1h", component="silent").avg_reward is None
    assert stats_doc(store, "24h", component="silent").n == 1


def test_a_version_that_left_the_window_is_n_0(store: Store) -> None:
    at = worker(store)
    sent(at, timedelta(0), policyVersion="p@1.0.0")
    at.roll()
    assert stats_doc(store, "1h", "p@1.0.0").n == 1
    at.later(2 * HOUR)
    sent(at, timedelta(0), policyVersion="p@1.0.1")
    at.roll()
    assert stats_doc(store, "1h", "p@1.0.0").n == 0
    assert stats_doc(store, "24h", "p@1.0.0").n == 1
    assert [stats_doc(store, "1h", v).n for v in ("p@1.0.1", "all")] == [1, 1]


def test_only_what_changed_is_rolled_within_an_hour(embedded: SqliteStore) -> None:
    at = worker(embedded)
    for name in ("a", "b", "c"):
        sent(at, timedelta(0), component=name)
    assert at.roll().components == 3
    for _ in range(2):  # what changed just before the last roll is looked at once more
        at.later(5 * MINUTE)
        last = at.roll().components
    assert last == 0
    sent(at, timedelta(0), component="b")
    report = at.roll()
    assert (report.changed, report.components) == (1, 1)


def test_rolling_twice_changes_nothing_but_the_time(embedded: SqliteStore) -> None:
    at = worker(embedded)
    sent(at, timedelta(0), 2 * HOUR, 30 * HOUR)
    at.roll()
    before = [embedded.query(Query(name)) for name in ("ops_buckets", "ops_stats")]
    at.roll()
    assert [embedded.query(Query(name)) for name in ("ops_buckets", "ops_stats")] == before


def test_late_data_reach_the_merged_hour_the_merged_day_and_the_windows(store: Store) -> None:
    at = worker(store)
    sent(at, timedelta(0), 2 * DAY)
    rolled(at)
    at.later(5 * MINUTE)
    sent(at, 2 * DAY, 3 * HOUR)
    rolled(at)
    assert counts(store) == [1, 2, 4, 4]
    day = day_of(NOON - 2 * DAY)
    assert [b.sums.total.n for b in buckets_of(store, "day") if b.hour == day] == [2]
    assert sum(b.sums.total.n for b in buckets_of(store, "hour")) == 3


def test_rewards_of_another_epoch_are_left_out_of_the_mean_and_not_of_the_counts(
    store: Store,
) -> None:
    at = worker(store)
    sent(at, timedelta(0), 2 * HOUR)
    configure(store, RewardConfig(weights=Weights(success=0.1)))
    at = Worker(store, at.clock)
    sent(at, timedelta(0), MINUTE)
    at.roll()
    found = stats_doc(store, "24h")
    assert (found.n, found.reward_n, found.epoch) == (4, 2, 2)
    assert found.avg_reward == pytest.approx(0.35)
    assert found.success_rate == 1


def unique_codes(at: Worker, hours: int) -> None:
    """Send failures whose codes are all different, as a component that puts ids into them does."""
    for hour in range(hours):
        items = [
            observation(
                at.clock() - hour * HOUR, outcome="failure", errorCode=f"{hour}-{i}".rjust(64, "x")
            )
            for i in range(100)
        ]
        at.batch(f"b{hour}", items)
    at.scored_later()


def test_error_codes_without_end_are_capped_in_merges_and_windows_too(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    unique_codes(at, 30)
    rolled(at)
    for level in ("shard", "hour", "day"):
        for bucket in buckets_of(embedded, level):
            assert len(bucket.sums.errors) <= 50
            assert sum(bucket.sums.errors.values()) == bucket.sums.total.n
    found = stats_doc(embedded, "30d")
    assert len(found.errors) <= 50
    assert sum(found.errors.values()) == pytest.approx(1)


def series(store: Store, hours: int, now: datetime) -> list[Stats]:
    return hourly_series(store, "router", hours=hours, now=now)


def test_an_hourly_series_holds_each_hour_once_oldest_first(store: Store) -> None:
    at = worker(store, shards=3)
    at.clock.now = NOON + 30 * MINUTE
    sent(at, timedelta(0), MINUTE, HOUR, 5 * HOUR, 30 * HOUR, durationMs=200.0)
    at.roll()
    found = series(store, 24, at.clock())
    assert [(s.since, s.n) for s in found] == [
        (NOON - 5 * HOUR, 1),
        (NOON - HOUR, 1),
        (NOON, 2),
    ]
    assert [s.avg_reward for s in found] == [pytest.approx(0.8375)] * 3
    assert found[0].ts == NOON - 4 * HOUR
    assert found[-1].ts == at.clock()
    assert [s.since for s in series(store, 2, at.clock())] == [NOON - HOUR, NOON]


def test_reads_do_not_grow_with_observations(embedded: SqliteStore) -> None:
    bills = []
    for n in (1, 100):
        store = SqliteStore()
        at = worker(store)
        for hour in range(24):
            at.batch(f"b{hour}", [observation(NOON - hour * HOUR) for _ in range(n)])
        at.scored_later()
        counting = CountingStore(store)
        process = Worker(counting, at.clock)
        rolled(process)
        assert stats_doc(store, "24h").n == 24 * n
        bills.append(counting.bill)
        store.close()
    assert bills[0] == bills[1]
    assert bills[0].reads < 150
