"""The sample ratio under continuous looks: false alarms, and a mismatch that is there."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.measure import measure, rate
from certify.ramps import RAMP
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.sample_ratio import THRESHOLD, sample_ratio
from ratchet.stats.moments import Floats

HALVES = World(50, 200, ((0.5, 0.5),))
SKEWED = World(50, 200, ((0.45, 0.55),))
RECURRING = World(72, 200, RAMP[:2], units=2_880, heavy=0.5)


def figures(small: bool) -> list[Figure]:
    """Measure false alarms by the shares and with units that recur, and 45:55 for 50:50."""
    out = []
    for name, world, runs in (
        ("10:90, 48 looks", World(), 50_000),
        ("50:50, 50 looks", HALVES, 50_000),
        ("10:90 -> 50:50, 5 exposures a unit, 72 looks", RECURRING, 20_000),
    ):
        label = f"sample ratio, false alarms, {name}"
        found = measure(label, partial(alarmed, world, world.shares), 200 if small else runs, world)
        out.append(rate(label, found["alarm"], THRESHOLD))
    label = "sample ratio, 45:55 for 50:50 caught in 10,000 units"
    trial = partial(alarmed, SKEWED, HALVES.shares)
    found = measure(label, trial, 60 if small else 3_000, SKEWED)
    return [*out, rate(label, found["alarm"], 0.99, "higher")]


def alarmed(
    world: World, planned: tuple[tuple[float, ...], ...], rng: np.random.Generator, runs: int
) -> dict[str, Floats]:
    """Return in which runs a mismatch was ever found, against the planned shares."""
    exposures = tally(draw(world, runs, rng)).den
    return {"alarm": np.asarray(sample_ratio(exposures, np.array(planned)).mismatch.any(1), float)}
