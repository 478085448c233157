"""Shadows: the challenger runs beside the control on the same requests; the pairs are compared."""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge, met_at
from certify.looks import ALPHA
from certify.measure import measure, median, median_error, rate
from certify.shapes import event, high_skewed
from certify.streams import tally
from certify.worlds import Requests, World, draw, outcome
from ratchet.stats.moments import Floats

HALVES = ((0.5, 0.5),)
CORRELATION = 0.7  # of the two outcomes of one request
LOSS, MEAN = 0.05, 0.6
ALIKE = World(96, 25, HALVES, high_skewed, (MEAN, MEAN))
LOSSY = replace(ALIKE, means=(MEAN, MEAN - LOSS))
FAILING = World(48, 200, HALVES, event, (0.05, 0.05))
RECURRING = replace(ALIKE, looks=48, per_look=200, units=960, correlation=0.3)


def figures(small: bool) -> list[Figure]:
    """Measure false decisions of pairs, with shadows lost, and the requests that pairing saves."""
    runs = 20 if small else 2_000
    out = []
    for name, world, metric, kept in (
        ("rewards", ALIKE, "reward", 1.0),
        ("rewards, 10 requests a unit", RECURRING, "reward", 1.0),
        ("5 % failures", FAILING, "failure", 1.0),
        ("5 % failures, 10 % of shadows lost", FAILING, "failure", 0.9),
    ):
        label = f"shadow pairs, correlation {CORRELATION:g}: {name}"
        found = measure(label, partial(paired, world, metric, CORRELATION, kept), runs, world)
        out.append(rate(f"false decisions, {label}", found["decided"], ALPHA))
    return out + _saved(runs)


def _saved(runs: int) -> list[Figure]:
    """Return the median requests to catch a loss, of pairs and of two samples of that size."""
    what = f"median requests of each arm to catch a loss of {LOSS:g}"
    out, relative = [], []
    for label, correlation in (("shadow pairs", CORRELATION), ("unpaired", 0.0)):
        name = f"{what}, {label}"
        found = measure(name, partial(paired, LOSSY, "reward", correlation, 1.0), runs, LOSSY)
        out.append(median(name, found["units"]))
        relative.append(median_error(found["units"]) / out[-1].value)
    ratio = out[0].value / out[1].value
    error = ratio * math.hypot(*relative)
    return [*out, Figure(f"{what}, pairs as a ratio to unpaired", ratio, "x", error=error)]


def paired(
    world: World,
    metric: str,
    correlation: float,
    kept: float,
    rng: np.random.Generator,
    runs: int,
) -> dict[str, Floats]:
    """Return which runs were decided, and the units of each arm at the first rollback.

    A part `kept` of the shadows comes back. The plan knows how large and how alike the arms are.
    """
    both = shadowed(draw(world, runs, rng), correlation, rng)
    known = (both.arm == 0) | (rng.random(len(both.arm)) < kept)
    stream = tally(both, weight=np.asarray(known, float))
    found = judge(world, stream, metric, widened=math.sqrt((1 - correlation) / 2))
    return {
        "decided": np.asarray(found.decided, float),
        "units": met_at(stream.units[..., 1], found.rollback),
    }


def shadowed(requests: Requests, correlation: float, rng: np.random.Generator) -> Requests:
    """Return all requests as the control's, and each once more as a shadow of the challenger."""
    world, count = requests.world, len(requests.u)
    u = np.where(rng.random(count) < correlation, requests.u, rng.random(count))
    arm = np.repeat([0, 1], count)
    look, drawn = np.tile(requests.look, 2), np.concatenate([requests.u, u])
    return replace(
        requests,
        run=np.tile(requests.run, 2),
        look=look,
        step=np.tile(requests.step, 2),
        arm=arm,
        bin=np.tile(requests.bin, 2),
        unit=np.tile(requests.unit, 2),
        u=drawn,
        value=outcome(world, look, arm, drawn),
    )
