"""What every store promises of its collections and its snapshots, on both stores."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions

from ratchet.kernel.errors import InvalidInput, NotFound, Refused
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.firestore import FirestoreStore
from ratchet.store.port import Filter, Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from tests.emulator.server import PROJECT
from tests.support.faults import FaultyStore

ONE, TWO, LATER = Ref("things", "one"), Ref("things", "two"), Ref("later", "x")
ALL = Query("things")
google_errors: Any = exceptions  # its constructors carry no types


def ids(store: Store, query: Query = ALL) -> list[str]:
    return [found.ref.id for found in store.query(query)]


def value(store: Store, ref: Ref) -> Any:
    found = store.get(ref)
    return found.data if found else None


@pytest.fixture
def file(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "a.db"))


def test_collections_are_those_that_hold_documents(store: Store) -> None:
    assert store.collections() == []
    store.set(Ref("things", "x"), {})
    store.set(Ref("config", "x"), {})
    assert store.get(Ref("asked", "x")) is None
    store.query(Query("things", (Filter("n", ">", 1),)))
    assert store.collections() == ["config", "things"]
    store.delete(Ref("config", "x"))
    assert store.collections() == ["things"]


def change_everything(store: Store) -> None:
    store.commit([Write("set", ONE, {"n": 2}), Write("delete", TWO), Write("create", LATER)])
    store.set(Ref("things", "three"), {"n": 1})


def assert_as_it_was(frozen: Store) -> None:
    assert value(frozen, ONE) == {"n": 1}
    assert [f.data if f else None for f in frozen.get_many([TWO, LATER])] == [{"n": 1}, None]
    assert ids(frozen) == ["one", "two"]
    assert [s.ref for s in frozen.stream(ALL)] == [ONE, TWO]
    assert ids(frozen, Query("things", (Filter("n", "==", 1),), ("n",))) == ["one", "two"]
    assert frozen.count(ALL) == 2
    assert frozen.count(Query("later")) == 0
    assert frozen.query(Query("never")) == []
    assert frozen.collections() == ["things"]


def test_a_write_after_the_snapshot_began_is_not_seen(store: Store) -> None:
    store.commit([Write("set", ref, {"n": 1}) for ref in (ONE, TWO)])
    with store.snapshot() as frozen:
        change_everything(store)
        assert_as_it_was(frozen)
    assert value(store, ONE) == {"n": 2}
    assert ids(store) == ["one", "three"]


def test_a_file_is_frozen_while_another_process_writes_to_it(
    file: SqliteStore, tmp_path: Path
) -> None:
    file.commit([Write("set", ref, {"n": 1}) for ref in (ONE, TWO)])
    other = SqliteStore(str(tmp_path / "a.db"))
    with file.snapshot() as frozen:
        change_everything(other)
        assert_as_it_was(frozen)
    other.close()
    file.close()


def test_a_stream_of_a_snapshot_is_of_one_moment_from_its_first_page_to_its_last(
    store: Store,
) -> None:
    refs = [Ref("things", f"{i:04}") for i in range(1200)]
    store.commit([Write("set", ref, {"n": 1}) for ref in refs])
    with store.snapshot() as frozen:
        stream = frozen.stream(ALL)
        first = next(stream)
        store.commit([Write("set", ref, {"n": 2}) for ref in refs])
        assert [s.data["n"] for s in (first, *stream)] == [1] * 1200


def test_the_live_store_goes_on_after_a_snapshot(store: Store) -> None:
    with store.snapshot() as frozen:
        assert value(frozen, ONE) is None
    store.set(ONE, {"n": 1})
    assert value(store, ONE) == {"n": 1}


WRITES: dict[str, Callable[[Store], Any]] = {
    "create": lambda s: s.create(TWO, {}),
    "set": lambda s: s.set(ONE, {}),
    "replace": lambda s: s.replace(ONE, {}, 1),
    "delete": lambda s: s.delete(ONE),
    "commit": lambda s: s.commit([Write("set", ONE)]),
    "expire": lambda s: s.expire("things", datetime(2100, 1, 1, tzinfo=UTC)),
    "transact": lambda s: s.transact(lambda tx: tx.set(ONE, {})),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_snapshot_refuses_every_write(store: Store, name: str) -> None:
    gone = {"n": 1, "expireAt": datetime(2026, 1, 1, tzinfo=UTC)}
    store.set(ONE, gone)
    with store.snapshot() as frozen, pytest.raises(Refused, match="takes no writes"):
        WRITES[name](frozen)
    assert value(store, ONE) == gone
    assert value(store, TWO) is None


def test_a_snapshot_of_a_snapshot_is_the_same_moment(store: Store) -> None:
    store.set(ONE, {"n": 1})
    with store.snapshot() as frozen:
        store.set(ONE, {"n": 2})
        with frozen.snapshot() as again:
            assert value(again, ONE) == {"n": 1}
        assert value(frozen, ONE) == {"n": 1}


def test_a_snapshot_refuses_a_name_that_is_no_collection(store: Store) -> None:
    with store.snapshot() as frozen, pytest.raises(InvalidInput):
        frozen.get(Ref('a"b', "x"))


def test_a_moment_can_be_opened_again_while_nothing_is_written(store: Store) -> None:
    store.set(ONE, {"n": 1})
    with store.snapshot() as frozen:
        moment = frozen.moment
    with store.snapshot(moment) as again:
        assert value(again, ONE) == {"n": 1}
        assert again.moment == moment


@pytest.mark.parametrize("change", ["set", "delete", "again", "other"])
def test_the_embedded_store_cannot_go_back_behind_a_write(file: SqliteStore, change: str) -> None:
    file.commit([Write("set", ref, {"n": 1}) for ref in (ONE, TWO)])
    with file.snapshot() as frozen:
        moment = frozen.moment
    file.set(ONE, {"n": 1})  # changes nothing
    with file.snapshot(moment):
        pass
    if change == "set":
        file.set(ONE, {"n": 2})
    elif change == "delete":
        file.delete(ONE)
    elif change == "again":
        file.delete(ONE)
        file.create(ONE, {"n": 1})
    else:
        file.set(Ref("others", "x"), {})
    with pytest.raises(NotFound, match="written to"), file.snapshot(moment):
        pass
    file.close()


@pytest.mark.emulator
def test_firestore_goes_back_to_a_moment_behind_writes(emulator_host: str) -> None:
    store, ref = FirestoreStore(PROJECT), Ref("moments", "x")
    store.set(ref, {"n": 1})
    with store.snapshot() as frozen:
        moment = frozen.moment
    store.set(ref, {"n": 2})
    with store.snapshot(moment) as again:
        assert value(again, ref) == {"n": 1}
        assert [s.data["n"] for s in again.stream(Query("moments"))] == [1]
    store.close()


class Refusing:
    """Stands in for the raw API, the outer edge: refuses what is asked, and keeps it."""

    def __init__(self, failure: Exception) -> None:
        self.asked: list[Any] = []
        self._failure = failure

    def list_collection_ids(self, request: Any, **_: Any) -> Any:
        self.asked.append(request)
        raise self._failure


def refusing(failure: Exception) -> tuple[FirestoreStore, Refusing]:
    api = Refusing(failure)
    client: Any = SimpleNamespace(_firestore_api=api, _rpc_metadata=[])
    return FirestoreStore(PROJECT, client=client), api


MOMENT = f"projects/{PROJECT}/databases/(default)@1767268800000001"


def test_a_moment_that_firestore_no_longer_keeps_is_not_found() -> None:
    said = "The requested snapshot version is too old."  # as production says it
    store, api = refusing(google_errors.FailedPrecondition(said))
    with pytest.raises(NotFound, match="too old") as gone, store.snapshot(MOMENT):
        pass
    assert gone.value.field == "moment"
    (asked,) = api.asked
    assert asked.read_time == datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment", ["", "x", MOMENT.replace("(default)", "other"), MOMENT.replace("@1", "@-1")]
)
def test_a_moment_of_another_database_is_not_found_and_not_asked_for(moment: str) -> None:
    store, api = refusing(google_errors.InternalServerError("asked"))
    with pytest.raises(NotFound), store.snapshot(moment):
        pass
    assert api.asked == []


def test_reads_of_a_snapshot_are_on_the_bill_of_its_store(embedded: SqliteStore) -> None:
    embedded.commit([Write("set", ref, {"n": 1}) for ref in (ONE, TWO)])
    counting = CountingStore(embedded)
    assert counting.collections() == ["things"]
    with counting.snapshot() as frozen:
        assert counting.bill == Bill(reads=2)
        assert ids(frozen) == ["one", "two"]
        assert len(frozen.moment) == 32
        assert frozen.bill == counting.bill == Bill(reads=4)


def test_calls_of_a_snapshot_are_counted_with_those_of_its_store(embedded: SqliteStore) -> None:
    faulty = FaultyStore(embedded)
    with faulty.snapshot() as frozen:
        frozen.collections()
        list(frozen.stream(ALL))
    assert faulty.log == ["snapshot", "collections", "stream"]
