"""PolicyClient: what a component asks which version to run, and which arm serves a request.

policy = PolicyClient(HttpTransport(url), "router-core", cache=Path("router-core.json"))
choice = policy.choose()
recorder.record(choice.as_observation(), component="router:" + choice.arm, outcome="success")
policy.report(choice, "success")
"""

import asyncio
import hashlib
import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from ratchet.client.breaker import Breaker, BreakerRule
from ratchet.client.choice import Choice, draw, shares_of
from ratchet.client.last_good import LastGood
from ratchet.client.lifetime import on_fork
from ratchet.client.transport import AsyncTransport, Resolved, Transport
from ratchet.kernel.errors import InvalidInput

Carrier = TypeVar("Carrier")


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
        rng: random.Random | None = None,
        default: Mapping[str, Any] | None = None,
        cache: Path | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._rng = rng or random.SystemRandom()  # forked workers must not draw the same arms
        self._last = LastGood(
            policy_id,
            ttl_seconds=ttl_seconds,
            jitter=jitter,
            rng=self._rng,
            default=default,
            cache=cache,
        )
        self._breaker = Breaker()
        self._drawn_for: Resolved | None = None
        self._shares: dict[str, float] = {}
        self._unlock()
        on_fork(self._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    def report(self, choice: Choice, outcome: str, error_code: str | int | None = None) -> None:
        """Tell the breaker how the request ended."""
        with self._lock:
            code = self._breaker.error_of(outcome, error_code)
            self._breaker.report(choice.arm, code, self._clock())

    def _pick(self, current: Resolved, unit: str | None) -> Choice:
        rng = self._rng if unit is None else _sticky(current, unit)
        now = self._clock()
        with self._lock:
            if current is not self._drawn_for:
                self._shares = shares_of(current.params)
                self._breaker.rule = BreakerRule.of(current.params)
                self._drawn_for = current
            if not self._shares:
                raise InvalidInput(
                    f"{current.version or current.policy} gives no arm any weight",
                    field="modelWeights",
                    mend="give an arm a positive weight",
                )
            drawn = draw(self._shares, rng.random())
            if self._breaker.admits(drawn, now):
                return Choice(drawn, self._shares[drawn], current.version)
            rest = {arm: share for arm, share in self._shares.items() if arm != drawn}
            while rest:
                arm = draw(rest, rng.random())
                if self._breaker.admits(arm, now):
                    return Choice(arm, None, current.version, fallback_from=drawn)
                del rest[arm]
            return Choice(drawn, self._shares[drawn], current.version)


class PolicyClient(_Chooser[Transport]):
    """One policy, from any thread: one request per time to live, whatever the number of callers.

    With the service down it serves the last good version, from the `cache` file after a restart,
    or the `default` params. Units: ttl_seconds and clock in seconds; jitter is a share of the ttl.
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

        Raises: InvalidInput where no arm has weight; what `current` raises.
        """
        return self._pick(self.current(), unit)

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


def _sticky(current: Resolved, unit: str) -> random.Random:
    text = f"{current.policy}\n{current.version}\n{unit}"
    return random.Random(hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest())
