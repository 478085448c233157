"""Adopt a version that a person created in the console, as the draft that `propose` writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.roles import Actor
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.policies.draft import draft_of, next_number
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import check_policy_id, read_version
from ratchet.policies.version import (
    COLLECTION,
    ArtifactRef,
    PolicyVersion,
    signed,
    version_key,
)
from ratchet.store.limits import check_document
from ratchet.store.transact import Transaction


class Draft(Model):
    """What a person may write of a version; the rest is filled in when it is signed."""

    v: Literal[1] = 1
    id: str
    version: str
    params: dict[str, JsonValue]
    tuning_space: dict[str, JsonValue] | None = None
    artifacts: tuple[ArtifactRef, ...] | None = None
    notes: str = ""
    status: Literal["draft", "active"] = "draft"


def draft_by_hand(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    key: str,
    data: Mapping[str, Any],
    actor: Actor,
    *,
    at: datetime,
) -> PolicyVersion:
    """Return the signed draft of a document that a person wrote; its parent is the active version.

    Raises: InvalidInput that names the field; BadSignature or NotFound where the parent is spoilt;
    ChainBroken.
    """
    written = Draft.parse(data)
    check_policy_id(written.id)
    number = next_number(head, written.version)
    if version_key(written.id, number) != key:
        raise InvalidInput(
            f"the document is no {version_key(written.id, number)}",
            field="id",
            mend="name the document id@version",
        )
    require_chain(tx, head)
    parent = read_version(tx, keys, head.id, head.active) if head.active else None
    draft = draft_of(
        actor,
        written.id,
        written.params,
        parent,
        number=number,
        space=written.tuning_space,
        artifacts=written.artifacts,
        notes=written.notes,
        proposal=None,
        now=at,
    )
    new = signed(keys, draft)
    check_document(COLLECTION, key, new.to_map())
    return new


def adopt(
    tx: Transaction,
    keys: Keys,
    head: PolicyHead,
    new: PolicyVersion,
    actor: Actor,
    *,
    event_id: str,
    now: datetime,
) -> None:
    """Write a draft in place of what a person wrote, with its audit entry."""
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
        reason="created by hand in the console",
        evidence={"changeClass": new.change_class, "event": event_id},
    )
    tx.put(new)
    tx.put(head.after(entry, latest=new.version, drafts=(*head.drafts, new.version)))
    tx.put(entry)
