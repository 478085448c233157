"""Standing drafts: one that says what a new one would say stands, so that noise drafts nothing."""

from collections.abc import Mapping
from typing import Any

from ratchet.policies.space import Range, Simplex
from ratchet.policies.version import PolicyVersion
from ratchet.tune.targets import MIN_CHANGE
from ratchet.tune.weights import MIN_MOVE


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
