"""How far everything was read: never further than was proven, never backwards."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from ratchet.kernel.clock import EPOCH, HOUR
from ratchet.observe.read_until import (
    READ_UNTIL,
    drop_rollouts,
    keep_read_until,
    load_read_until,
    read_until,
)
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import LATER, NOON, SECOND, Worker, observation, worker
from tests.support.rollout_recount import served, start


def started(store: Store, shards: int = 1) -> Worker:
    """Return a worker that has scored one outcome of a rollout."""
    at = worker(store, shards=shards)
    start(store)
    at.record({"id": "first"} | served())
    at.later()
    at.score()
    return at


def test_nothing_is_kept_where_no_rollout_ever_was(embedded: SqliteStore) -> None:
    at = worker(embedded)
    at.record(observation())
    at.later()
    at.read()
    assert embedded.get(READ_UNTIL) is None
    assert read_until(embedded) == EPOCH


def test_a_tick_without_rollouts_costs_one_read_and_no_write_more(embedded: SqliteStore) -> None:
    counting = CountingStore(embedded)
    keep_read_until(counting, NOON)
    assert (counting.bill.reads, counting.bill.writes) == (1, 0)


def test_a_tick_that_finished_has_read_until_its_start_less_the_lag(store: Store) -> None:
    at = started(store)
    at.read()
    assert read_until(store) == at.clock() - at.ingest.lag


def test_it_never_goes_back(store: Store) -> None:
    at = started(store)
    keep_read_until(store, NOON + HOUR)
    keep_read_until(store, NOON)
    assert read_until(store) == NOON + HOUR
    at.clock.advance(-LATER)
    at.read()
    assert read_until(store) == NOON + HOUR


def test_a_slower_tick_does_not_put_it_back(embedded: SqliteStore) -> None:
    started(embedded)

    class Slow(CountingStore):
        """Lets another tick keep a later instant between its look and its commit."""

        def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
            keep_read_until(embedded, NOON + HOUR)
            return super().get_many(refs)

    keep_read_until(Slow(embedded), NOON)
    assert read_until(embedded) == NOON + HOUR


def test_a_tick_that_stops_at_its_deadline_proves_nothing(embedded: SqliteStore) -> None:
    at = started(embedded)
    at.record(served())
    at.later()
    report = at.score(deadline=0 * SECOND)
    assert (report.finished, report.read_until) == (False, None)
    assert at.score().read_until == at.clock() - at.ingest.lag


def test_a_tick_that_was_overtaken_proves_nothing(embedded: SqliteStore) -> None:
    at = started(embedded)
    for i in range(3):
        at.record({"id": f"o{i}"} | served())
    at.later()
    calls: list[int] = []

    def clock_that_lets_another_go_first() -> object:
        calls.append(1)
        if len(calls) == 5:  # the first chunk is committed, the second is about to be
            Worker(embedded, at.clock).score()
        return at.clock.now

    slow = Worker(embedded, at.clock)
    slow.clock = clock_that_lets_another_go_first  # type: ignore[assignment]  # a clock of its own
    report = slow.score(chunk=1)
    assert 0 < report.scored < 3
    assert report.read_until is None


def test_rollouts_are_dropped_once_merged_unless_more_was_added() -> None:
    store = SqliteStore()
    started(store)
    (closes,) = load_read_until(store).rollouts.values()
    assert closes == NOON + 2 * HOUR
    drop_rollouts(store, {"r1": closes - HOUR})
    assert load_read_until(store).rollouts == {"r1": closes}
    drop_rollouts(store, {"r1": closes})
    assert load_read_until(store).rollouts == {}
    store.close()


@pytest.mark.parametrize("until", [NOON - HOUR, NOON + timedelta(days=400)])
def test_without_rollouts_left_it_stays_where_it_is(until: object) -> None:
    store = SqliteStore()
    started(store)
    drop_rollouts(store, {"r1": NOON + 2 * HOUR})
    keep_read_until(store, until)  # type: ignore[arg-type]  # an instant
    assert read_until(store) == EPOCH
    store.close()
