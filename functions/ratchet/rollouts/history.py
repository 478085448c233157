"""Which rollouts there are, and there were."""

from collections.abc import Mapping
from typing import Any

from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.observe.watch import ROLLOUTS
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store


def get_rollout(store: Store, rollout_id: str) -> Rollout:
    """Return one rollout.

    Raises: NotFound; InvalidInput where the document does not parse.
    """
    found = store.get(Ref(ROLLOUTS, rollout_id))
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist", field="rollout", mend="ratchet rollout list"
        )
    return _read(rollout_id, found.data)


def _read(rollout_id: str, data: Mapping[str, Any]) -> Rollout:
    """Return a stored rollout.

    Raises: InvalidInput that names the document and what ends it.
    """
    try:
        return Rollout.from_store(data)
    except InvalidInput as error:
        raise InvalidInput(
            f"{ROLLOUTS}/{rollout_id}: {error.message}",
            field=error.field,
            mend=f"ratchet rollout abort {rollout_id} --reason ...",
        ) from error


def list_rollouts(
    store: Store, policy_id: str | None = None, *, tell: Tell | None = None
) -> list[Rollout]:
    """Return the rollouts of a policy, or of all, oldest first.

    One that does not parse, and was aborted as it was found, is left out: no verb can mend it.

    Any other that does not parse is told, and left out.

    Raises: NotFound where there is no such policy; InvalidInput where nobody is told.
    """
    where = (Filter("policy", "==", policy_id),) if policy_id is not None else ()
    stored = [s for s in store.stream(Query(ROLLOUTS, where)) if not _is_closed_unread(s)]
    found = list(each(stored, lambda s: _read(s.ref.id, s.data), tell))
    if policy_id is not None and not stored and not _exists(store, policy_id):
        raise NotFound(
            f"policy {policy_id} does not exist", field="policy", mend="ratchet policy list"
        )
    return sorted(found, key=lambda rollout: (rollout.started_at, rollout.id))


def _is_closed_unread(stored: Snapshot) -> bool:
    """Say whether a document was aborted as it was found, and does not parse."""
    try:
        _read(stored.ref.id, stored.data)
    except InvalidInput:
        return stored.data.get("state") == "ended"
    return False


def _exists(store: Store, policy_id: str) -> bool:
    return is_policy_id(policy_id) and store.get(Ref(PolicyHead.collection, policy_id)) is not None
