"""Propose a version: a signed draft with its reasons."""

from collections.abc import Mapping
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
) -> PolicyVersion:
    """Write a draft whose parent is the active version; what is not given is the parent's.

    A machine's open draft of the same parent is superseded; one that is equal is returned.

    Raises: InvalidInput, LearningOff, NotFound, Conflict, ChainBroken.
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
        draft = draft_of(
            actor,
            policy_id,
            params,
            parent,
            number=next_number(head, version),
            space=tuning_space,
            artifacts=artifacts,
            notes=notes,
            proposal=proposal,
            now=now,
        )
        _require_free(tx, draft)
        rivals = [
            d
            for d in open_drafts
            if d.parent == draft.parent and d.proposal and proposal and actor.kind == "machine"
        ]
        same = [d for d in rivals if d.params == draft.params]
        if same:
            return same[-1]
        new = signed(keys, draft)
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
            reason=reason or "; ".join(proposal.reasons if proposal else ()),
            evidence={"changeClass": new.change_class}
            | ({"superseded": [d.key() for d in rivals]} if rivals else {}),
        )
        gone = {d.version for d in rivals}
        drafts = (*(v for v in head.drafts if v not in gone), new.version)
        tx.create(Ref(COLLECTION, new.key()), new.to_map())
        for rival in rivals:
            set_status(tx, rival.key(), "rejected", now)
        tx.put(head.after(entry, latest=new.version, drafts=drafts))
        tx.put(entry)
        return new

    return store.transact(body)


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


def _require_free(tx: Transaction, draft: PolicyVersion) -> None:
    """Refuse a number that is taken; the race for one is run again, since the reads are torn.

    Raises: AlreadyExists.
    """
    (found,) = tx.fetch([Ref(COLLECTION, draft.key())])
    if found is not None:
        raise AlreadyExists(
            f"{draft.key()} exists, and the head of {draft.id} does not know it",
            field="version",
            mend="try again, give a later --version, or restore the head from a backup",
        )
