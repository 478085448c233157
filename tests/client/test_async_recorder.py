import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import (
    AsyncHttpTransport,
    AsyncOfflineTransport,
    AsyncRecorder,
    Batch,
    SendResult,
)
from ratchet.kernel.errors import Unavailable
from tests.client.service import WAIT, Service
from tests.client.test_outbox import adds_up

GOOD: dict[str, Any] = {"component": "planner", "outcome": "success"}
NEVER = 3600.0  # seconds: the task wakes only when it is told to


class Gate(AsyncOfflineTransport):
    """A transport that waits in `send` until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.through = asyncio.Event()

    async def send(self, batch: Batch) -> SendResult:
        self.entered.set()
        await asyncio.wait_for(self.through.wait(), WAIT)
        return await super().send(batch)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 2 * WAIT))


def test_a_whole_batch_is_sent_by_a_flush() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_seconds=NEVER) as recorder:
            for i in range(7):
                recorder.record(GOOD, run_id=f"r{i}")
            assert await recorder.flush()
            assert recorder.stats.accepted == 7
        assert [o["runId"] for o in transport.offline.observations] == [f"r{i}" for i in range(7)]

    run(story)


def test_leaving_the_context_sends_what_is_left() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_seconds=NEVER) as recorder:
            recorder.record(GOOD)
        assert len(transport.offline.observations) == 1
        recorder.record(GOOD)
        assert (recorder.stats.accepted, recorder.stats.dropped) == (1, 1)
        assert await recorder.flush()

    run(story)


def test_size_and_age_wake_the_task(service: Service) -> None:
    async def story() -> None:
        async with AsyncHttpTransport(service.url) as transport:
            async with AsyncRecorder(transport, flush_size=3, flush_seconds=NEVER) as recorder:
                await recorder.flush()
                for _ in range(3):
                    recorder.record(GOOD)
                assert await asyncio.to_thread(service.until, lambda s: len(s.stored) == 1)
            async with AsyncRecorder(transport, flush_seconds=0.02) as recorder:
                recorder.record(GOOD)
                assert await asyncio.to_thread(service.until, lambda s: len(s.stored) == 2)

    run(story)


def test_retries_carry_the_same_batch_id(service: Service) -> None:
    async def story() -> None:
        service.script.extend([503, "lost", 429])
        async with (
            AsyncHttpTransport(service.url) as transport,
            AsyncRecorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder,
        ):
            recorder.record(GOOD)
            assert await recorder.flush()
            assert (recorder.stats.accepted, recorder.stats.retries) == (1, 3)

    run(story)
    assert len(service.attempts) == 4
    assert len(set(service.attempts)) == 1
    assert len(service.observations) == 1


def test_recording_does_not_wait_for_a_service_that_hangs() -> None:
    async def story() -> None:
        gate = Gate()
        recorder = AsyncRecorder(gate, max_buffer=10, flush_size=5, flush_seconds=NEVER)
        async with recorder:
            for _ in range(5):
                recorder.record(GOOD)
            await asyncio.wait_for(gate.entered.wait(), WAIT)
            for _ in range(20):
                recorder.record(GOOD)
            assert (recorder.stats.pending, recorder.stats.dropped) == (10, 15)
            assert await recorder.flush(timeout=0.01) is False
            gate.through.set()
            assert await recorder.flush()
            assert recorder.stats.accepted == 10

    run(story)


def test_close_spools_what_a_hanging_service_holds_up_and_a_later_one_sends_it(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        gate = Gate()
        recorder = AsyncRecorder(gate, spool=tmp_path, flush_seconds=NEVER)
        for _ in range(5):
            recorder.record(GOOD)
        await asyncio.wait_for(recorder.aclose(timeout=0.05), 3.0)
        assert (recorder.stats.spooled, recorder.stats.pending) == (5, 0)
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, spool=tmp_path, flush_seconds=NEVER) as later:
            await later.flush()
            assert (later.stats.adopted, later.stats.accepted) == (5, 5)

    run(story)


def test_close_cuts_the_pause_between_two_attempts_short() -> None:
    class Down(AsyncOfflineTransport):
        def __init__(self) -> None:
            super().__init__()
            self.tried = asyncio.Event()

        async def send(self, batch: Batch) -> SendResult:
            if not self.tried.is_set():
                self.tried.set()
                raise Unavailable("once")
            return await super().send(batch)

    async def story() -> None:
        down = Down()
        recorder = AsyncRecorder(down, flush_size=1, flush_seconds=NEVER, retry_seconds=NEVER)
        recorder.record(GOOD)
        await asyncio.wait_for(down.tried.wait(), WAIT)
        await recorder.aclose(timeout=2.0)
        assert recorder.stats.accepted == 1

    run(story)


def test_a_throttled_batch_is_sent_again_after_what_the_service_said(service: Service) -> None:
    service.script.append(429)
    service.retry_after = "0.2"

    async def story() -> None:
        async with (
            AsyncHttpTransport(service.url) as transport,
            AsyncRecorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder,
        ):
            recorder.record(GOOD)
            start = time.monotonic()
            assert await recorder.flush()
            assert time.monotonic() - start >= 0.2
            assert (recorder.stats.accepted, len(service.attempts)) == (1, 2)

    run(story)


def test_bad_arguments_do_not_raise() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_seconds=NEVER) as recorder:
            recorder.record()
            recorder.record(3)  # type: ignore[arg-type]  # what a careless caller does
            recorder.record(GOOD, meta=object())
            recorder.record(GOOD)
            assert await recorder.flush()
            assert (recorder.stats.invalid, recorder.stats.accepted) == (3, 1)
            assert adds_up(recorder.stats)

    run(story)


def test_threads_of_the_loop_may_record() -> None:
    async def story() -> None:
        transport = AsyncOfflineTransport()
        async with AsyncRecorder(transport, flush_size=10, flush_seconds=NEVER) as recorder:

            def record() -> None:
                for _ in range(100):
                    recorder.record(GOOD)

            await asyncio.gather(*(asyncio.to_thread(record) for _ in range(4)))
            assert await recorder.flush()
            assert recorder.stats.accepted == 400

    run(story)


def test_a_recorder_made_before_the_loop_starts_with_the_first_record_inside_one() -> None:
    transport = AsyncOfflineTransport()
    recorder = AsyncRecorder(transport, flush_seconds=NEVER)
    recorder.record(GOOD)
    assert recorder.stats.pending == 1

    async def story() -> None:
        recorder.record(GOOD)
        assert await recorder.flush()

    run(story)
    assert recorder.stats.accepted == 2


def test_a_recorder_goes_on_in_a_second_loop() -> None:
    transport = AsyncOfflineTransport()
    recorder = AsyncRecorder(transport, flush_seconds=NEVER)

    async def story() -> None:
        recorder.record(GOOD)
        assert await recorder.flush()

    async def last() -> None:
        await story()
        await recorder.aclose()

    run(story)
    run(last)
    assert recorder.stats.accepted == 2


def test_a_cancelled_send_keeps_its_batch_and_its_id() -> None:
    ids: list[str] = []

    class Noting(Gate):
        async def send(self, batch: Batch) -> SendResult:
            ids.append(batch.id)
            return await super().send(batch)

    async def story() -> None:
        gate = Noting()
        recorder = AsyncRecorder(gate, flush_size=1, flush_seconds=NEVER)
        recorder.record(GOOD)
        await asyncio.wait_for(gate.entered.wait(), WAIT)
        (task,) = (t for t in asyncio.all_tasks() if t.get_name() == "ratchet-recorder")
        task.cancel()
        await asyncio.wait([task])
        assert recorder.stats.pending == 1
        gate.through.set()
        assert await recorder.flush()
        assert recorder.stats.accepted == 1
        await recorder.aclose()

    run(story)
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_the_loop_goes_on_while_the_spool_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ratchet.client.spool import Spool

    written_in: list[int] = []
    put = Spool.put

    def noting(self: Spool, batch: Batch) -> str | None:
        written_in.append(threading.get_ident())
        return put(self, batch)

    monkeypatch.setattr(Spool, "put", noting)

    async def story() -> None:
        transport = AsyncOfflineTransport()
        transport.offline.down = True
        async with AsyncRecorder(
            transport, spool=tmp_path, flush_seconds=NEVER, attempts=1
        ) as recorder:
            recorder.record(GOOD)
            assert await recorder.flush()
            assert recorder.stats.spooled == 1
        assert threading.get_ident() not in written_in

    run(story)
    assert len(written_in) == 1
