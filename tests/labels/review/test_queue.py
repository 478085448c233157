"""Reading the queue: in the order in which it is asked, past what cannot be read."""

import pytest

from ratchet.kernel.errors import InvalidInput, NotFound, RatchetError
from ratchet.labels.review.queue import get_item, list_items
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.reviewing import ADA, BOB, LEASE, NOON, desk, item


def test_items_are_listed_by_importance_and_by_the_state_that_they_are_in(store: Store) -> None:
    made = [item(f"s{i}", priority=i / 10) for i in range(4)]
    at = desk(store, *made, item("p", agent="planner"), item("k", kind="study"))
    at.answer(ADA)
    at.next(ADA)
    listed = list_items(store, now=NOON, agent="router", kind="label")
    assert [i.subject for i in listed] == ["s3", "s2", "s1", "s0"]
    claimed = list_items(store, now=NOON, states=["claimed"])
    assert [i.subject for i in claimed] == ["s2"]
    at.later(LEASE)
    assert list(list_items(store, now=at.clock(), states=["claimed"])) == []
    waiting = list_items(store, now=at.clock(), agent="router", states=["open"])
    assert {i.subject for i in waiting} == {"s2", "s1", "s0", "k"}


def test_one_that_cannot_be_read_is_told_and_left_out(embedded: SqliteStore) -> None:
    desk(embedded, item("s1"), item("s2")).next(BOB)
    found = embedded.get(Ref("ops_review_queue", "label~router~s1"))
    assert found is not None
    embedded.set(found.ref, found.data | {"shown": 4})
    told: list[RatchetError] = []
    assert [i.subject for i in list_items(embedded, now=NOON, tell=told.append)] == ["s2"]
    assert [error.field for error in told] == ["shown"]
    with pytest.raises(InvalidInput):
        list(list_items(embedded, now=NOON))


def test_an_item_that_is_not_there_is_not_found(embedded: SqliteStore) -> None:
    with pytest.raises(NotFound, match="x is not in the queue"):
        get_item(embedded, "x")
