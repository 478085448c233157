"""Rollouts under test: how they are asked for, started and ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.aa import start_aa
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, NOON, PARAMS, POLICY, draft, lineage_of, weights

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


def by_gates(**fields: Any) -> dict[str, Any]:
    """Return what is asked of a rollout whose mode and steps the gates say."""
    return {name: value for name, value in asked(**fields).items() if name != "steps"}


def reader_of(store: Store, *, now: datetime = NOON) -> ConfigReader:
    """Return a reader of the configuration as it is now."""
    return ConfigReader(store, ManualClock(now))


def ready(store: Store) -> None:
    """Make 1.0.0 active, and a draft of 1.0.1 with other weights."""
    lineage_of(store, 1)
    draft(store, weights(0.5))


def behaving(store: Store, *, drafts: int = 1) -> None:
    """Make 1.0.0 active, and drafts that behave in another way."""
    lineage_of(store, 1)
    for i in range(drafts):
        draft(store, PARAMS | {"cooldownMs": i + 1})


def start(store: Store, wanted: Mapping[str, Any], *, now: datetime = NOON, **verb: Any) -> Rollout:
    """Let a person start what is asked for."""
    given: dict[str, Any] = {"salt": SALT, "reason": "try it"} | verb
    actor = given.pop("actor", ADA)
    request = RolloutRequest.parse(dict(wanted))
    return start_rollout(store, KEYS, reader_of(store, now=now), actor, request, now=now, **given)


def begin(store: Store, *, now: datetime = NOON, **options: Any) -> Rollout:
    """Let a person start a rollout, whose shares are the same for every challenger."""
    of_the_verb = ("actor", "reason", "salt")
    verb = {name: options.pop(name) for name in of_the_verb if name in options}
    return start(store, asked(**options), now=now, **verb)


def start_twins(store: Store, *, end: bool = False, **options: Any) -> Rollout:
    """Let a person start an A/A, and end it at once where that is all that is asked."""
    given: dict[str, Any] = {"salt": SALT, "reason": "try ourselves", "now": NOON} | options
    actor = given.pop("actor", ADA)
    started = start_aa(store, KEYS, reader_of(store), actor, POLICY, **given)
    if end:
        finish(store, started.id)
    return started


def finish(store: Store, rollout_id: str, **options: Any) -> PolicyHead:
    """Let a person end a rollout."""
    given: dict[str, Any] = {"reason": "enough", "now": NOON} | options
    return abort_rollout(store, KEYS, given.pop("actor", ADA), rollout_id, **given)
