import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet.client import Batch, HttpTransport, OfflineTransport, Recorder, SendResult
from ratchet.kernel.errors import InvalidInput, Unavailable
from tests.client.service import WAIT, Service
from tests.client.test_outbox import adds_up

GOOD: dict[str, Any] = {"component": "planner", "outcome": "success"}
NEVER = 3600.0  # seconds: the sender wakes only when it is told to


class Gate:
    """A transport that waits in `send` until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.through = threading.Event()
        self.ids: list[str] = []

    def send(self, batch: Batch) -> SendResult:
        self.ids.append(batch.id)
        self.entered.set()
        assert self.through.wait(WAIT)
        return SendResult(len(batch))

    def feedback(self, items: Sequence[Mapping[str, Any]]) -> SendResult:
        raise NotImplementedError

    def resolve(self, policy: str, etag: str | None) -> None:
        raise NotImplementedError


@pytest.fixture
def offline() -> OfflineTransport:
    return OfflineTransport()


@pytest.fixture
def recorder(offline: OfflineTransport) -> Iterator[Recorder]:
    with Recorder(offline, flush_seconds=NEVER, retry_seconds=0.001) as recorder:
        recorder.flush()  # past the round with which every sender starts
        yield recorder


def test_keywords_and_mappings_are_the_same(recorder: Recorder, offline: OfflineTransport) -> None:
    ts = datetime(2026, 1, 2, tzinfo=UTC)
    recorder.record(component="planner", outcome="success", duration_ms=3, ts=ts)
    recorder.record({"component": "planner", "outcome": "success", "durationMs": 3, "ts": ts})
    recorder.record({"component": "planner", "durationMs": 3}, outcome="success", ts=ts)
    assert recorder.flush()
    first, *others = offline.observations
    assert first == GOOD | {"durationMs": 3, "ts": 1767312000000}
    assert others == [first, first]


def test_a_ts_is_stamped_when_the_observation_is_recorded(offline: OfflineTransport) -> None:
    times = iter([datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)])
    with Recorder(offline, clock=lambda: next(times), flush_seconds=NEVER) as recorder:
        recorder.record(GOOD)
        recorder.record(GOOD)
    assert [o["ts"] for o in offline.observations] == [1767312000000, 1767398400000]


def test_a_map_changed_after_the_call_is_recorded_as_it_was(
    recorder: Recorder, offline: OfflineTransport
) -> None:
    fields = GOOD | {"meta": {"step": 1}}
    recorder.record(fields)
    fields["outcome"] = "failure"
    fields["meta"]["step"] = 2
    recorder.flush()
    assert offline.observations[0]["outcome"] == "success"
    assert offline.observations[0]["meta"] == {"step": 1}


def test_a_full_flush_wakes_the_sender(offline: OfflineTransport) -> None:
    gate = Gate()
    with Recorder(gate, flush_size=3, flush_seconds=NEVER) as recorder:
        recorder.flush()
        recorder.record(GOOD)
        recorder.record(GOOD)
        assert not gate.entered.is_set()
        recorder.record(GOOD)
        assert gate.entered.wait(WAIT)
        gate.through.set()


def test_age_wakes_the_sender(service: Service, transport: HttpTransport) -> None:
    with Recorder(transport, flush_seconds=0.02) as recorder:
        recorder.record(GOOD)
        assert service.until(lambda s: len(s.stored) == 1)
        recorder.record(GOOD)
        assert service.until(lambda s: len(s.stored) == 2)


class Awkward:
    """An object that raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")


class Liar(dict[str, Any]):
    """A map that cannot be read."""

    def keys(self) -> Any:
        raise OSError(Awkward())


def deep() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(100_000):
        found = {"x": found}
    return found


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.record(),
        lambda r: r.record(None),
        lambda r: r.record(3),
        lambda r: r.record("text"),
        lambda r: r.record(["component", "outcome"]),
        lambda r: r.record(GOOD, GOOD),
        lambda r: r.record({1: 2} | GOOD),
        lambda r: r.record(component="planner"),
        lambda r: r.record(GOOD, quality=float("nan")),
        lambda r: r.record(GOOD, ts="yesterday", meta=Awkward()),
        lambda r: r.record(GOOD, self=Awkward()),
        lambda r: r.record(Liar()),
        lambda r: r.record(Awkward()),
        lambda r: r.record(GOOD, meta=deep()),
        lambda r: r.record(GOOD, run_id="\ud800"),
        lambda r: r.record(GOOD, unit="x" * 10**6),
        lambda r: r.record(GOOD, tokens_in=10**5000),
    ],
)
def test_nothing_raises_into_the_caller_and_it_is_counted_and_logged(
    call: Callable[[Recorder], None],
    recorder: Recorder,
    offline: OfflineTransport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "ratchet.client"):
        call(recorder)
        call(recorder)
        recorder.record(GOOD)
        assert recorder.flush()
    stats = recorder.stats
    assert (stats.recorded, stats.invalid, stats.accepted) == (3, 2, 1)
    assert adds_up(stats)
    assert len(offline.observations) == 1
    assert len([r for r in caplog.records if "not recorded" in r.getMessage()]) == 1


