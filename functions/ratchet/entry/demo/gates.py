"""The demo of gates: versions on the road to active, by the verbs and ticks of production."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from ratchet.client.direct import DirectTransport
from ratchet.entry.demo.component import Component
from ratchet.entry.demo.gates_world import FAILING, Cast, Failing, cast
from ratchet.entry.demo.people import ADA, decide, propose_arm, send_on
from ratchet.entry.demo.run import START, require_fresh
from ratchet.entry.demo.world import World
from ratchet.entry.seed import seed
from ratchet.entry.ticks import Failure, run_due
from ratchet.entry.wiring import App, wire
from ratchet.govern.config_change import set_config
from ratchet.govern.verify import verify_all
from ratchet.kernel.clock import HOUR, ManualClock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import Refused
from ratchet.kernel.keys import Keys
from ratchet.observe.reward import RewardConfig
from ratchet.policies.activate import activate
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.space import arm_weights
from ratchet.rollouts.check_verdict import check_verdicts, require_equal
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.history import get_rollout, list_rollouts
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Verdict
from ratchet.rollouts.verdicts import last_verdict
from ratchet.store.port import Ref, Store

POLICY = "demo-router"
TICK = timedelta(seconds=10)  # after the hour, when what was sent has been read
# Told: the simulated instant, and what happened then.
Tell = Callable[[datetime, str], None]


class GateOptions(Model):
    """What a run can vary. Units: requests a second."""

    seed: Annotated[int, Field(ge=0)] = 1
    rate: Annotated[float, Field(ge=0.03, le=10)] = 0.04


class GateSummary(Model):
    """How many versions stayed active, were stopped at a gate, and were rolled back afterwards.

    `verdictsRecomputed`: so many came out byte for byte when they were judged again, which is all.
    """

    promoted: int
    stopped: int
    rolled_back: int
    verdicts_recomputed: int
    audit_valid: bool
    seconds: float


class GateRun(Model):
    """The summary, and what else a person wants to know."""

    summary: GateSummary
    active: str
    requests: int
    ended: datetime

    def in_words(self) -> tuple[str, ...]:
        """Return the lines that a person reads at the end."""
        s, days = self.summary, (self.ended - START).days
        return (
            f"{self.requests} requests in {days} days; {self.active} is active",
            f"{s.promoted} promoted, {s.stopped} stopped at a gate, {s.rolled_back} rolled back",
            f"{s.verdicts_recomputed} verdicts recomputed, equal to the byte, {s.seconds} s",
            f"audit chain {'valid' if s.audit_valid else 'BROKEN'}",
        )


def run_gates(
    store: Store,
    keys: Keys,
    world: World,
    options: GateOptions,
    tell: Tell,
    *,
    rules: Gates | None = None,
) -> GateRun:
    """Send three versions down the road: one regresses after it, one stays, one never arrives.

    `rules` are the gates of config/gates; those that ship where none are given.

    Raises: InvalidInput where the store is in use, or the world has no arm to promote; Refused
    where a verdict is another when it is judged again.
    """
    began = time.perf_counter()
    require_fresh(store)
    story = _Story(store, keys, world, options, tell)
    parts = story.parts
    story.begin(rules)
    story.send(parts.regressing, "looks better than what is active", regressing=True)
    story.send(parts.good, "looks better than what is active")
    story.send(parts.bad, "is tried, too")
    return story.finish(began)


class _Story:
    """The simulated clock, the component, the ticks, and two persons."""

    def __init__(
        self, store: Store, keys: Keys, world: World, options: GateOptions, tell: Tell
    ) -> None:
        self.clock = ManualClock(START)
        self.app: App = wire(store, keys, self.clock)
        self.options, self._tell = options, tell
        self.world = Failing(world)
        self.parts: Cast = cast(world, self.app.reader.read(RewardConfig))
        self.component = Component(
            DirectTransport(store, keys, self.clock), POLICY, self.clock, self.world.respond
        )
        self.served = 0

    def tell(self, text: str) -> None:
        """Tell what has just happened."""
        self._tell(self.clock(), text)

    def begin(self, rules: Gates | None) -> None:
        """Seed the store, and let the first version serve."""
        app, arm = self.app, self.parts.champion
        seed(app, now=START)
        if rules is not None:
            set_config(app.store, app.keys, ADA, Gates, rules.to_map(), reason="demo", now=START)
        first = propose_arm(app, POLICY, arm, "is what there is", START).version
        activate(app.store, app.keys, ADA, POLICY, first, reason="the first version", now=START)
        self.tell(f"{first} serves everybody, by {arm}")

    def send(self, arm: str, reason: str, *, regressing: bool = False) -> None:
        """Propose a version that serves another arm, and follow it to the end of its road."""
        if arm == self._serving():
            self.tell(f"{arm} is active already")
            return
        version = propose_arm(self.app, POLICY, arm, reason, self.clock())
        rollout = send_on(self.app, version, self.options.seed, self.clock())
        ahead = " -> ".join((rollout.mode, *rollout.gates))
        self.tell(f"ada sends {version.version} ({arm}) on its road: {ahead}")
        while (running := self._running()) is not None:
            if regressing and running.purpose == "holdback" and self.world.down is None:
                self.world.down = arm
                self.tell(f"{arm} begins to fail: {FAILING:.0%} of its requests")
            self._hour()
            self._tell_of(running)
            for line in decide(self.app, POLICY, self.clock()):
                self.tell(line)
        if self.world.down is not None:
            self.tell(f"{arm} is mended")
            self.world.down = None

    def _head(self) -> PolicyHead:
        found = self.app.store.get(Ref(PolicyHead.collection, POLICY))
        assert found is not None  # it was written when the first version was proposed
        return PolicyHead.from_store(found.data)

    def _serving(self) -> str:
        """Return the arm of the active version."""
        active = get_version(self.app.store, self.app.keys, POLICY, str(self._head().active))
        return next(iter(arm_weights(active.params["modelWeights"])))

    def _running(self) -> Rollout | None:
        named = self._head().rollout
        return get_rollout(self.app.store, named) if named else None

    def _hour(self) -> None:
        """Serve an hour of requests, and run the ticks that are due.

        Raises: RatchetError, whatever a tick raised.
        """
        begin, count = self.clock(), round(self.options.rate * 3600)
        end = begin.replace(minute=0, second=0, microsecond=0) + HOUR
        for i in range(count):
            self.clock.now = begin + (end - begin) * i / count
            self.component.serve(f"{self.options.seed}-{self.served}")
            self.served += 1
        self.clock.now = end
        self.component.flush()
        self.clock.advance(TICK)
        for report in run_due(self.app, now=self.clock()).values():
            if isinstance(report, Failure):
                raise report.error
            for looked in report.get("rollouts", ()):
                if "verdict" not in looked:
                    raise Refused(f"{looked['rollout']} was not judged: {looked['note']}")

    def _tell_of(self, rollout: Rollout) -> None:
        """Tell of a verdict that did something."""
        verdict = last_verdict(self.app.store, self.app.keys, rollout.id)
        if verdict is not None and verdict.at == self.clock() and verdict.decision != "HOLD":
            self.tell(_in_words(rollout, verdict))
            self.tell(f"  {'; '.join(verdict.judged.reasons)}")

    def finish(self, began: float) -> GateRun:
        """Judge every verdict again, verify the chains, and sum up."""
        app = self.app
        rollouts = list_rollouts(app.store, POLICY)
        checked = [c for r in rollouts for c in check_verdicts(app.store, app.keys, r.id)]
        for verdict in checked:
            require_equal(verdict)
        chains = verify_all(app.store, app.keys, now=self.clock())
        ends = [(rollout.purpose, rollout.outcome) for rollout in rollouts]
        gone, head = ends.count(("holdback", "rolled_back")), self._head()
        summary = GateSummary(
            promoted=len(head.activated) - 1 - gone,  # the first came by no gate
            stopped=ends.count(("trial", "rolled_back")),
            rolled_back=gone,
            verdicts_recomputed=len(checked),
            audit_valid=all(chain.valid for chain in chains),
            seconds=round(time.perf_counter() - began, 2),
        )
        return GateRun(
            summary=summary,
            active=str(head.active),
            requests=self.served,
            ended=self.clock(),
        )


def stamp(at: datetime) -> str:
    """Return an instant as a story tells it.

    >>> stamp(START + timedelta(hours=27))
    'day  2 03:00'
    """
    return f"day {(at - START).days + 1:>2} {at:%H:%M}"


def _in_words(rollout: Rollout, verdict: Verdict) -> str:
    """Return where a version is, what was decided, and what was done about it."""
    place: str = rollout.mode
    if rollout.purpose == "holdback":
        place = "holdback"
    elif rollout.mode == "canary":
        place = f"canary at {max(rollout.steps[rollout.step].values()):.0%}"
    return f"{place}: {verdict.decision}, {verdict.note or verdict.effect}"
