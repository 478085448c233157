"""Foresee: how long a rollout should take, and what its policy's programme leaves it to err."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from ratchet.kernel.clock import DAY, HOUR, day_of
from ratchet.observe.roll_up import buckets_since
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.amount import size_of
from ratchet.rollouts.assign import control_share
from ratchet.rollouts.history import list_rollouts
from ratchet.rollouts.metric import ERROR, OF_LOSS, Metric, metric_named
from ratchet.rollouts.plan import Planned, Seen, Traffic, plan
from ratchet.rollouts.rollout import Plan, RolloutDraft
from ratchet.rollouts.rules import Rules, Term
from ratchet.rollouts.spending import next_level
from ratchet.stats.bucket import Bucket, Sums, Tally, sum_sums
from ratchet.stats.loss_terms import LOSS
from ratchet.stats.moments import Moments, sum_moments
from ratchet.stats.run_sums import RunBucket
from ratchet.stats.window import Stats
from ratchet.store.port import Filter, Query, Store

WINDOW = "24h"
RUNS_SINCE = timedelta(days=7)  # runs are fewer than observations


@dataclass(frozen=True)
class _Past:
    """What the champion's observations, or runs, say of a metric; `hourly` of them came.

    Of all observations `all_hourly` did. Units: the metric's; observations, where several weights
    count as Kish has it.
    """

    mean: float
    seen: Seen
    hourly: float
    all_hourly: float


def foresee(
    store: Store,
    draft: RolloutDraft,
    champion: PolicyVersion,
    *,
    promote_alpha: float | None,
    now: datetime,
) -> Plan | None:
    """Return how many units and hours it takes to see `detect` in the last step, with power 0.9.

    It takes every observation, or run, for a unit, and steps before the last for a wait. None for a
    shadow, which is judged by what it must not lose, where the champion has shown nothing, and for
    a corrected mean: how many people will be asked, nobody knows yet.
    """
    metric = metric_named(draft.profile.goal.metric)
    past = _past(store, champion, metric, now) if draft.mode != "shadow" else None
    size = size_of(draft.profile.detect)
    effect = size.value * past.mean if past and size.relative else size.value
    if past is None or not effect:
        return None
    shares = draft.steps[-1]
    planned = plan(
        effect,
        past.seen,
        Traffic(
            units_per_hour=past.hourly, share=min(shares.values()), control=control_share(shares)
        ),
        error=_promote_error(draft, promote_alpha),
        window_hours=draft.profile.outcome_window_hours,
    )
    return _plan(draft, planned, past)


def programme_level(store: Store, draft: RolloutDraft) -> float | None:
    """Return the error that a promotion may have where the trials of a policy share one budget.

    Each that served units has spent its part, however it ended: who aborts what does not look well
    and begins again looks twice. Only a promotion on its evidence earns some back.
    """
    if draft.profile.budget != "programme" or draft.mode == "shadow":
        return None
    before = (r for r in list_rollouts(store, draft.policy) if r.state == "ended")
    tried = [r for r in before if r.purpose == "trial" and r.mode != "shadow"]
    promoted = [r.outcome == "promoted" and not r.overridden for r in tried]
    return next_level(promoted, draft.profile.alpha)


def _promote_error(draft: RolloutDraft, promote_alpha: float | None) -> float:
    profile = draft.profile
    goal = Term(metric=profile.goal.metric)
    return Rules(
        goal=goal,
        alpha=profile.alpha,
        challengers=len(draft.challengers),
        promote_alpha=promote_alpha,
    ).promote_error


def _plan(draft: RolloutDraft, planned: Planned, past: _Past) -> Plan:
    """Return a plan with all that a promotion waits for beside its evidence."""
    profile, share = draft.profile, min(draft.steps[-1].values())
    units = max(math.ceil(planned.units * past.all_hourly / past.hourly), profile.min_units)
    last_step = max(planned.hours, profile.soak_hours, units / share / past.all_hourly)
    waited = profile.soak_hours * (len(draft.steps) - 1)
    hours = round(max(waited + last_step, DAY / HOUR), 2)
    return Plan(
        units=units,
        hours=hours,
        late=hours > profile.deadline_hours,
        planned_error=planned.planned_error or None,
        planned_events=planned.planned_events,
    )


def _past(store: Store, champion: PolicyVersion, metric: Metric, now: datetime) -> _Past | None:
    """Return what a version has shown of a metric in the last day, over all its components."""
    sums, hours = _last_day(store, champion.key())
    total = sums.total
    if metric.name == LOSS or metric.name.startswith(OF_LOSS):
        return _past_runs(store, champion.key(), metric, total.w / hours if hours else 0.0, now)
    if total.n < 2:
        return None
    count = total.w * total.w / total.w2
    rate = _rate(sums, metric)
    if rate is not None:
        least = 0.5 / count  # what was never seen, or always, is no certainty
        seen = Seen(rate=min(max(rate, least), 1 - least))
        return _Past(rate, seen, count / hours, count / hours)
    if metric.kind == "rate" or metric.corrected:
        return None
    moments: Moments = getattr(sums, metric.name)
    mean, variance = moments.mean(metric.scale), moments.variance(metric.scale)
    if mean is None or variance is None:
        return None
    seen = Seen(spread=math.sqrt(variance))
    return _Past(mean, seen, moments.effective_n() / hours, count / hours)


def _past_runs(
    store: Store, version: str, metric: Metric, hourly: float, now: datetime
) -> _Past | None:
    """Return what the runs of a version have shown in a week; `hourly` observations came."""
    since = day_of(now) - RUNS_SINCE
    where = (Filter("version", "==", version), Filter("day", ">=", since))
    found = store.stream(Query(RunBucket.collection, where, ("day",)))
    buckets = [RunBucket.from_store(s.data) for s in found]
    if not buckets:
        return None
    term = metric.name.removeprefix(OF_LOSS)
    moments = sum_moments(bucket.sums.term(term) for bucket in buckets)
    mean, variance = moments.mean(metric.scale), moments.variance(metric.scale)
    if mean is None or variance is None:
        return None
    runs = moments.n / max(1.0, (now - buckets[0].day) / HOUR)
    return _Past(mean, Seen(spread=math.sqrt(variance)), runs, max(runs, hourly))


def _rate(sums: Sums, metric: Metric) -> float | None:
    """Return a share of all observations; which latencies are slow, no statistics say."""
    if metric.name.startswith(ERROR):
        return sums.errors.get(metric.name.removeprefix(ERROR), 0) / sums.total.w
    if metric.name in ("success", "failure", "timeout"):
        return sums.outcomes.get(metric.name, Tally()).w / sums.total.w
    return None


def _last_day(store: Store, version: str) -> tuple[Sums, float]:
    """Return the sums of a version's last day, and the hours from its first bucket to the end."""
    where = (Filter("version", "==", version), Filter("window", "==", WINDOW))
    found = [Stats.from_store(s.data) for s in store.query(Query(Stats.collection, where))]
    own = [bucket for stats in found for bucket in _buckets(store, stats)]
    if not own:
        return Sums(), 0.0
    first, last = min(bucket.hour for bucket in own), max(stats.ts for stats in found)
    return sum_sums(bucket.sums for bucket in own), max(1 / 60, (last - first) / HOUR)


def _buckets(store: Store, stats: Stats) -> list[Bucket]:
    found = buckets_since(store, stats.component, stats.since, stats.ts)
    return [b for b in found if (b.version, b.epoch) == (stats.version, stats.epoch)]
