"""ClosedDays: the sums of a component's runs as the arrays that claims are made from; pure."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.runs.cards.card import METRICS, REWARD
from ratchet.runs.cards.daily import Days
from ratchet.runs.progress import moments_of, scale_of
from ratchet.stats.run_sums import RunSums


def closed_days(sums_by_day: Mapping[datetime, RunSums], *, until: datetime, days: int) -> Days:
    """Return the last days that were over at a midnight, by metric in the order of METRICS.

    Shapes: (metrics, days), oldest first. Units: 0 is perfect, so a reward is what it falls short
    of 1 by.
    """
    out = np.zeros((3, len(METRICS), days))
    for at in range(days):
        sums = sums_by_day.get(until - (days - at) * DAY)
        if sums is not None:
            out[:, :, at] = np.transpose([_sums(sums, metric) for metric in METRICS])
    return Days(*out)


def _sums(sums: RunSums, metric: str) -> tuple[float, float, float]:
    """Return how many runs there are, and the sums of their values and squares."""
    found, scale = moments_of(sums, metric), scale_of(metric)
    n, x, xx = found.w, found.wx / scale, found.wxx / scale**2
    return (n, n - x, n - 2 * x + xx) if metric == REWARD else (n, x, xx)
