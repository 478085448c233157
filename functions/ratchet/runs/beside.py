"""Beside: how the runs of one version differ from those of another; pure arithmetic.

A version is made because the past looked bad, and what looked bad by chance looks better after it
whatever was done. And while traffic moves from one version to the other, the days of neither are
those of the other. So they are compared day by day where both ran, if they did on three days.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ratchet.runs.progress import MIN_DAYS, Spread, difference_interval, jackknife, reach_of
from ratchet.stats.intervals import Interval
from ratchet.stats.moments import SCALES, Moments, sum_moments

_SCALE = SCALES["loss"]
_NOTHING = 1e-9  # what is left of no scatter by rounding; losses are kept to a millionth
Losses = Mapping[datetime, Moments]


class Beside(NamedTuple):
    """The mean loss of a version's runs and of those that they are held against.

    Over the `same_days` on which both ran, each day weighing alike on both sides. Where these are
    fewer than three, all days of each count, and what changed in between is in the difference.
    Units: loss, 0..1; below 0 is better.
    """

    mean: float
    reference: float
    interval: Interval | None
    runs: int
    reference_runs: int
    same_days: int

    @property
    def difference(self) -> float:
        """The version's mean loss, less the other's."""
        return self.mean - self.reference


def beside(losses: Losses, reference: Losses) -> Beside | None:
    """Return how the loss of some runs differs from that of others; None without runs of both."""
    new, old = ({day: m for day, m in side.items() if m.w} for side in (losses, reference))
    if not new or not old:
        return None
    both = sorted(new.keys() & old.keys())
    if len(both) >= MIN_DAYS:
        return _same_days([(new[day], old[day]) for day in both])
    days, before = list(new.values()), list(old.values())
    total, past = sum_moments(days), sum_moments(before)
    interval = difference_interval(days, before, _SCALE)
    return Beside(_mean(total), _mean(past), interval, total.n, past.n, len(both))


def _same_days(pairs: list[tuple[Moments, Moments]]) -> Beside:
    """Return the mean of the differences by day; a day counts by the runs of the fewer side.

    Its error is the wider of that of differences that scatter from day to day, and of runs within
    days, whose variance is that of all of a side's days.
    """
    weights = [new.w * old.w / (new.w + old.w) for new, old in pairs]
    whole = math.fsum(weights)
    means, references = ([_mean(pair[side]) for pair in pairs] for side in (0, 1))
    mean, reference = (
        math.fsum(w * value for w, value in zip(weights, values, strict=True)) / whole
        for values in (means, references)
    )
    apart = [(w, w * (new - old)) for w, new, old in zip(weights, means, references, strict=True)]
    shares = [w / whole for w in weights]
    within = [_within([pair[side] for pair in pairs], shares) for side in (0, 1)]
    by_day = Spread(jackknife(apart).error, len(pairs) - 1)  # weights are as sure as their days are
    reach = max(reach_of([by_day]), reach_of(within))
    middle = mean - reference
    return Beside(
        mean,
        reference,
        Interval(low=middle - reach, high=middle + reach) if reach > _NOTHING else None,
        sum(new.n for new, _ in pairs),
        sum(old.n for _, old in pairs),
        len(pairs),
    )


def _within(days: list[Moments], shares: list[float]) -> Spread:
    """Return the error of a weighted mean of day means by the scatter of runs within days."""
    freedom = sum(day.n - 1 for day in days)
    if not freedom:
        return Spread(0.0, 1.0)
    squares = math.fsum((day.wxx - day.wx * day.wx / day.w) / _SCALE**2 for day in days)
    of_mean = math.fsum(share**2 / day.w for share, day in zip(shares, days, strict=True))
    return Spread(math.sqrt(max(0.0, squares / freedom) * of_mean), float(freedom))


def _mean(moments: Moments) -> float:
    return moments.wx / moments.w / _SCALE
