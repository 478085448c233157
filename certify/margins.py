"""Arms that differ, or do not: false promotions at the margin, power, and the sample it takes."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge, judged, met_at, plan_of
from certify.looks import ALPHA
from certify.measure import measure, median, rate
from certify.shapes import Shape, high_skewed, low_skewed
from certify.streams import Stream, tally
from certify.worlds import World, draw
from ratchet.rollouts.pair import Pair
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import Floats

MARGIN = 0.05
# Both of SD 0.3 in the control, and the skewed one of the false decisions.
SHAPES: tuple[tuple[str, Shape, float], ...] = (
    ("mean 0.6, SD 0.3", high_skewed, 0.6),
    ("mean 0.4, SD 0.3", low_skewed, 0.4),
    ("Beta(1/4, 1)", low_skewed, 0.2),
)


def figures(small: bool) -> list[Figure]:
    """Measure losses of 0, 0.05 and 0.1 in 48 looks of 200 requests."""
    out = []
    runs = 50 if small else 2_000
    for label, shape, mean in SHAPES:
        alike, lost, more = (
            World(shape=shape, means=(mean, mean - loss)) for loss in (0.0, MARGIN, 2 * MARGIN)
        )
        name = f"a loss of exactly the margin, {MARGIN:g}, {label}"
        found = measure(name, partial(at_margin, lost, "reward", MARGIN), runs, lost)
        out.append(rate(f"promoted falsely, {name}", found["promoted"], ALPHA))
        name = f"identical arms pass non-inferiority of {MARGIN:g} in 960 units, {label}"
        found = measure(name, partial(compared, alike, -MARGIN), runs, alike)
        out.append(rate(name, found["promoted"], 0.80, "higher"))
        name = f"power at a loss of {MARGIN:g}, {label}"
        found = measure(name, partial(compared, lost, 0.0), runs, lost)
        out.append(rate(name, found["rolled back"], 0.90, "higher"))
        name = f"median challenger units to catch a loss of {2 * MARGIN:g}, {label}"
        found = measure(name, partial(compared, more, 0.0), runs, more)
        out.append(median(name, found["units"], 200))
    return out


def compared(world: World, least: float, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return what one comparison at alpha 0.05 decides, with a rollback margin of 0."""
    stream = tally(draw(world, runs, rng))
    found = judge(world, stream, min_effect=least)
    return {
        "promoted": np.asarray(found.promoted_first, float),
        "rolled back": np.asarray(found.rollback.any(1), float),
        "units": met_at(stream.units[..., 1], found.rollback),
    }


def at_margin(
    world: World, metric: str, margin: float, rng: np.random.Generator, runs: int
) -> dict[str, Floats]:
    """Return which runs promote a challenger of half the cost, whose loss is the margin or more.

    The rollback margin is the same, so that a rollback seldom comes before a false promotion.
    """
    stream = tally(draw(world, runs, rng))
    rules = Rules(
        goal=Term(metric="cost"),
        guardrails=(Term(metric=metric, margin=margin, rollback_margin=margin),),
    )
    pairs = {"cost": cheaper(stream), metric: stream.pair()}
    found = judged([weigh(pairs, rules, plan={metric: plan_of(world, metric)})])
    return {
        "promoted": np.asarray(found.promote.any(1), float),
        "rolled back": np.asarray(found.rollback.any(1), float),
    }


def cheaper(stream: Stream) -> Pair:
    """Return costs of 1 in the control and of 1/2 in the challenger, all of them alike."""
    pair = stream.pair(span=None)
    return Pair(pair.den * np.array([1.0, 0.5])[:, None], pair.den, pair.share, pair.units, None)
