"""Gate: one thing that a version must pass on its road, and what comes of arriving there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from ratchet.govern.config import ConfigReader
from ratchet.kernel.keys import Keys
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.gate_rules import ClassRules
from ratchet.rollouts.profile import Profile
from ratchet.rollouts.rollout import Challenger, RolloutDraft
from ratchet.store.port import Store

# `passed` and `not_asked` go on to the next gate; `waits` is asked again later, `stopped` never.
Result = Literal["passed", "not_asked", "waits", "stopped", "runs", "asks"]


@dataclass(frozen=True)
class Road:
    """What a gate may look at: the versions on their way, and the rules that they are under."""

    store: Store
    keys: Keys
    reader: ConfigReader
    champion: PolicyVersion
    versions: tuple[PolicyVersion, ...]
    challengers: tuple[Challenger, ...]
    rules: ClassRules
    profile_name: str
    profile: Profile
    now: datetime


@dataclass(frozen=True)
class Entered:
    """What came of arriving at a gate: `draft` is the rollout that it begins."""

    result: Result
    reasons: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    draft: RolloutDraft | None = None


class Gate(Protocol):
    """Says what becomes of versions that arrive; it may read the store, and writes no transition.

    Raises: RatchetError where the store does not answer.
    """

    def __call__(self, road: Road) -> Entered:
        """Enter the gate."""
        ...
