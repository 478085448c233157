"""Roll up at the turn of hours and days, after outages, and when clocks jump."""

from datetime import timedelta

import pytest

from ratchet.observe.roll_up import buckets_since, hourly_series
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import (
    NOON,
    buckets_of,
    stats_doc,
    worker,
)
from tests.support.recount import held, plain, recount
from tests.support.rolling import counts, rolled, sent

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("days", [False, True])
@pytest.mark.parametrize("later", [MINUTE, HOUR, 13 * HOUR, 3 * DAY])
def test_each_observation_is_in_one_bucket_also_before_the_next_roll(
    embedded: SqliteStore, later: timedelta, days: bool
) -> None:
    # What the long windows, the tuner and the plots read at the turn of an hour or a day.
    at = worker(embedded, shards=3)
    sent(at, timedelta(0), HOUR, 26 * HOUR, 50 * HOUR)
    at.roll()
    sent(at, timedelta(0))
    now = NOON + later
    found = buckets_since(embedded, "router", NOON - 7 * DAY, now, days=days)
    assert sum(b.sums.total.n for b in found) == 5


def test_before_the_first_roll_everything_is_read_by_shard(embedded: SqliteStore) -> None:
    at = worker(embedded, shards=3)
    sent(at, timedelta(0), HOUR, 26 * HOUR)
    found = buckets_since(embedded, "router", NOON - 7 * DAY, at.clock(), days=True)
    assert sum(b.sums.total.n for b in found) == 3


@pytest.mark.parametrize("jump", [7 * MINUTE, HOUR, 5 * HOUR, 2 * DAY])
def test_a_clock_that_was_set_forth_and_back_leaves_nothing_unrolled(
    embedded: SqliteStore, jump: timedelta
) -> None:
    at = worker(embedded)
    sent(at, timedelta(0), component="a")
    at.clock.now = NOON + MINUTE + jump
    at.roll()
    at.clock.now = NOON + 2 * MINUTE
    sent(at, timedelta(0), 3 * HOUR, component="b")  # and then b is silent
    at.clock.now = NOON + 6 * MINUTE
    at.roll()
    assert stats_doc(embedded, "24h", component="b").n == 2
    at.clock.now = NOON + HOUR + MINUTE
    at.roll()
    expected = {p: c for p, c in plain(recount(embedded)).items() if p[3] <= NOON}
    assert plain(held(embedded, "hour")) == expected


def test_after_an_outage_every_closed_hour_and_day_is_merged(embedded: SqliteStore) -> None:
    at = worker(embedded)
    sent(at, timedelta(0))
    at.roll()
    for hours in (20, 30, 49):
        at.clock.now = NOON + hours * HOUR
        sent(at, timedelta(0))
    at.clock.now = NOON + 3 * DAY
    rolled(at)
    assert plain(held(embedded, "hour")) == plain(recount(embedded))
    assert sum(b.sums.total.n for b in buckets_of(embedded, "day")) == 4
    assert counts(embedded) == [0, 1, 4, 4]


def test_a_series_at_the_turn_of_an_hour_does_not_miss_the_hour_before(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    sent(at, timedelta(0))
    at.roll()
    found = hourly_series(embedded, "router", hours=3, now=NOON + HOUR + MINUTE)
    assert [s.since for s in found] == [NOON]
