"""What the metrics say of labels, judges, the review queue and the road of versions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import mean

from ratchet.kernel.clock import DAY, HOUR
from ratchet.kernel.each import each
from ratchet.kernel.errors import RatchetError
from ratchet.labels.judge_weight import JudgeWeight, weight_of
from ratchet.labels.label_stats import label_stats
from ratchet.labels.review.stats import oldest_waiting
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Filter, Query, Store

TTL = timedelta(minutes=1)
ROAD = 30 * DAY
FIRST_SHARE = 0.1  # a canary counts from the step that gives it this much of the traffic


@dataclass(frozen=True)
class Learning:
    """Labels by agent, in all and of the last week; judges by (agent, judge); roads by policy.

    Units: seconds for the age of the queue's oldest item, hours for roads.
    """

    labels: dict[str, int] = field(default_factory=dict)
    labels_last_week: dict[str, int] = field(default_factory=dict)
    queue_age: float = 0.0
    weights: dict[tuple[str, str], float] = field(default_factory=dict)
    variances: dict[tuple[str, str], float] = field(default_factory=dict)
    promotion_hours: dict[str, float] = field(default_factory=dict)
    rollback_rates: dict[str, float] = field(default_factory=dict)


def read_learning(store: Store, *, now: datetime) -> Learning:
    """Read it all; a document that was broken by hand is left out."""
    labels = label_stats(store, now=now, recent_days=7, tell=_nobody)
    stored = each(store.stream(Query(JudgeWeight.collection)), weight_of, _nobody)
    judges = {(w.agent, w.judge): w for w in stored}
    roads = _roads(store, now)
    return Learning(
        labels={a.agent: a.total for a in labels.agents},
        labels_last_week={a.agent: a.recent for a in labels.agents},
        queue_age=queue_age(store, now=now),
        weights={who: w.weight for who, w in judges.items()},
        variances={
            who: w.week_variance for who, w in judges.items() if w.week_variance is not None
        },
        promotion_hours={p: mean(h) for p, r in roads.items() if (h := _hours(r))},
        rollback_rates={p: _rolled_back(r) for p, r in roads.items()},
    )


def queue_age(store: Store, *, now: datetime) -> float:
    """Return how long the oldest item of the review queue has waited, in seconds."""
    oldest = oldest_waiting(store)
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def _roads(store: Store, now: datetime) -> dict[str, list[Rollout]]:
    """Return the trials that were decided in the last 30 days, by policy."""
    ended = store.stream(Query(Rollout.collection, (Filter("endedAt", ">", now - ROAD),)))
    roads: dict[str, list[Rollout]] = defaultdict(list)
    for rollout in each(ended, lambda s: Rollout.from_store(s.data), _nobody):
        if rollout.purpose == "trial" and rollout.outcome in ("promoted", "rolled_back"):
            roads[rollout.policy].append(rollout)
    return roads


def _hours(trials: Sequence[Rollout]) -> list[float]:
    """Return how long each canary that was promoted took from 10 % to everything."""
    return [
        (rollout.ended_at - begun) / HOUR
        for rollout in trials
        if rollout.outcome == "promoted" and rollout.mode != "shadow" and rollout.ended_at
        for begun in _first_open(rollout)
    ]


def _first_open(rollout: Rollout) -> list[datetime]:
    """Return when its first step of a tenth opened; one without such a step has none."""
    opened = zip(rollout.steps, rollout.opened, strict=False)
    return [at for shares, at in opened if sum(shares.values()) >= FIRST_SHARE][:1]


def _rolled_back(trials: Sequence[Rollout]) -> float:
    return mean(rollout.outcome == "rolled_back" for rollout in trials)


def _nobody(error: RatchetError) -> None:
    """Whoever lists these is told; a metric has nobody to tell."""
