"""Standing drafts: one that says what a new one would say stands, so that noise drafts nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.kernel.keys import Keys
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.space import Range, Simplex
from ratchet.policies.version import PolicyVersion
from ratchet.store.port import Store
from ratchet.tune.targets import MIN_CHANGE
from ratchet.tune.weights import MIN_MOVE


def standing_draft(
    store: Store, keys: Keys, head: PolicyHead, version: PolicyVersion, params: Mapping[str, Any]
) -> PolicyVersion | None:
    """Return the tuner's open draft of a version that says the same already, if there is one.

    Raises: NotFound, BadSignature.
    """
    drafts = (get_version(store, keys, head.id, number) for number in reversed(head.drafts))
    return next((d for d in drafts if _says(d, version, params)), None)


def rejected_draft(
    store: Store,
    keys: Keys,
    head: PolicyHead,
    version: PolicyVersion,
    params: Mapping[str, Any],
    *,
    since: datetime,
) -> PolicyVersion | None:
    """Return the newest draft if it says the same, and was made since an instant and rejected.

    What a gate or a person has just stopped is not asked again before the evidence is another.

    Raises: NotFound, BadSignature.
    """
    if head.latest is None or head.status_of(head.latest) != "rejected":
        return None
    last = get_version(store, keys, head.id, head.latest)
    return last if last.created_at > since and _says(last, version, params) else None


def _says(draft: PolicyVersion, version: PolicyVersion, params: Mapping[str, Any]) -> bool:
    own = draft.proposal is not None and draft.parent == version.key()
    return own and stands(draft, params)


def stands(draft: PolicyVersion, params: Mapping[str, Any]) -> bool:
    """Say whether a draft's params are within what a tuner counts as no move of some others."""
    if set(draft.params) != set(params):
        return False
    space = draft.space()
    return all(_near(space.get(name), draft.params[name], params[name]) for name in params)


def _near(span: object, a: Any, b: Any) -> bool:
    if isinstance(span, Simplex) and isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(abs(a[arm] - b[arm]) < MIN_MOVE for arm in a)
    if isinstance(span, Range) and isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) < MIN_CHANGE * abs(a)
    return bool(a == b)
