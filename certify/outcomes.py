"""Outcomes that are rare; the arms are identical."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import event
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Question
from ratchet.stats.moments import Floats

RARE, RARE_LONG = (World(looks, shape=event, means=(0.01, 0.01)) for looks in (48, 168))
OFTEN = World(shape=event, means=(0.99, 0.99))


def figures(small: bool) -> list[Figure]:
    """Measure rare failures and frequent successes, and failures that do become more."""
    runs = 30 if small else 2_000
    out = _row("1 % failures, 48 looks", RARE, "failure", runs)
    out += _row("1 % failures, 168 looks", RARE_LONG, "failure", runs)
    out += _row("99 % successes, 48 looks", OFTEN, "success", runs)
    for worse in (0.02, 0.03, 0.05):
        world = World(shape=event, means=(RARE.means[0], worse))
        name = f"caught: 1 % failures that become {100 * worse:g} %, 48 looks"
        found = measure(name, partial(rare, world, "failure"), runs, world)
        out.append(rate(name, found["rolled back"]))
    return out


def _row(name: str, world: World, metric: str, runs: int) -> list[Figure]:
    found = measure(name, partial(rare, world, metric), runs, world)
    out = [rate(f"false decisions, {name}", found["decided"], ALPHA)]
    if metric == "failure":
        early = f"obvious: an asymptotic bound from 20 units; {name}"
        out.append(rate(early, found["asymptotic"]))
    return out


def rare(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided, and which by an asymptotic bound from 20 units on."""
    stream = tally(draw(world, runs, rng))
    made = judge(world, stream, metric)
    # No range of the metric, so no floor under the variance; no least number of events.
    early = Question(planned_error=world.planned_error(), least_units=20, least_events=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = EVIDENCE["asymptotic"](stream.pair(span=0.0), early)
    wrong = (bounds.low > 0) | (bounds.high < 0)
    return {
        "decided": np.asarray(made.decided, float),
        "rolled back": np.asarray(made.rollback.any(1), float),
        "asymptotic": np.asarray(wrong.any(1), float),
    }
