"""Resolve: what a component should run now."""

from typing import Any

from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.version import COLLECTION, load_version, version_key
from ratchet.store.port import Ref, Snapshot, Store


class Answer(Model):
    """The active version as a component gets it; `etag` changes exactly when it does."""

    policy: str
    version: str
    params: dict[str, Any]
    etag: str


def resolve(store: Store, keys: Keys, policy_id: str) -> Answer:
    """Return the active version of a policy, with its signature checked.

    A head that was edited by hand to a version that no gate let through is not followed.

    Raises: NotFound, BadSignature, Refused.
    """
    return resolve_head(store, keys, policy_id)[0]


def resolve_head(store: Store, keys: Keys, policy_id: str) -> tuple[Answer, Snapshot]:
    """Return the answer of `resolve`, and the policy's head as it was read for it.

    Raises: as `resolve`.
    """
    head = store.get(Ref(PolicyHead.collection, policy_id))
    active = head.data.get("active") if head else None
    if head is None or active is None:
        raise NotFound(
            f"policy {policy_id} has no active version", field="policy", mend="ratchet policy list"
        )
    key = version_key(policy_id, active)
    activated = head.data.get("activated")
    if not isinstance(activated, list | tuple) or active not in activated:
        raise _not_decided(policy_id, f"{key} was never activated, yet the head says it is active")
    found = store.get(Ref(COLLECTION, key))
    if found is None:
        raise NotFound(
            f"{key} does not exist",
            field="version",
            mend=f"ratchet audit verify {policy_id} names what to go back to",
        )
    version = load_version(keys, key, found.data)
    answer = Answer(
        policy=policy_id, version=key, params=dict(version.params), etag=version.signature[:32]
    )
    return answer, head


def _not_decided(policy_id: str, text: str) -> Refused:
    """Return the error of a head that says what nobody decided."""
    return Refused(
        text,
        field="active",
        mend=f"ratchet audit verify {policy_id}, then ratchet policy rollback {policy_id} VERSION",
    )
