"""Lanes: what each version draws its arms from, with the breaker of its own requests.

Were breakers shared, the failures of a challenger would turn the champion's requests away from an
arm, and hide themselves.
"""

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ratchet.client.breaker import Breaker, BreakerRule
from ratchet.client.choice import draw, shares_of
from ratchet.client.transport import Resolved
from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.assign import CONTROL, Assignment

if TYPE_CHECKING:
    from ratchet.labels.heuristics.score import Scoring


class Drawn(NamedTuple):
    """An arm, its propensity unless it is a fallback, and then the arm that was drawn."""

    arm: str
    propensity: float | None
    fallback_from: str | None = None


class Lane:
    """One version's arms and its breaker, which outlives the version."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.name = ""
        self.version: str | None = None
        self.params: Mapping[str, Any] = {}
        self.shares: dict[str, float] = {}
        self._scoring: Scoring | InvalidInput | None = None

    def turn(self, name: str, version: str | None, params: Mapping[str, Any]) -> "Lane":
        """Serve a version from now on."""
        self.name, self.version, self.params = name, version, params
        self.shares = shares_of(params)
        self._scoring = None
        self.breaker.rule = BreakerRule.of(params)
        return self

    def scoring(self) -> "Scoring":
        """Return the version's heuristic, which is parsed once.

        Raises: InvalidInput where it carries none, or one that is broken.
        """
        if self._scoring is None:
            from ratchet.labels.heuristics.score import Scoring  # numpy, where it is wanted
            from ratchet.policies.heuristic import heuristic_of

            try:
                self._scoring = Scoring(heuristic_of(self.params, self.version or self.name))
            except InvalidInput as error:
                self._scoring = error
        if isinstance(self._scoring, InvalidInput):
            raise self._scoring.with_traceback(None)
        return self._scoring

    def draw(self, rng: random.Random, now: float) -> Drawn:
        """Draw an arm by weight; where it is cooling down, another, by weight.

        Raises: InvalidInput where no arm has weight.
        """
        if not self.shares:
            from ratchet.policies.heuristic import PARAM

            raise InvalidInput(
                f"{self.version or self.name} gives no arm any weight",
                field="modelWeights",
                mend="it has a heuristic: ask decide(features), not choose()"
                if PARAM in self.params
                else "give an arm a positive weight",
            )
        drawn = draw(self.shares, rng.random())
        if self.breaker.admits(drawn, now):
            return Drawn(drawn, self.shares[drawn])
        rest = {arm: share for arm, share in self.shares.items() if arm != drawn}
        while rest:
            arm = draw(rest, rng.random())
            if self.breaker.admits(arm, now):
                return Drawn(arm, None, fallback_from=drawn)
            del rest[arm]
        return Drawn(drawn, self.shares[drawn])


class Lanes:
    """The champion's lane, and one for each challenger of the rollout that runs."""

    def __init__(self) -> None:
        self.champion = Lane()
        self._challengers: dict[tuple[str, str], Lane] = {}
        self._turned_to: Resolved | None = None

    def turn(self, current: Resolved) -> None:
        """Serve an answer from now on."""
        if current is self._turned_to:
            return
        self.champion.turn(current.policy, current.version, current.params)
        before, self._challengers = self._challengers, {}
        if (rollout := current.rollout) is not None:
            for slot in rollout.slots:
                key = (rollout.rollout_id, slot.arm)
                lane = before.get(key) or Lane()
                self._challengers[key] = lane.turn(slot.arm, slot.version, slot.params)
        self._turned_to = current

    def of(self, assignment: Assignment | None) -> Lane:
        """Return the lane of an assignment; that of a rollout that ended serves nobody.

        A challenger without arms must not fail a component: the champion's lane is its.
        """
        if assignment is None or assignment.arm == CONTROL:
            return self.champion
        lane = self._challengers.get((assignment.rollout_id, assignment.arm))
        if lane is None:
            return Lane()
        return lane if lane.shares else self.champion

    def deciding(self, assignment: Assignment | None) -> Lane:
        """Return the lane of an assignment for what decides; the champion's where it cannot."""
        if assignment is None or assignment.arm == CONTROL:
            return self.champion
        lane = self._challengers.get((assignment.rollout_id, assignment.arm))
        if lane is None:
            return Lane()
        try:
            lane.scoring()
        except InvalidInput:
            return self.champion
        return lane
