"""Fence: no version is committed that was read before examples were withdrawn or frozen.

Whoever takes examples away, and whoever commits a version, reads this document before looking at
what the other does, and writes it with its own change: of two that overlap one looks again.
"""

from typing import ClassVar

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.document import Document
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


class Fence(Document):
    """`ops_checkpoints/fence`: how often examples were taken away, and versions committed."""

    collection: ClassVar[str] = CHECKPOINTS

    taken: int = 0
    made: int = 0

    def key(self) -> str:
        """Return the one key."""
        return "fence"


def read_fence(store: Store) -> Fence:
    """Return the fence as it is before one looks at examples or versions."""
    found = store.get(Ref(Fence.collection, Fence().key()))
    return Fence.from_store(found.data) if found else Fence()


def fence_in(tx: Transaction) -> Fence:
    """Return the fence in a transaction that writes it, too."""
    return tx.find(Fence, Fence().key()) or Fence()


def put_taken(tx: Transaction, fence: Fence) -> None:
    """Say that examples are withdrawn or frozen: builds under way have to begin again."""
    tx.put(fence.model_copy(update={"taken": fence.taken + 1}))


def put_made(tx: Transaction, fence: Fence) -> None:
    """Say that a version is committed: who takes examples away has to look at it, too."""
    tx.put(fence.model_copy(update={"made": fence.made + 1}))
