"""Activate, roll back, reject: head, statuses and audit entry change in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.audit import link
from ratchet.govern.roles import Actor, check_reason, require_admin, require_person, require_reason
from ratchet.kernel.errors import IllegalTransition, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import read_version, set_status
from ratchet.policies.version import (
    COLLECTION,
    TRANSITIONS,
    PolicyVersion,
    SemVer,
    Status,
    version_key,
)
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


def activate(
    store: Store,
    keys: Keys,
    actor: Actor,
    policy_id: str,
    version: str,
    *,
    now: datetime,
    reason: str = "",
    evidence: Mapping[str, Any] | None = None,
) -> PolicyHead:
    """Make a version the active one; activating the active one changes nothing.

    A person may activate any, and the audit marks it as an override: gates were not asked. The
    first version has nothing to be held against, and one that was active has passed. What the
    machine activates went through its gates (`rollouts/carry_draft.py`, `carry_out.py`).

    Raises: NotFound, BadSignature, IllegalTransition, Forbidden, InvalidInput.
    """
    require_person(actor, "activate")
    require_reason(actor, reason, "activate")

    def body(tx: Transaction) -> PolicyHead:
        head = read_head(tx, policy_id)
        target = read_version(tx, keys, policy_id, version)
        if head.active == version:
            return head
        check_transition(target, head.status_of(version), "active")
        return switch(
            tx,
            keys,
            head,
            target,
            actor,
            "activate",
            now=now,
            reason=reason,
            override=head.active is not None and version not in head.activated,
            evidence=evidence,
        )

    return store.transact(body)


def rollback(
    store: Store,
    keys: Keys,
    actor: Actor,
    policy_id: str,
    *,
    now: datetime,
    version: str | None = None,
    reason: str = "",
) -> PolicyHead:
    """Go back to a version that was active before, by default the previous one.

    Needs no reason and works with the kill switch off.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, InvalidInput.
    """
    if actor.kind == "person":
        require_admin(actor, "rollback")
        check_reason(actor, reason)
    if version is not None:
        SemVer.of(version)

    def body(tx: Transaction) -> PolicyHead:
        head = read_head(tx, policy_id)
        wanted = head.previous if version is None else version
        if wanted is None:
            raise IllegalTransition(
                f"{policy_id} has no previous version",
                field="version",
                mend=f"ratchet policy list {policy_id}, then activate another",
            )
        target = read_version(tx, keys, policy_id, wanted)
        if head.active == wanted:
            return head
        if wanted not in head.activated:
            raise IllegalTransition(
                f"{target.key()} was never active",
                field="version",
                mend=f"ratchet policy activate {policy_id} {wanted} --reason ...",
            )
        return switch(tx, keys, head, target, actor, "rollback", now=now, reason=reason)

    return store.transact(body)


def reject(
    store: Store,
    keys: Keys,
    actor: Actor,
    policy_id: str,
    version: str,
    *,
    now: datetime,
    reason: str,
) -> PolicyHead:
    """Close a draft for good.

    Raises: NotFound, IllegalTransition, InvalidInput.
    """
    require_admin(actor, "reject")
    require_reason(actor, reason, "reject")

    def body(tx: Transaction) -> PolicyHead:
        head = read_head(tx, policy_id)
        target = read_version(tx, keys, policy_id, version)
        if target.status == head.status_of(version) == "rejected":
            return head
        if version in head.stages:
            raise Refused(
                f"{target.key()} is tried by rollout {head.rollout}",
                field="version",
                mend=f"ratchet rollout abort {head.rollout} --reason ..., then reject it",
            )
        check_transition(target, head.status_of(version), "rejected")
        entry = link(
            keys,
            head,
            actor,
            "reject",
            target.key(),
            now=now,
            payload=target.to_map(),
            was="draft",
            to="rejected",
            reason=reason,
        )
        drafts = tuple(v for v in head.drafts if v != version)
        new = head.after(entry, drafts=drafts)
        set_status(tx, target.key(), "rejected", now)
        tx.put(new)
        tx.put(entry)
        return new

    return store.transact(body)


def read_head(tx: Transaction, policy_id: str) -> PolicyHead:
    """Read a policy's head inside a transaction.

    Raises: NotFound.
    """
    head = tx.find(PolicyHead, policy_id)
    if head is None:
        raise NotFound(f"policy {policy_id} does not exist", field="id", mend="ratchet policy list")
    return head


def check_transition(target: PolicyVersion, status: Status, to: Status) -> None:
    """Refuse a change of status that the table does not have.

    Raises: IllegalTransition.
    """
    if to not in TRANSITIONS[status]:
        raise IllegalTransition(
            f"{target.key()} is {status} and cannot become {to}",
            field="status",
            mend="propose a new version",
        )


def switch(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    target: PolicyVersion,
    actor: Actor,
    action: str,
    *,
    now: datetime,
    reason: str = "",
    override: bool = False,
    evidence: Mapping[str, Any] | None = None,
    decided_at: datetime | None = None,
    changes: Mapping[str, Any] | None = None,
) -> PolicyHead:
    """Write what a change of the active version writes: head, all statuses, audit entry.

    A running rollout is over, since its champion or its purpose is gone; `changes` are of the head.
    """
    former = version_key(head.id, head.active) if head.active else None
    tried = [version_key(head.id, v) for v in head.stages if v != target.version]
    tx.fetch([Ref(COLLECTION, key) for key in (former, *tried) if key])
    ended = {"endedRollout": head.rollout} if head.rollout else {}
    entry = link(
        keys,
        head,
        actor,
        action,
        target.key(),
        now=now,
        payload=target.to_map(),
        was=head.active or "",
        to=target.version,
        reason=reason,
        override=override,
        evidence=ended | dict(evidence or {}),
    )
    activated = tuple(dict.fromkeys([*head.activated, target.version]))
    new = head.after(
        entry,
        active=target.version,
        previous=head.active if head.active in head.activated else head.previous,
        activated=activated,
        drafts=tuple(v for v in head.drafts if v != target.version),
        decided_at=decided_at or now,
        **({"rollout": None, "rollout_seal": None, "stages": {}} | dict(changes or {})),
    )
    for key in tried:
        set_status(tx, key, new.status_of(key.partition("@")[2]), now)
    if former:
        # Not always archived: a head that was edited by hand may name a version never active.
        set_status(tx, former, new.status_of(str(head.active)), now)
    set_status(tx, target.key(), "active", now)
    tx.put(new)
    tx.put(entry)
    return new
