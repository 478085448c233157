"""Progress: how the mean of a component's runs moves from day to day; pure arithmetic."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.cards.card import Change
from ratchet.stats.intervals import LEVEL, Interval, t_quantile
from ratchet.stats.moments import SCALES, Moments, sum_moments
from ratchet.stats.run_sums import LOSS, TERMS, RunSums

MIN_DAYS = 3  # with runs, on either side: below, the scatter of days is a guess
_SCALE_OF = {"reward": "reward", "cost": "cost", "duration": "latency"}
_LOSSES = (LOSS, *TERMS)
METRICS = (*_LOSSES, *_SCALE_OF)


class ProgressDay(Model):
    """The runs of one day: how many, their mean loss, and that of each term that is known."""

    day: Instant
    runs: int
    loss: float | None = None
    terms: dict[str, float] = {}

    @property
    def means(self) -> dict[str, float]:
        """The loss and each term that is known, by name."""
        return ({LOSS: self.loss} if self.loss is not None else {}) | self.terms


class Progress(Model):
    """How a component, or one policy version of it, moves: its days, oldest first, and changes.

    `week` and `month` hold the changes over 7 and 30 days by metric: `loss`, and each term that is
    known in those days.
    """

    component: str
    version: str | None = None
    as_of: Instant
    days: tuple[ProgressDay, ...] = ()
    week: dict[str, Change] = {}
    month: dict[str, Change] = {}

    def of(self, metric: str) -> "Progress":
        """Return the progress of the loss, or of one term, alone."""
        days = tuple(
            day.model_copy(
                update={
                    "loss": day.loss if metric == LOSS else None,
                    "terms": {k: v for k, v in day.terms.items() if k == metric},
                }
            )
            for day in self.days
        )
        week, month = (
            {name: moved for name, moved in changes.items() if name == metric}
            for changes in (self.week, self.month)
        )
        return self.model_copy(update={"days": days, "week": week, "month": month})


class Spread(NamedTuple):
    """The standard error of a mean and its degrees of freedom."""

    error: float
    freedom: float


def scale_of(metric: str) -> int:
    """Return how many integer units one natural unit of a metric has.

    Raises: InvalidInput.
    """
    if metric not in METRICS:
        raise InvalidInput(
            f"metric {metric!r} is not known", field="metric", mend="one of " + ", ".join(METRICS)
        )
    return SCALES[_SCALE_OF.get(metric, "loss")]


def moments_of(sums: RunSums, metric: str) -> Moments:
    """Return the moments of the loss, of a term, or of `reward`, `cost` or `duration`."""
    found: Moments = getattr(sums, metric) if metric in _SCALE_OF else sums.term(metric)
    return found


def progress_of(
    component: str,
    version: str | None,
    sums_by_day: Mapping[datetime, RunSums],
    *,
    start: datetime,
    now: datetime,
) -> Progress:
    """Return the progress of sums by day; days before the start count in the changes alone."""
    found = [_line(day, sums_by_day[day]) for day in sorted(sums_by_day) if day >= start]
    week, month = (
        {metric: change(sums_by_day, days=days, until=now, metric=metric) for metric in _LOSSES}
        for days in (7, 30)
    )
    return Progress(
        component=component,
        version=version,
        as_of=now,
        days=tuple(found),
        week={name: moved for name, moved in week.items() if moved.runs},
        month={name: moved for name, moved in month.items() if moved.runs},
    )


def _line(day: datetime, sums: RunSums) -> ProgressDay:
    means = {name: sums.term(name).mean(SCALES["loss"]) for name in _LOSSES}
    known = {name: mean for name, mean in means.items() if mean is not None}
    return ProgressDay(day=day, runs=sums.runs, loss=known.pop(LOSS, None), terms=known)


def change(
    sums_by_day: Mapping[datetime, RunSums], *, days: int, until: datetime, metric: str
) -> Change:
    """Return how the mean of the last days differs from that of as many before.

    Days count that began before `until`: at midnight the closed ones, later today as well. A day
    without runs is no day with mean 0; it is left out.
    Units: natural ones. Raises: InvalidInput for an unknown metric.
    """
    scale = scale_of(metric)
    end = day_of(until) if until == day_of(until) else day_of(until) + DAY
    last, before = (
        [moments_of(sums_by_day[day], metric) for day in sorted(sums_by_day) if low <= day < high]
        for low, high in (
            (end - days * DAY, end),
            (end - 2 * days * DAY, end - days * DAY),
        )
    )
    present, past = sum_moments(last), sum_moments(before)
    mean, old = present.mean(scale), past.mean(scale)
    return Change(
        days=days,
        mean=mean,
        runs=present.n,
        before=old,
        runs_before=past.n,
        change=None if mean is None or old is None else mean - old,
        interval=difference_interval(last, before, scale),
    )


def difference_interval(
    last: Sequence[Moments], before: Sequence[Moments], scale: int, level: float = LEVEL
) -> Interval | None:
    """Return the interval of the mean of some days less that of others.

    Runs of one day are alike, so the error of each mean is taken twice: as if every run were
    drawn for itself, and as if every day were. The wider of the two intervals counts. None where
    either side has fewer than three days with runs, or where nothing varies.
    Shapes: one item a day. Units: natural ones (`scale` integer units each).
    Source: Welch 1947 for the two sides; for days, the delete-one-day jackknife (CR3), which is
    the error of the mean of day means where days are equally large: MacKinnon, Nielsen & Webb,
    J. Econometrics 2023.
    """
    sides = [[day for day in days if day.w] for days in (last, before)]
    if min(map(len, sides)) < MIN_DAYS:
        return None
    new, old = (sum_moments(days) for days in sides)
    by_run = reach_of([_run_spread(total, scale) for total in (new, old)], level)
    by_day = reach_of([_day_spread(days, scale) for days in sides], level)
    reach = max(by_run, by_day)
    if not reach:
        return None
    middle = new.wx / new.w / scale - old.wx / old.w / scale
    return Interval(low=middle - reach, high=middle + reach)


def days_interval(days: Sequence[Moments], scale: int, level: float = LEVEL) -> Interval | None:
    """Return the interval of the mean of some days, with the wider of its two errors as above.

    None below three days with runs, or where nothing varies.
    Shapes: one item a day. Units: natural ones (`scale` integer units each).
    """
    known = [day for day in days if day.w]
    if len(known) < MIN_DAYS:
        return None
    total = sum_moments(known)
    reach = max(
        reach_of([s], level) for s in (_run_spread(total, scale), _day_spread(known, scale))
    )
    middle = total.wx / total.w / scale
    return Interval(low=middle - reach, high=middle + reach) if reach else None


def _run_spread(total: Moments, scale: int) -> Spread:
    return Spread(total.standard_error(scale) or 0.0, max(1.0, total.effective_n() - 1))


def _day_spread(days: Sequence[Moments], scale: int) -> Spread:
    error, freedom = jackknife([(day.w, day.wx) for day in days])  # of whole numbers, so exact
    return Spread(error / scale, freedom)


def jackknife(days: Sequence[tuple[float, float]]) -> Spread:
    """Return the error of a mean over days, each a weight and a weighted sum.

    Its freedom is that of the days that count: where few weigh most, of these few (Kish).

    >>> [round(x, 4) for x in jackknife([(1, 0.5), (2, 0.4), (1, 0.1)])]
    [0.0892, 1.6667]
    """
    w, wx, n = sum(d[0] for d in days), sum(d[1] for d in days), len(days)
    squares = sum(((wx - day[1]) / (w - day[0]) - wx / w) ** 2 for day in days)
    freedom = max(1.0, w * w / sum(day[0] ** 2 for day in days) - 1)
    return Spread(math.sqrt((n - 1) / n * squares), freedom)


def reach_of(spreads: Sequence[Spread], level: float = LEVEL) -> float:
    """Return half the width of the interval of a mean, or of a difference of two (Welch)."""
    variance = sum(s.error**2 for s in spreads)
    if not variance:
        return 0.0
    freedom = variance**2 / sum(s.error**4 / s.freedom for s in spreads if s.error)
    return t_quantile((1 + level) / 2, freedom) * math.sqrt(variance)
