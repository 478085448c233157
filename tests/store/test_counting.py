"""CountingStore bills what Firestore would."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.kernel.errors import AlreadyExists, Conflict
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.port import Filter, Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore

ONE = Ref("things", "one")


@pytest.fixture
def counting(embedded: SqliteStore) -> CountingStore:
    embedded.commit([Write("set", Ref("things", f"{i:04}"), {"n": i}) for i in range(1500)])
    return CountingStore(embedded)


def drained(query: Query) -> Callable[[Store], Any]:
    return lambda store: list(store.stream(query))


NONE = Query("things", (Filter("n", "==", -1),))


@pytest.mark.parametrize(
    ("act", "bill"),
    [
        (lambda s: s.get(ONE), Bill(reads=1)),
        (lambda s: s.get_many([ONE, Ref("things", "0001")]), Bill(reads=2)),
        (lambda s: s.get_many([]), Bill()),
        (lambda s: s.create(ONE, {}), Bill(writes=1)),
        (lambda s: s.set(ONE, {}), Bill(writes=1)),
        (lambda s: s.delete(ONE), Bill(deletes=1)),
        (lambda s: s.commit([Write("set", ONE), Write("delete", ONE)]), Bill(writes=1, deletes=1)),
        (lambda s: s.query(Query("things", limit=7)), Bill(reads=7)),
        (lambda s: s.query(NONE), Bill(reads=1)),
        (drained(Query("things")), Bill(reads=1500)),
        (drained(NONE), Bill(reads=1)),
        (lambda s: s.count(Query("things")), Bill(reads=2)),
        (lambda s: s.count(NONE), Bill(reads=1)),
    ],
)
def test_each_operation_has_its_price(
    counting: CountingStore, act: Callable[[Store], Any], bill: Bill
) -> None:
    act(counting)
    assert counting.bill == bill


def test_a_stream_left_early_bills_what_was_delivered(counting: CountingStore) -> None:
    stream = counting.stream(Query("things"))
    assert [next(stream).ref.id for _ in range(3)] == ["0000", "0001", "0002"]
    assert counting.bill == Bill(reads=3)


def test_a_refused_write_is_not_billed(counting: CountingStore) -> None:
    with pytest.raises(AlreadyExists):
        counting.create(Ref("things", "0000"), {})
    with pytest.raises(Conflict):
        counting.replace(Ref("things", "0000"), {}, -1)
    assert counting.bill == Bill()


def test_every_attempt_of_a_transaction_bills_its_reads(counting: CountingStore) -> None:
    runs: list[int] = []

    def body(tx: Any) -> None:
        (found,) = tx.fetch([Ref("things", "0000")])
        runs.append(1)
        if len(runs) == 1:
            counting.inner.set(found.ref, {"n": "overtaken"})
        tx.set(found.ref, {"n": "mine"})

    counting.transact(body)
    assert counting.bill == Bill(reads=2, writes=2)  # the marker is the second write


def test_what_expires_is_billed_as_deletes(counting: CountingStore) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    counting.set(ONE, {"expireAt": now})
    assert counting.expire("things", now) == 1
    assert counting.bill == Bill(writes=1, deletes=1)


def test_bills_add_up_and_cost_dollars() -> None:
    bill = Bill(100_000, 200_000, 300_000)
    assert bill + Bill(1, 2, 3) - Bill(1, 2, 3) == bill
    assert bill.total == 600_000
    assert bill.dollars == pytest.approx(0.03 + 0.18 + 0.03)
