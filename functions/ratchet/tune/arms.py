"""How good each arm is: a Bayesian linear model of hourly mean rewards, blocked by hour.

mean(hour h, arm k) = level + hour_h + arm_k + noise, all normal. The hours' own effects keep a base
that drifts while the weights change from passing for an arm's merit (Simpson's paradox); the
priors give an arm that was hardly tried no merit and a wide posterior.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., chapters 14 and 15.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ratchet.stats.moments import Floats

LEVEL, LEVEL_SD = 0.55, 0.25
ARM_SD, HOUR_SD = 0.25, 0.10
# The noise of one reward where little was seen: a uniform reward's standard deviation.
NOISE_SD, NOISE_N = 0.29, 10
CHANGE_Z = 4.5


@dataclass(frozen=True)
class Cells:
    """Hourly rewards of each arm. Shapes: all (hours, arms). `n` is the effective count."""

    n: Floats
    mean: Floats
    variance: Floats

    def since(self, hour: int) -> "Cells":
        """Return the cells from an hour on."""
        return Cells(self.n[hour:], self.mean[hour:], self.variance[hour:])


@dataclass(frozen=True)
class Posterior:
    """The arms' effects. Shapes: mean (arms,), covariance (arms, arms); reward units."""

    mean: Floats
    covariance: Floats
    hours: int

    def contrast(self, d: Floats) -> tuple[float, float]:
        """Return (mean, standard deviation) of a weighted sum of effects. Shape: d (arms,)."""
        variance = max(0.0, float(d @ self.covariance @ d))
        return float(d @ self.mean), math.sqrt(variance)


class _Fit(NamedTuple):
    """Shapes: fitted (hours, arms), effects (arms,), covariance (arms, arms)."""

    fitted: Floats
    effects: Floats
    covariance: Floats


def arm_effects(cells: Cells) -> Posterior:
    """Return the arms' effects since the last change that any arm shows.

    Shapes: see Cells. Units: rewards 0..1.
    """
    while True:
        fit = _fit(cells)
        hours = cells.n.shape[0]
        change = _last_change(cells, fit.fitted) if hours > 1 else 0
        if change == 0:
            return Posterior(fit.effects, fit.covariance, hours)
        cells = cells.since(change)


def _fit(cells: Cells) -> _Fit:
    """Return the posterior means and the arms' covariance.

    Hours meet only through level and arms, so they are eliminated (Schur complement).
    """
    weight = cells.n / _noise(cells)
    seen = weight * cells.mean
    # What each hour shares with the level and the arms, and what these hold by themselves.
    link = np.column_stack([weight.sum(axis=1), weight])
    own = link.sum(axis=0)
    inner = np.diag(own + np.r_[LEVEL_SD**-2, np.full(weight.shape[1], ARM_SD**-2)])
    inner[0, 1:] = inner[1:, 0] = own[1:]
    by_hour = weight.sum(axis=1) + HOUR_SD**-2
    right = np.r_[seen.sum() + LEVEL / LEVEL_SD**2, seen.sum(axis=0)]
    reduced = right - link.T @ (seen.sum(axis=1) / by_hour)
    covariance = np.linalg.inv(inner - link.T @ (link / by_hour[:, None]))
    effects = covariance @ reduced
    hours = (seen.sum(axis=1) - link @ effects) / by_hour
    fitted = effects[0] + hours[:, None] + effects[None, 1:]
    return _Fit(fitted, effects[1:], covariance[1:, 1:])


def _noise(cells: Cells) -> float:
    """Return the pooled variance of one reward, held up by the prior's."""
    n = cells.n.sum()
    return float(((cells.n * cells.variance).sum() + NOISE_N * NOISE_SD**2) / (n + NOISE_N))


def _last_change(cells: Cells, fitted: Floats) -> int:
    """Return the hour at which an arm's residuals break most clearly, or 0 where none does."""
    residual = np.where(cells.n > 0, cells.mean - fitted, 0.0)
    noise = _noise(cells)
    before_n, before = np.cumsum(cells.n, 0)[:-1], np.cumsum(cells.n * residual, 0)[:-1]
    after_n, after = cells.n.sum(0) - before_n, (cells.n * residual).sum(0) - before
    both = (before_n > 0) & (after_n > 0)
    safe_b, safe_a = np.where(both, before_n, 1.0), np.where(both, after_n, 1.0)
    z = np.abs(after / safe_a - before / safe_b) / np.sqrt(noise * (1 / safe_a + 1 / safe_b))
    z = np.where(both, z, 0.0)
    split = int(np.argmax(z.max(axis=1)))
    return split + 1 if z[split].max() > CHANGE_Z else 0
