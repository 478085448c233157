"""How far everything was read: what has closed by then is frozen.

Whoever writes rollout buckets reads this document in the same transaction and writes it back, so
that no bucket changes once its hour is frozen, however long the transaction was on its way.
"""

from collections.abc import Mapping
from datetime import datetime

from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

READ_UNTIL = Ref(CHECKPOINTS, "read_until")


class ReadUntil(Model):
    """All that came in until an instant was scored and folded.

    `rollouts` are those with days that are not merged yet, and when the last hour closes.
    """

    v: int = 1
    until: Instant = EPOCH
    rollouts: dict[str, Instant] = {}

    def holding(self, closes: Mapping[str, datetime]) -> "ReadUntil":
        """Return it with the rollouts whose buckets are written, and when these close."""
        later = {r: max(at, self.rollouts.get(r, EPOCH)) for r, at in closes.items()}
        return self.model_copy(update={"rollouts": self.rollouts | later})


def read_until(store: Store) -> datetime:
    """Return the instant until which everything was read; 1970 where nothing was."""
    return load_read_until(store).until


def load_read_until(store: Store) -> ReadUntil:
    """Return the whole document."""
    found = store.get(READ_UNTIL)
    return ReadUntil.parse(found.data) if found else ReadUntil()


def find_read_until(tx: Transaction) -> ReadUntil:
    """Return the document as a transaction reads it."""
    (found,) = tx.fetch([READ_UNTIL])
    return ReadUntil.parse(found.data) if found else ReadUntil()


def keep_read_until(store: Store, until: datetime) -> None:
    """Record how far everything was read, never backwards; nothing to do without rollouts."""
    kept = load_read_until(store)
    if not kept.rollouts or until <= kept.until:
        return

    def body(tx: Transaction) -> None:
        present = find_read_until(tx)
        if until > present.until:
            tx.set(READ_UNTIL, present.model_copy(update={"until": until}).to_map())

    store.transact(body, self_checking=True)


def drop_rollouts(store: Store, merged: Mapping[str, datetime]) -> None:
    """Forget rollouts whose days are all merged, unless something was added meanwhile."""

    def body(tx: Transaction) -> None:
        present = find_read_until(tx)
        left = {r: at for r, at in present.rollouts.items() if merged.get(r) != at}
        if len(left) < len(present.rollouts):
            tx.set(READ_UNTIL, present.model_copy(update={"rollouts": left}).to_map())

    if merged:
        store.transact(body, self_checking=True)
