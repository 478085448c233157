"""What every store does by way of its atomic batch: single writes, and transactions."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from ratchet.kernel.errors import Refused
from ratchet.store import transact
from ratchet.store.port import Data, Query, Ref, Snapshot, Write

T = TypeVar("T")


class ByCommit:
    """Single writes as batches of one, and optimistic transactions over reads and batches."""

    @abstractmethod
    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents in the order asked for."""

    @abstractmethod
    def query(self, query: Query) -> list[Snapshot]:
        """Return the documents of a query."""

    @abstractmethod
    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none; Conflict or AlreadyExists names the first guard that failed."""

    def create(self, ref: Ref, data: Data) -> None:
        """Write a document that must not exist yet, else AlreadyExists."""
        self.commit([Write("create", ref, data)])

    def set(self, ref: Ref, data: Data) -> None:
        """Write a whole document, whatever was there."""
        self.commit([Write("set", ref, data)])

    def replace(self, ref: Ref, data: Data, token: Any) -> None:
        """Write a whole document that was not written since `token` was read, else Conflict."""
        self.commit([Write("set", ref, data, token)])

    def delete(self, ref: Ref) -> None:
        """Remove a document; a missing one is no error."""
        self.commit([Write("delete", ref)])

    def transact(
        self, body: Callable[[transact.Transaction], T], *, self_checking: bool = False
    ) -> T:
        """Run a body that reads and then writes, all or nothing; see `transact.run`."""
        return transact.run(self, body, self_checking=self_checking)


class ReadOnly:
    """What a store does not do once it is frozen."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Refuse every write."""
        raise Refused("a snapshot takes no writes", mend="write to the store itself")

    def expire(self, collection: str, before: Any) -> int:
        """Refuse to remove anything."""
        raise Refused("a snapshot takes no writes", mend="write to the store itself")

    @contextmanager
    def snapshot(self, moment: str | None = None) -> Iterator[Self]:
        """Return itself: there is no other moment here."""
        yield self
