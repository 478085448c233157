"""Compose the card of a component from the days of its runs; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.runs.card import (
    METRICS,
    REWARD,
    Card,
    Claim,
    Failure,
    FailureKind,
    ModelStanding,
    StudyLine,
)
from ratchet.runs.card_settings import CardSettings
from ratchet.runs.claims import BEFORE_DAYS, PAST_DAYS, Judged, Limits, judged, tail_of
from ratchet.runs.closed_days import closed_days
from ratchet.runs.fleet import RunFleet
from ratchet.runs.progress import change
from ratchet.runs.say_claim import say_claim
from ratchet.runs.trend import RunTrend, first_day
from ratchet.stats.intervals import Interval, mean_interval, wilson
from ratchet.stats.moments import SCALES
from ratchet.stats.run_sums import LOSS, ModelSums, RunSums, sum_runs

SHOWN_DAYS = 30
MAX_FAILURES, MAX_MODELS = 10, 10
SUCCESS = "success"


def compose_card(
    trend: RunTrend,
    *,
    claims: tuple[Claim, ...],
    closed_until: datetime | None,
    studies: tuple[StudyLine, ...],
    active: str | None,
    settings: CardSettings,
    now: datetime,
) -> Card:
    """Return a component's card; its claims are those of the last closed day."""
    by_day = trend.sums_by_day
    start = first_day(now, SHOWN_DAYS)
    recent = _total(by_day, start, now + DAY)
    before = _total(by_day, start - SHOWN_DAYS * DAY, start)
    return Card(
        component=trend.component,
        as_of=now,
        closed_until=closed_until,
        runs=recent.runs,
        loss_week=change(by_day, days=7, until=now, metric=LOSS),
        loss_month=change(by_day, days=30, until=now, metric=LOSS),
        claims=claims,
        models=_models(recent, settings.least_model_runs),
        failures=_failures(recent, before),
        studies=studies,
        policy_version=trend.newest_version,
        active=active,
    )


def claims_of(
    sums_by_day: Mapping[datetime, RunSums], fleet: RunFleet, limits: Limits
) -> tuple[Claim, ...]:
    """Return what the closed days bear out: weaknesses first, the largest differences first."""
    days = closed_days(sums_by_day, until=fleet.until, days=PAST_DAYS + BEFORE_DAYS)
    looked = judged(days, fleet.days, limits, tail_of(fleet.components))
    found = [_claim(one, int(at)) for one in looked for at in np.flatnonzero(one.claimed)]
    return tuple(sorted(found, key=lambda c: (c.side != "weakness", -abs(c.worse), c.metric)))


def _claim(found: Judged, at: int) -> Claim:
    side, metric, against = found.side, METRICS[at], found.against
    compared = found.compared
    worse, reach = float(compared.worse[at]), float(compared.reach[at])
    interval = Interval(low=worse - reach, high=worse + reach)
    mean, reference = float(compared.mean[at]), float(compared.reference[at])
    if metric == REWARD:
        mean, reference = 1 - mean, 1 - reference
    claim = Claim(
        side=side,
        metric=metric,
        against=against,
        mean=mean,
        reference=reference,
        worse=worse,
        interval=interval,
        runs=int(compared.runs[at]),
        days=int(compared.days[at]),
        text="",
    )
    return claim.model_copy(update={"text": say_claim(claim)})


def _total(by_day: Mapping[datetime, RunSums], start: datetime, end: datetime) -> RunSums:
    return sum_runs(by_day[day] for day in sorted(by_day) if start <= day < end)


def _models(recent: RunSums, least: int) -> tuple[ModelStanding, ...]:
    """Return the models with runs enough: by reward where that is known, then by loss."""
    found = [s for name, sums in recent.models.items() if (s := _standing(name, sums, least))]
    ranked = sorted(found, key=lambda s: (s.by != REWARD, -s.mean, s.model))
    return tuple(ranked[:MAX_MODELS])


def _standing(name: str, sums: ModelSums, least: int) -> ModelStanding | None:
    """Return how a model stands by what is known of runs enough; by loss, the mean is 1 - loss."""
    if sums.reward.n >= least:
        found, scale = sums.reward, SCALES["reward"]
        mean, interval = found.mean(scale) or 0.0, mean_interval(found, scale)
        return ModelStanding(model=name, by="reward", mean=mean, interval=interval, runs=found.n)
    if sums.loss.n < least:
        return None
    found, scale = sums.loss, SCALES["loss"]
    mean, turned = 1 - (found.mean(scale) or 0.0), mean_interval(found, scale)
    interval = turned and Interval(low=1 - turned.high, high=1 - turned.low)
    return ModelStanding(model=name, by="loss", mean=mean, interval=interval, runs=found.n)


def _failures(recent: RunSums, before: RunSums) -> tuple[Failure, ...]:
    """Return the commonest ways of failing, whatever their kind."""
    now, then = dict(_counted(recent)), dict(_counted(before))
    found = []
    for (kind, name), (runs, of) in now.items():
        past = then.get((kind, name), (0, _known(before, kind)))
        found.append(
            Failure(
                kind=kind,
                name=name,
                runs=runs,
                share=runs / of,
                interval=wilson(runs / of, of),
                before=past[0] / past[1] if past[1] else None,
            )
        )
    return tuple(sorted(found, key=lambda f: (-f.share, f.kind, f.name))[:MAX_FAILURES])


def _counted(sums: RunSums) -> Iterator[tuple[tuple[FailureKind, str], tuple[int, int]]]:
    """Yield each way of failing with its runs, and the runs of which it would be known."""
    failed = {name: n for name, n in sums.outcomes.items() if name != SUCCESS}
    kinds: tuple[tuple[FailureKind, Mapping[str, int]], ...] = (
        ("outcome", failed),
        ("error", sums.errors),
        ("gate", sums.gates),
    )
    for kind, named in kinds:
        of = _known(sums, kind)
        yield from (((kind, name), (n, of)) for name, n in named.items() if 0 < n <= of)


def _known(sums: RunSums, kind: FailureKind) -> int:
    """Return of how many runs a way of failing would be known."""
    known = {"outcome": sum(sums.outcomes.values()), "error": sums.runs, "gate": sums.gates_seen}
    return known[kind]
