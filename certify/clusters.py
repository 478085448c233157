"""Units that recur: many observations of one unit do not count as many units."""

from dataclasses import replace
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.obvious import significant
from certify.shapes import event
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.stats.bins import BINS
from ratchet.stats.moments import Floats

EACH = 20
LOOKS, PER_LOOK, PER_LOOK_HEAVY = 168, 400, 1_000
FIXED = World(LOOKS, 100, units=600, correlation=0.3)  # nobody new comes


def figures(small: bool) -> list[Figure]:
    """Measure rewards and failures, by the correlation of a unit's outcomes."""
    out = []
    for correlation in (0.1, 0.3):
        for active, heavy, per_look in (("", 0.0, PER_LOOK), (", some heavy", 1.0, PER_LOOK_HEAVY)):
            world = World(
                LOOKS,
                per_look,
                units=LOOKS * per_look // EACH,
                correlation=correlation,
                heavy=heavy,
            )
            name = f"{LOOKS} looks of {per_look}, {EACH} a unit{active}, correlation {correlation}"
            out += _row(name, world, "reward", -0.1, 16 if small else 2_000)
        failing = replace(world, shape=event, means=(0.05, 0.05))
        name = f"5 % failures, {name}"
        out += _row(name, failing, "failure", 0.05, 6 if small else 2_000)
    for share in (0.1, 0.5):
        world = replace(FIXED, shares=((1 - share, share),))
        name = (
            f"{FIXED.units} units, {100 * share:g} % challenger, 168 looks of 100, correlation 0.3"
        )
        out += _row(name, world, "reward", -0.1, 8 if small else 1_000)
    return out


def _row(name: str, world: World, metric: str, moved: float, runs: int) -> list[Figure]:
    lossy = replace(world, means=(world.means[0], world.means[0] + moved))
    caught = f"caught: {moved:+g}, {name}"
    there = measure(caught, partial(lost, lossy, metric), runs // 4, lossy)
    found = measure(name, partial(recurring, world, metric), runs, world)
    return [
        rate(f"false decisions, {name}", found["decided"], ALPHA),
        rate(f"bounds trusted at the end, {name}", found["trusted"]),
        rate(caught, there["rolled back"]),
        rate(f"obvious: observations as units, one look, {name}", found["once"]),
        rate(f"obvious: observations as units, this sequence, {name}", found["as units"]),
    ]


def recurring(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms were decided, with clusters and without."""
    requests = draw(world, runs, rng)
    stream = tally(requests)
    found = judge(world, stream, metric)
    alone = replace(
        requests,
        world=replace(world, units=None),
        bin=rng.integers(0, BINS, len(requests.bin)),
    )
    return {
        "decided": np.asarray(found.decided, float),
        "trusted": np.asarray(found.trusted[:, -1], float),
        "once": np.asarray(significant(stream)[:, -1], float),
        "as units": np.asarray(judge(alone.world, tally(alone), metric).decided, float),
    }


def lost(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of a worse challenger were rolled back."""
    found = judge(world, tally(draw(world, runs, rng)), metric)
    return {"rolled back": np.asarray(found.rollback.any(1), float)}
