"""Ramps: units move from the control to the challenger while the base rate moves, too."""

from dataclasses import replace
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.margins import at_margin
from certify.measure import measure, rate
from certify.obvious import significant
from certify.shapes import event
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.stats.moments import Floats

RAMP = ((0.9, 0.1), (0.5, 0.5), (0.0, 1.0))
# Mean 0.3, so that no drift, cycle and loss together take it below 0.
# One quiet hour at 10 %, then some 10,000 requests at 50:50.
QUIET = ((0.9, 0.1), (0.5, 0.5))
POINTS = 0.02
STEADY = World(72, 200, RAMP, means=(0.3, 0.3), units=72 * 200 // 10, correlation=0.1, heavy=0.5)


def figures(small: bool) -> list[Figure]:
    """Measure a ramp 10 -> 50 -> 100 % by drift, with and without a daily cycle."""
    out = []
    runs = 24 if small else 2_000
    for drift, daily in ((0.05, 0.0), (0.1, 0.0), (0.05, 0.05), (0.1, 0.05), (-0.1, 0.05)):
        cycle = " and a daily cycle" if daily else ""
        name = f"ramp 10 -> 50 -> 100 %, drift {drift:+g}{cycle}"
        out += _row(name, replace(STEADY, drift=drift, daily=daily), "reward", -0.1, runs)
    failing = replace(STEADY, shape=event, means=(0.01, 0.01), drift=0.05)
    name = "ramp 10 -> 50 -> 100 %, failures that go from 1 to 6 %"
    out += _row(name, failing, "failure", 0.03, 8 if small else 2_000)
    for per_look in (100, 300):
        for metric, good in (("failure", 0.005), ("reward", 0.995)):
            out += _quiet(per_look, metric, good, 8 if small else 1_000)
    return out


def _row(name: str, world: World, metric: str, moved: float, runs: int) -> list[Figure]:
    found = measure(name, partial(ramped, world, metric), runs, world)
    lossy = replace(world, means=(world.means[0], world.means[0] + moved))
    caught = f"caught: {moved:+g}, {name}"
    there = measure(caught, partial(ramped, lossy, metric), runs // 4, lossy)
    return [
        rate(f"false decisions, {name}", found["decided"], ALPHA),
        rate(caught, there["rolled back"]),
        rate(f"obvious: both steps pooled, one look at their end, {name}", found["pooled"]),
    ]


def _quiet(per_look: int, metric: str, good: float, runs: int) -> list[Figure]:
    """Measure a first step so short that it may see no failure, by rate and by mean."""
    lengths = (1, round(10_000 / per_look))
    toward = 1 if metric == "failure" else -1
    step = f"{metric}, 0.5 % fail, {per_look} requests at 10 %, then 10,000 at 50 %"
    found = []
    for points in (POINTS, 0.05):
        means = (good, good + toward * points)
        world = World(sum(lengths), per_look, QUIET, event, means, lengths=lengths)
        name = f"{100 * points:g} points worse, margin {100 * POINTS:g}: {step}"
        trial = partial(at_margin, world, metric, POINTS)
        found.append((name, measure(name, trial, runs if points == POINTS else runs // 4, world)))
    (margin, at), (harm, beyond) = found
    return [
        rate(f"falsely promoted, {margin}", at["promoted"], ALPHA),
        rate(f"falsely promoted, {harm}", beyond["promoted"], ALPHA),
        rate(f"caught: {harm}", beyond["rolled back"]),
    ]


def ramped(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms were decided, by strata and by pooling 10 and 50 %."""
    stream = tally(draw(world, runs, rng))
    found = judge(world, stream, metric)
    end = int(np.sum(world.step_of() < 2)) - 1
    return {
        "decided": np.asarray(found.decided, float),
        "rolled back": np.asarray(found.rollback.any(1), float),
        "pooled": np.asarray(significant(stream, steps=2)[:, end], float),
    }
