"""Losses of runs: few of them, and what is made of terms that not every run tells."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import judged, plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import event, low_skewed
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.judge_waits import CYCLE_HOURS
from ratchet.rollouts.profile import PROFILES
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import Floats

HALVES = ((0.5, 0.5),)
FEW = World(48, 10, HALVES, low_skewed, (0.3, 0.3))
CANARY = World(48, 30, ((0.9, 0.1), (0.5, 0.5)), low_skewed, (0.3, 0.3))
RECURRING = World(48, 20, HALVES, low_skewed, (0.3, 0.3), units=200, correlation=0.5)
BETTER = World(48, 20, HALVES, low_skewed, (0.3, 0.22))
TERM, CONTRADICTED, WEIGHT = "loss:contradictions", 0.3, 0.4
LEAST = PROFILES["significance"].min_units
RULES = Rules(goal=Term(metric="loss"), guardrails=(Term(metric=TERM, margin=0.1),))


@dataclass(frozen=True)
class Case:
    """Runs of a world; `untold` are the shares that tell no contradictions, the control first.

    Of the contradicted ones alone where `hidden`: the loss of a run is then made of the rest.
    """

    name: str
    world: World = FEW
    untold: tuple[float, float] = (0.0, 0.0)
    hidden: bool = False


CASES = (
    Case("10 runs an hour"),
    Case("30 runs an hour, a canary of 10 % and 50 %", CANARY),
    Case("20 runs an hour, units recur", RECURRING),
    Case("10 runs an hour, a third tell no contradictions", untold=(0.33, 0.33)),
    Case("30 runs an hour, the challenger hides its contradictions", CANARY, (0.0, 1.0), True),
)
POWER = Case("0.08 less loss, 20 runs an hour", BETTER)


def figures(small: bool) -> list[Figure]:
    """Measure what is decided with the loss as goal and a term of it as guardrail."""
    runs, out = 30 if small else 2_000, []
    for case in CASES:
        found = measure(case.name, partial(compared, case), runs, case.world)
        name = f"{case.name}, 48 looks"
        out.append(rate(f"falsely promoted by the loss of runs, {name}", found["promoted"], ALPHA))
        out.append(rate(f"false decisions by the loss of runs, {name}", found["decided"], ALPHA))
        out.append(rate(f"obvious: what was told promotes; {name}", found["as told"]))
    found = measure(POWER.name, partial(compared, POWER), 20 if small else 500, POWER.world)
    out.append(rate(f"promoted: {POWER.name}, 48 looks", found["promoted"]))
    return out


def compared(case: Case, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which rollouts were promoted, or decided; and promoted if the untold did not matter.

    As in a rollout, nothing is promoted before a whole day and `minUnits` in each arm.
    """
    requests = draw(case.world, runs, rng)
    contradicted = event(rng.random(len(requests.u)), CONTRADICTED)
    untold = rng.random(len(contradicted)) < np.array(case.untold)[requests.arm]
    untold &= (contradicted > 0) | (not case.hidden)
    rest = requests.value
    loss = np.where(untold, rest, WEIGHT * contradicted + (1 - WEIGHT) * rest)
    pairs = {
        "loss": tally(requests, value=loss).pair(),
        TERM: tally(requests, value=contradicted, weight=np.asarray(~untold, float)).pair(),
    }
    unknown = {TERM: tally(requests, value=np.asarray(untold, float)).pair()}
    plan = {"loss": plan_of(case.world, "loss")}
    found = judged([weigh(pairs, RULES, unknown=unknown, plan=plan)])
    alone = judged([weigh({"loss": pairs["loss"]}, Rules(goal=RULES.goal), plan=plan)])
    ripe = (pairs["loss"].units.min(-1) >= LEAST) & (np.arange(case.world.looks) >= CYCLE_HOURS)
    promote = found.promote & ripe
    return {
        "promoted": np.asarray(promote.any(1), float),
        "decided": np.asarray((promote | found.rollback).any(1), float),
        "as told": np.asarray((alone.promote & ripe).any(1), float),
    }
