"""Outcomes that come late, within their window and past it; the arms are identical."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal

import numpy as np

from bench.figure import Figure
from certify.judge import judge, judged, plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.streams import Stream, tally
from certify.worlds import Requests, World, draw
from ratchet.kernel.clock import HOUR
from ratchet.observe.watch import Watch
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import Floats, Ints

REWARD = World()
WINDOW = 12  # hours
PAST = 0.3  # the share of the challenger's outcomes that come past the window, where some do
Which = Literal["whatever they are", "the worst", "the best"]


def figures(small: bool) -> list[Figure]:
    """Measure what is late within the window, and what never counts because it is later.

    Then an arm has fewer outcomes for an exposure, and nothing is promoted. Where the best are
    late, what is read is worse, and is rolled back: that is shown, unlimited.
    """
    runs = 50 if small else 2_000
    name = f"the challenger's worse half up to {WINDOW} h late, closed windows read"
    found = measure(name, partial(late, REWARD), runs, REWARD)
    out = [rate(f"false decisions, {name}", found["decided"], ALPHA)]
    out.append(rate(f"obvious: all that has arrived is read; {name}", found["arrived"]))
    cases: tuple[tuple[Which, float | None], ...] = (
        ("whatever they are", ALPHA),
        ("the worst", ALPHA),
        ("the best", None),
    )
    for which, limit in cases:
        name = f"{100 * PAST:g} % of the challenger's outcomes past the window, {which}"
        found = measure(name, partial(past, REWARD, which), 30 if small else 2_000, REWARD)
        out.append(rate(f"false decisions, {name}", found["decided"], limit))
        out.append(rate(f"falsely promoted, {name}", found["promoted"], ALPHA))
        out.append(rate(f"obvious: exposures are not counted; {name}", found["uncounted"]))
    return out


def late(world: World, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided from closed windows, and from all that has arrived."""
    requests = draw(world, runs, rng)
    slow = (requests.arm == 1) & (requests.u < 0.5)
    hours = np.where(slow, rng.integers(1, WINDOW + 1, len(slow)), 0)
    arrived = _by_arrival(requests, hours)
    return {
        "decided": np.asarray(judge(world, _in_time(requests, hours)).decided, float),
        "arrived": np.asarray(judge(world, arrived).decided, float),
    }


def past(world: World, which: Which, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided where some outcomes of the challenger come too late."""
    requests = draw(world, runs, rng)
    order = {
        "whatever they are": rng.random(len(requests.u)),
        "the worst": requests.u,
        "the best": 1 - requests.u,
    }[which]
    too_late = (requests.arm == 1) & (order < PAST)
    hours = rng.integers(0, WINDOW + 1, len(too_late)) + np.where(too_late, WINDOW + 1, 0)
    read = _in_time(requests, hours)
    exposed = tally(requests).delayed(closed_hours(world.looks)).pair(span=None)
    weighed = weigh(
        {"reward": read.pair()},
        Rules(goal=Term(metric="reward")),
        unknown={"outcome": replace(exposed, num=read.pair().den)},
        plan={"reward": plan_of(world, "reward")},
    )
    found = judged([weighed])
    return {
        "decided": np.asarray(found.decided, float),
        "promoted": np.asarray(found.promote.any(1), float),
        "uncounted": np.asarray(judge(world, read).promote.any(1), float),
    }


def _in_time(requests: Requests, hours: Ints) -> Stream:
    """Return what the product reads: outcomes in their window, of hours whose windows closed."""
    in_time = tally(requests, weight=np.asarray(hours <= WINDOW, float))
    return in_time.delayed(closed_hours(requests.world.looks))


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
