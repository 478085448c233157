"""What recording costs a component, against one call of logging."""

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figure import Figure
from ratchet.client import Batch, Recorder, SendResult

CALLS = 2_000
REPEATS = 25


class _Sink:
    """A service that takes everything and keeps nothing."""

    def send(self, batch: Batch) -> SendResult:
        batch.body()
        return SendResult(len(batch))

    def feedback(self, items: object) -> SendResult:
        raise NotImplementedError

    def resolve(self, policy: str, etag: str | None) -> None:
        raise NotImplementedError


def figures() -> list[Figure]:
    """Measure both calls in turn; the sender's own work is shown apart, as CPU time."""
    logger = logging.getLogger("bench.recorder")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    recorded: list[float] = []
    logged: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Recorder(_Sink()) as recorder:
        handler = logging.FileHandler(Path(folder) / "component.log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logger.addHandler(handler)
        try:
            for _ in range(REPEATS):
                logged.append(_per_call(lambda i: _log(logger, i)))
                cpu = time.process_time()
                recorded.append(_per_call(lambda i: _record(recorder, i)))
                recorder.flush()
                whole.append((time.process_time() - cpu) / CALLS * 1e6)
        finally:
            logger.removeHandler(handler)
            handler.close()
        if recorder.stats.accepted != REPEATS * CALLS:
            raise RuntimeError(f"not every call was recorded: {recorder.stats}")
    ratio = statistics.median(r / one for r, one in zip(recorded, logged, strict=True))
    both = statistics.median(w / one for w, one in zip(whole, logged, strict=True))
    return [
        Figure(
            "Recorder's cost per call in the component against one logging call", ratio, "x", 2.0
        ),
        Figure("Recorder's CPU per observation, batching included, against it", both, "x", 2.0),
        Figure("Recorder's cost per call in the component", statistics.median(recorded), "us"),
        Figure("one logging call to a file", statistics.median(logged), "us"),
    ]


def _per_call(call: Callable[[int], None]) -> float:
    """Return microseconds per call, as the component's thread sees them."""
    start = time.perf_counter()
    for i in range(CALLS):
        call(i)
    return (time.perf_counter() - start) / CALLS * 1e6


def _log(logger: logging.Logger, i: int) -> None:
    logger.info(
        "component=%s outcome=%s duration_ms=%.1f tokens_in=%d tokens_out=%d cost_usd=%.6f "
        "policy_version=%s arm=%s propensity=%.3f",
        *("router:gpt-5", "success", 800.0 + i, 512, 128, 0.0123, "router-core@1.0.0"),
        *("gpt-5", 0.6),
    )


def _record(recorder: Recorder, i: int) -> None:
    recorder.record(
        component="router:gpt-5",
        outcome="success",
        duration_ms=800.0 + i,
        tokens_in=512,
        tokens_out=128,
        cost_usd=0.0123,
        policy_version="router-core@1.0.0",
        arm="gpt-5",
        propensity=0.6,
    )
