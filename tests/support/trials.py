"""Rollouts under test: how they are asked for, started and ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.rollout import Rollout, RolloutDraft
from ratchet.rollouts.start import end_rollout, start_rollout
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, NOON, POLICY, draft, lineage_of, weights

SALT = "a salt of the tests, random elsewhere"
ONE = {"1.0.1": f"{POLICY}@1.0.1"}


def asked(
    arms: Mapping[str, str] = ONE, steps: tuple[float, ...] = (0.1,), **fields: Any
) -> dict[str, Any]:
    """Return what is asked of a rollout, where every challenger has the same shares."""
    return {
        "policy": POLICY,
        "challengers": [{"arm": arm, "version": version} for arm, version in arms.items()],
        "steps": [dict.fromkeys(arms, share) for share in steps],
    } | fields


def ready(store: Store) -> None:
    """Make 1.0.0 active, and a draft of 1.0.1."""
    lineage_of(store, 1)
    draft(store, weights(0.5))


def begin(store: Store, *, now: datetime = NOON, **options: Any) -> Rollout:
    """Let a person start a rollout."""
    of_the_verb = ("actor", "reason", "salt", "outcome_window_hours", "latency_objective_ms")
    verb: dict[str, Any] = {"salt": SALT, "reason": "try it"}
    verb |= {name: options.pop(name) for name in of_the_verb if name in options}
    actor = verb.pop("actor", ADA)
    reader = ConfigReader(store, ManualClock(now))
    wanted = RolloutDraft.parse(asked(**options))
    return start_rollout(store, KEYS, reader, actor, wanted, now=now, **verb)


def finish(store: Store, rollout_id: str, **options: Any) -> PolicyHead:
    """Let a person end a rollout."""
    given: dict[str, Any] = {"reason": "enough", "now": NOON} | options
    return end_rollout(store, KEYS, given.pop("actor", ADA), rollout_id, **given)
