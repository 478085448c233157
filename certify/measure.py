"""Measure: many runs of a trial in seeded chunks, over some processes, and figures of them."""

import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Literal
from zlib import crc32

import numpy as np

from bench.figure import Figure
from certify.worlds import World
from ratchet.rollouts.pair import Bools
from ratchet.stats.moments import Floats

SEED = 20261121
# glibc keeps freed arrays of up to 32 MiB: to get each anew, zeroed, is 40 % of the time.
WORKER = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1") | {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
}
_AT_ONCE = 500_000  # numbers in a chunk: what a processor keeps near

Found = Mapping[str, Floats]
Trial = Callable[[np.random.Generator, int], Found]

_pool: list[Executor] = []


@contextmanager
def processes(count: int) -> Iterator[None]:
    """Share the chunks of every measure among some processes of one thread each while inside."""
    context = multiprocessing.get_context("spawn")
    with _as_worker(), ProcessPoolExecutor(count, mp_context=context) as pool:
        _pool.append(pool)
        try:
            yield
        finally:
            _pool.remove(pool)


@contextmanager
def _as_worker() -> Iterator[None]:
    """Set the environment of processes that start meanwhile: it is read before any of our code."""
    before = {name: os.environ.get(name) for name in WORKER}
    os.environ.update(WORKER)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def measure(name: str, trial: Trial, runs: int, world: World) -> dict[str, Floats]:
    """Return what the trial found in each run; the seed is the name's own.

    The chunks depend on the world alone, so any number of processes finds the same.
    """
    return chunked(name, trial, runs, max(1, _AT_ONCE // max(world.requests, world.cells)))


def chunked(name: str, trial: Trial, runs: int, chunk: int) -> dict[str, Floats]:
    """Return what the trial found in each run, so many at a time; the seed is the name's own."""
    sizes = [min(chunk, runs - start) for start in range(0, runs, chunk)]
    seeds = np.random.SeedSequence([SEED, crc32(name.encode())]).spawn(len(sizes))
    mapper = _pool[-1].map if _pool else map
    parts = list(mapper(_run, [trial] * len(sizes), seeds, sizes))
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _run(trial: Trial, seed: np.random.SeedSequence, size: int) -> Found:
    return trial(np.random.default_rng(seed), size)


def rate(
    name: str,
    hits: Bools | Floats,
    limit: float | None = None,
    better: Literal["lower", "higher"] = "lower",
) -> Figure:
    """Return the share of runs that hit. Shapes: hits (runs,)."""
    return share(name, float(np.mean(hits)), len(hits), limit, better)


def share(
    name: str,
    value: float,
    runs: int,
    limit: float | None = None,
    better: Literal["lower", "higher"] = "lower",
) -> Figure:
    """Return a share of some runs, with its Monte Carlo error, never nought."""
    near = (value * runs + 1) / (runs + 2)
    error = math.sqrt(near * (1 - near) / runs)
    return Figure(name, value, f"of {runs:,}", limit, better, error)


def median(name: str, values: Floats, limit: float | None = None) -> Figure:
    """Return the median of the runs, infinite ones included; its error by order statistics."""
    error = median_error(values)
    return Figure(name, float(np.median(values)), f"of {len(values):,}", limit, "lower", error)


def median_error(values: Floats) -> float:
    """Return half the distance of the order statistics one standard error about the median."""
    runs, ordered = len(values), np.sort(values)
    low, high = ((runs - 1 + sign * math.sqrt(runs)) / 2 for sign in (-1, 1))
    between = ordered[min(math.ceil(high), runs - 1)] - ordered[max(math.floor(low), 0)]
    return float(between) / 2
