"""The world of the demo of gates: which arm plays which part, and what fails after its release."""

import random
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ratchet.entry.demo.world import Row, World, scores_of
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.reward import RewardConfig

DRAWS = 1000
UNITS = 2000  # about what each arm of a canary serves within two days
CLEARLY = 0.25  # of the rewards' spread: far more than so many units are wanted for
ERRORS = 4.0  # standard errors of so many units, between what is so and what is shown
MARGIN = 0.02  # of success, as the profiles have it
DEARER = 1.05  # of the cost: well inside the guardrail
FAILING = 0.9
LEAST = 0.3  # of the champion's requests succeed, so that an arm that is down is worse than it
DOWN: Row = {"outcome": "failure", "errorCode": "http_503"}


class Cast(NamedTuple):
    """The arms that the versions serve, by what becomes of them."""

    champion: str
    regressing: str
    good: str
    bad: str


@dataclass(frozen=True)
class _Seen:
    reward: float
    spread: float
    success: float
    cost: float | None


def cast(world: World, config: RewardConfig) -> Cast:
    """Return who plays what: the good one clearly beats the champion, and costs about as much.

    Raises: InvalidInput where no arm does.
    """
    seen = {arm: _look(world, arm, config) for arm in world.arms}
    ranked = sorted(seen, key=lambda arm: -seen[arm].reward)
    for good in ranked:
        beaten = [arm for arm in ranked if _beats(seen[good], seen[arm])]
        if beaten:
            champion = beaten[len(beaten) // 2]
            others = [a for a in ranked if a != good and _beats(seen[a], seen[champion])]
            return Cast(champion, (others or [good])[0], good, ranked[-1])
    raise InvalidInput(
        "no arm clearly beats another that fails no less and costs as much: nothing would pass",
        field="outcomes",
        mend="use another table",
    )


def _beats(a: _Seen, b: _Seen) -> bool:
    """Say whether a canary would show that one is better, and no worse by any guardrail."""
    if (a.cost is None) != (b.cost is None):
        return False
    dearer = a.cost is not None and b.cost is not None and a.cost > DEARER * b.cost
    spread = float(np.hypot(a.spread, b.spread)) / 2**0.5
    error = sum(seen.success * (1 - seen.success) / UNITS for seen in (a, b)) ** 0.5
    room = MARGIN + a.success - b.success
    fails_less = a.success >= b.success >= LEAST and room > ERRORS * error
    return not dearer and fails_less and a.reward - b.reward > CLEARLY * spread


def _look(world: World, arm: str, config: RewardConfig) -> _Seen:
    """Return an arm's figures over draws with a seed of their own."""
    rng = random.Random(7)
    rows = [world.respond(arm, 0.0, rng) for _ in range(DRAWS)]
    rewards = scores_of([(arm, row) for row in rows], config)
    costs = [row["costUsd"] for row in rows if "costUsd" in row]
    return _Seen(
        float(np.mean(rewards)),
        float(np.std(rewards)),
        float(np.mean([row["outcome"] == "success" for row in rows])),
        float(np.mean(costs)) if costs else None,
    )


class Failing:
    """A world in which an arm can go down: then a part of its requests fails."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.down: str | None = None

    def respond(self, arm: str, request: str) -> Row:
        """Return what an arm does with a request, which is the same whichever arm is asked."""
        rng = random.Random(request)
        row = self.world.respond(arm, 0.0, rng)
        return DOWN if arm == self.down and rng.random() < FAILING else row
