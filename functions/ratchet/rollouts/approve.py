"""Approve, reject: a person's word on one change, and the change, in one transaction."""

from datetime import datetime

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import RatchetError, Refused, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.rollouts.after_yes import carry_out_yes, follows_yes
from ratchet.rollouts.approval import APPROVALS, Approval, State
from ratchet.rollouts.changes import finish, without
from ratchet.rollouts.settle import close, load_approval, read_case, settle, settled
from ratchet.store.port import Filter, Query, Ref, Store
from ratchet.store.transact import Transaction


def get_approval(store: Store, keys: Keys, approval_id: str) -> Approval:
    """Return one approval.

    Raises: NotFound, BadSignature.
    """
    return load_approval(keys, approval_id, store.get(Ref(APPROVALS, approval_id)))


def list_approvals(
    store: Store,
    keys: Keys,
    policy: str | None = None,
    state: State | None = None,
    *,
    tell: Tell | None = None,
) -> list[Approval]:
    """Return the approvals there are and were, oldest first.

    One that was changed by hand is told, and left out. Raises: BadSignature where nobody is told.
    """
    wanted = (("policy", policy), ("state", state))
    where = tuple(Filter(name, "==", value) for name, value in wanted if value is not None)
    stored = store.stream(Query(APPROVALS, where))
    found = each(stored, lambda s: load_approval(keys, s.ref.id, s), tell)
    return sorted(found, key=lambda approval: (approval.requested_at, approval.id))


def expire_approvals(store: Store, keys: Keys, *, now: datetime) -> list[Approval]:
    """Close the approvals whose time is up and those that are void; returns them.

    Raises: Unavailable where the store does not answer.
    """
    pending = store.query(Query(APPROVALS, (Filter("state", "==", "pending"),)))
    settled_now = (_try_settle(store, keys, found.ref.id, now) for found in pending)
    return [approval for approval in settled_now if approval and approval.state != "pending"]


def _try_settle(store: Store, keys: Keys, approval_id: str, now: datetime) -> Approval | None:
    """Settle one approval; one that cannot be read keeps no other waiting."""
    try:
        return settle(store, keys, approval_id, now=now)
    except Unavailable:
        raise
    except RatchetError as error:
        about = alert(
            "approval-not-settled",
            approval_id,
            "warning",
            f"approval {approval_id} cannot be settled: {error.message}",
            now=now,
            command=error.mend or "ratchet approvals list",
            evidence=error.as_dict(),
        )
        raise_alert(store, about)
        return None


def approve(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    approval_id: str,
    *,
    reason: str,
    now: datetime,
) -> Approval:
    """Say yes: the version goes on through the gates that are left, or becomes active at once.

    Four eyes: whoever made, started or asked for the change cannot. Works with learning off. One
    whose time is up, or whose target changed, is written as such, and refused.

    Raises: NotFound, BadSignature, Forbidden, Refused, IllegalTransition, InvalidInput.
    """
    require_person(actor, "approve")
    require_reason(actor, reason, "approve")
    asked = settle(store, keys, approval_id, now=now)
    _require_pending(asked)
    _require_four_eyes(asked, actor)
    follows = follows_yes(store, keys, reader, asked, now)

    def body(tx: Transaction) -> tuple[Approval, bool]:
        case = read_case(tx, keys, approval_id)
        lapsed = settled(case, now)
        if lapsed is not None or case.approval.state != "pending":
            return lapsed or case.approval, False
        return carry_out_yes(case, actor, follows, reason, now), True

    approval, done = store.transact(body)
    if not done:
        _require_pending(approval)
    return approval


def reject_approval(
    store: Store, keys: Keys, actor: Actor, approval_id: str, *, reason: str, now: datetime
) -> Approval:
    """Say no: the version is rejected, its rollout ends, and the active version stays.

    Any admin may, whoever asked too. One that lapsed is written as such, and refused.

    Raises: NotFound, BadSignature, Forbidden, Refused, InvalidInput.
    """
    require_person(actor, "reject")
    require_reason(actor, reason, "reject")

    def body(tx: Transaction) -> tuple[Approval, bool]:
        case = read_case(tx, keys, approval_id)
        lapsed = settled(case, now)
        if lapsed is not None or case.approval.state != "pending":
            return lapsed or case.approval, False
        drafts = without(case.head, [case.approval.version])
        approval, head = close(case, actor, "rejected", reason, now=now, drafts=drafts)
        if case.rollout is not None:
            finish(
                tx,
                keys,
                head,
                actor,
                case.rollout,
                "aborted",
                "abort_rollout",
                reason=reason,
                evidence={"approval": approval.id},
                now=now,
            )
        return approval, True

    approval, done = store.transact(body)
    if not done:
        _require_pending(approval)
    return approval


def _require_four_eyes(approval: Approval, actor: Actor) -> None:
    """Refuse the yes of who made, started or asked for the change.

    Raises: Refused.
    """
    if actor.name in approval.involved:
        override = f"ratchet policy activate {approval.policy} {approval.version.partition('@')[2]}"
        if approval.rollout:
            override = f"ratchet rollout override {approval.rollout} PROMOTE"
        raise Refused(
            f"{actor.name} took part in it: four eyes want another admin's yes",
            field="actor",
            mend=f"ask another admin, or {override} --reason ..., which the audit marks",
        )


def _require_pending(approval: Approval) -> None:
    """Refuse an approval that was decided, or lapsed.

    Raises: Refused.
    """
    if approval.state != "pending":
        why = f"{approval.state} by {approval.decided_by}: {approval.decided_reason}"
        raise Refused(
            f"{approval.id} cannot be decided any more, it is {why}",
            field="state",
            mend=f"ratchet approvals list --policy {approval.policy} --all",
        )
