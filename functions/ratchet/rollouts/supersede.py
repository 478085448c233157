"""Supersede: end a rollout that its policy's head does not name: another version is active."""

from datetime import datetime

from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import version_key
from ratchet.rollouts.changes import finish, read_changes
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def supersede(store: Store, keys: Keys, actor: Actor, rollout: Rollout, *, now: datetime) -> bool:
    """End a running rollout that is not its policy's any more; returns whether it was such a one.

    Raises: NotFound where there is no policy of it.
    """

    def body(tx: Transaction) -> bool:
        head = read_head(tx, rollout.policy)
        stored = tx.find(Rollout, rollout.id)
        if stored is None or stored.seal != rollout.seal or is_current(head, rollout):
            return False
        if stored.state == "ended":
            return False
        read_changes(tx, head)
        finish(
            tx,
            keys,
            head,
            actor,
            stored,
            "superseded",
            "end_rollout",
            reason=f"{head.active or 'no version'} is active",
            now=now,
        )
        return True

    return store.transact(body)


def is_current(head: PolicyHead, rollout: Rollout) -> bool:
    """Say whether a head names a rollout, and its champion is still active."""
    champion = head.active is not None and version_key(head.id, head.active) == rollout.champion
    return head.rollout == rollout.id and champion
