"""Rollouts that are judged: buckets of hand-made arms, and one look at them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ratchet.rollouts.judge import judge
from ratchet.rollouts.profile import Profile, Wanted
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Judged, Verdict
from ratchet.stats.rollout_bucket import RolloutBucket
from tests.support.evidenced import HOUR, ID, NOON, arm_of, counted, hour_of_arm, rollout

N = 1500
TRIED = "1.0.1"
PLAIN = Profile(goal=Wanted(metric="reward"))  # no guardrail: what the goal says goes


def trial(arms: Sequence[str] = (TRIED,), **fields: Any) -> Rollout:
    """Return a canary of one step at a half for each of two arms, that runs for a week."""
    given: dict[str, Any] = {
        "mode": "canary",
        "share": 1 / (len(arms) + 1),
        "profile": PLAIN,
        "opened": (NOON,),
        "deadline": NOON + timedelta(days=7),
    }
    return rollout(arms, **(given | fields))


def two_steps(step: int = 0, **fields: Any) -> Rollout:
    """Return a canary whose second step, a half as the first, is opened 24 hours later."""
    opened = (NOON, NOON + 24 * HOUR)[: step + 1]
    return trial(steps=({TRIED: 0.5}, {TRIED: 0.5}), step=step, opened=opened, **fields)


def met(arm: str, mean: float, units: int = N, *, step: int = 0, **how: Any) -> RolloutBucket:
    """Return what an arm's own units brought in the first hour, with rewards about a mean."""
    return arm_of(arm, mean, units, seed=sum(map(ord, arm)), step=step, **how)


SAME = (met("control", 0.6), met(TRIED, 0.6))
GOOD = (met("control", 0.6), met(TRIED, 0.7))
POOR = (met("control", 0.6), met(TRIED, 0.5))


def shadowed(served: float, beside: float, units: int = N, **how: Any) -> list[RolloutBucket]:
    """Return a pair and its shadow, which meets the same units; `how` is the shadow's."""
    names = [f"u{i}" for i in range(units)]
    pair, shadow = counted(names, [served] * units), counted(names, [beside] * units, **how)
    return [
        hour_of_arm(f"pair:{TRIED}", pair, names),
        hour_of_arm(f"shadow:{TRIED}", shadow, names),
    ]


def look(
    running: Rollout,
    buckets: Sequence[RolloutBucket],
    hours: float = 48,
    before: Verdict | None = None,
    **more: Any,
) -> Judged:
    """Judge a rollout so many closed hours after its start, two hours before now."""
    until = NOON + hours * HOUR
    return judge(running, buckets, until=until, now=until + 2 * HOUR, before=before, **more)


def recorded(judged: Judged) -> Verdict:
    """Return the verdict that keeps a look."""
    return Verdict(
        id=f"{ID}~before",
        rollout=judged.rollout,
        policy=judged.policy,
        at=judged.at,
        decision=judged.decision,
        judged=judged,
    )
