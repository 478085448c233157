"""Traffic: units meet versions hour by hour, through the verbs that production runs, on one clock.

A unit goes where `resolve` sends it; what it met and how that went is recorded, scored and folded,
hours are merged, and the rollouts are evaluated. The reward of an outcome is its grade.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.govern.config_change import set_config
from ratchet.kernel.clock import HOUR, ManualClock, millis
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.record import record
from ratchet.observe.reward import RewardConfig, Weights
from ratchet.observe.roll_rollouts import roll_rollouts
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.rollouts.assign import Allocation, Assignment
from ratchet.rollouts.evaluate import Looked, evaluate_rollouts
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.profile import PROFILES, Guardrail, Profile
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.resolve import resolve
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, POLICY, head_of, switch_flags
from tests.support.observing import Worker

START = datetime(2026, 1, 1, tzinfo=UTC)
AFTER = timedelta(minutes=5)  # of the hour, when the ticks run
SPREAD = 0.15
# Every wait as short as can be; the whole still wants a daily cycle.
QUICK = PROFILES["significance"].model_copy(
    update={
        "guardrails": (Guardrail(metric="success", margin="10 points"),),
        "min_units": 50,
        "steps": (0.2, 0.5),
        "soak_hours": 2.0,
        "deadline_hours": 60.0,
        "shadow": PROFILES["significance"].shadow.model_copy(update={"hours": 2.0}),
        "holdback": PROFILES["significance"].holdback.model_copy(
            update={"hours": 3.0, "share": 0.3}
        ),
    }
)


@dataclass
class Traffic:
    """A store, its clock, and how good each version is: its mean grade, by number."""

    store: Store
    grades: dict[str, float] = field(default_factory=lambda: {"1.0.0": 0.5})
    per_hour: int = 60

    def __post_init__(self) -> None:
        self.clock = ManualClock(START)
        self.worker = Worker(self.store, self.clock)
        self._rng = random.Random(1)
        self._batches = 0

    def propose(self, grade: float) -> str:
        """Draft a version that behaves in another way; returns its number."""
        params = {"prompts": {"system": f"prompt {len(self.grades)}"}}
        made = propose(self.store, KEYS, ADA, POLICY, params, reason="test", now=self.clock())
        self.grades[made.version] = grade
        return made.version

    def start(self, *numbers: str, **asked: Any) -> Rollout:
        """Let a person start a rollout of drafts, by their gates unless a mode is named."""
        challengers = tuple(Challenger(arm=n, version=f"{POLICY}@{n}") for n in numbers)
        return start_rollout(
            self.store,
            KEYS,
            self.worker.reader,
            ADA,
            RolloutRequest(policy=POLICY, challengers=challengers, **asked),
            salt="a salt of the tests, random elsewhere",
            reason="try it",
            now=self.clock(),
        )

    def hour(self, requests: int | None = None, *, through: Store | None = None) -> list[Looked]:
        """Serve an hour of requests, and tick after it; returns what was evaluated.

        `through` is the store as the evaluator has it, where something happens to it meanwhile.
        """
        begin = self.clock()
        self.serve(self.per_hour if requests is None else requests)
        self.clock.now = begin + HOUR + AFTER
        self.worker.read()
        roll_rollouts(self.store, now=self.clock())
        looked = evaluate_rollouts(
            through or self.store, KEYS, self.worker.reader, now=self.clock()
        )
        self.clock.now = begin + HOUR
        return looked

    def until(self, effect: str, *, hours: int = 40) -> Looked:
        """Let hours pass until a verdict had an effect.

        Raises: AssertionError where none has.
        """
        seen: list[tuple[str, ...]] = []
        for _ in range(hours):
            for looked in self.hour():
                if looked.effect == effect:
                    return looked
                seen.append((looked.decision, looked.effect, looked.note, *looked.reasons))
        raise AssertionError(f"no {effect} within {hours} hours: {seen[-3:]}")

    def serve(self, requests: int) -> None:
        """Let units meet what is served in the next hour, and record it at its end."""
        begin, meeting = self.clock(), self.allocation()
        items: list[dict[str, Any]] = []
        for i in range(requests):
            at = millis(begin + HOUR * i / requests)
            unit = f"{begin:%d%H}-{i}"
            met = meeting.assign(unit, exposed_at=at) if meeting else None
            items += self._served(met, unit, at)
        self.clock.now = begin + HOUR
        for first in range(0, len(items), MAX_BATCH):
            self.send(items[first : first + MAX_BATCH])

    def send(self, items: list[dict[str, Any]]) -> None:
        """Record one batch."""
        self._batches += 1
        payload = {"id": f"b{self._batches}", "observations": items}
        answer = record(self.store, KEYS, payload, ingest=self.worker.ingest, now=self.clock())
        assert not answer.rejected, answer.rejected[0]

    def allocation(self) -> Allocation | None:
        """Return who meets which arm now, as components are told; None without a rollout."""
        answer = resolve(self.store, KEYS, POLICY, now=self.clock())
        return get_rollout(self.store, answer.rollout.id).allocation() if answer.rollout else None

    def running(self) -> Rollout:
        """Return the rollout that the policy's head names."""
        return get_rollout(self.store, str(head_of(self.store).rollout))

    def _served(self, met: Assignment | None, unit: str, at: int) -> Iterator[dict[str, Any]]:
        if met is None:
            yield self._outcome(str(head_of(self.store).active), at) | {"unit": unit}
            return
        yield {"kind": "exposure", **met.as_exposure()}
        for one in (met, *met.shadows):
            yield self._outcome(one.version.partition("@")[2], at) | one.as_observation()

    def _outcome(self, number: str, at: int) -> dict[str, Any]:
        grade = min(1.0, max(0.0, self._rng.gauss(self.grades[number], SPREAD)))
        version = f"{POLICY}@{number}"
        sent: dict[str, Any] = {"ts": at, "component": "router", "outcome": "success"}
        return sent | {"quality": round(grade, 4), "policyVersion": version}


def opened(
    store: Store,
    *,
    gates: tuple[str, ...] = ("shadow", "canary", "approval"),
    profile: Profile = QUICK,
    auto: bool = True,
    **changes: Any,
) -> Traffic:
    """Return the traffic of a policy whose first version is active, learning switched on."""
    switch_flags(store, auto=auto)
    judged = profile.model_copy(update=changes)
    rules = ClassRules.parse({"gates": gates, "profile": "quick"})
    weights = Weights(latency=0, cost=0, success=1, error=0, baseline=0)  # the reward is the grade
    configs: Mapping[Any, Any] = {
        Gates: Gates(behaviour=rules, profiles={"quick": judged}),
        RewardConfig: RewardConfig(weights=weights),
        Ingest: Ingest(shards=1),
    }
    for kind, config in configs.items():
        set_config(store, KEYS, ADA, kind, config.to_map(), reason="test", now=START)
    traffic = Traffic(store, grades={})
    first = traffic.propose(0.5)
    activate(store, KEYS, ADA, POLICY, first, reason="test", now=START)
    return traffic
