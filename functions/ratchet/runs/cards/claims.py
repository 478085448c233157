"""Claims: which strengths and weaknesses the closed days of runs bear out; pure arithmetic.

A claim has to be sure twice. Runs of one day are alike, so days are what is counted: the mean of
day means with Student's t, which holds where days differ in scatter (Ibragimov & Müller, J. Bus.
Econ. Stat. 2010). And a term that is almost always 0 has no scatter by chance, which says nothing:
so the mean of runs in 0..1 with an empirical Bernstein bound, which holds for any scatter (Maurer
& Pontil, COLT 2009, theorem 4). The wider of the two counts. Of bad days that are rare a component
may have had none: in a fleet its days are taken to differ as much as those of the others do, and
for a strength of one alone, as much as those before did.

Days are taken as drawn for themselves. Where what moves a component lasts from one day to the next,
or where one alone had none of its rare bad days in all 42, more is claimed than is promised;
`python -m certify cards` shows how much.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ratchet.runs.cards.card import METRICS, Against, Side
from ratchet.runs.cards.daily import Bools, Days, FleetDays
from ratchet.stats.moments import Floats
from ratchet.stats.run_sums import LOSS
from ratchet.stats.student import t_bound

ALPHA = 0.05  # the chance of any false claim in the fleet in a calendar month
LOOKS = 31  # claims change once a day
SIDES = 2
COMPARISONS = 2  # with the fleet and the own past, or with the own past and a threshold
FLEET_DAYS, PAST_DAYS, BEFORE_DAYS = 28, 14, 28  # whole weeks, so that days of the week cancel
LEAST_DAYS = 7
LEAST_OTHERS = 2


@dataclass(frozen=True)
class Compared:
    """How much worse components are than what they are held against; nan where nothing is known.

    Shapes: all alike. `reach` is half the width of the interval of `worse`, infinite where days or
    runs are too few; `runs` and `days` are the component's that were compared.
    """

    worse: Floats
    reach: Floats
    mean: Floats
    reference: Floats
    runs: Floats
    days: Floats

    def weak(self, least: float) -> Bools:
        """Say where a weakness may be claimed of a difference worth naming."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.worse - self.reach > 0) & (self.worse >= least))

    def strong(self, least: float) -> Bools:
        """Say where a strength may be claimed."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.worse + self.reach < 0) & (self.worse <= -least))


class Judged(NamedTuple):
    """One comparison of all metrics, and where it bears out a claim. Shapes: (..., metrics)."""

    side: Side
    against: Against
    compared: Compared
    claimed: Bools


class Limits(NamedTuple):
    """From where on a metric is weak or strong by itself, and what difference is worth naming.

    Shapes: (metrics,), as a loss: 0 is perfect.
    """

    weak_above: Floats
    strong_below: Floats
    least_difference: float


def judged(own: Days, fleet: FleetDays, limits: Limits, tail: float) -> Iterator[Judged]:
    """Yield every comparison of a look, the window's last day being the last that is closed.

    Each metric is held against the fleet where at least two others have it, else against the own
    past and the thresholds; the loss is always held against its own past.
    Shapes: own (..., metrics, 42 days), fleet (..., metrics, 28 days) broadcasts to it; metrics in
    the order of METRICS.
    """
    with_fleet = against_fleet(own.last(FLEET_DAYS), fleet, tail)
    alone = with_fleet.days < LEAST_DAYS
    yield from _both("fleet", with_fleet, ~alone, limits)
    of_loss = np.arange(len(METRICS)) == METRICS.index(LOSS)
    last, before = own.last(PAST_DAYS), own.last(BEFORE_DAYS, skipped=PAST_DAYS)
    yield from _both("past", against_past(last, before, tail), alone | of_loss, limits)
    least = limits.least_difference
    over = against_value(last, limits.weak_above, tail)
    yield Judged("weakness", "threshold", over, over.weak(least) & alone)
    under = against_value(last, limits.strong_below, tail, known=before)
    yield Judged("strength", "threshold", under, under.strong(least) & alone)


def _both(against: Against, found: Compared, asked: Bools, limits: Limits) -> Iterator[Judged]:
    least = limits.least_difference
    yield Judged("weakness", against, found, found.weak(least) & asked)
    yield Judged("strength", against, found, found.strong(least) & asked)


def tail_of(components: int) -> float:
    """Return the chance that one comparison may take of being false (Bonferroni).

    >>> f"{tail_of(20):.2e}"
    '1.83e-06'
    """
    return ALPHA / (max(1, components) * len(METRICS) * SIDES * COMPARISONS * LOOKS)


def against_fleet(own: Days, fleet: FleetDays, tail: float) -> Compared:
    """Compare components with the mean of the others' means, day by day.

    What is common to a day cancels. Days count that at least two others have as well.
    Shapes: own (..., days); fleet broadcasts to it, the component itself included.
    """
    others = fleet.without(own)
    with _quiet():
        used = own.usual & (others.components >= LEAST_OTHERS)
        means, references = own.x / own.n, others.means / others.components
        of_others = Days(*(np.where(used, part, 0.0) for part in (others.n, others.x, others.xx)))
        share = 1 / own.n + others.inverse / others.components**2
        largest = np.maximum(1 / own.n, 1 / (others.components * others.least))
        variance = np.maximum(_variance(own, used), _variance(of_others, used))
        return _compared(
            _mean(means, used),
            _mean(references, used),
            error=np.maximum(
                _error(means - references, used), _usual_error(others, of_others, share, used)
            ),
            freedom=used.sum(-1) - 1,
            variance=variance,
            share=_share(share, used),
            largest=_largest(largest, used),
            runs=np.where(used, own.n, 0.0).sum(-1),
            days=used.sum(-1),
            tail=tail,
        )


def against_past(last: Days, before: Days, tail: float) -> Compared:
    """Compare some days with those before. Shapes: (..., days), (..., days before)."""
    sides = [(side, side.usual) for side in (last, before)]
    with _quiet():
        means = [side.x / side.n for side, _ in sides]
        errors = [_error(m, used) for m, (_, used) in zip(means, sides, strict=True)]
        days = [used.sum(-1) for _, used in sides]
        return _compared(
            _mean(means[0], sides[0][1]),
            _mean(means[1], sides[1][1]),
            error=np.hypot(*errors),
            freedom=np.minimum(*days) - 1,  # of the smaller side: never too sure
            variance=np.maximum(*(_variance(side, used) for side, used in sides)),
            share=np.asarray(sum(_share(1 / side.n, used) for side, used in sides)),
            largest=np.maximum(*(_largest(1 / side.n, used) for side, used in sides)),
            runs=np.where(sides[0][1], last.n, 0.0).sum(-1),
            days=days[0],
            tail=tail,
        )


def against_value(last: Days, value: Floats, tail: float, *, known: Days | None = None) -> Compared:
    """Compare some days with a threshold, which differ as much as others of it that are known.

    Shapes: (..., days), (...), (..., days known).
    """
    used = last.usual
    with _quiet():
        means = last.x / last.n
        error = _error(means, used)
        if known is not None:
            days = known.usual.sum(-1) / used.sum(-1)
            error = np.fmax(error, _error(known.x / known.n, known.usual) * np.sqrt(days))
        return _compared(
            _mean(means, used),
            value,
            error=error,
            freedom=used.sum(-1) - 1,
            variance=_variance(last, used),
            share=_share(1 / last.n, used),
            largest=_largest(1 / last.n, used),
            runs=np.where(used, last.n, 0.0).sum(-1),
            days=used.sum(-1),
            tail=tail,
        )


def _compared(
    mean: Floats,
    reference: Floats,
    *,
    error: Floats,
    freedom: npt.NDArray[Any],
    variance: Floats,
    share: Floats,
    largest: Floats,
    runs: Floats,
    days: npt.NDArray[Any],
    tail: float,
) -> Compared:
    """Return a comparison with the wider of its two bounds."""
    log = math.log(2 / tail)
    by_run = np.sqrt(2 * variance * share * log) + 7 / 3 * largest * log
    by_day = _quantiles(tail, int(np.max(freedom, initial=0)))[np.maximum(freedom, 0)] * error
    reach = np.where(freedom + 1 >= LEAST_DAYS, np.maximum(by_run, by_day), np.inf)
    return Compared(
        worse=mean - reference,
        reach=reach,
        mean=mean,
        reference=np.broadcast_to(reference, np.shape(mean)),
        runs=runs,
        days=np.asarray(days, np.float64),
    )


def _quantiles(tail: float, most: int) -> Floats:
    """Return t's bound by degrees of freedom, infinite where the days are too few."""
    least = LEAST_DAYS - 1
    return np.array([t_bound(tail, v) if v >= least else math.inf for v in range(most + 1)])


