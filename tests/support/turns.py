"""Turns: policies at the moment before something is decided about them, and what decides it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import person
from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.observe.epochs import current_epoch
from ratchet.policies.activate import rollback
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.approval import APPROVALS
from ratchet.rollouts.approve import approve
from ratchet.rollouts.evaluate import Looked, evaluate_rollouts
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.store.port import Query, Store
from tests.support.carried import LOOK, SALT, running
from tests.support.frozen import freeze
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    draft,
    head_of,
    lineage_of,
    switch_flags,
    weights,
)

BOB, EVE = person("bob"), person("eve")
GOOD, POOR = {"1.0.1": 0.6}, {"1.0.1": 0.4}
LATER = LOOK + 5 * HOUR


def ready(store: Store, arms: tuple[str, ...] = ("1.0.1",), **how: Any) -> Rollout:
    """Try drafts beside 1.0.0, the switches on."""
    drafted(store, len(arms))
    return running(store, arms, **({"steps": (0.4,)} | how))


def drafted(store: Store, count: int = 1) -> None:
    """Make 1.0.0 active, and drafts of somebody who is not ada."""
    switch_flags(store, auto=True)
    lineage_of(store, 1)
    current_epoch(store, reader(store), now=NOON)
    for i in range(count):
        draft(store, weights(0.5 + i / 100), actor=EVE)


def reader(store: Store, now: datetime = NOON) -> ConfigReader:
    """Return the configuration, as a fresh process reads it."""
    return ConfigReader(store, ManualClock(now))


def evaluate(store: Store, now: datetime = LOOK) -> list[Looked]:
    """Evaluate what runs, as the schedule does."""
    return evaluate_rollouts(store, KEYS, reader(store, now), now=now)


def good(store: Store, **how: Any) -> None:
    """Have a version that is shown to be better."""
    freeze(store, ready(store, **how), GOOD, read=LOOK)


def poor(store: Store) -> None:
    """Have a version that is shown to be worse."""
    freeze(store, ready(store), POOR, read=LOOK)


def two(store: Store) -> None:
    """Have one of two versions that is shown to be worse."""
    rollout = ready(store, ("1.0.1", "1.0.2"), steps=(0.3,))
    freeze(store, rollout, {"1.0.2": 0.3}, read=LOOK)


def regressing(store: Store) -> None:
    """Have a version that is worse since it was promoted than the one before."""
    good(store)
    evaluate(store)
    beside = get_rollout(store, str(head_of(store).rollout))
    freeze(store, beside, {"control": 0.3}, hour=31, read=LATER)


def asked(store: Store) -> None:
    """Have a version that waits for an approval."""
    good(store, gates=("approval",))
    evaluate(store)


def left_behind(store: Store) -> None:
    """Have a rollout whose policy went back to an earlier version since."""
    switch_flags(store, auto=True)
    lineage_of(store, 2)
    draft(store, weights(0.5), actor=EVE)
    running(store, ("1.0.2",))
    rollback(store, KEYS, ADA, POLICY, now=NOON)


def late(store: Store) -> list[Looked]:
    """Evaluate at the deadline."""
    return evaluate(store, NOON + 168 * HOUR)


def later(store: Store) -> list[Looked]:
    """Evaluate some hours after."""
    return evaluate(store, LATER)


def said_yes(store: Store) -> object:
    """Let a person approve what is asked."""
    (found,) = store.query(Query(APPROVALS))
    now = LOOK + HOUR
    return approve(store, KEYS, reader(store, now), BOB, found.ref.id, reason="yes", now=now)


def started(store: Store) -> object:
    """Let a person start a rollout."""
    wanted = RolloutRequest(
        policy=POLICY,
        challengers=(Challenger(arm="1.0.1", version=f"{POLICY}@1.0.1"),),
        mode="canary",
    )
    return start_rollout(
        store, KEYS, reader(store), ADA, wanted, salt=SALT, reason="try it", now=NOON
    )


def aborted(store: Store) -> object:
    """Let a person abort the rollout."""
    return abort_rollout(store, KEYS, ADA, f"{POLICY}-r4", reason="enough", now=LOOK)


@dataclass(frozen=True)
class Turn:
    """What stands before, what decides, and the actions that the audit chain then ends with."""

    before: Callable[[Store], object]
    decide: Callable[[Store], object]
    actions: tuple[str, ...]


TURNS: Mapping[str, Turn] = {
    "step": Turn(lambda s: good(s, steps=(0.1, 0.4)), evaluate, ("advance_rollout",)),
    "activation": Turn(good, evaluate, ("activate", "start_rollout")),
    "gate": Turn(
        lambda s: good(s, gates=("shadow", "approval")), evaluate, ("pass_gate", "start_rollout")
    ),
    "asking": Turn(
        lambda s: good(s, gates=("approval",)), evaluate, ("ask_approval", "await_approval")
    ),
    "rollback": Turn(poor, evaluate, ("roll_back_rollout",)),
    "drop": Turn(two, evaluate, ("drop_challenger",)),
    "regression": Turn(regressing, later, ("rollback",)),
    "expiry": Turn(ready, late, ("expire_rollout",)),
    "superseded": Turn(left_behind, evaluate, ("end_rollout",)),
    "approval": Turn(asked, said_yes, ("approve", "activate", "start_rollout")),
    "start": Turn(drafted, started, ("start_rollout",)),
    "abort": Turn(ready, aborted, ("abort_rollout",)),
}
