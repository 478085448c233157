"""Prepare a rollout: all that it pins at its start, read before the transaction that begins it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.observe.epochs import current_epoch
from ratchet.observe.watch import CONTROL, LONGEST_MS, Watch
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.rollout import Plan, RolloutDraft
from ratchet.store.port import Store

# Gives the salt of a rollout that a promotion begins.
Salt = Callable[[], str]


@dataclass(frozen=True)
class Prepared:
    """A rollout that may begin: its draft, what is counted, and what is planned."""

    draft: RolloutDraft
    watch: Watch
    salt: str
    plan: Plan | None = None
    promote_alpha: float | None = None


def prepare(
    store: Store,
    reader: ConfigReader,
    draft: RolloutDraft,
    champion: PolicyVersion,
    *,
    salt: str,
    now: datetime,
) -> Prepared:
    """Return a draft with its watch, its plan and what its programme leaves it; writes no rollout.

    A profile without a latency objective has the champion's `latencyTargetMs`. `salt` is random.
    """
    profile = draft.profile
    objective = profile.latency_objective_ms or _target(champion)
    watch = Watch.parse(
        {
            "arms": (CONTROL, *(challenger.arm for challenger in draft.challengers)),
            "steps": len(draft.steps),
            "epoch": current_epoch(store, reader, now=now).epoch,
            "outcomeWindowHours": profile.outcome_window_hours,
            "latencyObjectiveMs": objective,
        }
    )
    if draft.purpose != "trial":
        return Prepared(draft, watch, salt)
    from ratchet.rollouts.foresee import foresee, programme_level  # numpy, which an end needs not

    level = programme_level(store, draft)
    plan = foresee(store, draft, champion, promote_alpha=level, now=now)
    return Prepared(draft, watch, salt, plan, level)


def _target(champion: PolicyVersion) -> float | None:
    found = champion.params.get("latencyTargetMs")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 < found <= LONGEST_MS else None
