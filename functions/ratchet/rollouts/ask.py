"""Ask for an approval, inside the transaction of whatever wants one."""

from collections.abc import Iterable
from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import sealed
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import PolicyVersion, version_key
from ratchet.rollouts.approval import LIFE, Approval
from ratchet.store.transact import Transaction

_NUMBERED = "-a"


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
) -> tuple[Approval, PolicyHead]:
    """Write a request that a version become active, as it is signed now, and its audit entry."""
    approval = sealed(
        keys,
        Approval(
            id=f"{head.id}{_NUMBERED}{head.audit_sequence + 1}",
            policy=head.id,
            version=version.key(),
            signature=version.signature,
            champion=version_key(head.id, head.active) if head.active else None,
            rollout=rollout,
            verdict=verdict,
            gates=gates,
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
        was=approval.champion or "",
        to=approval.version,
        reason=reason,
        evidence={k: v for k, v in (("rollout", rollout), ("verdict", verdict)) if v},
    )
    new = head.after(entry)
    tx.put(approval)
    tx.put(new)
    tx.put(entry)
    return approval, new
