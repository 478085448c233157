"""Settle: an approval that nobody can give any more is closed; its time ran out, or it is void."""

from dataclasses import dataclass
from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import NotFound
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed, sealed
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.activate import read_head
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import set_status
from ratchet.policies.version import COLLECTION, is_signed, version_key
from ratchet.rollouts.approval import APPROVALS, LIFE, Approval, State
from ratchet.rollouts.ask import evidence_of
from ratchet.rollouts.changes import read_changes
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.running import require_last_written
from ratchet.store.port import Ref, Snapshot, Store
from ratchet.store.transact import Transaction

CLERK = machine("expire_approvals")
_ACTIONS = {
    "approved": "approve",
    "rejected": "reject_approval",
    "void": "void_approval",
    "expired": "expire_approval",
}


@dataclass(frozen=True)
class Case:
    """An approval as it stands in a transaction, and what a decision about it may write over."""

    tx: Transaction
    keys: Keys
    approval: Approval
    head: PolicyHead
    version: Snapshot | None
    rollout: Rollout | None


def load_approval(keys: Keys, approval_id: str, found: Snapshot | None) -> Approval:
    """Return the approval of an id, with its seal checked.

    Raises: NotFound, BadSignature.
    """
    if found is None:
        raise NotFound(
            f"approval {approval_id} does not exist",
            field="approval",
            mend="ratchet approvals list",
        )
    policy, _, number = str(found.data.get("version", "")).partition("@")
    named = f"{policy} {number}" if policy and number else "POLICY VERSION"
    mend = (
        f"it can never be given: ratchet approvals ask {named} --reason ... asks again, "
        f"ratchet policy reject {named} --reason ... says no"
    )
    return load_sealed(keys, Approval, approval_id, found.data, mend=mend)


def read_case(tx: Transaction, keys: Keys, approval_id: str) -> Case:
    """Read an approval and all that it is about.

    Raises: NotFound, BadSignature; Refused where its rollout was put back by hand.
    """
    (found,) = tx.fetch([Ref(APPROVALS, approval_id)])
    approval = load_approval(keys, approval_id, found)
    head = read_head(tx, approval.policy)
    read_changes(tx, head, [approval.version, approval.champion])
    (version,) = tx.fetch([Ref(COLLECTION, approval.version)])
    return Case(tx, keys, approval, head, version, _rollout(tx, keys, head, approval))


def _rollout(tx: Transaction, keys: Keys, head: PolicyHead, approval: Approval) -> Rollout | None:
    """Return the rollout that an approval is of, while its policy's head names it."""
    if approval.rollout is None or approval.rollout != head.rollout:
        return None
    (found,) = tx.fetch([Ref(ROLLOUTS, approval.rollout)])
    if found is None:
        return None
    mend = f"ratchet rollout abort {approval.rollout} --reason ..."
    rollout = load_sealed(keys, Rollout, approval.rollout, found.data, mend=mend)
    require_last_written(rollout, head)
    return rollout


def settle(store: Store, keys: Keys, approval_id: str, *, now: datetime) -> Approval:
    """Close an approval whose time is up, or that is void; any other stays as it is.

    Raises: NotFound, BadSignature, Refused.
    """

    def body(tx: Transaction) -> Approval:
        case = read_case(tx, keys, approval_id)
        return settled(case, now) or case.approval

    return store.transact(body)


def settled(case: Case, now: datetime) -> Approval | None:
    """Write an approval that lapsed, and return it; None where it can be decided, or was."""
    if case.approval.state != "pending":
        return None
    changed = _changed(case)
    if changed:
        return close(case, CLERK, "void", changed, now=now)[0]
    if now >= case.approval.expires_at:
        late = f"nobody decided within {LIFE.total_seconds() / 3600:.0f} hours"
        return close(case, CLERK, "expired", late, now=now)[0]
    return None


def close(
    case: Case,
    actor: Actor,
    state: State,
    reason: str,
    *,
    now: datetime,
    drafts: tuple[str, ...] | None = None,
) -> tuple[Approval, PolicyHead]:
    """Write what became of an approval, and its audit entry; `drafts` are those left after a no."""
    keys, head = case.keys, case.head
    approval = sealed(
        keys,
        case.approval.model_copy(
            update={
                "state": state,
                "decided_by": actor.name,
                "decided_reason": reason,
                "decided_at": now,
            }
        ),
    )
    entry = link(
        keys,
        head,
        actor,
        _ACTIONS[state],
        approval.id,
        now=now,
        payload=approval.to_map(),
        was="pending",
        to=state,
        reason=reason,
        override=state == "approved" and bool(approval.skipped),
        evidence={"version": approval.version} | evidence_of(approval),
    )
    new = head.after(entry) if drafts is None else head.after(entry, drafts=drafts)
    number = approval.version.partition("@")[2]
    case.tx.put(approval)
    if head.status_of(number) != new.status_of(number):
        set_status(case.tx, approval.version, new.status_of(number), now)
    case.tx.put(new)
    case.tx.put(entry)
    return approval, new


def _changed(case: Case) -> str:
    """Return what is not as it was when the approval was asked for; empty where all is."""
    approval, head, stored = case.approval, case.head, case.version
    active = version_key(head.id, head.active) if head.active else None
    if active != approval.champion:
        return f"{active or 'no version'} is active, not {approval.champion}"
    number = approval.version.partition("@")[2]
    if head.status_of(number) == "rejected":
        return f"{approval.version} was rejected"
    data = stored.data if stored else {}
    if data.get("signature") != approval.signature:
        return f"{approval.version} is not the version that was asked about"
    if not is_signed(case.keys, approval.version, data):
        return f"{approval.version} was changed since it was signed"
    if approval.rollout is None:
        since = head.decided_at is not None and head.decided_at > approval.requested_at
        return f"{active} was made active again since it was asked" if since else ""
    if case.rollout is None:
        return f"rollout {approval.rollout} has ended"
    standing = approval.version in [c.version for c in case.rollout.standing]
    if not standing or case.rollout.approval != approval.id:
        return f"rollout {approval.rollout} does not wait for it any more"
    return ""
