"""A programme: null drafts in a row, each spending from the alpha budget of its policy."""

from functools import partial

import numpy as np

from bench.figure import Figure
from certify.judge import plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.pair import Bools, Pair
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.spending import next_level
from ratchet.rollouts.weigh import Weighed, weigh
from ratchet.stats.moments import Floats

DRAFTS = 50
GAIN = 0.05
DRAFT = World()
BETTER = World(means=(0.2, 0.2 + GAIN))


def figures(small: bool) -> list[Figure]:
    """Measure any false promotion in 50 drafts, with the budget and with 0.05 for each."""
    drafts, runs, few = (10, 30, 10) if small else (DRAFTS, 1_000, 300)
    name = f"a programme of {drafts} null drafts: any falsely promoted"
    obvious = f"obvious: each draft at alpha {ALPHA:g}; {name}"
    spent = measure(name, partial(programme, drafts, True), runs, DRAFT)
    each = measure(obvious, partial(programme, drafts, False), few, DRAFT)
    out = [rate(name, spent["promoted"], ALPHA), rate(obvious, each["promoted"])]
    name = f"a draft better by {GAIN:g} is promoted in 48 looks, null drafts before it"
    found = measure(name, gaining, 30 if small else 1_000, BETTER)
    out += [rate(f"{name}: {place}", hits) for place, hits in found.items()]
    for before, history in (("the first", []), ("one after 5 promotions", [True] * 5)):
        name = f"a null draft of a programme, {before}"
        trial = partial(either_side, next_level(history, ALPHA))
        found = measure(name, trial, 30 if small else 2_000, DRAFT)
        out += [
            rate(f"false decisions to either side, {name}", found["decided"], ALPHA),
            rate(f"falsely promoted, {name}", found["promoted"], ALPHA),
        ]
    return out


def programme(
    drafts: int, spending: bool, rng: np.random.Generator, runs: int
) -> dict[str, Floats]:
    """Return which programmes promoted any of their drafts, from a budget or each at alpha.

    Until one is promoted the history is of none, and after it the programme has failed.
    """
    promoted = np.zeros(runs, np.bool_)
    for before in range(drafts):
        level = next_level([False] * before, ALPHA) if spending else None
        promoted |= _promoted(tally(draw(DRAFT, runs, rng)).pair(), level)
    return {"promoted": np.asarray(promoted, float)}


def gaining(rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs promote a better draft, by how many drafts failed before it."""
    pair = tally(draw(BETTER, runs, rng)).pair()
    levels = {before: next_level([False] * before, ALPHA) for before in (0, 9, 49)}
    return {
        f"{before}": np.asarray(_promoted(pair, level), float) for before, level in levels.items()
    }


def either_side(level: float, rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which null drafts are promoted from the budget, or rolled back."""
    found = _weighed(tally(draw(DRAFT, runs, rng)).pair(), level)
    promoted, rolled_back = found.promote.any(1), found.rollback.any(1)
    return {
        "decided": np.asarray(promoted | rolled_back, float),
        "promoted": np.asarray(promoted, float),
    }


def _promoted(pair: Pair, level: float | None) -> Bools:
    return np.asarray(_weighed(pair, level).promote.any(1))


def _weighed(pair: Pair, level: float | None) -> Weighed:
    rules = Rules(goal=Term(metric="reward"), alpha=ALPHA, promote_alpha=level)
    return weigh({"reward": pair}, rules, plan={"reward": plan_of(DRAFT, "reward")})