def _mean(values: Floats, used: Bools) -> Floats:
    return np.asarray(np.where(used, values, 0.0).sum(-1) / used.sum(-1))


def _error(values: Floats, used: Bools) -> Floats:
    """Return the standard error of the mean of days, each counting as one."""
    count = used.sum(-1)
    apart = np.where(used, values - _mean(values, used)[..., None], 0.0)
    return np.asarray(np.sqrt((apart**2).sum(-1) / (count - 1) / count))


def _usual_error(others: FleetDays, of_others: Days, share: Floats, used: Bools) -> Floats:
    """Return the error of one whose days differ as those of the others do.

    It may have more runs, or fewer: what the scatter of runs does to the others' days is taken out,
    and what it does to its own put in.
    """
    variance = _variance(of_others, used)
    of_runs = variance * _mean(others.inverse / others.components, used)
    of_days = np.maximum(0.0, others.scatter(used) - of_runs)
    alike = _share(1 + 1 / others.components, used)
    return np.asarray(np.sqrt(of_days * alike + variance * _share(share, used)))


def _variance(days: Days, used: Bools) -> Floats:
    """Return the variance of one run, over all days that are used."""
    n, x, xx = (np.where(used, part, 0.0).sum(-1) for part in (days.n, days.x, days.xx))
    return np.asarray(np.maximum(0.0, xx / n - (x / n) ** 2) * n / (n - 1))


def _share(of_day: Floats, used: Bools) -> Floats:
    """Return what the variance of one run is times, in that of the mean of day means."""
    return np.asarray(np.where(used, of_day, 0.0).sum(-1) / used.sum(-1) ** 2)


def _largest(of_day: Floats, used: Bools) -> Floats:
    """Return the most that one run can move the mean of day means."""
    return np.asarray(np.where(used, of_day, 0.0).max(-1) / used.sum(-1))


def _quiet() -> Any:
    """Let what is divided by no runs or days be nan: it is not used."""
    return np.errstate(divide="ignore", invalid="ignore")
