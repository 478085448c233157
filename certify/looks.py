"""Identical arms, looked at every hour: how often anything is decided, falsely."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.measure import measure, rate
from certify.obvious import significant, two_up_five_down
from certify.shapes import Shape, high_skewed, low_skewed, rare_ones, rare_zeros
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.stats.moments import Floats

ALPHA = 0.05
SHAPES: Mapping[str, tuple[Shape, float]] = {
    "Beta(1/4, 1)": (low_skewed, 0.2),
    "its mirror image": (high_skewed, 0.8),
    "5 % ones on noise": (rare_ones, 0.0975),
    "5 % noughts on noise": (rare_zeros, 0.9025),
}
LONG = World(168)
NIGHTS = World(30, 100, shape=rare_zeros, means=(0.9025, 0.9025))


def figures(small: bool) -> list[Figure]:
    """Measure two arms by shape and number of looks, more arms, and the rules beside them."""
    out = []
    for looks, runs in ((48, 3_000), (168, 2_000)):
        for label, (shape, mean) in SHAPES.items():
            world = World(looks, shape=shape, means=(mean, mean))
            out += _row(f"false decisions, {looks} looks, {label}", world, 60 if small else runs)
    for arms, each in ((3, 0.05), (4, 0.1 / 3), (5, 0.025), (3, 0.1), (4, 0.1), (5, 0.1)):
        control = 1 - (arms - 1) * each
        world = World(shares=((control, *[each] * (arms - 1)),), means=(0.2,) * arms)
        name = f"false decisions, {arms} arms, {100 * each:.3g} % for each challenger"
        out += _row(name, world, 50 if small else 2_000, beside=False)
    for widened, size in ((10.0, "large"), (0.1, "small")):
        name = f"false decisions, 168 looks, Beta(1/4, 1), planned error 10 times too {size}"
        trial = partial(misplanned, LONG, widened)
        found = measure(name, trial, 30 if small else 2_000, LONG)
        out.append(rate(name, found["decided"], ALPHA))
    name = "+2 % promotes, -5 % rolls back, nightly, 10 canary samples a day"
    found = measure(name, nightly, 200 if small else 4_000, NIGHTS)
    out.append(rate(f"obvious: {name}: promoted", found["up"]))
    out.append(rate(f"obvious: {name}: rolled back", found["down"]))
    return out


def _row(name: str, world: World, runs: int, *, beside: bool = True) -> list[Figure]:
    found = measure(name, partial(identical, world), runs, world)
    out = [rate(name, found["decided"], ALPHA)]
    if beside:
        out.append(rate(f"obvious: p < 0.05 at any look; {name.partition(', ')[2]}", found["peek"]))
    return out


def identical(world: World, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms were decided, by the product and by peeking."""
    stream = tally(draw(world, runs, rng))
    peeked = [significant(stream, arm).any(1) for arm in range(1, world.arms)]
    return {
        "decided": np.asarray(judge(world, stream).decided, float),
        "peek": np.asarray(np.any(peeked, axis=0), float),
    }


def misplanned(
    world: World, widened: float, rng: np.random.Generator, runs: int
) -> dict[str, Floats]:
    """Return which runs of identical arms were decided with a plan so many times too wide."""
    found = judge(world, tally(draw(world, runs, rng)), widened=widened)
    return {"decided": np.asarray(found.decided, float)}


def nightly(rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms the nightly rule promotes and rolls back."""
    up, down = two_up_five_down(tally(draw(NIGHTS, runs, rng)))
    return {"up": np.asarray(up, float), "down": np.asarray(down, float)}
