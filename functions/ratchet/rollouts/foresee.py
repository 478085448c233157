"""Foresee: how long a rollout should take, and what its policy's programme leaves it to err."""

from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.rollout import Plan, RolloutDraft
from ratchet.store.port import Store


def foresee(store: Store, draft: RolloutDraft, champion: PolicyVersion) -> Plan | None:
    """Return the plan."""
    raise NotImplementedError


def programme_level(store: Store, draft: RolloutDraft) -> float | None:
    """Return the level."""
    raise NotImplementedError
