"""Observations that one arm has fewer of: lost at random, or of successes alone; alike else."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import event
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.stats.moments import Floats

SPLITS = (((0.5, 0.5),), ((0.9, 0.1),))
FAILING, SLOW = 0.02, 0.2


def figures(small: bool) -> list[Figure]:
    """Measure failures where 40 % is lost, and slowness that successes alone tell, by share."""
    out = []
    runs = 20 if small else 1_000
    for shares in SPLITS:
        split = f"{100 * shares[0][1]:g} % challenger"
        failing = World(shares=shares, shape=event, means=(FAILING, FAILING))
        name = f"2 % failures, the challenger loses 40 % of its observations, {split}"
        out += _row(name, failing, "failure", (1.0, 0.6), runs)
        slow = World(shares=shares, shape=event, means=(SLOW, SLOW))
        name = f"20 % of successes slow, 95 % succeed against 75 % in the challenger, {split}"
        out += _row(name, slow, "slow", (0.95, 0.75), runs)
    return out


def _row(
    name: str, world: World, metric: str, kept: tuple[float, float], runs: int
) -> list[Figure]:
    found = measure(name, partial(thinned, world, metric, kept), runs, world)
    return [
        rate(f"false decisions, {name}", found["decided"], ALPHA),
        rate(f"falsely promoted, {name}", found["promoted"], ALPHA),
    ]


def thinned(
    world: World,
    metric: str,
    kept: tuple[float, float],
    rng: np.random.Generator,
    runs: int,
) -> dict[str, Floats]:
    """Return which runs were decided where each arm keeps a share of its observations."""
    requests = draw(world, runs, rng)
    known = rng.random(len(requests.u)) < np.array(kept)[requests.arm]
    found = judge(world, tally(requests, weight=np.asarray(known, float)), metric)
    return {
        "decided": np.asarray(found.decided, float),
        "promoted": np.asarray(found.promote.any(1), float),
    }
