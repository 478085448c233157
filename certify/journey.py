"""A rollout from start to end through the verbs: recorded, scored, evaluated, hour by hour."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import App, wire
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import set_flags
from ratchet.govern.roles import person
from ratchet.kernel.clock import HOUR, ManualClock, millis
from ratchet.kernel.keys import derive_keys
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.record import record
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.rollouts.assign import Assignment
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore

START = datetime(2026, 1, 1, tzinfo=UTC)
ADA = person("ada")
POLICY, ARM = "certified", "tried"
MEAN, SD = 0.7, 0.3
VERBS = ("score_observations", "evaluate_rollouts")  # and the roll once a day
AFTER = timedelta(minutes=5)  # of the hour, when the verbs run
_KEYS = derive_keys("a key for certifying only, no secret")


@dataclass(frozen=True)
class Journey:
    """How a rollout ended, after how many hours, and how many requests its challenger served."""

    outcome: str
    hours: int
    served: int


def travel(
    effect: float,
    rng: np.random.Generator,
    *,
    per_hour: int,
    hours: int,
    store: Store | None = None,
) -> Journey:
    """Roll a version out whose mean reward is that of the champion and an effect.

    Profile `significance` (any loss that is shown rolls back), a canary and no other gate; rewards
    are beta with an SD of 0.3, and every request is a unit of its own.
    """
    with prepared(store or CountingStore(SqliteStore())) as (app, clock, rollout):
        served, hour = 0, 0
        for hour in range(1, hours + 2):
            clock.now = START + (hour - 1) * HOUR
            served += traffic(app, clock, rollout, per_hour, effect, rng)
            clock.advance(AFTER)
            for name in ("roll_stats", *VERBS) if hour % 24 == 0 else VERBS:
                SCHEDULES[name].run(app, clock())
            rollout = get_rollout(app.store, rollout.id)
            if rollout.state == "ended":
                break
        return Journey(str(rollout.outcome), hour, served)


@contextmanager
def prepared(store: Store) -> Iterator[tuple[App, ManualClock, Rollout]]:
    """Give a store in which a canary has just begun, and close it."""
    clock = ManualClock(START)
    app = wire(store, _KEYS, clock)
    try:
        yield app, clock, _begun(app)
    finally:
        store.close()


def _begun(app: App) -> Rollout:
    store, keys = app.store, app.keys
    gates = Gates(behaviour=ClassRules(gates=("canary",))).to_map()
    set_config(store, keys, ADA, Gates, gates, reason="certify", now=START)
    weights = Weights(latency=0, cost=0, success=1, error=0, baseline=0)  # the reward is the grade
    rewards = RewardConfig(weights=weights).to_map()
    set_config(store, keys, ADA, RewardConfig, rewards, reason="certify", now=START)
    set_config(store, keys, ADA, Ingest, Ingest(shards=1).to_map(), reason="certify", now=START)
    set_flags(store, keys, ADA, enabled=True, auto_activate=True, reason="certify", now=START)
    for prompt in ("old", "new"):
        params = {"prompts": {"system": prompt}}
        version = propose(store, keys, ADA, POLICY, params, reason="certify", now=START)
        if prompt == "old":
            activate(store, keys, ADA, POLICY, version.version, reason="certify", now=START)
    asked = RolloutRequest(
        policy=POLICY, challengers=(Challenger(arm=ARM, version=version.key()),), mode="canary"
    )
    return start_rollout(
        store,
        keys,
        app.reader,
        ADA,
        asked,
        salt="a salt for certifying",
        reason="certify",
        now=START,
    )


def traffic(
    app: App,
    clock: ManualClock,
    rollout: Rollout,
    requests: int,
    effect: float,
    rng: np.random.Generator,
    *,
    span: timedelta = HOUR,
    batch: int = MAX_BATCH,
) -> int:
    """Record some time's requests, exposed and answered; returns how many the challenger served.

    They begin where the clock's span began, and are recorded when it ends.
    """
    allocation, begin = rollout.allocation(), clock()
    parts = np.sort(rng.random(requests))
    units = rng.integers(1 << 60, size=requests)
    grades = {e: beta(MEAN + e, rng, requests) for e in (0.0, effect)}
    items, served = [], 0
    for i in range(requests):
        at = millis(begin + float(parts[i]) * span)
        met = allocation.assign(f"{at}-{units[i]}", exposed_at=at)
        tried = met.arm == ARM
        served += tried
        items += _items(met, at, float(grades[effect if tried else 0.0][i]))
    clock.now = begin + span
    ingest = app.reader.read(Ingest)
    for start in range(0, len(items), batch):
        payload = {"id": f"{millis(begin)}-{start}", "observations": items[start : start + batch]}
        record(app.store, app.keys, payload, ingest=ingest, now=clock())
    return served


def beta(mean: float, rng: np.random.Generator, size: int) -> Any:
    """Return grades of a mean, with an SD of 0.3."""
    size_of_prior = mean * (1 - mean) / SD**2 - 1
    return rng.beta(mean * size_of_prior, (1 - mean) * size_of_prior, size)


def _items(met: Assignment, at: int, grade: float) -> list[dict[str, Any]]:
    """Return the exposure and the outcome of one request, as a component sends them."""
    outcome = {"ts": at, "component": "router:one", "outcome": "success", "quality": grade}
    served = {"policyVersion": met.version}
    return [
        {"kind": "exposure", **met.as_exposure()},
        outcome | served | met.as_observation(),
    ]
