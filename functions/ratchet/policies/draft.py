"""The draft of a new version: its number, and what it takes from the active one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.roles import Actor
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import (
    ArtifactRef,
    PolicyVersion,
    Proposal,
    SemVer,
    change_class,
    check_params,
    same_content,
)

FIRST = "1.0.0"


def next_number(head: PolicyHead, wanted: str | None) -> str:
    """Return the number of a new version: the one that is wanted, else the next patch.

    Raises: InvalidInput where it is not after every number there was.
    """
    if wanted is not None:
        asked = SemVer.of(wanted)
        if head.latest and asked <= SemVer.of(head.latest):
            raise InvalidInput(
                f"{wanted} is not after {head.latest}", field="version", mend="raise the number"
            )
        return str(asked)
    return str(SemVer.of(head.latest).bump()) if head.latest else FIRST


def draft_of(
    actor: Actor,
    policy_id: str,
    params: Mapping[str, Any],
    parent: PolicyVersion | None,
    *,
    number: str,
    space: Mapping[str, Any] | None,
    artifacts: tuple[ArtifactRef, ...] | None,
    notes: str,
    proposal: Proposal | None,
    now: datetime,
) -> PolicyVersion:
    """Return a new version, unsigned; what is not given is the parent's.

    Raises: InvalidInput that names the field; a person has to change something.
    """
    if space is None:
        space = parent.tuning_space if parent else {}
    if artifacts is None:
        artifacts = parent.artifacts if parent else ()
    check_params(params, space)
    draft = PolicyVersion.parse(
        {
            "id": policy_id,
            "version": number,
            "params": dict(params),
            "tuningSpace": dict(space),
            "artifacts": artifacts,
            "parent": parent.key() if parent else None,
            "createdAt": now,
            "createdBy": actor.name,
            "notes": notes,
            "proposal": proposal,
            "updatedAt": now,
        }
    )
    if parent and actor.kind != "machine" and same_content(parent, draft):
        raise InvalidInput(
            f"nothing differs from {parent.key()}, which is active",
            field="params",
            mend="change a param, the tuning space or an artifact",
        )
    kind = change_class(parent, draft)
    lineage = parent.root if parent and kind == "allocation" else None
    return draft.model_copy(update={"change_class": kind, "lineage": lineage})
