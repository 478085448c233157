"""PolicyClient: what a component asks which version to run, and which arm serves a request.

policy = PolicyClient(HttpTransport(url), "router-core", cache=Path("router-core.json"))
choice = policy.choose()
recorder.record(choice.as_observation(), component="router:" + choice.arm, outcome="success")
policy.report(choice, "success")

While a rollout runs, `choose(unit)` serves the version that the unit is assigned to.
"""

import asyncio
import hashlib
import itertools
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ratchet.client.choice import Choice
from ratchet.client.decide import Decision, decide
from ratchet.client.lanes import Lane, Lanes
from ratchet.client.last_good import LastGood
from ratchet.client.lifetime import on_fork
from ratchet.client.transport import AsyncTransport, Resolved, Transport
from ratchet.kernel.clock import Clock, millis, system_clock
from ratchet.rollouts.assign import LONGEST_UNIT, Assignment, is_unit

log = logging.getLogger("ratchet.client")
unfit_units = itertools.count()  # of this process, which tells of the first alone

Carrier = TypeVar("Carrier")


class Exposing(Protocol):
    """What takes exposures: a Recorder, of threads or of asyncio."""

    def expose(self, exposure: Mapping[str, Any], /) -> None:
        """Take one exposure; never blocks, never raises."""
        ...