def test_a_broken_clock_is_counted(offline: OfflineTransport) -> None:
    def broken() -> datetime:
        raise OSError("no time")

    with Recorder(offline, clock=broken) as recorder:
        recorder.record(GOOD)
        assert recorder.stats.invalid == 1


def test_recording_does_not_wait_for_a_service_that_hangs_and_drops_what_is_too_much() -> None:
    gate = Gate()
    with Recorder(gate, max_buffer=10, flush_size=5, flush_seconds=NEVER) as recorder:
        for _ in range(5):
            recorder.record(GOOD)
        assert gate.entered.wait(WAIT)
        for _ in range(20):
            recorder.record(GOOD)
        stats = recorder.stats
        assert (stats.pending, stats.dropped) == (10, 15)
        assert adds_up(stats)
        gate.through.set()
        assert recorder.flush()
        assert recorder.stats.accepted == 10


def test_flush_returns_in_its_time_and_says_no() -> None:
    gate = Gate()
    with Recorder(gate, flush_seconds=NEVER) as recorder:
        recorder.record(GOOD)
        assert recorder.flush(timeout=0.01) is False
        gate.through.set()
        assert recorder.flush() is True


def test_a_closed_recorder_drops_and_says_so(offline: OfflineTransport) -> None:
    recorder = Recorder(offline, flush_seconds=NEVER)
    recorder.record(GOOD)
    recorder.close()
    recorder.close()
    recorder.record(GOOD)
    assert recorder.flush()
    stats = recorder.stats
    assert (stats.recorded, stats.accepted, stats.dropped) == (2, 1, 1)


def test_close_spools_what_a_hanging_service_holds_up(tmp_path: Path) -> None:
    gate = Gate()
    recorder = Recorder(gate, spool=tmp_path, flush_size=2, flush_seconds=NEVER)
    for _ in range(5):
        recorder.record(GOOD)
    assert gate.entered.wait(WAIT)
    recorder.close(timeout=0.05)
    stats = recorder.stats
    assert (stats.spooled, stats.pending) == (5, 0)
    gate.through.set()
    offline = OfflineTransport()
    with Recorder(offline, spool=tmp_path, flush_seconds=NEVER) as later:
        later.flush()
        assert (later.stats.adopted, later.stats.accepted) == (5, 5)
    assert gate.ids[0] in offline.batches  # the same id, so that the service takes it once


def test_close_without_a_spool_counts_what_it_could_not_send(offline: OfflineTransport) -> None:
    offline.down = True
    recorder = Recorder(offline, flush_seconds=NEVER, attempts=1)
    recorder.record(GOOD)
    recorder.close(timeout=0.5)
    assert (recorder.stats.dropped, recorder.stats.pending) == (1, 0)


def test_close_cuts_the_pause_between_two_attempts_short(offline: OfflineTransport) -> None:
    class Down(OfflineTransport):
        tried = threading.Event()

        def send(self, batch: Batch) -> SendResult:
            if not self.tried.is_set():
                self.tried.set()
                raise Unavailable("once")
            return super().send(batch)

    down = Down()
    recorder = Recorder(down, flush_size=1, flush_seconds=NEVER, retry_seconds=NEVER)
    recorder.record(GOOD)
    assert down.tried.wait(WAIT)
    recorder.close(timeout=2.0)
    assert recorder.stats.accepted == 1


def test_a_throttled_batch_is_sent_again_after_what_the_service_said(service: Service) -> None:
    service.script.append(429)
    service.retry_after = "0.2"
    with (
        HttpTransport(service.url) as transport,
        Recorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder,
    ):
        recorder.record(GOOD)
        start = time.monotonic()
        assert recorder.flush()
        assert time.monotonic() - start >= 0.2
        assert (recorder.stats.accepted, len(service.attempts)) == (1, 2)


def test_a_close_goes_on_trying_until_its_time_is_over(offline: OfflineTransport) -> None:
    offline.down = True
    recorder = Recorder(offline, flush_seconds=NEVER, attempts=10_000, retry_seconds=0.05)
    recorder.record(GOOD)
    recorder.close(timeout=0.2)
    assert recorder.stats.dropped == 1
    assert 2 <= offline.requests < 10


@pytest.mark.parametrize("answer", [429, 500, 503, "lost"])
def test_a_retry_carries_the_same_batch_id(
    answer: int | str, service: Service, transport: HttpTransport
) -> None:
    service.script.extend([answer, answer])
    with Recorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder:
        recorder.record(GOOD)
        recorder.flush()
        assert recorder.stats.retries == 2
        assert recorder.stats.accepted == 1
    assert len(service.attempts) == 3
    assert len(set(service.attempts)) == 1
    assert len(service.observations) == 1


