"""FitReport: what a trained model promises, measured on rows that it did not see."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ratchet.kernel.document import Model
from ratchet.labels.heuristics.feature import Floats
from ratchet.labels.heuristics.samples import Samples
from ratchet.labels.heuristics.threshold import Fold, choose_threshold, cost_at, left_out_cost
from ratchet.policies.heuristic import ErrorCosts

_LEAST = 1e-12


class FitReport(Model):
    """Figures of one model by cross-validation; the baselines know the share of a yes alone.

    `cost` is that of its errors for one label, at thresholds that other rows chose, `baselineCost`
    that of always saying the same. `auc` is the chance that a yes ranks above a no. `importances`
    sum to 1.
    """

    labels: int
    positives: int
    model: str
    log_loss: float
    baseline_log_loss: float
    brier: float
    baseline_brier: float
    auc: float
    threshold: float
    cost: float
    baseline_cost: float
    importances: dict[str, float]


def report_of(
    samples: Samples,
    p: Floats,
    folds: Sequence[Fold],
    costs: ErrorCosts,
    *,
    model: str,
    importances: dict[str, float],
) -> FitReport:
    """Return the figures of probabilities that were given to rows left out, fold by fold.

    Shapes: p (n,).
    """
    y, weight = samples.y, samples.weight
    prior = np.full(len(y), float(np.average(y, weights=weight)))
    return FitReport(
        labels=len(samples),
        positives=samples.positives,
        model=model,
        log_loss=log_loss(p, y, weight),
        baseline_log_loss=log_loss(prior, y, weight),
        brier=brier(p, y, weight),
        baseline_brier=brier(prior, y, weight),
        auc=auc(p, y >= 0.5, weight),
        threshold=choose_threshold(p, y, weight, costs, folds),
        cost=left_out_cost(p, y, weight, costs, folds),
        baseline_cost=min(cost_at(prior, y, weight, costs, at) for at in (0.0, np.inf)),
        importances=importances,
    )


def log_loss(p: Floats, y: Floats, weight: Floats) -> float:
    """Return the mean of -log of the probability of what was so.

    Shapes: all (n,). Units: nats.

    >>> round(log_loss(np.array([0.9, 0.5]), np.array([1.0, 0.0]), np.ones(2)), 6)
    0.399254
    """
    p = np.clip(p, _LEAST, 1 - _LEAST)
    return float(np.average(-(y * np.log(p) + (1 - y) * np.log(1 - p)), weights=weight))


def brier(p: Floats, y: Floats, weight: Floats) -> float:
    """Return the mean squared distance of the probability from what was so.

    Shapes: all (n,). Source: Brier, Monthly Weather Review 1950.

    >>> round(brier(np.array([0.9, 0.5]), np.array([1.0, 0.0]), np.ones(2)), 6)
    0.13
    """
    return float(np.average(y * (1 - p) ** 2 + (1 - y) * p**2, weights=weight))


def auc(p: Floats, positive: NDArray[np.bool_], weight: Floats) -> float:
    """Return the chance that a yes ranks above a no, ties counting a half.

    Shapes: all (n,). Source: Mann & Whitney 1947, weighted.

    >>> auc(np.array([0.2, 0.4, 0.4]), np.array([False, True, False]), np.ones(3))
    0.75
    """
    levels, at = np.unique(p, return_inverse=True)
    yes = np.bincount(at, np.where(positive, weight, 0.0), len(levels))
    no = np.bincount(at, np.where(positive, 0.0, weight), len(levels))
    above = yes * (np.cumsum(no) - no / 2)
    pairs = yes.sum() * no.sum()
    return float(above.sum() / pairs) if pairs else 0.5
