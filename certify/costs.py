"""Costs of which a few carry all: heavy tails, and large ones among noughts or small ones."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import Shape, costly, lognormal, seldom
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.stats.moments import Floats

MEAN = 0.01
FEW: tuple[tuple[str, Shape], ...] = (
    ("2 % large, else nought", partial(seldom, rate=0.02)),
    ("0.5 % large, else nought", partial(seldom, rate=0.005)),
    ("2 % large, else small", partial(seldom, rate=0.02, noise=0.1)),
    ("0.5 % large, else small", partial(seldom, rate=0.005, noise=0.1)),
    ("log-normal, sigma 2", partial(lognormal, sigma=2.0)),
)
# Challenger requests: 4,800 in two days, and 670 and 3,400 in a week.
CANARIES: tuple[tuple[str, World, int], ...] = (
    ("10 % canary, 48 looks of 1,000", World(48, 1_000), 1_000),
    ("2 % canary, 168 looks of 200", World(168, 200, ((0.98, 0.02),)), 1_000),
    ("2 % canary, 168 looks of 1,000", World(168, 1_000, ((0.98, 0.02),)), 500),
)


def figures(small: bool) -> list[Figure]:
    """Measure false decisions by the shape of the costs and by canary."""
    world = _costing(World(), costly)
    out = _row("costs with a heavy tail, 48 looks", world, 30 if small else 2_000)
    for canary, traffic, runs in CANARIES:
        for label, shape in FEW:
            world = _costing(traffic, shape)
            out += _row(f"costs: {label}, {canary}", world, 4 if small else runs)
    return out


def _costing(traffic: World, shape: Shape) -> World:
    return World(traffic.looks, traffic.per_look, traffic.shares, shape, (MEAN, MEAN))


def _row(name: str, world: World, runs: int) -> list[Figure]:
    found = measure(name, partial(spent, world), runs, world)
    return [
        rate(f"false decisions, {name}", found["decided"], ALPHA),
        rate(f"bounds trusted at the end, {name}", found["trusted"]),
    ]


def spent(world: World, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms were decided by cost, and where bounds were trusted."""
    found = judge(world, tally(draw(world, runs, rng)), "cost")
    return {
        "decided": np.asarray(found.decided, float),
        "trusted": np.asarray(found.trusted[:, -1], float),
    }
