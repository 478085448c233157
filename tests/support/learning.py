"""A planner that asks its policy and tells its runs, and the ticks that make something of them.

One clock moves through the verbs that production runs. The loss of a run is made of five terms: a
gate that fails in a quarter of the runs (0.25), contradictions (as its version is prompted),
grounding 0.7 to 0.9 (0.2), a cost of 1.2 times its budget (0.2) and a time of 1.225 times (0.225).
Weighed by 0.25, 0.15, 0.15, 0.1 and 0.1 of 0.75 they come to 0.18 and a fifth of the
contradictions: to 0.30 where three of five statements are contradicted, to 0.22 where one is. The
SD is about 0.15.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.client.direct import DirectTransport
from ratchet.client.run import served_fields
from ratchet.client.transport import Resolved
from ratchet.entry.ticks import Failure, run_due
from ratchet.entry.wiring import wire
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import set_flags
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.clock import HOUR, ManualClock, millis
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.propose import propose
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.approve import approve, list_approvals
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.profile import Guardrail, Profile, Wanted
from ratchet.rollouts.request import RolloutRequest
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.start import start_rollout
from ratchet.runs.record import record_runs
from ratchet.runs.studies.finish_study import Finished, finish_job
from ratchet.runs.studies.study import Study
from ratchet.runs.studies.study_job import StudyJob
from ratchet.runs.studies.study_jobs import take_job
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS

START = datetime(2026, 1, 5, tzinfo=UTC)
LAB = machine("prompt-lab@x.iam")
SALT = "0123456789abcdef"
Told = Mapping[str, Any]
POLICY, COMPONENT = "planner-prompts", "planner"
PER_HOUR = 5
TICKS = (0, 1, 12)  # hours: the cards know the last day, the fleet is compared, rollouts judged
# How often one of five statements is contradicted, by the system prompt.
CONTRADICTED = {"be brief": 0.6, "say only what the sources say": 0.2}
BRIEF, SOURCED = ({"prompts": {"system": prompt}} for prompt in CONTRADICTED)
PROFILE = Profile(
    goal=Wanted(metric="loss"),
    guardrails=(Guardrail(metric="loss:grounding", margin="10 points"),),
    steps=(0.5,),
    detect="8 points",
)
GATES = Gates(
    behaviour=ClassRules(gates=("canary", "approval"), profile="loss"), profiles={"loss": PROFILE}
)


@dataclass
class Planner:
    """A component with a policy, and all that runs on a schedule."""

    store: Store
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))

    def __post_init__(self) -> None:
        self.app = wire(self.store, KEYS, self.clock)
        self._transport = DirectTransport(self.store, KEYS, self.clock)
        self._rng = random.Random(1)
        self._told = 0

    def days(self, count: int) -> None:
        """Let days pass."""
        self.hours(24 * count)

    def hours(self, count: int) -> None:
        """Work for some hours: ask for the policy in each, and tell its runs when it ends."""
        for _ in range(count):
            begin = self.clock()
            if begin.hour in TICKS:
                self._tick()
            current = self._transport.resolve(POLICY, None)
            assert current is not None
            told = [self._run(current, begin + HOUR * i / PER_HOUR) for i in range(PER_HOUR)]
            self.clock.now = begin + HOUR
            self._tell(*zip(*told, strict=True))

    def switch(self, *, enabled: bool) -> None:
        """Let Ada set the kill switch."""
        now = self.clock()
        set_flags(
            self.store, KEYS, ADA, enabled=enabled, auto_activate=False, reason="test", now=now
        )

    def take(self) -> StudyJob:
        """Let the service take the oldest job."""
        return take_job(self.store, KEYS, self.app.reader, LAB, now=self.clock())

    def finish(self, job: StudyJob, params: Told) -> Study:
        """Let the service say with which params its job has ended."""
        made = Finished(state="succeeded", params=dict(params), reasons=("says what is sourced",))
        return finish_job(self.store, KEYS, LAB, job.study, made, now=self.clock())

    def start(self, version: str) -> Rollout:
        """Let Ada start the rollout of a version, by its gates."""
        asked = RolloutRequest(
            policy=POLICY, challengers=(Challenger(arm="sourced", version=version),)
        )
        reader, now = self.app.reader, self.clock()
        return start_rollout(
            self.store, KEYS, reader, ADA, asked, salt=SALT, reason="try it", now=now
        )

    def until_asked(self) -> Approval:
        """Let hours pass until a person is asked for a yes.

        Raises: AssertionError where nobody is in a week.
        """
        for _ in range(7 * 24):
            self.hours(1)
            for asked in list_approvals(self.store, KEYS, POLICY, "pending"):
                return asked
        raise AssertionError("nobody is asked")

    def approve(self, asked: Approval, by: Actor) -> Approval:
        """Let a person say yes."""
        reader, now = self.app.reader, self.clock()
        return approve(self.store, KEYS, reader, by, asked.id, reason="less loss", now=now)

    def _tick(self) -> None:
        """Run what is due, five minutes from now."""
        self.clock.advance(timedelta(minutes=5))
        reports = run_due(self.app, now=self.clock())
        failed = {name: told for name, told in reports.items() if isinstance(told, Failure)}
        assert not failed, failed

    def _run(self, current: Resolved, at: datetime) -> tuple[Told, Told | None]:
        """Return a run as it is told, and the exposure of its unit where a rollout runs."""
        self._told += 1
        told: dict[str, Any] = {
            "runId": f"run-{self._told}",
            "ts": millis(at),
            "component": COMPONENT,
        }
        if current.rollout is None:
            return told | {"policyVersion": current.version} | self._outcome(current.params), None
        unit = f"customer-{self._told}"
        met = current.rollout.assign(unit, current.params, exposed_at=millis(at))
        exposure = {"kind": "exposure", **met.as_exposure()}
        return told | served_fields(met) | self._outcome(met.params), exposure

    def _outcome(self, params: Told) -> dict[str, Any]:
        """Return how a run goes by its prompt."""
        contradicted = CONTRADICTED[params["prompts"]["system"]]
        passed = self._rng.random() < 0.75
        return {
            "budget": {"maxCostUsd": 1.0, "maxDurationMs": 60_000.0},
            "costUsd": 1.2,
            "durationMs": 73_500.0,
            "gates": {"tests": "passed" if passed else "failed"},
            "metrics": {
                "contradictions": sum(self._rng.random() < contradicted for _ in range(5)),
                "grounding": self._rng.uniform(0.7, 0.9),
            },
            "outcome": "success",
        }

    def _tell(self, runs: Sequence[Told], exposures: Sequence[Told | None]) -> None:
        now, met = self.clock(), [exposure for exposure in exposures if exposure]
        if met:
            ingest = self.app.reader.read(Ingest)
            batch = {"id": f"exposures-{self._told}", "observations": met}
            assert not record(self.store, KEYS, batch, ingest=ingest, now=now).rejected
        told = record_runs(self.store, KEYS, {"runs": runs}, reader=self.app.reader, now=now)
        assert not told.rejected


def planner(store: Store, *, enabled: bool = True) -> Planner:
    """Return a planner whose first prompt is active, and gates that judge others by their loss."""
    made = Planner(store)
    made.switch(enabled=enabled)
    for config in (GATES, Ingest(shards=1)):
        set_config(store, KEYS, ADA, type(config), config.to_map(), reason="test", now=START)
    first = propose(store, KEYS, ADA, POLICY, BRIEF, reason="the first", now=START)
    activate(store, KEYS, ADA, POLICY, first.version, reason="the first", now=START)
    return made
