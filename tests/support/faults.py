"""FaultyStore: a store that fails at one chosen call, before it acts or after."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from ratchet.store import transact
from ratchet.store.port import Data, FrozenStore, Query, Ref, Snapshot, Store, Write

T = TypeVar("T")


class Died(BaseException):
    """The process is gone: nothing in Ratchet catches this."""


class Faulty:
    """Counts calls; call number `die_at` (from 1) fails before or after it acts.

    `die_at=None` only counts, so a first run tells how many places there are to die at.
    """

    def __init__(
        self,
        die_at: int | None = None,
        when: Literal["before", "after"] = "before",
        error: Exception | None = None,
    ) -> None:
        self.calls = 0
        self.log: list[str] = []
        self._die_at = die_at
        self._when = when
        self._error = error if error is not None else Died("the process died here")
        self._lock = threading.Lock()

    def _call(self, name: str, act: Callable[[], T]) -> T:
        with self._lock:
            self.calls += 1
            self.log.append(name)
            dies = self.calls == self._die_at
        if dies and self._when == "before":
            raise self._error
        answer = act()
        if dies:
            raise self._error
        return answer


class FaultyStore(Faulty):
    """Fails at a call of the port; a stream is one: before its first document or after its last."""

    def __init__(
        self,
        inner: Store,
        die_at: int | None = None,
        when: Literal["before", "after"] = "before",
        error: Exception | None = None,
    ) -> None:
        super().__init__(die_at, when, error)
        self.inner = inner

    def get(self, ref: Ref) -> Snapshot | None:
        return self._call("get", lambda: self.inner.get(ref))

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        return self._call("get_many", lambda: self.inner.get_many(refs))

    def create(self, ref: Ref, data: Data) -> None:
        self._call("create", lambda: self.inner.create(ref, data))

    def set(self, ref: Ref, data: Data) -> None:
        self._call("set", lambda: self.inner.set(ref, data))

    def replace(self, ref: Ref, data: Data, token: Any) -> None:
        self._call("replace", lambda: self.inner.replace(ref, data, token))

    def delete(self, ref: Ref) -> None:
        self._call("delete", lambda: self.inner.delete(ref))

    def commit(self, writes: Sequence[Write]) -> None:
        self._call("commit", lambda: self.inner.commit(writes))

    def transact(
        self, body: Callable[[transact.Transaction], T], *, self_checking: bool = False
    ) -> T:
        return transact.run(self, body, self_checking=self_checking)

    def query(self, query: Query) -> list[Snapshot]:
        return self._call("query", lambda: self.inner.query(query))

    def stream(self, query: Query) -> Iterator[Snapshot]:
        yield from self._call("stream", lambda: list(self.inner.stream(query)))

    def count(self, query: Query) -> int:
        return self._call("count", lambda: self.inner.count(query))

    def expire(self, collection: str, before: Any) -> int:
        return self._call("expire", lambda: self.inner.expire(collection, before))

    def collections(self) -> list[str]:
        return self._call("collections", lambda: self.inner.collections())

    @contextmanager
    def snapshot(self, moment: str | None = None) -> "Iterator[FrozenFaulty]":
        opened = self._call("snapshot", lambda: self.inner.snapshot(moment))
        with opened as frozen:
            yield FrozenFaulty(frozen, self)

    def close(self) -> None:
        self.inner.close()


class FrozenFaulty(FaultyStore):
    """A snapshot whose calls are counted, and fail, with those of the store that it is of."""

    def __init__(self, inner: FrozenStore, live: FaultyStore) -> None:
        super().__init__(inner)
        self.moment = inner.moment
        self._live = live

    def _call(self, name: str, act: Callable[[], T]) -> T:
        return self._live._call(name, act)
