"""Ask for an approval, inside the transaction of whatever wants one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import sealed
from ratchet.policies.head import PolicyHead
from ratchet.policies.numbered import free_id, next_ref
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.approval import APPROVALS, LIFE, Approval
from ratchet.rollouts.running import require_active
from ratchet.store.transact import Transaction

_NUMBERED = "-a"
# The next entries of a chain that one transaction may write before it asks.
_AHEAD = 2


def ask(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    actor: Actor,
    version: PolicyVersion,
    *,
    involved: Iterable[str],
    reason: str,
    now: datetime,
    rollout: str | None = None,
    verdict: str | None = None,
    gates: tuple[str, ...] = (),
    skipped: tuple[str, ...] = (),
) -> tuple[Approval, PolicyHead]:
    """Write a request that a version become active, as it is signed now, and its audit entry.

    It is the first to write in its transaction, or follows a `read_ask`. `skipped` are gates that
    were not passed before.

    Raises: AlreadyExists where the head does not know of an approval that is there.
    """
    approval = sealed(
        keys,
        Approval(
            id=free_id(tx, head, APPROVALS, _NUMBERED),
            policy=head.id,
            version=version.key(),
            signature=version.signature,
            champion=require_active(head),
            rollout=rollout,
            verdict=verdict,
            gates=gates,
            skipped=skipped,
            requester=actor.name,
            role=actor.role,
            involved=tuple(sorted({actor.name, version.created_by, *involved} - {""})),
            reason=reason,
            requested_at=now,
            expires_at=now + LIFE,
        ),
    )
    entry = link(
        keys,
        head,
        actor,
        "ask_approval",
        approval.id,
        now=now,
        payload=approval.to_map(),
        was=approval.champion,
        to=approval.version,
        reason=reason,
        override=bool(skipped),
        evidence=evidence_of(approval),
    )
    new = head.after(entry)
    tx.put(approval)
    tx.put(new)
    tx.put(entry)
    return approval, new


def evidence_of(approval: Approval) -> dict[str, Any]:
    """Return what an approval rests on, as audit entries name it."""
    found = {
        "rollout": approval.rollout,
        "verdict": approval.verdict,
        "skipped": list(approval.skipped),
    }
    return {name: value for name, value in found.items() if value}


def read_ask(tx: Transaction, head: PolicyHead) -> None:
    """Read what a request would be written over, where it is not the first to write."""
    tx.fetch([next_ref(head, APPROVALS, _NUMBERED, ahead) for ahead in range(_AHEAD)])
