"""Statistics of the queue: what waits, who answered, how they agree."""

from datetime import timedelta

import pytest

from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.labels.review.pass_on import drop_item, escalate_item, skip_item
from ratchet.labels.review.stats import oldest_waiting, review_stats
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.reviewing import ADA, BOB, EVE, LEASE, MINUTE, NOON, desk, item


def test_all_that_waits_is_counted_and_what_was_closed_since(store: Store) -> None:
    at = desk(store, item("s1", priority=0.9, wanted=2), item("s2", priority=0.8))
    at.put(item("s3", kind="study", priority=0.7, enqueued_at=NOON - MINUTE))
    at.put(item("s4", agent="planner", priority=0.6), item("s5", agent="planner"))
    at.answer(ADA)
    at.answer(BOB, "good")
    skip_item(store, ADA, at.next(ADA).key(), now=at.clock())
    escalate_item(store, BOB, at.next(BOB).key(), reason="?", now=at.clock())
    at.next(BOB)
    drop_item(store, EVE, "label~planner~s5", reason="ours", now=at.clock())
    found = review_stats(store, now=at.clock())
    assert found.total.to_map() == {
        "open": 1,
        "claimed": 1,
        "escalated": 1,
        "done": 1,
        "dropped": 1,
        "oldest": NOON - MINUTE,
    }
    assert found.by_agent["planner"].open + found.by_agent["planner"].claimed == 1
    assert (found.by_kind["study"].escalated, found.by_kind["label"].escalated) == (0, 1)
    assert found.by_reviewer["ada"].to_map() == {
        "answered": 1,
        "skipped": 1,
        "escalated": 0,
        "holds": 0,
        "followed": 1,
    }
    assert found.by_reviewer["bob"].holds == 1
    assert (found.agreement.items, found.agreement.share) == (1, 1.0)


def test_a_lease_that_ended_counts_as_open_and_what_was_closed_long_ago_not_at_all(
    embedded: SqliteStore,
) -> None:
    at = desk(embedded, item("s1", priority=1), item("s2"))
    at.answer(ADA)
    at.next(ADA)
    at.later(LEASE)
    counted = review_stats(embedded, now=at.clock()).total
    assert (counted.open, counted.claimed, counted.done) == (1, 0, 1)
    at.later(timedelta(days=30))
    assert review_stats(embedded, now=at.clock()).total.done == 0
    assert review_stats(embedded, now=at.clock(), back=timedelta(days=31)).total.done == 1


def test_one_agent_can_be_looked_at_alone(embedded: SqliteStore) -> None:
    desk(embedded, item("s1"), item("s2", agent="planner"))
    found = review_stats(embedded, now=NOON, agent="planner")
    assert (found.total.open, list(found.by_agent)) == (1, ["planner"])


def test_the_oldest_that_waits_is_known_by_one_read(store: Store) -> None:
    at = desk(store)
    assert oldest_waiting(store) is None
    at.put(item("s1", enqueued_at=NOON - 2 * MINUTE, priority=1), item("s2"))
    assert oldest_waiting(store) == NOON - 2 * MINUTE
    at.next()
    assert oldest_waiting(store) == NOON - 2 * MINUTE
    at.answer(ADA)
    assert oldest_waiting(store) == NOON


def test_an_item_that_cannot_be_read_is_told_and_left_out(embedded: SqliteStore) -> None:
    desk(embedded, item("s1"), item("s2"))
    found = embedded.get(Ref("ops_review_queue", "label~router~s1"))
    assert found is not None
    embedded.set(found.ref, found.data | {"wanted": "two"})
    told: list[RatchetError] = []
    assert review_stats(embedded, now=NOON, tell=told.append).total.open == 1
    assert [error.field for error in told] == ["wanted"]
    with pytest.raises(InvalidInput):
        review_stats(embedded, now=NOON)
