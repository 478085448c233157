"""CountingStore: wraps a store and counts what Firestore would bill."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ratchet.store.by_commit import ByCommit, ReadOnly
from ratchet.store.port import FrozenStore, Query, Ref, Snapshot, Store, Write

INDEX_ENTRIES_PER_READ = 1000
# Dollars per 100,000 operations, Standard edition, us-central1 (Firestore pricing page).
DOLLARS = {"reads": 0.03, "writes": 0.09, "deletes": 0.01}


@dataclass(frozen=True, slots=True)
class Bill:
    """Billed operations."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(
            self.reads + other.reads, self.writes + other.writes, self.deletes + other.deletes
        )

    def __sub__(self, other: "Bill") -> "Bill":
        return Bill(
            self.reads - other.reads, self.writes - other.writes, self.deletes - other.deletes
        )

    @property
    def total(self) -> int:
        """All operations."""
        return self.reads + self.writes + self.deletes

    @property
    def dollars(self) -> float:
        """What the operations cost in US dollars, beyond the free tier."""
        counted = {"reads": self.reads, "writes": self.writes, "deletes": self.deletes}
        return sum(DOLLARS[kind] * n / 100_000 for kind, n in counted.items())


class CountingStore(ByCommit):
    """A store that keeps the bill: a missing document and an empty query cost one read each."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self._bill = Bill()
        self._lock = threading.Lock()

    @property
    def bill(self) -> Bill:
        """What was billed so far."""
        with self._lock:
            return self._bill

    def _charge(self, *, reads: int = 0, writes: int = 0, deletes: int = 0) -> None:
        with self._lock:
            self._bill += Bill(reads, writes, deletes)

    def get(self, ref: Ref) -> Snapshot | None:
        """Return one document: one read."""
        self._charge(reads=1)
        return self.inner.get(ref)

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents: one read each."""
        self._charge(reads=len(refs))
        return self.inner.get_many(refs)

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none: one write or delete each if they came to be."""
        self.inner.commit(writes)
        deletes = sum(write.kind == "delete" for write in writes)
        self._charge(writes=len(writes) - deletes, deletes=deletes)

    def query(self, query: Query) -> list[Snapshot]:
        """Run a query: one read a document, at least one."""
        found = self.inner.query(query)
        self._charge(reads=max(1, len(found)))
        return found

    def stream(self, query: Query) -> Iterator[Snapshot]:
        """Stream a query: one read a document delivered, at least one."""
        empty = True
        for snapshot in self.inner.stream(query):
            self._charge(reads=1)
            empty = False
            yield snapshot
        if empty:
            self._charge(reads=1)

    def count(self, query: Query) -> int:
        """Count: one read for each 1,000 index entries, at least one."""
        found = self.inner.count(query)
        self._charge(reads=max(1, -(-found // INDEX_ENTRIES_PER_READ)))
        return found

    def expire(self, collection: str, before: Any) -> int:
        """Remove expired documents: one delete each, as the TTL service bills them."""
        removed = self.inner.expire(collection, before)
        self._charge(deletes=removed)
        return removed

    def collections(self) -> list[str]:
        """Return the collections: one read."""
        self._charge(reads=1)
        return self.inner.collections()

    @contextmanager
    def snapshot(self, moment: str | None = None) -> "Iterator[FrozenCounting]":
        """Open a snapshot, which one read fixes; what is read there is on the same bill."""
        self._charge(reads=1)
        with self.inner.snapshot(moment) as frozen:
            yield FrozenCounting(frozen, self)

    def close(self) -> None:
        """Close the wrapped store."""
        self.inner.close()


class FrozenCounting(ReadOnly, CountingStore):
    """A snapshot whose reads are on the bill of the store that it is of."""

    def __init__(self, inner: FrozenStore, live: CountingStore) -> None:
        super().__init__(inner)
        self._frozen, self._live = inner, live

    @property
    def bill(self) -> Bill:
        """What was billed so far, to both."""
        return self._live.bill

    @property
    def moment(self) -> str:
        """Return what names the moment."""
        return self._frozen.moment

    def _charge(self, *, reads: int = 0, writes: int = 0, deletes: int = 0) -> None:
        self._live._charge(reads=reads, writes=writes, deletes=deletes)
