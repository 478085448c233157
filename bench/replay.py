"""Memory and seconds of a replay as the log grows: it streams, so only the seconds grow."""

import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.figure import Figure
from ratchet.rollouts.replay_log import Chunk, replay_weights

FEW, MANY = 10_000, 1_000_000
CHUNK = 10_000
WEIGHTS = {"swift": 0.2, "steady": 0.3, "deep": 0.5}
LOGGED = np.array([0.5, 0.3, 0.2])


@dataclass(frozen=True)
class Log:
    """A log that is made while it is read; every unit comes back some ten times."""

    rows: int

    def __iter__(self) -> Iterator[Chunk]:
        rng = np.random.default_rng(0)
        for _ in range(self.rows // CHUNK):
            arm = rng.choice(len(LOGGED), CHUNK, p=LOGGED)
            yield Chunk(
                unit=rng.integers(0, self.rows // 10, CHUNK).astype(np.uint64),
                arm=np.array(list(WEIGHTS))[arm],
                reward=rng.random(CHUNK),
                propensity=LOGGED[arm],
            )


def figures() -> list[Figure]:
    """Measure 600 replicates of every estimator on ten thousand and on a million rows."""
    few, many = peak(FEW), peak(MANY)
    began = time.perf_counter()
    replay_weights(Log(MANY), WEIGHTS)
    took = time.perf_counter() - began
    return [
        Figure("replay: peak memory as rows grow from 10k to 1M: growth", many / few, "x", 1.2),
        Figure("... its peak memory, a million rows", many / 2**20, "MiB"),
        Figure("... a million rows, 600 replicates", took, "s"),
    ]


def peak(rows: int) -> int:
    """Return the most bytes that a replay held."""
    tracemalloc.start()
    try:
        replay_weights(Log(rows), WEIGHTS)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
