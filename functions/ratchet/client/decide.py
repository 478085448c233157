"""Decide: what a version's heuristic says of some features, here, without asking the service."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ratchet.client.lanes import Lane, Lanes
from ratchet.rollouts.assign import Assignment


@dataclass(frozen=True)
class Decision:
    """What was decided, with which propensity; a served fallback names the arm that was decided.

    `probability` is that of the positive class, or the value of the arm; `values` are those of all.
    `propensity` is exact: the share that explores included. What was not decided has none.
    `shadows` are the decisions of challengers to run beside, each recorded as its own observation.
    """

    decision: str
    probability: float
    confidence: float
    propensity: float | None
    policy_version: str | None
    fallback_from: str | None = None
    intended_version: str | None = None
    assignment: Assignment | None = None
    shadows: tuple["Decision", ...] = ()
    values: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def arm(self) -> str:
        """The decision, under the name that observations give it."""
        return self.decision

    def as_observation(self) -> dict[str, Any]:
        """Return the fields to record with the outcome."""
        fields: dict[str, Any] = self.assignment.as_observation() if self.assignment else {}
        fields |= {
            "arm": self.decision,
            "propensity": self.propensity,
            "confidence": self.confidence,
            "policyVersion": self.policy_version,
            "fallbackFrom": self.fallback_from,
            "intendedVersion": self.intended_version,
            "paired": [s.assignment.arm for s in self.shadows if s.assignment] or None,
        }
        return {name: value for name, value in fields.items() if value is not None}


def decide(
    lanes: Lanes,
    assignment: Assignment | None,
    features: Mapping[str, Any],
    *,
    rng: random.Random,
    now: float,
) -> Decision:
    """Return what the version of an assignment decides, with those of its shadows.

    Raises: InvalidInput where the version carries no heuristic, or for a feature of a wrong type.
    """
    own = lanes.deciding(assignment)
    shadows = []
    for met in assignment.shadows if assignment else ():
        lane = lanes.deciding(met)
        if lane is not lanes.champion:
            shadows.append(_by(lane, met, features, rng, now))
    return replace(_by(own, assignment, features, rng, now), shadows=tuple(shadows))


def _by(
    lane: Lane,
    assignment: Assignment | None,
    features: Mapping[str, Any],
    rng: random.Random,
    now: float,
) -> Decision:
    from ratchet.labels.heuristics.feature import features_of  # numpy comes with a first decision

    scoring = lane.scoring()
    heuristic = scoring.heuristic
    values = scoring.values(features_of(heuristic.features, features)[None])[0]
    ranked = scoring.ranked(values)
    drawn, propensity = explored(ranked, heuristic.explore, rng)
    served = _served(lane, ranked, drawn, now) if heuristic.arms else drawn
    by_name = dict(zip(scoring.names, map(float, values), strict=True))
    probability = by_name[served] if heuristic.arms else by_name[heuristic.positive]
    return Decision(
        served,
        probability,
        1 - probability if served == heuristic.negative else probability,
        propensity if served == drawn else None,
        lane.version,
        None if served == drawn else drawn,
        assignment.version if assignment else None,
        assignment,
        values=by_name,
        params=lane.params,
    )


def explored(ranked: list[str], share: float, rng: random.Random) -> tuple[str, float]:
    """Return (decision, propensity): the best, or with a share any of them, alike.

    >>> explored(["a", "b"], 0.0, random.Random(1))
    ('a', 1.0)
    """
    drawn = rng.choice(ranked) if share and rng.random() < share else ranked[0]
    each = share / len(ranked)
    return drawn, math.fsum([1 - share, each]) if drawn == ranked[0] else each


def _served(lane: Lane, ranked: list[str], drawn: str, now: float) -> str:
    """Return the drawn arm, or the best that is not cooling down; with none, the drawn one."""
    order = (drawn, *(arm for arm in ranked if arm != drawn))
    return next((arm for arm in order if lane.breaker.admits(arm, now)), drawn)
