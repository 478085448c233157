"""Outcomes sampled before ingest: a kept success stands for many; the arms are identical."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.outcomes import RARE
from certify.shapes import event
from certify.streams import tally
from certify.worlds import Requests, World, draw
from ratchet.rollouts.pair import Bools
from ratchet.stats.moments import Floats

LONG, LOSSY_LONG = World(168), World(168, means=(0.2, 0.1))
RARE_MANY = World(168, 1_000, shape=event, means=RARE.means)
SLOW = World(48, 1_000, shape=event, means=(0.5, 0.5))
FAILING = 0.1  # the share of rewards that belong to failures: the lowest
TIMELESS = 0.01  # the share of requests that fail, and have no latency


def figures(small: bool) -> list[Figure]:
    """Measure failures, rewards and latency, by how many successes a kept one stands for."""
    few, most, least = (30, 8, 4) if small else (2_000, 1_000, 500)
    rows = (
        ("1 % failures", RARE, "failure", 10, few),
        ("rewards, 168 looks", LONG, "reward", 10, few),
        ("1 % failures", RARE, "failure", 100, most),
        ("1 % failures, 168 looks of 1,000", RARE_MANY, "failure", 100, least),
        ("50 % slow, 48 looks of 1,000", SLOW, "slow", 30, most),
    )
    out = []
    for what, world, metric, each, runs in rows:
        name = f"{what}, 1 in {each} successes kept before ingest"
        found = measure(name, partial(sampled, world, metric, each), runs, world)
        out.append(rate(f"false decisions, {name}", found["decided"], ALPHA))
        out.append(rate(f"bounds trusted at the end, {name}", found["trusted"]))
    name = "caught: -0.1, rewards, 168 looks, 1 in 10 successes kept before ingest"
    found = measure(name, partial(sampled, LOSSY_LONG, "reward", 10), few // 4, LOSSY_LONG)
    return [*out, rate(name, found["rolled back"])]


def sampled(
    world: World, metric: str, each: int, rng: np.random.Generator, runs: int
) -> dict[str, Floats]:
    """Return which runs were decided where most successes are dropped, and the rest weighted.

    The plan knows that a kept success, which stands for `each`, adds so many times its variance.
    """
    requests = draw(world, runs, rng)
    failed = _failed(requests, metric, rng)
    kept = rng.random(len(failed)) < 1 / each
    weight = np.where(failed, 0.0 if metric == "slow" else 1.0, each * kept)
    squares = (requests.value - requests.value.mean()) ** 2
    widened = np.sqrt((squares * np.where(failed, 1, each)).mean() / squares.mean())
    made = judge(world, tally(requests, weight=weight), metric, widened=float(widened))
    return {
        "decided": np.asarray(made.decided, float),
        "rolled back": np.asarray(made.rollback.any(1), float),
        "trusted": np.asarray(made.trusted[:, -1], float),
    }


def _failed(requests: Requests, metric: str, rng: np.random.Generator) -> Bools:
    if metric == "failure":
        return np.asarray(requests.value > 0)
    if metric == "slow":
        return np.asarray(rng.random(len(requests.u)) < TIMELESS)
    return np.asarray(requests.u < FAILING)
