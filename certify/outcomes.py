"""Outcomes that are rare, sampled or late; the arms are identical."""

from datetime import UTC, datetime
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge
from certify.looks import ALPHA
from certify.measure import Trial, measure, rate
from certify.shapes import costly, event
from certify.streams import Stream, tally
from certify.worlds import Requests, World, draw
from ratchet.kernel.clock import HOUR
from ratchet.observe.watch import Watch
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Question
from ratchet.stats.moments import Floats, Ints

RARE, RARE_LONG = (World(looks, shape=event, means=(0.01, 0.01)) for looks in (48, 168))
OFTEN = World(shape=event, means=(0.99, 0.99))
COST = World(shape=costly, means=(0.01, 0.01))
REWARD = World()
LONG, LOSSY_LONG = World(168), World(168, means=(0.2, 0.1))
KEPT = 10  # a success stands for so many
FAILING = 0.1  # the share of rewards that belong to failures: the lowest
WINDOW = 12  # hours


def figures(small: bool) -> list[Figure]:
    """Measure rare failures, heavy costs, sampled successes and late outcomes."""
    few, runs = (30, 60) if small else (2_000, 2_000)
    out = _row("1 % failures, 48 looks", partial(rare, RARE, "failure"), few, RARE)
    out += _row("1 % failures, 168 looks", partial(rare, RARE_LONG, "failure"), few, RARE_LONG)
    out += _row("99 % successes, 48 looks", partial(rare, OFTEN, "success"), few, OFTEN)
    out += _row("costs with a heavy tail, 48 looks", partial(rare, COST, "cost"), runs, COST)
    sampling = f"1 in {KEPT} successes kept before ingest"
    out += _row(f"1 % failures, {sampling}", partial(sampled, RARE, "failure"), few, RARE)
    out += _row(f"rewards, 168 looks, {sampling}", partial(sampled, LONG, "reward"), few, LONG)
    name = f"caught: -0.1, rewards, 168 looks, {sampling}"
    found = measure(name, partial(sampled, LOSSY_LONG, "reward"), few // 4, LOSSY_LONG)
    out.append(rate(name, found["rolled back"]))
    name = f"the challenger's worse half up to {WINDOW} h late, closed windows read"
    out += _row(name, partial(late, REWARD), runs, REWARD)
    for worse in (0.02, 0.03, 0.05):
        world = World(shape=event, means=(RARE.means[0], worse))
        name = f"caught: 1 % failures that become {100 * worse:g} %, 48 looks"
        found = measure(name, partial(rare, world, "failure"), few, world)
        out.append(rate(name, found["rolled back"]))
    return out


def _row(name: str, trial: Trial, runs: int, world: World) -> list[Figure]:
    found = measure(name, trial, runs, world)
    out = [rate(f"false decisions, {name}", found["decided"], ALPHA)]
    rules = [rule for rule in found if rule not in ("decided", "rolled back")]
    return out + [rate(f"obvious: {rule}; {name}", found[rule]) for rule in rules]


def rare(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided, and which by an asymptotic bound from 20 units on."""
    stream = tally(draw(world, runs, rng))
    made = judge(world, stream, metric)
    found = {
        "decided": np.asarray(made.decided, float),
        "rolled back": np.asarray(made.rollback.any(1), float),
    }
    if metric == "failure":
        # No range of the metric, so no floor under the variance; no least number of events.
        early = Question(planned_error=world.planned_error(), least_units=20, least_events=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = EVIDENCE["asymptotic"](stream.pair(span=0.0), early)
        wrong = (bounds.low > 0) | (bounds.high < 0)
        found["an asymptotic bound from 20 units"] = np.asarray(wrong.any(1), float)
    return found


def sampled(world: World, metric: str, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided where most successes are dropped, and the rest weighted.

    The plan knows that a kept success, which stands for `KEPT`, adds so many times its variance.
    """
    requests = draw(world, runs, rng)
    failed = requests.value > 0 if metric == "failure" else requests.u < FAILING
    kept = rng.random(len(failed)) < 1 / KEPT
    weight = np.where(failed, 1.0, KEPT * kept)
    squares = (requests.value - requests.value.mean()) ** 2
    widened = np.sqrt((squares * np.where(failed, 1, KEPT)).mean() / squares.mean())
    made = judge(world, tally(requests, weight=weight), metric, widened=float(widened))
    return {
        "decided": np.asarray(made.decided, float),
        "rolled back": np.asarray(made.rollback.any(1), float),
    }


def late(world: World, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided from closed windows, and from all that has arrived."""
    requests = draw(world, runs, rng)
    slow = (requests.arm == 1) & (requests.u < 0.5)
    hours = np.where(slow, rng.integers(1, WINDOW + 1, len(slow)), 0)
    arrived = _by_arrival(requests, hours)
    in_time = tally(requests, weight=np.asarray(hours <= WINDOW, float))
    stream = in_time.delayed(closed_hours(world.looks))
    return {
        "decided": np.asarray(judge(world, stream).decided, float),
        "all that has arrived is read": np.asarray(judge(world, arrived).decided, float),
    }


def _by_arrival(requests: Requests, hours: Ints) -> Stream:
    """Return what is seen where each outcome counts as soon as it comes."""
    looks = requests.world.looks
    at = requests.look + hours
    return tally(requests, weight=np.asarray(at < looks, float), look=np.minimum(at, looks - 1))


def closed_hours(looks: int) -> Ints:
    """Return how many hours the product reads at each look, at the end of its hour."""
    watch = Watch(arms=("control", "challenger"), steps=1, epoch=1, outcome_window_hours=WINDOW)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return np.array(
        [
            sum(
                watch.closed(start + hour * HOUR, start + (look + 1) * HOUR)
                for hour in range(looks)
            )
            for look in range(looks)
        ]
    )