class _Chooser(Generic[Carrier]):
    """What both clients share: everything but the asking."""

    def __init__(
        self,
        transport: Carrier,
        policy_id: str,
        *,
        ttl_seconds: float = 30.0,
        jitter: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Clock = system_clock,
        rng: random.Random | None = None,
        default: Mapping[str, Any] | None = None,
        cache: Path | None = None,
        recorder: Exposing | None = None,
    ) -> None:
        self._transport = transport
        self._recorder = recorder
        self._clock = clock
        self._wall_clock = wall_clock
        self._rng = rng or random.SystemRandom()  # forked workers must not draw the same arms
        self._last = LastGood(
            policy_id,
            ttl_seconds=ttl_seconds,
            jitter=jitter,
            rng=self._rng,
            default=default,
            cache=cache,
        )
        self._lanes = Lanes()
        self._unlock()
        on_fork(self._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def report(
        self, choice: Choice | Decision, outcome: str, error_code: str | int | None = None
    ) -> None:
        """Tell the breaker how the request ended."""
        with self._lock:
            lane_of = self._lanes.of if isinstance(choice, Choice) else self._lanes.deciding
            breaker = lane_of(choice.assignment).breaker
            code = breaker.error_of(outcome, error_code)
            breaker.report(choice.arm, code, self._clock())

    def _assigned(self, current: Resolved, unit: str | None) -> Assignment | None:
        """Return a unit's assignment, and expose it; nobody is assigned without a name.

        One that the service would refuse is not assigned either: its outcomes would go missing.
        """
        if current.rollout is None or unit is None:
            return None
        if not is_unit(unit):
            _leave_out(unit)
            return None
        now = millis(self._wall_clock())
        assignment = current.rollout.assign(unit, current.params, exposed_at=now)
        if self._recorder is not None:
            self._recorder.expose(assignment.as_exposure())
        return assignment

    def _pick(self, current: Resolved, unit: str | None) -> Choice:
        assignment = self._assigned(current, unit)
        with self._lock:
            self._lanes.turn(current)
            lanes = [(self._lanes.of(s), s) for s in (assignment.shadows if assignment else ())]
            own = [(lane, s) for lane, s in lanes if lane is not self._lanes.champion]
            shadows = tuple(self._draw(lane, unit, s) for lane, s in own)
            return self._draw(self._lanes.of(assignment), unit, assignment, shadows)

    def _decide(self, current: Resolved, features: Mapping[str, Any], unit: str | None) -> Decision:
        assignment = self._assigned(current, unit)
        with self._lock:
            self._lanes.turn(current)
            return decide(self._lanes, assignment, features, rng=self._rng, now=self._clock())

    def _draw(
        self,
        lane: Lane,
        unit: str | None,
        assignment: Assignment | None,
        shadows: tuple[Choice, ...] = (),
    ) -> Choice:
        rng = self._rng if unit is None else _sticky(self._last.policy_id, lane.version, unit)
        drawn = lane.draw(rng, self._clock())
        return Choice(
            drawn.arm,
            drawn.propensity,
            lane.version,
            drawn.fallback_from,
            assignment.version if assignment else None,
            assignment,
            shadows,
            lane.params,
        )


class PolicyClient(_Chooser[Transport]):
    """One policy, from any thread: one request per time to live, whatever the number of callers.

    With the service down it serves the last good version, from the `cache` file after a restart,
    or the `default` params. Exposures go to the `recorder`: without one a rollout counts nobody.
    `wall_clock` says when a unit met its arm, which is when its outcome window opens.
    Units: ttl_seconds and clock in seconds; jitter is a share of the ttl.
    """

    def current(self) -> Resolved:
        """Return the version to run.

        Raises: RatchetError while the service never answered and there is no cache and no default.
        """
        fresh = self._last.fresh(self._clock())
        if fresh is not None:
            return fresh
        served = self._last.served
        if not self._asking.acquire(blocking=served is None):
            return served or self.current()
        try:
            fresh = self._last.fresh(self._clock())  # another thread may have been first
            return fresh if fresh is not None else self._ask()
        finally:
            self._asking.release()

    def choose(self, unit: str | None = None) -> Choice:
        """Draw an arm by weight; a `unit` keeps its arm while the version stays.

        A unit that is no text of 1..256 characters takes no part in a rollout.
        Raises: InvalidInput where no arm has weight; what `current` raises.
        """
        return self._pick(self.current(), unit)

    def decide(self, features: Mapping[str, Any], unit: str | None = None) -> Decision:
        """Return what the version's heuristic decides of some features, computed here.

        A `unit` keeps its version while a rollout runs; exploring is drawn for each decision.
        Raises: InvalidInput where the version carries no heuristic, or for a feature that is
        unknown or of a wrong type; what `current` raises.
        """
        return self._decide(self.current(), features, unit)

    def assign(self, unit: str) -> Assignment | None:
        """Return the version that a unit meets, with its params; None where it takes no part.

        So it is where no rollout runs, and for what is no text of 1..256 characters.
        Raises: what `current` raises.
        """
        return self._assigned(self.current(), unit)

    def _ask(self) -> Resolved:
        try:
            answer = self._transport.resolve(self._last.policy_id, self._last.etag)
        except Exception as error:  # the component goes on with what it has
            return self._last.failed(error, self._clock())
        current = self._last.landed(answer, self._clock())
        if self._last.unsaved:
            self._last.save()
        return current

    def _unlock(self) -> None:
        super()._unlock()
        self._asking = threading.Lock()


class AsyncPolicyClient(_Chooser[AsyncTransport]):
    """As PolicyClient, for asyncio."""

    async def current(self) -> Resolved:
        """Return the version to run; raises as PolicyClient.current."""
        fresh = self._last.fresh(self._clock())
        if fresh is not None:
            return fresh
        served = self._last.served
        asking = self._asking_here()
        if served is not None and asking.locked():
            return served
        async with asking:
            fresh = self._last.fresh(self._clock())
            return fresh if fresh is not None else await self._ask()

    async def choose(self, unit: str | None = None) -> Choice:
        """Draw an arm by weight; a `unit` keeps its arm while the version stays."""
        return self._pick(await self.current(), unit)

    async def decide(self, features: Mapping[str, Any], unit: str | None = None) -> Decision:
        """Return what the version's heuristic decides; raises as PolicyClient.decide."""
        return self._decide(await self.current(), features, unit)

    async def assign(self, unit: str) -> Assignment | None:
        """Return the version that a unit meets, with its params; None where it takes no part."""
        return self._assigned(await self.current(), unit)

    async def _ask(self) -> Resolved:
        try:
            answer = await self._transport.resolve(self._last.policy_id, self._last.etag)
        except Exception as error:  # the component goes on with what it has
            return self._last.failed(error, self._clock())
        current = self._last.landed(answer, self._clock())
        if self._last.unsaved:
            await asyncio.to_thread(self._last.save)
        return current

    def _unlock(self) -> None:
        super()._unlock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def _asking_here(self) -> asyncio.Lock:
        """Return the running loop's lock: a lock belongs to one loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._asking = asyncio.Lock()
        return self._asking


def _sticky(policy: str, version: str | None, unit: str) -> random.Random:
    text = f"{policy}\n{version}\n{unit}"
    return random.Random(hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest())


def _leave_out(unit: object) -> None:
    """Log the first unit of this process that can take no part; never its name."""
    if next(unfit_units) == 0:
        found = f"text of {len(unit)} characters" if isinstance(unit, str) else type(unit).__name__
        wanted = f"text of 1 to {LONGEST_UNIT} characters that UTF-8 can hold"
        log.warning("a unit takes no part in the rollout: %s is wanted, not %s", wanted, found)
