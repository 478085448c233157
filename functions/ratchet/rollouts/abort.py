"""Abort a rollout: all units go back to the active version, and nothing is said of the tried."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import NotFound
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import is_sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id, set_status
from ratchet.policies.version import COLLECTION, version_key
from ratchet.rollouts.changes import NUMBERED, finish
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def abort_rollout(
    store: Store, keys: Keys, actor: Actor, rollout_id: str, *, reason: str, now: datetime
) -> PolicyHead:
    """Give all units back to the active version; a rollout that has ended stays as it is.

    Also ends one whose document is broken or gone, which would freeze its policy for ever.

    Raises: NotFound, Forbidden, InvalidInput.
    """
    require_admin(actor, "abort a rollout")
    require_reason(actor, reason, "abort a rollout")
    missing = NotFound(
        f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
    )

    def body(tx: Transaction) -> PolicyHead:
        (found,) = tx.fetch([Ref(ROLLOUTS, rollout_id)])
        data = found.data if found else {}
        policy = rollout_id.rpartition(NUMBERED)[0]  # what a document says may be written by hand
        head = tx.find(PolicyHead, policy) if is_policy_id(policy) else None
        if head is None or (found is None and head.rollout != rollout_id):
            raise missing
        if data.get("state") == "ended" and head.rollout != rollout_id:
            return head
        tx.fetch([Ref(COLLECTION, version_key(head.id, v)) for v in head.stages])
        if not is_sealed(keys, Rollout, rollout_id, data):
            return _end_broken(tx, keys, head, actor, rollout_id, data, reason, now)
        rollout = Rollout.from_store(data)
        return finish(
            tx, keys, head, actor, rollout, "aborted", "abort_rollout", reason=reason, now=now
        )

    return store.transact(body)


def _end_broken(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    rollout_id: str,
    data: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> PolicyHead:
    """End a rollout that is not what was sealed; its document is marked, and sealed by nobody."""
    entry = link(
        keys,
        head,
        actor,
        "abort_rollout",
        rollout_id,
        now=now,
        payload={"id": rollout_id, "endedAt": now},
        was=rollout_id,
        to="aborted",
        reason=reason,
    )
    changes: dict[str, Any] = {}
    if head.rollout == rollout_id:
        changes = {"rollout": None, "rollout_seal": None, "stages": {}}
    new = head.after(entry, **changes)
    if data:
        ended = {"state": "ended", "outcome": "aborted", "endedAt": now}
        tx.set(Ref(ROLLOUTS, rollout_id), {**data, **ended})
    for number in head.stages if changes else ():
        set_status(tx, version_key(head.id, number), new.status_of(number), now)
    tx.put(new)
    tx.put(entry)
    return new
