"""Choice: the arm that serves a request, with the propensity it was drawn with."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ratchet.rollouts.assign import Assignment


@dataclass(frozen=True)
class Choice:
    """One draw from the arms of a version; a served fallback names the arm that was drawn.

    `params` are those of the version, and `assignment` says why it serves while a rollout runs.
    `shadows` are the draws of challengers to run beside, each recorded as an observation of its
    own. What was not drawn has no propensity.
    """

    arm: str
    propensity: float | None
    policy_version: str | None
    fallback_from: str | None = None
    intended_version: str | None = None
    assignment: Assignment | None = None
    shadows: tuple["Choice", ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def as_observation(self) -> dict[str, Any]:
        """Return the fields to record with the outcome."""
        fields: dict[str, Any] = self.assignment.as_observation() if self.assignment else {}
        fields |= {
            "arm": self.arm,
            "propensity": self.propensity,
            "policyVersion": self.policy_version,
            "fallbackFrom": self.fallback_from,
            "intendedVersion": self.intended_version,
            "paired": [s.assignment.arm for s in self.shadows if s.assignment] or None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def served(self, version: str) -> "Choice":
        """Return the choice where the component served another version than was chosen."""
        if version == self.policy_version:
            return self
        intended = self.intended_version or self.policy_version
        return replace(self, policy_version=version, propensity=None, intended_version=intended)


def shares_of(params: Mapping[str, Any]) -> dict[str, float]:
    """Return the arms of `modelWeights` that get traffic, with shares that sum to 1.

    What is not a positive finite number gets none. Arms are in order of name, since a store keeps
    no order, and a unit's arm must not depend on one.

    >>> shares_of({"modelWeights": {"a": 3, "b": 1, "c": 0, "d": -2}})
    {'a': 0.75, 'b': 0.25}
    """
    weights = params.get("modelWeights")
    if not isinstance(weights, Mapping):
        return {}
    usable = {str(arm): float(w) for arm, w in weights.items() if _usable(w)}
    usable = dict(sorted(usable.items()))
    largest = max(usable.values(), default=1.0)
    scaled = {arm: w / largest for arm, w in usable.items()}  # so that the sum cannot overflow
    total = math.fsum(scaled.values())
    return {arm: w / total for arm, w in scaled.items() if w / total > 0}


def draw(shares: dict[str, float], uniform: float) -> str:
    """Return the arm at a point of 0..1; shares need not sum to 1.

    >>> [draw({"a": 0.5, "b": 0.25}, u) for u in (0.0, 0.6, 0.7, 0.999)]
    ['a', 'a', 'b', 'b']
    """
    left = uniform * math.fsum(shares.values())
    for arm, share in shares.items():
        left -= share
        if left < 0:
            return arm
    return next(reversed(shares))  # rounding left a crumb


def _usable(weight: object) -> bool:
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return False
    try:
        return 0 < float(weight) < math.inf
    except OverflowError:
        return False
