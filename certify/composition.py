"""A goal, two guardrails and the sample ratio together, on identical arms."""

import numpy as np

from bench.figure import Figure
from certify.judge import judged, plan_of
from certify.looks import ALPHA
from certify.measure import measure, rate
from certify.shapes import costly, event
from certify.streams import tally
from certify.worlds import World, draw
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.sample_ratio import sample_ratio
from ratchet.rollouts.weigh import weigh
from ratchet.stats.moments import Floats

WORLD = World()
FAILING, COST = 0.01, 0.01
RULES = Rules(
    goal=Term(metric="reward"),
    guardrails=(Term(metric="failure", margin=0.02), Term(metric="cost", margin=0.002)),
)


def figures(small: bool) -> list[Figure]:
    """Measure false decisions of all terms together, and of rollbacks alone."""
    name = "a goal, guardrails of failures and cost, and the sample ratio"
    found = measure(name, together, 30 if small else 2_000, WORLD)
    return [
        rate(f"false decisions, {name}", found["decided"], ALPHA),
        rate(f"falsely rolled back, {name}", found["rolled back"], ALPHA),
    ]


def together(rng: np.random.Generator, runs: int) -> dict[str, Floats]:
    """Return which runs were decided; the lowest rewards are the failures, the costs their own."""
    requests = draw(WORLD, runs, rng)
    metrics = {
        "reward": tally(requests),
        "failure": tally(requests, value=event(requests.u, FAILING)),
        "cost": tally(requests, value=costly(rng.random(len(requests.u)), COST)),
    }
    pairs = {name: stream.pair() for name, stream in metrics.items()}
    pairs["cost"] = metrics["cost"].pair(span=None)
    plans = {
        "reward": plan_of(WORLD, "reward"),
        "failure": plan_of(World(shape=event, means=(FAILING, FAILING)), "failure"),
        "cost": plan_of(World(shape=costly, means=(COST, COST)), "cost"),
    }
    split = sample_ratio(metrics["reward"].den, np.array(WORLD.shares))
    found = judged([weigh(pairs, RULES, mismatch=split.mismatch, plan=plans)])
    return {
        "decided": np.asarray(found.decided, float),
        "rolled back": np.asarray(found.rollback.any(1), float),
    }
