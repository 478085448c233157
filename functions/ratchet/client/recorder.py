"""Recorder: takes what a component reports and brings it to the service in the background.

    with Recorder(HttpTransport(url), spool=Path("spool")) as recorder:
        recorder.record(component="router:gpt-5", outcome="success", duration_ms=812.0)

`record`, `expose` and `record_run` do no I/O and raise nothing; `stats` says where each item is.
"""

import contextlib
import logging
import queue
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ratchet.client.batch import Batch
from ratchet.client.ledger import RecorderStats
from ratchet.client.lifetime import on_exit, on_fork
from ratchet.client.outbox import Outbox, Steps
from ratchet.client.run import RunScope
from ratchet.client.spool import Spool
from ratchet.client.transport import Rejected, Transport
from ratchet.kernel.clock import Clock, system_clock
from ratchet.kernel.ids import random_id

log = logging.getLogger("ratchet.client")

CLOSE_SECONDS = 5.0
SPOOL_BYTES = 64 * 2**20

Carrier = TypeVar("Carrier")
Fields = dict[str, Any]
Taking = Callable[[tuple[Mapping[str, Any], ...], Fields], bool]


class Front(Generic[Carrier]):
    """The component's side, which the thread's and the task's recorder share."""

    def __init__(
        self,
        transport: Carrier,
        *,
        max_buffer: int = 10_000,
        flush_size: int = 100,
        flush_seconds: float = 5.0,
        spool: Path | None = None,
        spool_bytes: int = SPOOL_BYTES,
        attempts: int = 5,
        retry_seconds: float = 0.25,
        clock: Clock = system_clock,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._flush_seconds = flush_seconds
        self._now = now
        self._outbox = Outbox(
            clock=clock,
            max_buffer=max_buffer,
            flush_size=flush_size,
            attempts=attempts,
            retry_seconds=retry_seconds,
            spool=Spool(Path(spool), max_bytes=spool_bytes, clock=clock) if spool else None,
            now=now,
        )
        self._running: object
        self._open()
        on_fork(self._after_fork)
        on_exit(self._at_exit)
        self._kick()

    def record(self, /, *observation: Mapping[str, Any], **fields: Any) -> None:
        """Take one observation, as keywords or as one mapping; never blocks, never raises.

        Units: duration_ms in milliseconds, cost_usd in US dollars, ts in milliseconds since 1970.
        """
        self._report(self._outbox.buffer.add, observation, fields)

    def expose(self, /, *assignment: Mapping[str, Any], **fields: Any) -> None:
        """Take the exposure of a unit to its arm, as `Assignment.as_exposure()` says it.

        Never blocks, never raises. This process sends an exposure once, of the latest 100,000;
        another, a forked one or the next, may send it again.
        """
        self._report(self._outbox.buffer.expose, assignment, fields)

    def record_run(self, /, *run: Mapping[str, Any], **fields: Any) -> None:
        """Take one run, as keywords or mappings, of which later ones add; never blocks or raises.

        `served`, an Assignment or a Choice, says which version and arm served it. The same again
        counts once; one that is told anew should bring a higher `revision`, as what waits in a
        spool may come late. Units: as in `record`.
        """
        self._report(self._outbox.buffer.add_run, run, fields)

    def run(self, run_id: str | None = None, **fields: Any) -> RunScope:
        """Return a `with` block that tells the run when it ends: its time, and how it ended.

        What the block records through it names the run. In a coroutine it is `with`, too.
        """
        return RunScope(self, run_id or random_id(), fields, self._now)

    def _report(self, take: Taking, given: tuple[Mapping[str, Any], ...], fields: Fields) -> None:
        try:
            due = take(given, fields)
        except Exception as error:  # a component must not fail because it is measured
            self._outbox.buffer.refuse(error)
            return
        if due or self._running is None:
            self._kick()

    @property
    def stats(self) -> RecorderStats:
        """Return where every observation and run is, at one instant."""
        return self._outbox.ledger.snapshot()

    @property
    def rejections(self) -> tuple[Rejected, ...]:
        """Return the service's latest reasons for what it refused, the last 100."""
        return tuple(self._outbox.ledger.rejections)

    def _open(self) -> None:
        """Make what wakes the sender."""

    @abstractmethod
    def _kick(self) -> None:
        """Wake the sender, or start it."""

    def _after_fork(self) -> None:
        self._outbox.after_fork()
        self._open()

    @abstractmethod
    def _at_exit(self, seconds: float) -> None:
        """Bring home what is left when the process ends."""

    def _log(self) -> None:
        for text in self._outbox.ledger.told():
            log.warning("%s", text)


class Recorder(Front[Transport]):
    """Records from any thread; a daemon thread of its own sends.

    Flushes when `flush_size` observations wait or `flush_seconds` have passed. A batch the service
    does not take in so many `attempts` goes to the `spool` folder, or stays in memory without one.
    A process that ends by os._exit, as children of multiprocessing do, must call `close` itself.
    """

    def flush(self, timeout: float = 10.0) -> bool:
        """Send now; return whether all that was recorded before is answered, spooled or dropped."""
        entered = self._outbox.buffer.entered
        if not self._outbox.buffer.closed:
            self._request().wait(timeout)
        return self._outbox.buffer.settled(entered)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Flush within so many seconds, spool or drop what is left, and take nothing more."""
        if self._outbox.buffer.closed:
            return
        self._kick()
        self._outbox.close(timeout)
        self._request()
        self._nudge.set()
        if self._running is not None:
            self._running.join(timeout)
        self._outbox.give_up()
        self._log()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        # A SimpleQueue's put is reentrant: a signal handler or a finaliser may record. None wakes
        # the sender because a flush is full, an Event asks for a whole round.
        self._wake: queue.SimpleQueue[threading.Event | None] = queue.SimpleQueue()
        self._nudge = threading.Event()
        self._starting = threading.Lock()
        self._running: threading.Thread | None = None

    def _at_exit(self, seconds: float) -> None:
        self.close(seconds)

    def _kick(self) -> None:
        if self._outbox.buffer.closed:
            return
        self._wake.put(None)
        # Where another thread is starting the sender, or the machine has no thread left, the
        # observation waits for the next call.
        if self._running is None and self._starting.acquire(blocking=False):
            with contextlib.suppress(RuntimeError):
                if self._running is None:
                    thread = threading.Thread(
                        target=self._run, name="ratchet-recorder", daemon=True
                    )
                    thread.start()
                    self._running = thread
            self._starting.release()

    def _request(self) -> threading.Event:
        asked = threading.Event()
        self._kick()
        self._wake.put(asked)
        return asked

    def _run(self) -> None:
        due = 0.0  # at once, for what a dead process left in the spool
        while True:
            asked: threading.Event | None = None
            with contextlib.suppress(queue.Empty):
                asked = self._wake.get(timeout=max(0.0, due - time.monotonic()))
            closed = self._outbox.buffer.closed
            whole = closed or asked is not None or time.monotonic() >= due
            if whole:
                due = time.monotonic() + self._flush_seconds
            try:
                self._drive(self._outbox.round(whole=whole, asked=closed or asked is not None))
            except Exception:  # the thread must live on; what was on its way is kept
                log.exception("a round of sending failed")
            self._log()
            if asked is not None:
                asked.set()
                if closed:
                    return

    def _drive(self, steps: Steps) -> None:
        answer: Any = None
        with contextlib.closing(steps), contextlib.suppress(StopIteration):
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, Batch):
                    try:
                        answer = self._transport.send(step)
                    except Exception as error:  # the outbox judges it
                        answer = error
                elif isinstance(step, float):
                    self._nudge.wait(step)
                    self._nudge.clear()
                else:
                    answer = step()
