"""Run the loop from end to end on a simulated clock, by the verbs that production runs."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
from pydantic import Field

from ratchet.client import PolicyClient
from ratchet.client.direct import DirectTransport
from ratchet.entry.demo.world import Row, World, scores_of
from ratchet.entry.seed import seed
from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import wire
from ratchet.govern.audit import ChainHead
from ratchet.govern.flags import set_flags
from ratchet.govern.roles import person
from ratchet.govern.verify import verify_all
from ratchet.kernel.clock import ManualClock, millis
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.observe.observation import MAX_BATCH
from ratchet.observe.record import record
from ratchet.observe.reward import RewardConfig
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.history import list_versions
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion
from ratchet.store.counting import Bill, CountingStore
from ratchet.store.port import Query, Store

POLICY = "demo-router"
START = datetime(2026, 1, 1, tzinfo=UTC)
ADMIN = person("demo")
FLUSH = timedelta(seconds=60)
# Told: requests served, mean reward of the last 500, and a version that has just gone live.
Progress = Callable[[int, float, str], None]


class Options(Model):
    """What a run can vary. Units: requests a second, minutes, weights 0..1."""

    requests: Annotated[int, Field(ge=10, le=10_000_000)] = 20_000
    seed: Annotated[int, Field(ge=0)] = 1
    rate: Annotated[float, Field(gt=0, le=1000)] = 1.0
    tune_minutes: Annotated[int, Field(ge=1, le=10_000)] = 30
    floor: Annotated[float, Field(ge=0, le=1)] = 0.01
    cap: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_step: Annotated[float, Field(gt=0, le=1)] = 0.2


class Summary(Model):
    """What a run came to; rewards are means per request."""

    requests: int
    scored: int
    reward_first: float
    reward_last: float
    reward_uniform: float
    reward_best_arm: float
    versions: int
    activations: int
    audit_valid: bool
    ops_per_observation: float
    seconds: float


class Fifth(Model):
    """The figures of one fifth of the run."""

    reward: float
    success: float
    p95_latency: float | None
    cost_usd: float | None


class Release(Model):
    """A version that went live, after how many requests."""

    at: int
    version: str


@dataclass(frozen=True)
class Run:
    """What happened: the reward of each request, and the versions that came of it."""

    summary: Summary
    fifths: list[Fifth]
    versions: list[PolicyVersion]
    releases: list[Release]
    arms: tuple[str, ...]
    rewards: list[float]


def run_demo(store: Store, keys: Keys, world: World, options: Options, progress: Progress) -> Run:
    """Serve requests by the policy's weights, record them, and let the ticks learn.

    Raises: InvalidInput where the store is in use, or an option is out of range.
    """
    began = time.perf_counter()
    simulation = _Simulation(store, keys, world, options, progress)
    for i in range(options.requests):
        simulation.request(i)
    return simulation.finish(began)


def require_fresh(store: Store) -> None:
    """Refuse a store that is in use.

    Raises: InvalidInput.
    """
    if store.query(Query(ChainHead.collection, limit=1)):
        raise InvalidInput(
            "the store is in use, and a demo would switch learning on",
            field="store",
            mend="use a fresh one",
        )


class _Simulation:
    """The simulated clock, the component, and the ticks as they would come."""

    def __init__(
        self, store: Store, keys: Keys, world: World, options: Options, progress: Progress
    ) -> None:
        require_fresh(store)
        self.world, self.options, self.progress = world, options, progress
        self.clock, self.flushed = ManualClock(START), START
        self.app = wire(CountingStore(store), keys, self.clock)
        self.rng = random.Random(options.seed)
        self.served: list[tuple[str, Row]] = []
        self.batch: list[dict[str, object]] = []
        self.releases: list[Release] = []
        self.scored = 0
        self.schedules = dict(SCHEDULES)
        tuning = timedelta(minutes=options.tune_minutes)
        usual = SCHEDULES["auto_tune_policies"]
        self.schedules["auto_tune_policies"] = replace(usual, every=tuning)
        self._prepare()
        self.client = PolicyClient(
            DirectTransport(self.app.store, keys, self.clock),
            POLICY,
            clock=lambda: (self.clock() - START).total_seconds(),
            rng=self.rng,
            jitter=0.0,
        )

    def _prepare(self) -> None:
        """Seed the store, let learning activate by itself, and begin from uniform weights."""
        app, arms = self.app, self.world.arms
        seed(app, now=START)
        set_flags(
            app.store, app.keys, ADMIN, enabled=True, auto_activate=True, reason="demo", now=START
        )
        weights = {arm: 1 / len(arms) for arm in arms}
        space = {
            "modelWeights": {
                "kind": "simplex",
                "floor": self.options.floor,
                "cap": self.options.cap,
                "maxStep": self.options.max_step,
            }
        }
        first = propose(
            app.store,
            app.keys,
            ADMIN,
            POLICY,
            {"modelWeights": weights},
            tuning_space=space,
            reason="demo",
            now=START,
        )
        activate(
            app.store, app.keys, ADMIN, POLICY, first.version, reason="uniform weights", now=START
        )

    def request(self, i: int) -> None:
        """Serve one request, and run whatever became due before it."""
        now = START + timedelta(seconds=i / self.options.rate)
        self.clock.now = now
        if now >= self.flushed + FLUSH or len(self.batch) == MAX_BATCH:
            self._flush(now)
        choice = self.client.choose()
        row = self.world.respond(choice.arm, i / self.options.requests, self.rng)
        self.served.append((choice.arm, row))
        own = {"component": f"router:{choice.arm}", "ts": millis(now)}
        self.batch.append(dict(row) | own | dict(choice.as_observation()))
        if i % 500 == 0:
            self._report("")

    def _flush(self, now: datetime) -> None:
        """Record what was served since the last time, and run the ticks that are due."""
        if self.batch:
            payload = {"id": f"demo-{len(self.served)}", "observations": self.batch}
            ingest = self.app.reader.read(Ingest)
            record(self.app.store, self.app.keys, payload, ingest=ingest, now=now)
            self.batch = []
        for name, schedule in self.schedules.items():
            if schedule.period(now) != schedule.period(self.flushed):
                self._run(name, now)
        self.flushed = now

    def _run(self, name: str, now: datetime) -> None:
        report = SCHEDULES[name].run(self.app, now)
        if name == "score_observations":
            self.scored += int(report["scored"])
        for outcome in report.get("policies", ()):
            if outcome["policy"] == POLICY and outcome["decision"] == "activated":
                self.releases.append(Release(at=len(self.served), version=outcome["version"]))
                self._report(outcome["version"])

    def _report(self, version: str) -> None:
        recent = self.served[-500:]
        config = self.app.reader.read(RewardConfig)
        self.progress(len(self.served), _mean(scores_of(recent, config)), version)

    def finish(self, began: float) -> Run:
        """Score what is left, verify the chains, and sum up."""
        self._flush(self.clock.advance(FLUSH))
        for name in ("score_observations", "roll_stats"):
            self._run(name, self.clock.advance(FLUSH))
        app, options = self.app, self.options
        chains = verify_all(app.store, app.keys, now=self.clock())
        config = app.reader.read(RewardConfig)
        rewards = scores_of(self.served, config)
        means = self.world.mean_rewards(config, 0.9)
        versions = list_versions(app.store, POLICY)
        size = max(1, options.requests // 5)
        cuts = [slice(i * size, (i + 1) * size) for i in range(5)]
        fifths = [_fifth(self.served[cut], rewards[cut]) for cut in cuts]
        bill = app.store.bill if isinstance(app.store, CountingStore) else Bill()
        summary = Summary(
            requests=options.requests,
            scored=self.scored,
            reward_first=fifths[0].reward,
            reward_last=fifths[-1].reward,
            reward_uniform=_mean(list(means.values())),
            reward_best_arm=round(max(means.values()), 4),
            versions=len(versions),
            activations=len(self.releases),
            audit_valid=all(chain.valid for chain in chains),
            ops_per_observation=round(bill.total / options.requests, 4),
            seconds=round(time.perf_counter() - began, 2),
        )
        return Run(summary, fifths, versions, self.releases, self.world.arms, rewards)


def _fifth(served: list[tuple[str, Row]], rewards: list[float]) -> Fifth:
    latency = [row["durationMs"] for _, row in served if "durationMs" in row]
    cost = [row["costUsd"] for _, row in served if "costUsd" in row]
    return Fifth(
        reward=_mean(rewards),
        success=_mean([float(row["outcome"] == "success") for _, row in served]),
        p95_latency=float(np.quantile(latency, 0.95)) if latency else None,
        cost_usd=_mean(cost) if cost else None,
    )


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
