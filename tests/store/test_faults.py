"""FaultyStore fails at the call it was told, and nowhere else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from ratchet.store.transact import Transaction
from tests.support.faults import Died, FaultyStore

ONE = Ref("things", "one")


def frozen(store: Store) -> None:
    with store.snapshot():
        pass


CALLS: dict[str, Callable[[Store], Any]] = {
    "get": lambda s: s.get(ONE),
    "get_many": lambda s: s.get_many([ONE]),
    "create": lambda s: s.create(Ref("things", "two"), {}),
    "set": lambda s: s.set(ONE, {}),
    "replace": lambda s: s.replace(ONE, {"n": 2}, s.inner.get(ONE).token),  # type: ignore[attr-defined]
    "delete": lambda s: s.delete(ONE),
    "commit": lambda s: s.commit([Write("set", ONE)]),
    "query": lambda s: s.query(Query("things")),
    "stream": lambda s: list(s.stream(Query("things"))),
    "count": lambda s: s.count(Query("things")),
    "expire": lambda s: s.expire("things", datetime(2026, 1, 1, tzinfo=UTC)),
    "collections": lambda s: s.collections(),
    "snapshot": lambda s: frozen(s),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_of_the_port_is_counted_and_can_fail(embedded: SqliteStore, name: str) -> None:
    embedded.set(ONE, {"n": 1})
    counting = FaultyStore(embedded)
    CALLS[name](counting)
    assert counting.log == [name]
    embedded.set(ONE, {"n": 1})
    with pytest.raises(Died):
        CALLS[name](FaultyStore(embedded, die_at=1))


def test_before_leaves_the_store_as_it_was_and_after_has_acted(embedded: SqliteStore) -> None:
    with pytest.raises(Died):
        FaultyStore(embedded, die_at=1, when="before").set(ONE, {})
    assert embedded.get(ONE) is None
    with pytest.raises(Died):
        FaultyStore(embedded, die_at=1, when="after").set(ONE, {})
    assert embedded.get(ONE) is not None


def test_only_the_call_with_that_number_fails_and_with_that_error(embedded: SqliteStore) -> None:
    faulty = FaultyStore(embedded, die_at=2, error=OSError("disk"))
    faulty.set(ONE, {"n": 1})
    with pytest.raises(OSError, match="disk"):
        faulty.set(ONE, {"n": 2})
    faulty.set(ONE, {"n": 3})
    assert faulty.calls == 3


def test_a_transaction_runs_over_the_faulty_store_itself(embedded: SqliteStore) -> None:
    counting = FaultyStore(embedded)

    def body(tx: Transaction) -> None:
        tx.fetch([ONE])
        tx.set(ONE, {})

    counting.transact(body)
    assert counting.log == ["get_many", "commit"]
