"""AsyncRecorder: the recorder of an event loop."""

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Any, Self

from ratchet.client.batch import Batch
from ratchet.client.outbox import Steps
from ratchet.client.recorder import CLOSE_SECONDS, Front, log
from ratchet.client.transport import AsyncTransport


class AsyncRecorder(Front[AsyncTransport]):
    """Records on an event loop, and from its threads; a task of its own sends.

    As Recorder otherwise. The task starts with `async with` or the first `record` inside a loop.
    What is left when the process ends without `aclose` is spooled, or dropped.
    """

    async def flush(self, timeout: float = 10.0) -> bool:
        """Send now; return whether all that was recorded before is answered, spooled or dropped."""
        entered = self._outbox.buffer.entered
        if not self._outbox.buffer.closed:
            asked = self._request()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await asked.wait()
        return self._outbox.buffer.settled(entered)

    async def aclose(self, timeout: float = CLOSE_SECONDS) -> None:
        """Flush within so many seconds, spool or drop what is left, and take nothing more."""
        if self._outbox.buffer.closed:
            return
        self._kick()
        self._outbox.close(timeout)
        self._nudge.set()
        self._request()
        if (task := self._running) is not None:
            await asyncio.wait([task], timeout=timeout)
            task.cancel()
            await asyncio.wait([task])
        await asyncio.to_thread(self._outbox.give_up)
        self._log()

    async def __aenter__(self) -> Self:
        self._kick()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _open(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[None] | None = None

    def _at_exit(self, seconds: float) -> None:
        if not self._outbox.buffer.closed:
            self._outbox.close(0.0)
            self._outbox.give_up()
            self._log()

    def _kick(self) -> None:
        if self._running is not None and self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(self._wake.put_nowait, None)
            except RuntimeError:  # that loop was closed: go on in this one
                self._running = None
            else:
                return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # outside a loop it waits for one
            return
        if not self._outbox.buffer.closed:
            self._wake: asyncio.Queue[asyncio.Event | None] = asyncio.Queue()
            self._nudge = asyncio.Event()
            self._running = self._loop.create_task(self._run(), name="ratchet-recorder")

    def _request(self) -> asyncio.Event:
        asked = asyncio.Event()
        self._kick()
        self._wake.put_nowait(asked)
        return asked

    async def _run(self) -> None:
        due = 0.0  # at once, for what a dead process left in the spool
        wake = self._wake
        try:
            while True:
                asked: asyncio.Event | None = None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due - time.monotonic())):
                        asked = await wake.get()
                closed = self._outbox.buffer.closed
                whole = closed or asked is not None or time.monotonic() >= due
                if whole:
                    due = time.monotonic() + self._flush_seconds
                await self._round(whole=whole, asked=closed or asked is not None)
                if asked is not None:
                    asked.set()
                    if closed:
                        return
        finally:
            self._running = None

    async def _round(self, *, whole: bool, asked: bool) -> None:
        try:
            await self._drive(self._outbox.round(whole=whole, asked=asked))
        except Exception:  # the task must live on; what was on its way is kept
            log.exception("a round of sending failed")
        self._log()

    async def _drive(self, steps: Steps) -> None:
        answer: Any = None
        with contextlib.closing(steps), contextlib.suppress(StopIteration):
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, Batch):
                    try:
                        answer = await self._transport.send(step)
                    except Exception as error:  # the outbox judges it
                        answer = error
                elif isinstance(step, float):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(step):
                            await self._nudge.wait()
                    self._nudge.clear()
                else:
                    answer = await asyncio.to_thread(step)
