"""Grades that are missing: alike in both arms, or in one arm alone, the worst of them."""

from functools import partial
from typing import Literal

import numpy as np

from bench.figure import Figure
from certify.judge import judge, judged, plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import high_skewed
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.weigh import Rules, Term, weigh
from ratchet.stats.moments import Floats

GRADED = World(shape=high_skewed, means=(0.8, 0.8))
SHARE = 0.3
Where = Literal["equally", "in the challenger, at random", "in the challenger, the lowest"]


def figures(small: bool) -> list[Figure]:
    """Measure 30 % of grades missing; where one arm alone lacks them, the product holds."""
    out = []
    cases: tuple[Where, ...] = (
        "equally",
        "in the challenger, at random",
        "in the challenger, the lowest",
    )
    for where in cases:
        name = f"30 % of grades missing {where}"
        found = measure(name, partial(missing, where), 60 if small else 2_000, GRADED)
        out.append(rate(f"false decisions, {name}", found["decided"], ALPHA))
        out.append(rate(f"falsely promoted, {name}", found["promoted"], ALPHA))
        out.append(rate(f"held for the unknown share at the end, {name}", found["held"]))
        out.append(rate(f"obvious: known grades compared, {name}", found["known"]))
    return out


def missing(where: Where, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of identical arms were decided, or held for what is unknown."""
    requests = draw(GRADED, runs, rng)
    lost = requests.u if where.endswith("lowest") else rng.random(len(requests.u))
    unknown = (lost < SHARE) & ((where == "equally") | (requests.arm == 1))
    known = tally(requests, weight=np.where(unknown, 0.0, 1.0))
    shares = tally(requests, value=np.asarray(unknown, float)).pair()
    weighed = weigh(
        {"quality": known.pair()},
        Rules(goal=Term(metric="quality")),
        unknown={"quality": shares},
        plan={"quality": plan_of(GRADED, "quality")},
    )
    found = judged([weighed])
    return {
        "decided": np.asarray(found.decided, float),
        "promoted": np.asarray(found.promote.any(1), float),
        "held": np.asarray(weighed.terms[0].held[:, -1], float),
        "known": np.asarray(judge(GRADED, known, "quality").decided, float),
    }
