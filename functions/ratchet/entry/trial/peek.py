"""Peek: what looking again and again would have decided, by two rules on the same looks.

The naive rule is a dashboard's: decide as soon as p < 0.05. The other is the rollouts' own: bounds
that hold over all looks together, and over all challengers. They are the asymptotic ones for rates,
too: the mixture rests on the shares that arms were meant to have, which no log tells.
"""

from dataclasses import dataclass

import numpy as np

from ratchet.rollouts.evidence import asymptotic
from ratchet.rollouts.pair import Bounds, Pair, Question
from ratchet.rollouts.strata import combine
from ratchet.stats.moments import Floats

ALPHA = 0.05
CRITICAL = 1.959964
LEAST_ROWS = 30
HIGHER = ("reward", "success", "quality")


@dataclass(frozen=True)
class Peeks:
    """Both rules at each look, of challenger - control. Shapes: all (..., looks).

    `z` is NaN before either arm has enough rows; `naive` and `bounded` are 1 where the rule would
    have decided that the challenger's number is higher, -1 lower, 0 not yet.
    """

    difference: Floats
    z: Floats
    naive: Floats
    bounds: Bounds
    bounded: Floats


def peek(
    binned: Floats, rows: Floats, units: Floats, span: float | None, challengers: int
) -> Peeks:
    """Return both rules at each look of two arms, the control first.

    Shapes: binned (..., 2, looks, 2, bins), rows (..., 2, looks, 3), units (..., looks, 2).
    """
    den, num = (np.moveaxis(binned[..., k, :], -3, -2)[..., None, :, :] for k in (0, 1))
    pair = Pair(num, den, np.array([0.5]), units, span)
    question = Question(
        low_error=ALPHA / 2 / challengers,
        high_error=ALPHA / 2 / challengers,
        planned_error=_planned(pair),
    )
    bounds = asymptotic.compare(pair, question)
    z, difference = _z(rows)
    naive = np.where(np.abs(np.nan_to_num(z)) > CRITICAL, np.sign(np.nan_to_num(z)), 0.0)
    bounded = (bounds.low > 0) * 1.0 - (bounds.high < 0)
    return Peeks(difference, z, naive, bounds, np.asarray(bounded))


def first(decided: Floats) -> int | None:
    """Return the first look at which a rule decides, or None. Shape: (looks,)."""
    found = np.flatnonzero(decided)
    return int(found[0]) if found.size else None


def _planned(pair: Pair) -> float | None:
    """Return the error that a plan of the log's own size would name: that of the last look."""
    at = (..., -1, slice(None), slice(None), slice(None))
    last = Pair(pair.num[at], pair.den[at], pair.share, pair.units[..., -1, :], pair.span)
    error = np.sqrt(np.atleast_1d(combine(last).variance))
    usable = error[np.isfinite(error) & (error > 0)]
    return float(np.median(usable)) if usable.size else None


def _z(rows: Floats) -> tuple[Floats, Floats]:
    """Return (difference over its standard error, difference), rows taken as independent."""
    n = rows[..., 0]
    safe = np.maximum(n, 1.0)
    mean = rows[..., 1] / safe
    spread = np.maximum(rows[..., 2] / safe - mean**2, 0.0) * safe / np.maximum(safe - 1, 1.0)
    error = np.sqrt((spread / safe).sum(-2))
    difference = mean[..., 1, :] - mean[..., 0, :]
    usable = (n >= LEAST_ROWS).all(-2) & (error > 0)
    z = np.where(usable, difference / np.where(error > 0, error, 1.0), np.nan)
    return z, np.where((n > 0).all(-2), difference, np.nan)