@pytest.mark.parametrize("answer", [400, 409, 413])
def test_a_refusal_is_sent_once_and_its_reason_kept(
    answer: int, service: Service, transport: HttpTransport
) -> None:
    service.script.append(answer)
    with Recorder(transport, flush_seconds=NEVER) as recorder:
        recorder.record(GOOD)
        recorder.flush()
        assert (recorder.stats.rejected, recorder.stats.retries) == (1, 0)
        assert "because" in recorder.rejections[0].reason
    assert len(service.attempts) == 1


@pytest.mark.parametrize("answer", [401, 403])
def test_a_caller_who_may_not_loses_nothing_and_is_taken_with_the_next_token(
    answer: int, service: Service, transport: HttpTransport
) -> None:
    service.script.append(answer)
    with Recorder(transport, flush_seconds=NEVER, retry_seconds=0.001) as recorder:
        recorder.record(GOOD)
        recorder.flush()
        assert (recorder.stats.rejected, recorder.stats.accepted) == (0, 1)
    assert len(set(service.attempts)) == 1


def test_a_refused_item_is_counted_and_named(service: Service, transport: HttpTransport) -> None:
    service.rejections = [{"index": 1, "field": "quality", "reason": "over 1"}]
    with Recorder(transport, flush_seconds=NEVER) as recorder:
        recorder.record(GOOD)
        recorder.record(GOOD, quality=3)
        recorder.flush()
        stats = recorder.stats
        (reason,) = recorder.rejections
    assert (stats.accepted, stats.rejected, stats.sent) == (1, 1, 2)
    assert (reason.index, reason.field, reason.batch) == (1, "quality", service.attempts[0])


def test_a_service_that_comes_back_gets_what_was_spooled(
    service: Service, transport: HttpTransport, tmp_path: Path
) -> None:
    service.usual = 503
    with Recorder(
        transport, spool=tmp_path, attempts=2, retry_seconds=0.001, flush_seconds=0.01
    ) as recorder:
        for i in range(3):
            recorder.record(GOOD, run_id=f"r{i}")
            recorder.flush()
        assert recorder.stats.spooled == 3
        service.usual = "ok"
        assert service.until(lambda s: len(s.stored) == 3)
        recorder.flush()
        assert (recorder.stats.accepted, recorder.stats.spooled) == (3, 0)
    assert [o["runId"] for o in service.observations] == ["r0", "r1", "r2"]


def test_a_service_that_is_down_is_named_once(
    offline: OfflineTransport, caplog: pytest.LogCaptureFixture
) -> None:
    offline.down = True
    with (
        caplog.at_level(logging.WARNING, "ratchet.client"),
        Recorder(offline, flush_seconds=NEVER, attempts=3, retry_seconds=0.001) as recorder,
    ):
        for _ in range(3):
            recorder.record(GOOD)
            recorder.flush()
    told = [record.getMessage() for record in caplog.records]
    assert len([text for text in told if "does not take observations" in text]) == 1
    assert len([text for text in told if "are dropped" in text]) == 1
    assert all("told to be down" in text for text in told)


def test_many_threads_lose_nothing(recorder: Recorder, offline: OfflineTransport) -> None:
    start = threading.Barrier(8)

    def record(name: int) -> None:
        start.wait(WAIT)
        for i in range(250):
            recorder.record(GOOD, run_id=f"{name}-{i}")
            if i % 50 == 0:
                assert adds_up(recorder.stats)

    threads = [threading.Thread(target=record, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert recorder.flush()
    assert recorder.stats.accepted == 2000
    assert len({o["runId"] for o in offline.observations}) == 2000


def test_a_signal_handler_may_record(recorder: Recorder) -> None:
    def handle(number: int, frame: object) -> None:
        for _ in range(200):
            recorder.record(GOOD)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        for _ in range(20):
            with recorder._outbox.ledger.lock:  # as if it came in the middle of a call
                signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert recorder.flush()
    assert recorder.stats.accepted == 4000


def test_a_bug_in_the_sender_does_not_end_it(
    recorder: Recorder, offline: OfflineTransport, caplog: pytest.LogCaptureFixture
) -> None:
    offline.send = lambda batch: SendResult(None)  # type: ignore[method-assign,arg-type]  # the bug
    recorder.record(GOOD)
    assert recorder.flush() is False
    assert "a round of sending failed" in caplog.text
    del offline.send
    recorder.record(GOOD)
    assert recorder.flush()
    assert recorder.stats.accepted == 2


@pytest.mark.parametrize("name", ["max_buffer", "flush_size"])
def test_sizes_that_cannot_be_are_refused(name: str, offline: OfflineTransport) -> None:
    sizes: dict[str, Any] = {name: 0}
    with pytest.raises(InvalidInput) as caught:
        Recorder(offline, **sizes)
    assert caught.value.field == name
