"""Outbox: what becomes of an observation between `record` and the service's answer.

Its rounds do no I/O: they are generators that yield what is to be done (send this
batch, wait so many seconds, call this function of the spool) and are handed the result; a thread
or a task drives them, one round at a time.
"""

import random
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeGuard

from ratchet.client.batch import Batch
from ratchet.client.buffer import Buffer
from ratchet.client.ledger import Ledger
from ratchet.client.pause import pause
from ratchet.client.spool import Claim, Spool
from ratchet.client.transport import SendResult
from ratchet.kernel.clock import Clock
from ratchet.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RatchetError,
    Refused,
    Throttled,
)

Step = Batch | float | Callable[[], Any]
Steps = Generator[Step, Any, bool]

# Answers about the observations; one about the caller may change with the next token or grant.
SETTLED = (SendResult, InvalidInput, Refused, Conflict)
MAX_PAUSE = 8.0  # seconds between two attempts at one batch
MAX_DOWN = 60.0  # seconds between two probes of a service that is down


class Outbox:
    """The batches on their way, and where they go when the service is down."""

    def __init__(
        self,
        *,
        clock: Clock,
        max_buffer: int,
        flush_size: int,
        attempts: int,
        retry_seconds: float,
        spool: Spool | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sizes = {"max_buffer": max_buffer, "flush_size": flush_size}
        self._clock = clock
        self._attempts = max(1, attempts)
        self._retry_seconds = retry_seconds
        self._spool = spool
        self._now = now
        self._start()

    def _start(self) -> None:
        self.ledger = Ledger()
        self.buffer = Buffer(self.ledger, clock=self._clock, **self._sizes)
        self._flights: dict[str, tuple[Batch, Claim | None]] = {}
        self._mine: dict[str, int] = {}
        self._failures = 0
        self._refusal: Any = None  # the last answer that settled nothing
        self._retry_at = 0.0
        self._held_until = 0.0
        self._deadline: float | None = None
        self._ended = False
        self._random = random.Random()

    def after_fork(self) -> None:
        """Start empty: what was waiting is the parent's."""
        closed = self.buffer.closed
        self._start()
        self.buffer.closed = closed
        if self._spool is not None:
            self._spool.after_fork()

    def close(self, seconds: float) -> None:
        """Take nothing more, and stop retrying in so many seconds."""
        self._deadline = self._now() + seconds
        self.buffer.closed = True

    def round(self, *, whole: bool, asked: bool = False) -> Steps:
        """Send what fills a flush, or the `whole` buffer; then replay the spool.

        A round that was `asked` for tries a service that is down although its pause is not over,
        unless the service itself said how long to wait.
        """
        try:
            through = self.buffer.entered if whole else 0
            reached = yield from self._send_live(through, asked=asked)
            while (yield from self._replay(asked=asked and reached)):
                yield from self._send_live(0, asked=False)
        finally:  # a cancelled round: its batches keep their ids
            self._land()
        return True

    def give_up(self) -> None:
        """Spool what is still in memory, or count it as dropped; answers come too late now."""
        with self.ledger.lock:
            self._ended = True
        while self.buffer:
            self._take()
        while self._flights:
            with self.ledger.lock:
                batch, claim = self._flights.popitem()[1]
            if claim is None:
                self._book(batch, self._spool.put(batch) if self._spool else None)
            else:
                self._put_back(claim)
        if self._spool is not None:
            self._spool.close()

    def _send_live(self, through: int, *, asked: bool) -> Steps:
        """Send or spool; return whether the service answered whatever was sent."""
        reached = True
        while self.buffer and (not self.buffer.settled(through) or self.buffer.due):
            waiting = self._waiting(asked)
            if waiting and self._spool is None:
                return False
            batch = self._take()
            if batch is None or (not waiting and (yield from self._deliver(batch))):
                continue
            reached = asked = False
            if self._spool is None:
                return False
            if batch.id in self._flights:  # the closer may have spooled it meanwhile
                base = yield partial(self._spool.put, batch)
                if self._flights.pop(batch.id, None) is not None:
                    self._book(batch, base)
        return reached

    def _replay(self, *, asked: bool) -> Steps:
        """Send the oldest spooled batch; return whether it was answered."""
        if self._spool is None or self.buffer.closed or self._waiting(asked):
            return False
        claim = yield self._spool.claim
        if claim is None:
            lost = yield partial(self._spool.gone, tuple(self._mine))
            for base in lost:
                self.ledger.post("spooled", "handed_over", self._mine.pop(base))
            return False
        source = "spooled" if self._mine.pop(claim.base, None) is not None else "adopted"
        if claim.batch is None:
            if source == "spooled":
                self.ledger.post(source, "dropped", claim.count)
            self.ledger.tell("unreadable", f"a spooled batch is unreadable: {claim.base}")
            return True
        self.ledger.post(source, "replaying", claim.count)
        if (yield from self._deliver(claim.batch, claim)):
            yield partial(self._spool.done, claim)
            return True
        if self._flights.pop(claim.batch.id, None) is not None:
            self._put_back(claim)
        return False

    def _deliver(self, batch: Batch, claim: Claim | None = None) -> Steps:
        """Send one batch until the service answers; give up after the attempts, or at the close."""
        if claim is not None:
            self._flights[batch.id] = (batch, claim)
        for attempt in range(1 if self._failures else self._attempts):
            if attempt:
                held = max(0.0, self._held_until - self._now())
                if held > MAX_PAUSE:
                    break
                seconds = max(held, min(MAX_PAUSE, held + self._pause(attempt, MAX_PAUSE)))
                if self._deadline is not None and self._now() + seconds > self._deadline:
                    break
                self.ledger.accounts["retries"] += 1
                yield seconds
            answer = yield batch
            if _settles(answer, batch):
                with self.ledger.lock:
                    if batch.id in self._flights:  # else the closer was first
                        self.ledger.settle(batch, "replaying" if claim else "pending", answer)
                        del self._flights[batch.id]
                self._failures, self._refusal = 0, None
                return True
            if isinstance(answer, Throttled):
                self._held_until = self._now() + min(answer.retry_after, MAX_DOWN)
            self._refusal = answer
            self.ledger.tell("unavailable", f"the service does not take observations: {answer!r}")
        self._failures += 1
        over = self._now() + self._pause(self._failures, MAX_DOWN)
        self._retry_at = max(over, self._held_until)
        return False

    def _take(self) -> Batch | None:
        batch = self.buffer.take()
        if batch is not None:
            self._flights[batch.id] = (batch, None)
        return batch

    def _book(self, batch: Batch, base: str | None) -> None:
        """Book a batch that went to the spool under a name, or that had no room there."""
        if base is None:
            self.ledger.post("pending", "dropped", len(batch))
            self.ledger.tell("dropped", f"observations are dropped: {self._why_dropped()}")
        else:
            self._mine[base] = len(batch)
            self.ledger.post("pending", "spooled", len(batch))

    def _why_dropped(self) -> str:
        where = "there is no spool" if self._spool is None else "no room to spool them"
        if self._refusal is None:
            return f"{where}, and no attempt to send them has ended"
        return f"{where}, and the service does not take them: {self._refusal!r}"

    def _put_back(self, claim: Claim) -> None:
        if self._spool is not None:
            self._spool.release(claim)  # a rename: as good as no I/O
        self._mine[claim.base] = claim.count
        self.ledger.post("replaying", "spooled", claim.count)

    def _land(self) -> None:
        """Put every batch on its way back to where it came from."""
        with self.ledger.lock:
            while self._flights and not self._ended:
                batch, claim = self._flights.popitem()[1]
                if claim is None:
                    self.buffer.hold(batch)
                else:
                    self._put_back(claim)

    def _waiting(self, asked: bool) -> bool:
        now = self._now()
        if now < self._held_until and not self.buffer.closed:
            return True
        return not asked and self._failures > 0 and now < self._retry_at

    def _pause(self, failures: int, longest: float) -> float:
        return pause(failures, first=self._retry_seconds, longest=longest, rng=self._random)


def _settles(answer: Any, batch: Batch) -> TypeGuard[SendResult | RatchetError]:
    """Say whether an answer is about the items, and not about the caller or the service.

    An older service has no place for runs: they are refused, or observations would wait behind
    them.
    """
    if batch.kind == "runs" and isinstance(answer, NotFound):
        return True
    return isinstance(answer, SETTLED) and not isinstance(answer, Forbidden)
