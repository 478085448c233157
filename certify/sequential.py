"""Against gbstats' sequential test, both tuned for the same planned sample."""

import importlib
import math
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge, met_at
from certify.looks import ALPHA
from certify.measure import measure, median, median_error, rate
from certify.shapes import high_skewed
from certify.streams import Stream, tally
from certify.worlds import World, draw
from ratchet.rollouts.pair import Bools
from ratchet.stats.moments import Floats

MEAN = 0.6


def figures(small: bool) -> list[Figure]:
    """Measure false decisions, and the units it takes to decide losses of 0.05 and 0.1."""
    out = []
    runs = 30 if small else 2_000
    for label, world in (
        ("SD 0.3", World(shape=high_skewed, means=(MEAN, MEAN))),
        ("Beta(1/4, 1)", World()),
    ):
        name = f"false decisions beside gbstats, {label}"
        found = measure(name, partial(both, world), runs, world)
        out.append(rate(name, found["own"] < np.inf, ALPHA))
        out.append(rate(f"gbstats: {name}", found["gbstats"] < np.inf))
    for loss in (0.05, 0.1):
        out += _units(loss, runs)
    return out


def _units(loss: float, runs: int) -> list[Figure]:
    world = World(shape=high_skewed, means=(MEAN, MEAN - loss))
    name = f"median units to decide a loss of {loss:g}"
    found = measure(name, partial(both, world), runs, world)
    own = median(name, found["own"])
    theirs = median(f"gbstats: {name}", found["gbstats"])
    ratio = own.value / theirs.value
    error = math.hypot(*(median_error(x) / float(np.median(x)) for x in found.values()))
    label = f"{name}, as a ratio to gbstats"
    return [own, theirs, Figure(label, ratio, "x", 1.1, "lower", ratio * error)]


def both(world: World, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return the units of all arms at the first decision of either test, of the same streams."""
    stream = tally(draw(world, runs, rng))
    found, units = judge(world, stream), stream.units.sum(-1)
    return {
        "own": met_at(units, found.promote | found.rollback),
        "gbstats": met_at(units, gbstats_rejects(stream, world.requests)),
    }


def gbstats_rejects(stream: Stream, planned: int) -> Bools:
    """Return where gbstats' own class says p < alpha; looks after the first are not asked."""
    tests = importlib.import_module("gbstats.frequentist.tests")
    mean = importlib.import_module("gbstats.models.statistics").SampleMeanStatistic
    config = tests.SequentialConfig(
        alpha=ALPHA, difference_type="absolute", sequential_tuning_parameter=planned
    )
    n, total = (x.sum((2, 4)) for x in (stream.den, stream.num))  # (runs, looks, arms)
    squares = stream.squares.sum(2)
    rejected = np.zeros(n.shape[:2], np.bool_)
    for run in range(len(n)):
        for look in range(n.shape[1]):
            arms = [
                mean(
                    n=int(n[run, look, arm]),
                    sum=total[run, look, arm],
                    sum_squares=squares[run, look, arm],
                )
                for arm in (0, 1)
            ]
            if tests.SequentialTwoSidedTTest(*arms, config).compute_result().p_value < ALPHA:
                rejected[run, look] = True
                break
    return rejected
