"""Compose the card of a component from the days of its runs; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.runs.cards.card import (
    METRICS,
    REWARD,
    Card,
    Claim,
    Failure,
    FailureKind,
    ModelStanding,
    Named,
    StudyLine,
)
from ratchet.runs.cards.card_settings import CardSettings
from ratchet.runs.cards.claims import BEFORE_DAYS, PAST_DAYS, Judged, Limits, judged, tail_of
from ratchet.runs.cards.closed_days import closed_days
from ratchet.runs.cards.fleet import RunFleet
from ratchet.runs.cards.say_claim import say_claim
from ratchet.runs.progress import change, days_interval
from ratchet.runs.trend import RunTrend, first_day
from ratchet.stats.bucket import OTHER
from ratchet.stats.intervals import LEVEL, Interval, wilson
from ratchet.stats.moments import SCALES, sum_moments
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
        models=_models(_within(by_day, start, now + DAY), settings.least_model_runs),
        failures=_failures(recent, before),
        unlisted=_unlisted(recent),
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
    return sum_runs(_within(by_day, start, end))


def _within(by_day: Mapping[datetime, RunSums], start: datetime, end: datetime) -> list[RunSums]:
    return [by_day[day] for day in sorted(by_day) if start <= day < end]


def _models(days: Sequence[RunSums], least: int) -> tuple[ModelStanding, ...]:
    """Return the models with runs enough: by reward where that is known, then by loss.

    The best of several is best by luck, too: their intervals hold for all of them at once.
    """
    names = sorted({name for day in days for name in day.models} - {OTHER})
    known = {name: [d.models[name] for d in days if name in d.models] for name in names}
    judged = {name: by for name, sums in known.items() if (by := _judged_by(sums, least))}
    level = 1 - (1 - LEVEL) / max(1, len(judged))
    found = [_standing(name, by, known[name], level) for name, by in judged.items()]
    ranked = sorted(found, key=lambda s: (s.by != REWARD, -s.mean, s.model))
    return tuple(ranked[:MAX_MODELS])


def _unlisted(sums: RunSums) -> tuple[Named, ...]:
    """Return the kinds of names of which some are counted together: of them no share is known."""
    kinds: tuple[tuple[Named, Mapping[str, object]], ...] = (
        ("model", sums.models),
        ("error", sums.errors),
        ("gate", sums.gates),
    )
    return tuple(kind for kind, named in kinds if OTHER in named)


def _judged_by(days: Sequence[ModelSums], least: int) -> Literal["reward", "loss"] | None:
    """Return what is known of runs enough, if anything is."""
    if sum(day.reward.n for day in days) >= least:
        return "reward"
    return "loss" if sum(day.loss.n for day in days) >= least else None


def _standing(
    name: str, by: Literal["reward", "loss"], days: Sequence[ModelSums], level: float
) -> ModelStanding:
    """Return how a model stands; by loss, the mean is 1 - loss."""
    moments, scale = [getattr(day, by) for day in days], SCALES[by]
    whole, interval = sum_moments(moments), days_interval(moments, scale, level)
    mean = whole.mean(scale) or 0.0
    if by == "loss":
        mean = 1 - mean
        interval = interval and Interval(low=1 - interval.high, high=1 - interval.low)
    return ModelStanding(model=name, by=by, mean=mean, interval=interval, runs=whole.n)


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
        yield from (((kind, name), (n, of)) for name, n in named.items() if _told(name, n, of))


def _told(name: str, n: int, of: int) -> bool:
    """Say whether so many runs failed by a name: names counted together may be of one run."""
    return name != OTHER and 0 < n <= of


def _known(sums: RunSums, kind: FailureKind) -> int:
    """Return of how many runs a way of failing would be known."""
    known = {"outcome": sum(sums.outcomes.values()), "error": sums.runs, "gate": sums.gates_seen}
    return known[kind]
