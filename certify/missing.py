"""Grades that are missing: alike in both arms, or in one arm alone, the worst of them."""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judge, judged, plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import event, high_skewed
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import Floats

GRADED = World(shape=high_skewed, means=(0.8, 0.8))
BINARY = World(shape=event, means=(0.8, 0.8))
BINARY_MANY = World(48, 1_000, shape=event, means=(0.8, 0.8))


@dataclass(frozen=True)
class Case:
    """What is not graded, by arm, the control first; a failure never is, and is no unknown.

    `unknown` are shares of the successes, the lowest grades of them where `lowest`; `failing` are
    shares of the requests.
    """

    name: str
    world: World
    unknown: tuple[float, float]
    failing: tuple[float, float] = (0.0, 0.0)
    lowest: bool = False

    @property
    def held_falsely(self) -> bool:
        """Say whether a hold would be false: what is unknown is alike in both arms."""
        return self.unknown[0] == self.unknown[1]


FAILURES = "5 % fail against 25 % in the challenger"
CASES = (
    Case("30 % of grades missing equally", GRADED, (0.3, 0.3)),
    Case("30 % of grades missing in the challenger, at random", GRADED, (0.0, 0.3)),
    Case("30 % of grades missing in the challenger, the lowest", GRADED, (0.0, 0.3), lowest=True),
    Case("5 % graded equally, of 80 % ones", BINARY, (0.95, 0.95)),
    Case("5 % graded equally, of 80 % ones, 1,000 an hour", BINARY_MANY, (0.95, 0.95)),
    Case(f"5 % of successes graded equally, {FAILURES}", BINARY_MANY, (0.95, 0.95), (0.05, 0.25)),
    Case(f"30 % of successes ungraded equally, {FAILURES}", GRADED, (0.3, 0.3), (0.05, 0.25)),
    Case(f"successes ungraded in the challenger, {FAILURES}", GRADED, (0.0, 0.3), (0.05, 0.25)),
)


def figures(small: bool) -> list[Figure]:
    """Measure what is decided and held; where one arm alone lacks grades, the product holds."""
    out = []
    for case in CASES:
        runs = 8 if small and case.world is BINARY_MANY else 40 if small else 2_000
        found = measure(case.name, partial(missing, case), runs, case.world)
        limit = ALPHA if case.held_falsely else None
        out.append(rate(f"false decisions, {case.name}", found["decided"], ALPHA))
        out.append(rate(f"falsely promoted, {case.name}", found["promoted"], ALPHA))
        out.append(rate(f"held for the unknown share, ever, {case.name}", found["held"], limit))
        out.append(rate(f"bounds trusted at the end, {case.name}", found["trusted"]))
        out.append(rate(f"obvious: known grades compared, {case.name}", found["known"]))
    return out


def missing(case: Case, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs of alike grades were decided, or held for what is unknown."""
    requests = draw(case.world, runs, rng)
    order = requests.u if case.lowest else rng.random(len(requests.u))
    succeeded = rng.random(len(order)) >= np.array(case.failing)[requests.arm]
    unknown = succeeded & (order < np.array(case.unknown)[requests.arm])
    known = tally(requests, weight=np.asarray(succeeded & ~unknown, float))
    shares = tally(
        requests, value=np.asarray(unknown, float), weight=np.asarray(succeeded, float)
    ).pair()
    error, events = plan_of(case.world, "quality")
    # The smaller arm has most of the error, so the plan knows how few of it are graded.
    graded = (1 - case.failing[1]) * (1 - case.unknown[1])
    weighed = weigh(
        {"quality": known.pair()},
        Rules(goal=Term(metric="quality")),
        unknown={"quality": shares},
        plan={"quality": (error / math.sqrt(graded), events)},
    )
    found = judged([weighed])
    return {
        "decided": np.asarray(found.decided, float),
        "promoted": np.asarray(found.promote.any(1), float),
        "held": np.asarray(weighed.terms[0].held.any(1), float),
        "trusted": np.asarray(found.trusted[:, -1], float),
        "known": np.asarray(judge(case.world, known, "quality").decided, float),
    }
