"""Sweep: finds what the cursors passed by, and costs next to nothing where all is well."""

from datetime import timedelta

import pytest

from ratchet.observe.score import read_cursor
from ratchet.observe.sweep import REACH
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import (
    NOON,
    Worker,
    alerts,
    buckets_of,
    ids,
    observation,
    put_raw,
    worker,
)
from tests.support.recount import check

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ITEM = {"component": "router", "outcome": "success"}


def ahead(store: Store) -> Worker:
    """Return a worker whose cursor is an hour ahead of its clock: the clock was set back."""
    at = worker(store)
    at.later(HOUR)
    at.record({"id": "future"} | observation())
    at.scored_later()
    at.clock.now = NOON + MINUTE
    assert read_cursor(store, 0).ingested_at == NOON + HOUR
    return at


def test_what_a_clock_jump_made_the_cursor_pass_by_is_found_and_scored_once(store: Store) -> None:
    at = ahead(store)
    at.record({"id": "s1"} | observation())
    at.batch("b1", [observation(), observation(outcome="failure")])
    assert at.scored_later().scored == 0
    report = at.sweep()
    assert (report.missing, report.documents) == (3, 2)
    assert at.sweep().missing == 0
    assert at.score().scored == 0
    assert alerts(store) == ["observations-missed"]
    check(store)


def test_what_a_late_commit_put_behind_the_cursor_is_found(embedded: SqliteStore) -> None:
    at = worker(embedded)
    for i in range(3):
        at.record({"id": f"o{i}"} | observation())
        at.later(MINUTE)
    at.scored_later()
    put_raw(embedded, "shown-late", NOON + 30 * timedelta(seconds=1), ITEM)
    assert at.scored_later(HOUR).scored == 0
    assert at.sweep().missing == 1
    check(embedded)


def test_a_document_at_the_cursors_own_instant_is_scored_once_by_sweep_and_scorer(
    embedded: SqliteStore,
) -> None:
    at = worker(embedded)
    at.record({"id": "m"} | observation())
    at.scored_later()
    for name in ("a", "z"):  # one before the cursor, one behind it
        put_raw(embedded, name, NOON, ITEM)
    assert at.sweep().missing == 2
    assert at.score().scored == 0
    check(embedded)


def test_the_scorer_goes_on_over_what_a_sweep_has_scored(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "m"} | observation())
    at.scored_later()
    put_raw(embedded, "z", NOON, ITEM)
    assert at.sweep().missing == 1
    at.record({"id": "next"} | observation())
    assert at.scored_later().scored == 1
    assert read_cursor(embedded, 0).id == "next"
    check(embedded)


def test_what_the_scorer_has_yet_to_reach_is_left_to_it(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "a"} | observation())
    at.scored_later()
    at.later(HOUR)
    for i in range(5):
        at.record({"id": f"o{i}"} | observation())
    at.later(HOUR)
    assert at.sweep().missing == 0
    assert at.score().scored == 5


def test_where_nothing_is_missing_it_only_counts(embedded: SqliteStore) -> None:
    at = worker(embedded)
    bills = []
    for n in (1, 20):
        for i in range(n):
            at.batch(f"b{n}-{i}", [observation() for _ in range(20)])
        at.scored_later()
        counting = CountingStore(embedded)
        process = Worker(counting, at.clock)
        process.sweep()
        before = counting.bill
        process.sweep()
        bills.append(counting.bill - before)
    assert bills[0] == bills[1]
    assert bills[0].writes == bills[0].deletes == 0
    assert bills[0].reads <= 2 * (REACH // HOUR + 1) + 5


def test_only_the_hours_within_reach_are_swept(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record({"id": "a"} | observation())
    at.scored_later()
    for hours in (1, 47, 60):
        put_raw(embedded, f"h{hours}", NOON - hours * HOUR, ITEM)
    assert at.sweep().missing == 2
    assert at.sweep(reach=72 * HOUR).missing == 1


def test_what_expired_is_removed(embedded: SqliteStore) -> None:
    at = worker(embedded, retention_days=1)
    at.record({"id": "old"} | observation())
    at.scored_later()
    at.later(timedelta(days=1, minutes=1))
    at.record({"id": "new"} | observation(at.clock()))
    at.scored_later()
    report = at.sweep()
    assert (report.expired, report.missing) == (2, 0)
    assert ids(embedded, "ops_observations") == ids(embedded, "ops_rewards") == ["new"]
    assert len(buckets_of(embedded)) == 2


def test_an_expired_observation_whose_reward_went_first_is_not_scored_again(
    embedded: SqliteStore,
) -> None:
    # A store's own TTL removes in no order, up to a day late.
    at = worker(embedded, retention_days=1)
    at.record({"id": "old"} | observation())
    at.scored_later()
    at.later(timedelta(days=1, minutes=1))
    embedded.delete(Ref("ops_rewards", "old"))
    (before,) = buckets_of(embedded)
    assert at.sweep().missing == 0
    assert buckets_of(embedded) == [before]


@pytest.mark.parametrize("cap", [1, 200])
def test_series_over_the_cap_stay_other_when_they_are_swept(
    embedded: SqliteStore, cap: int
) -> None:
    at = worker(embedded, max_series_per_hour=cap)
    at.record({"id": "a"} | observation(component="a"))
    at.scored_later()
    put_raw(embedded, "b", NOON, ITEM | {"component": "b"})
    assert at.sweep().missing == 1
    assert sorted(b.component for b in buckets_of(embedded)) == ["a", "other" if cap == 1 else "b"]
    check(embedded)


def test_every_observation_that_lost_its_reward_gets_it_back(store: Store) -> None:
    at = worker(store)
    for i in range(6):
        at.record({"id": f"o{i}"} | observation())
    at.scored_later()
    for name in ("o1", "o4"):
        store.delete(Ref("ops_rewards", name))
    assert at.sweep().missing == 2
    assert store.count(Query("ops_rewards")) == 6
