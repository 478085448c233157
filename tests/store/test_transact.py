"""Transactions on both stores: contention, lost answers, guards."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ratchet.kernel.document import Document
from ratchet.kernel.errors import AlreadyExists, Conflict, InvalidInput, NotFound, Unavailable
from ratchet.store import transact
from ratchet.store.port import Query, Ref, Store, Write
from ratchet.store.sqlite import SqliteStore
from ratchet.store.transact import Transaction
from tests.support.faults import Died, FaultyStore


class Counter(Document):
    collection: ClassVar[str] = "counters"

    name: str
    n: int = 0

    def key(self) -> str:
        return self.name


def increment(tx: Transaction) -> int:
    counter = tx.find(Counter, "c") or Counter(name="c")
    tx.put(counter.model_copy(update={"n": counter.n + 1}))
    return counter.n + 1


def value(store: Store) -> int:
    found = store.get(Ref("counters", "c"))
    return int(found.data["n"]) if found else 0


def markers(store: Store) -> int:
    return store.count(Query(transact.OPERATIONS))


def test_increments_of_25_threads_all_count(store: Store) -> None:
    with ThreadPoolExecutor(25) as pool:
        seen = list(pool.map(lambda _: store.transact(increment), range(100)))
    assert value(store) == 100
    assert sorted(seen) == list(range(1, 101))


def in_a_process(path: str, times: int) -> None:
    store = SqliteStore(path)
    for _ in range(times):
        store.transact(increment)
    store.close()


def test_increments_of_several_processes_on_one_file_all_count(tmp_path: Path) -> None:
    path = str(tmp_path / "shared.db")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=in_a_process, args=(path, 20)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    store = SqliteStore(path)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert value(store) == 80
    store.close()


class Lossy(FaultyStore):
    """Loses the answer of every other commit, which was done, and of those that conflict."""

    def commit(self, writes: Any) -> None:
        self._call("commit", lambda: None)
        loses = self.calls % 2 == 0
        try:
            self.inner.commit(writes)
        except Conflict as error:
            raise (Unavailable("answer lost") if loses else error) from error
        if loses:
            raise Unavailable("answer lost")


def test_a_commit_whose_answer_was_lost_is_not_done_twice(store: Store) -> None:
    lossy = FaultyStore(store, die_at=2, when="after", error=Unavailable("answer lost"))
    assert lossy.transact(increment) == 1
    assert lossy.log == ["get_many", "commit", "get_many"]
    assert value(store) == 1


def test_a_commit_that_was_lost_on_the_way_is_sent_again(store: Store) -> None:
    lossy = FaultyStore(store, die_at=2, when="before", error=Unavailable("no route"))
    assert lossy.transact(increment) == 1
    assert value(store) == 1


def test_lost_answers_under_contention_count_once_each(store: Store) -> None:
    lossy = Lossy(store)
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: lossy.transact(increment), range(40)))
    assert value(store) == 40
    assert sorted(seen) == list(range(1, 41))


def test_a_lost_commit_that_lands_late_gives_its_own_result(embedded: Store) -> None:
    late: list[list[Write]] = []

    class Late(FaultyStore):
        def commit(self, writes: Any) -> None:
            if not late:
                late.append(list(writes))
                raise Unavailable("timed out, and still under way")
            if len(late) == 1:
                late.append([])
                self.inner.commit(late[0])  # now it lands, before the second attempt's batch
            self.inner.commit(writes)

    attempts = iter("ab")

    def body(tx: Transaction) -> str:
        name = next(attempts)
        tx.set(Ref("things", name), {})
        return name

    assert transact.run(Late(embedded), body, pause=lambda _: None) == "a"
    assert [s.ref.id for s in embedded.query(Query("things"))] == ["a"]


def test_a_body_that_checks_itself_saves_the_marker(store: Store) -> None:
    def once(tx: Transaction) -> bool:
        (seen,) = tx.fetch([Ref("things", "done")])
        if seen is None:
            tx.create(Ref("things", "done"), {})
            tx.set(Ref("counters", "c"), {"n": 1})
        return seen is None

    lossy = FaultyStore(store, die_at=2, when="after", error=Unavailable("answer lost"))
    assert lossy.transact(once, self_checking=True) is False
    assert store.transact(once, self_checking=True) is False
    assert value(store) == 1
    assert markers(store) == 0


def test_a_commit_leaves_a_marker_that_expires(store: Store) -> None:
    store.transact(increment)
    (marker,) = store.query(Query(transact.OPERATIONS))
    assert set(marker.data) == {"attempt", "expireAt"}


def test_a_body_that_writes_nothing_costs_no_commit(store: Store) -> None:
    counted = FaultyStore(store)
    assert counted.transact(lambda tx: tx.find(Counter, "c")) is None
    assert counted.log == ["get_many"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_death_anywhere_leaves_all_or_nothing(store: Store, at: int, when: Any) -> None:
    with pytest.raises(Died):
        FaultyStore(store, die_at=at, when=when).transact(increment)
    assert (value(store), markers(store)) == ((1, 1) if (at, when) == (2, "after") else (0, 0))


def test_a_read_after_a_write_is_refused(embedded: Store) -> None:
    def fetches(tx: Transaction) -> None:
        tx.put(Counter(name="c"))
        tx.find(Counter, "d")

    def queries(tx: Transaction) -> None:
        tx.put(Counter(name="c"))
        tx.query(Query("counters"))

    for body in (fetches, queries):
        with pytest.raises(RuntimeError, match="reads before it writes"):
            embedded.transact(body)
    assert value(embedded) == 0


def overtaken(store: Store, first: Callable[[], None], body: Callable[[Transaction], Any]) -> int:
    """Run a body that somebody overtakes once between its read and its commit; count its runs."""
    runs: list[int] = []

    def raced(tx: Transaction) -> None:
        runs.append(1)
        body(tx)
        if len(runs) == 1:
            first()

    store.transact(raced)
    return len(runs)


def test_a_touched_document_guards_what_was_only_read(store: Store) -> None:
    store.transact(lambda tx: tx.put(Counter(name="flags", n=1)))

    def body(tx: Transaction) -> None:
        flags = tx.get(Counter, "flags")
        tx.touch(flags)
        tx.put(Counter(name="c", n=flags.n))

    changed = Counter(name="flags", n=7).to_map()
    assert overtaken(store, lambda: store.set(Ref("counters", "flags"), changed), body) == 2
    assert value(store) == 7


def test_a_document_only_read_guards_nothing(store: Store) -> None:
    store.transact(lambda tx: tx.put(Counter(name="flags", n=1)))

    def body(tx: Transaction) -> None:
        tx.put(Counter(name="c", n=tx.get(Counter, "flags").n))

    changed = Counter(name="flags", n=7).to_map()
    assert overtaken(store, lambda: store.set(Ref("counters", "flags"), changed), body) == 1
    assert value(store) == 1


def test_what_a_query_found_is_guarded_where_it_is_written(store: Store) -> None:
    store.set(Ref("things", "x"), {"n": 1})

    def body(tx: Transaction) -> None:
        for found in tx.query(Query("things")):
            tx.set(found.ref, {"n": found.data["n"] + 1})

    assert overtaken(store, lambda: store.set(Ref("things", "x"), {"n": 10}), body) == 2
    assert [s.data["n"] for s in store.query(Query("things"))] == [11]


def test_a_removal_is_guarded_by_what_was_read(store: Store) -> None:
    store.set(Ref("things", "x"), {"n": 1})

    def body(tx: Transaction) -> None:
        (found,) = tx.fetch([Ref("things", "x")])
        if found and found.data["n"] == 1:
            tx.delete(found.ref)

    assert overtaken(store, lambda: store.set(Ref("things", "x"), {"n": 2}), body) == 2
    assert store.count(Query("things")) == 1


def test_a_document_created_unread_is_refused_at_once_where_it_is_there(store: Store) -> None:
    store.set(Ref("things", "x"), {"n": 1})
    counted = FaultyStore(store)
    with pytest.raises(AlreadyExists):
        counted.transact(lambda tx: tx.create(Ref("things", "x"), {"n": 2}))
    assert counted.log.count("commit") == 1


def test_one_of_twenty_creations_wins(store: Store) -> None:
    def body(tx: Transaction) -> bool:
        (found,) = tx.fetch([Ref("things", "x")])
        if found is None:
            tx.set(Ref("things", "x"), {"n": 1})
        return found is None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda _: store.transact(body), range(20))) == 1


def test_a_missing_document_is_named(embedded: Store) -> None:
    with pytest.raises(NotFound, match="counters/none does not exist"):
        embedded.transact(lambda tx: tx.get(Counter, "none"))


def test_a_body_gives_up_after_forty_conflicts(embedded: Store) -> None:
    def always(tx: Transaction) -> None:
        increment(tx)
        embedded.set(Ref("counters", "c"), {"name": "c", "n": len(pauses) + 100})

    pauses: list[float] = []
    with pytest.raises(Conflict):
        transact.run(embedded, always, pause=pauses.append)
    assert len(pauses) == transact.ATTEMPTS - 1
    assert 0 < max(pauses) <= 0.5


def test_a_body_that_raises_over_torn_reads_is_run_again(embedded: SqliteStore) -> None:
    left, right = Ref("ops_pairs", "left"), Ref("ops_pairs", "right")
    embedded.commit([Write("set", left, {"n": 1}), Write("set", right, {"n": 1})])
    between = iter([True])

    def body(tx: Transaction) -> int:
        (one,) = tx.fetch([left])
        if next(between, False):  # another's commit, between the two reads
            embedded.commit([Write("set", left, {"n": 2}), Write("set", right, {"n": 2})])
        (other,) = tx.fetch([right])
        assert one is not None
        assert other is not None
        if one.data["n"] != other.data["n"]:
            raise InvalidInput("a pair that never was")
        tx.set(left, {"n": 3})
        return int(other.data["n"])

    assert embedded.transact(body) == 2


def test_a_body_that_raises_over_sound_reads_is_not_run_again(embedded: SqliteStore) -> None:
    runs: list[int] = []

    def body(tx: Transaction) -> None:
        tx.fetch([Ref("ops_pairs", "left")])
        tx.fetch([Ref("ops_pairs", "right")])
        runs.append(1)
        raise InvalidInput("the caller's mistake")

    with pytest.raises(InvalidInput, match="mistake"):
        embedded.transact(body)
    assert len(runs) == 1
