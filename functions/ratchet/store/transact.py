"""Optimistic transactions over any store: read, then one atomic batch guarded by what was read.

Firestore's own transactions livelock under contention (on the emulator 1 of 100 increments came
through in 402 s); a batch with preconditions, retried with jitter, does 100 of 100 in 0.5 s.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from ratchet.kernel.clock import system_clock
from ratchet.kernel.document import Document
from ratchet.kernel.errors import (
    AlreadyExists,
    Conflict,
    Misconfigured,
    NotFound,
    RatchetError,
    Unavailable,
)
from ratchet.kernel.ids import random_id
from ratchet.store.port import Query, Ref, Snapshot, Write

T = TypeVar("T")
D = TypeVar("D", bound=Document)

ATTEMPTS = 40
OPERATIONS = "ops_operations"
OPERATION_TTL = timedelta(days=1)


class Readable(Protocol):
    """The part of a store that a transaction stands on."""

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents in the order asked for."""

    def query(self, query: Query) -> list[Snapshot]:
        """Return the documents of a query."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none."""


class Transaction:
    """What a body is handed: reads first, then writes; nothing is written until it returns.

    Every document that the body read and writes is guarded. There is no verify write, so a body
    writes each mutable document that it depends on (`touch` writes one back unchanged).
    """

    def __init__(self, store: Readable) -> None:
        self._store = store
        self._read: dict[Ref, Snapshot | None] = {}
        self._writes: dict[Ref, Write] = {}
        self._moments = 0

    def fetch(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Read documents as they are stored, each at most once."""
        new = [ref for ref in dict.fromkeys(refs) if ref not in self._read]
        if new and self._writes:
            raise RuntimeError("a transaction reads before it writes")
        if new:
            self._moments += 1
            self._read.update(zip(new, self._store.get_many(new), strict=True))
        return [self._read[ref] for ref in refs]

    def find(self, kind: type[D], key: str) -> D | None:
        """Return one document, or None where there is none."""
        (found,) = self.fetch([Ref(kind.collection, key)])
        return kind.from_store(found.data) if found else None

    def get(self, kind: type[D], key: str) -> D:
        """Return one document.

        Raises: NotFound.
        """
        found = self.find(kind, key)
        if found is None:
            raise NotFound(f"{kind.collection}/{key} does not exist", field=kind.collection)
        return found

    def query(self, query: Query) -> list[Snapshot]:
        """Run a query; what it returns is guarded where the body writes it."""
        if self._writes:
            raise RuntimeError("a transaction reads before it writes")
        found = self._store.query(query)
        self._moments += 1
        self._read.update((snapshot.ref, snapshot) for snapshot in found)
        return found

    def put(self, document: Document) -> None:
        """Write a document whole; if the body read it, only if nobody wrote it since."""
        self.set(Ref(document.collection, document.key()), document.to_map())

    def set(self, ref: Ref, data: Mapping[str, Any]) -> None:
        """Write a map whole; if the body read it, only if nobody wrote it since."""
        before = self._read.get(ref)
        if ref in self._read and before is None:
            self._writes[ref] = Write("create", ref, data)
        else:
            self._writes[ref] = Write("set", ref, data, before.token if before else None)

    def create(self, ref: Ref, data: Mapping[str, Any]) -> None:
        """Write a document that must not exist yet."""
        self._writes[ref] = Write("create", ref, data)

    def delete(self, ref: Ref) -> None:
        """Remove a document; if the body read it, only if nobody wrote it since."""
        before = self._read.get(ref)
        self._writes[ref] = Write("delete", ref, token=before.token if before else None)

    def touch(self, document: Document) -> None:
        """Guard a document that the body only read."""
        ref = Ref(document.collection, document.key())
        before = self._read.get(ref)
        if before is not None:
            self.set(ref, before.data)

    def is_torn(self) -> bool:
        """Say whether the body read at several moments, and something has changed since."""
        if self._moments < 2:
            return False
        present = self._store.get_many(list(self._read))
        return any(
            (then.token if then else None) != (now.token if now else None)
            for then, now in zip(self._read.values(), present, strict=True)
        )

    def is_taken(self, error: Exception) -> bool:
        """Say whether a document that the body creates unread is there, so retrying is vain."""
        blind = [w.ref for w in self._writes.values() if w.kind == "create"]
        blind = [ref for ref in blind if ref not in self._read]
        return isinstance(error, AlreadyExists) and any(self._store.get_many(blind))

    def writes(self) -> list[Write]:
        """Return what the body wants written."""
        return list(self._writes.values())


def run(
    store: Readable,
    body: Callable[[Transaction], T],
    *,
    self_checking: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> T:
    """Run a body until its batch commits; it may run again, so it has no side effects.

    A commit whose answer was lost is not done twice: each commit creates a marker document with
    its operation's id (one billed write). A body that finds its own earlier commit, by a cursor or
    by a document that it creates once, says `self_checking` and saves the marker.

    A body that raises after reads that straddle another's commit is run again.

    Raises: AlreadyExists where a document that the body creates unread is there; Conflict after 40
    attempts; Unavailable when the store stays away; whatever the body raises.
    """
    marker = Ref(OPERATIONS, random_id())
    results: dict[int, T] = {}
    lost = False
    for attempt in range(ATTEMPTS):
        if lost and not self_checking:
            (done,) = store.get_many([marker])
            if done is not None:
                return results[int(done.data["attempt"])]
        transaction = Transaction(store)
        try:
            results[attempt] = body(transaction)
        except RatchetError:
            # Reads that straddle another's commit can make a body see what never was.
            if attempt == ATTEMPTS - 1 or not transaction.is_torn():
                raise
            pause(_delay(attempt))
            continue
        writes = transaction.writes()
        if not writes:
            return results[attempt]
        if not self_checking:
            mark = {"attempt": attempt, "expireAt": system_clock() + OPERATION_TTL}
            writes.append(Write("create", marker, mark))
        try:
            store.commit(writes)
        except Misconfigured:
            raise
        except (Conflict, Unavailable) as error:
            lost = lost or isinstance(error, Unavailable)
            mine = lost and not self_checking  # then the marker says whose the document is
            if attempt == ATTEMPTS - 1 or (not mine and transaction.is_taken(error)):
                raise
            pause(_delay(attempt))
        else:
            return results[attempt]
    raise AssertionError("unreachable")


def _delay(attempt: int) -> float:
    """Return full jitter under an exponential ceiling, in seconds (at most 0.5)."""
    return random.uniform(0.001, min(0.5, 0.01 * 2 ** min(attempt, 6)))
