"""Propose a version: a signed draft with its reasons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.flags import flags_in, require_learning
from ratchet.govern.roles import Actor, require_admin, require_reason
from ratchet.kernel.errors import AlreadyExists, InvalidInput, NotFound
from ratchet.kernel.keys import Keys
from ratchet.policies.draft import draft_of, next_number
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import (
    COLLECTION,
    RESERVED_IDS,
    ArtifactRef,
    PolicyId,
    PolicyVersion,
    Proposal,
    SemVer,
    Status,
    load_version,
    signed,
    version_key,
)
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

_POLICY_ID: TypeAdapter[str] = TypeAdapter(PolicyId)


def propose(
    store: Store,
    keys: Keys,
    actor: Actor,
    policy_id: str,
    params: Mapping[str, Any],
    *,
    now: datetime,
    tuning_space: Mapping[str, Any] | None = None,
    artifacts: tuple[ArtifactRef, ...] | None = None,
    version: str | None = None,
    notes: str = "",
    reason: str = "",
    proposal: Proposal | None = None,
    partial: bool = False,
) -> PolicyVersion:
    """Write a draft whose parent is the active version; what is not given is the parent's.

    `partial`: so are the params that are not given; otherwise they are gone. A machine's open
    draft of the same parent is superseded; one that is equal is returned.

    Raises: InvalidInput, LearningOff, NotFound, AlreadyExists, Conflict, ChainBroken.
    """
    check_policy_id(policy_id)
    if actor.kind != "machine":
        require_admin(actor, "propose")
        require_reason(actor, reason, "propose")

    def body(tx: Transaction) -> PolicyVersion:
        require_learning(flags_in(tx), actor, "propose")
        head = tx.find(PolicyHead, policy_id) or PolicyHead(id=policy_id)
        require_chain(tx, head)
        known = [version_key(policy_id, v) for v in (head.active, *head.drafts) if v]
        tx.fetch([Ref(COLLECTION, key) for key in known])  # at once, rather than one by one
        parent = read_version(tx, keys, policy_id, head.active) if head.active else None
        open_drafts = [read_version(tx, keys, policy_id, v) for v in head.drafts]
        number = _free_number(tx, head, version)
        draft = draft_of(
            actor,
            policy_id,
            {**parent.params, **params} if partial and parent else params,
            parent,
            number=number,
            space=tuning_space,
            artifacts=artifacts,
            notes=notes,
            proposal=proposal,
            now=now,
        )
        rivals = [
            d
            for d in open_drafts
            if d.parent == draft.parent and d.proposal and proposal and actor.kind == "machine"
        ]
        same = [d for d in rivals if d.params == draft.params]
        if same:
            return same[-1]
        new = signed(keys, draft)
        said = reason or "; ".join(proposal.reasons if proposal else ())
        gone = [d for d in rivals if d.version not in head.stages]  # a rollout tries the others
        write_draft(tx, keys, head, new, actor, now=now, reason=said, superseded=gone)
        return new

    return store.transact(body)


def write_draft(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    new: PolicyVersion,
    actor: Actor,
    *,
    now: datetime,
    reason: str,
    evidence: Mapping[str, Any] | None = None,
    superseded: Sequence[PolicyVersion] = (),
) -> None:
    """Write a signed draft, its audit entry and the head, and close the drafts it supersedes."""
    entry = link(
        keys,
        head,
        actor,
        "propose",
        new.key(),
        now=now,
        payload=new.to_map(),
        was=new.parent or "",
        to=new.key(),
        reason=reason,
        evidence={"changeClass": new.change_class}
        | dict(evidence or {})
        | ({"superseded": [d.key() for d in superseded]} if superseded else {}),
    )
    gone = {d.version for d in superseded}
    drafts = (*(v for v in head.drafts if v not in gone), new.version)
    tx.put(new)
    for draft in superseded:
        set_status(tx, draft.key(), "rejected", now)
    tx.put(head.after(entry, latest=new.version, drafts=drafts))
    tx.put(entry)


def check_policy_id(policy_id: str) -> None:
    """Refuse names that are no policy id.

    Raises: InvalidInput.
    """
    try:
        _POLICY_ID.validate_python(policy_id, strict=True)
    except ValidationError as error:
        raise InvalidInput(
            f"{policy_id!r} is no policy id",
            field="id",
            mend="lower-case letters, digits and dashes",
        ) from error
    if policy_id in RESERVED_IDS:
        raise InvalidInput(f"{policy_id!r} is reserved", field="id", mend="choose another name")


def is_policy_id(policy_id: str) -> bool:
    """Say whether a name is a policy id."""
    try:
        check_policy_id(policy_id)
    except InvalidInput:
        return False
    return True


def read_version(tx: Transaction, keys: Keys, policy_id: str, version: str) -> PolicyVersion:
    """Read one version inside a transaction, with its signature checked.

    Raises: NotFound, BadSignature.
    """
    key = version_key(policy_id, version)
    (found,) = tx.fetch([Ref(COLLECTION, key)])
    if found is None:
        raise NotFound(
            f"{key} does not exist", field="version", mend=f"ratchet policy list {policy_id}"
        )
    return load_version(keys, key, found.data)


def set_status(tx: Transaction, key: str, status: Status, now: datetime) -> None:
    """Change a version's status, if it is there; the signed part stays as it was stored."""
    (found,) = tx.fetch([Ref(COLLECTION, key)])
    if found is not None:
        tx.set(found.ref, found.data | {"status": status, "updatedAt": now})


def _free_number(tx: Transaction, head: PolicyHead, wanted: str | None) -> str:
    """Return the number of a new version; the race for one is run again, since reads are torn.

    Raises: AlreadyExists where a version stands under it, InvalidInput.
    """
    number = str(SemVer.of(wanted)) if wanted is not None else next_number(head, None)
    key = version_key(head.id, number)
    (found,) = tx.fetch([Ref(COLLECTION, key)])
    if found is None:
        return next_number(head, wanted)
    if head.latest and SemVer.of(number) <= SemVer.of(head.latest):
        raise AlreadyExists(
            f"{key} exists",
            field="version",
            mend=f"raise the number, or see whether it is yours: ratchet policy show {head.id} "
            f"{number}",
        )
    raise AlreadyExists(
        f"{key} exists, and the head of {head.id} does not know it",
        field="version",
        mend="try again, give a later --version, or restore the head from a backup",
    )
