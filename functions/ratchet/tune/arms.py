"""How good each arm is: a Bayesian linear model of hourly mean rewards, blocked by hour.

mean(hour h, arm k) = level + hour_h + arm_k + noise, all normal. The hours' own effects keep a base
that drifts while the weights change from passing for an arm's merit (Simpson's paradox); the
priors give an arm that was hardly tried no merit and a wide posterior.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., chapters 14 and 15.
"""

import math
from dataclasses import dataclass

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


def arm_effects(cells: Cells) -> Posterior:
    """Return the arms' effects since the last change that any arm shows.

    Shapes: see Cells. Units: rewards 0..1.
    """
    while True:
        theta, covariance = _fit(cells)
        hours, arms = cells.n.shape
        change = _last_change(cells, theta) if hours > 1 else 0
        if change == 0:
            return Posterior(theta[-arms:], covariance[-arms:, -arms:], hours)
        cells = cells.since(change)


def _fit(cells: Cells) -> tuple[Floats, Floats]:
    """Return the posterior of (level, hours, arms)."""
    hours, arms = cells.n.shape
    size = 1 + hours + arms
    weight = cells.n / _noise(cells)
    seen = weight * cells.mean
    sds = np.concatenate([[LEVEL_SD], np.full(hours, HOUR_SD), np.full(arms, ARM_SD)])
    # Rows of the design have three ones (level, hour, arm), so its cross product is these sums.
    cross = np.zeros((size, size))
    cross[0, 0] = weight.sum()
    cross[0, 1 : 1 + hours] = weight.sum(axis=1)
    cross[0, 1 + hours :] = weight.sum(axis=0)
    cross[1 : 1 + hours, 1 + hours :] = weight
    cross += np.triu(cross, 1).T
    cross[np.diag_indices(size)] = np.concatenate(
        [[weight.sum()], weight.sum(axis=1), weight.sum(axis=0)]
    )
    right = np.concatenate([[seen.sum()], seen.sum(axis=1), seen.sum(axis=0)])
    right[0] += LEVEL / LEVEL_SD**2
    covariance = np.asarray(np.linalg.inv(cross + np.diag(sds**-2.0)), dtype=np.float64)
    return np.asarray(covariance @ right, dtype=np.float64), covariance


def _noise(cells: Cells) -> float:
    """Return the pooled variance of one reward, held up by the prior's."""
    n = cells.n.sum()
    return float(((cells.n * cells.variance).sum() + NOISE_N * NOISE_SD**2) / (n + NOISE_N))


def _last_change(cells: Cells, theta: Floats) -> int:
    """Return the hour at which an arm's residuals break most clearly, or 0 where none does."""
    hours = cells.n.shape[0]
    fitted = theta[0] + theta[1 : 1 + hours, None] + theta[None, 1 + hours :]
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
