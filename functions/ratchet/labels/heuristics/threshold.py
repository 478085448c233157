"""Threshold: from which probability on a yes costs least, by what errors cost."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ratchet.labels.heuristics.feature import Floats
from ratchet.policies.heuristic import ErrorCosts

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows to learn from, and rows left out


def costs_at(p: Floats, y: Floats, costs: ErrorCosts, threshold: float) -> Floats:
    """Return what saying yes from a threshold on costs each row.

    Shapes: all (n,). Units: those of the costs.
    """
    wrong_yes, wrong_no = (1 - y) * costs.false_positive, y * costs.false_negative
    return np.asarray(np.where(p >= threshold, wrong_yes, wrong_no), np.float64)


def cost_at(p: Floats, y: Floats, weight: Floats, costs: ErrorCosts, threshold: float) -> float:
    """Return the mean cost of saying yes from a threshold on.

    Shapes: all (n,). Units: those of the costs, for one label.

    >>> one = np.ones(4)
    >>> cost_at(np.array([0.1, 0.4, 0.6, 0.9]), np.array([0.0, 1, 0, 1]), one, ErrorCosts(), 0.5)
    0.5
    """
    return float(np.average(costs_at(p, y, costs, threshold), weights=weight))


def left_out_cost(
    p: Floats,
    y: Floats,
    weight: Floats,
    costs: ErrorCosts,
    folds: Sequence[Fold],
) -> float:
    """Return the mean cost of each fold's rows at the threshold that the other folds choose.

    At the threshold that the rows themselves choose, what tells nothing seems to save something.
    Shapes: p, y, weight (n,); folds (train, test). Units: those of the costs, for one label.
    """
    total = rows = 0.0
    for k, (_, test) in enumerate(folds):
        others = [(np.setdiff1d(a, test), b) for i, (a, b) in enumerate(folds) if i != k]
        chosen = choose_threshold(p, y, weight, costs, others)
        here = float(weight[test].sum())
        total += cost_at(p[test], y[test], weight[test], costs, chosen) * here
        rows += here
    return total / rows


def exact_odds(costs: ErrorCosts) -> float:
    """Return from which probability on a yes costs less than a no, where probabilities are exact.

    Source: Elkan, IJCAI 2001, eq. 2.

    >>> exact_odds(ErrorCosts(false_positive=1, false_negative=3))
    0.25
    """
    return costs.false_positive / (costs.false_positive + costs.false_negative)


def choose_threshold(
    p: Floats, y: Floats, weight: Floats, costs: ErrorCosts, folds: Sequence[Fold]
) -> float:
    """Return what exact odds give, or the threshold of least cost where that is clearly better.

    It is where the thresholds that other folds find save more than a standard error of what they
    save, row by row. Probabilities are calibrated: what a search finds besides is mostly luck.

    Shapes: p, y, weight (n,); folds (train, test), of the rows that matter. Units: result 0..1.
    """
    exact = exact_odds(costs)
    rows = np.sort(np.concatenate([test for _, test in folds]))
    saved = np.zeros(len(p))
    for train, test in folds:
        found = best_threshold(p[train], y[train], weight[train], costs)
        plain = costs_at(p[test], y[test], costs, exact)
        saved[test] = plain - costs_at(p[test], y[test], costs, found)
    share, saved = weight[rows] / weight[rows].sum(), saved[rows]
    mean = float(share @ saved)
    square = float(share @ share)  # 1 / n of Kish
    error = math.sqrt(float(share**2 @ (saved - mean) ** 2) / max(1 - square, 1e-9))
    clearly = mean > error * (1 + 1e-9)  # one row alone that saves is exactly one error
    return best_threshold(p[rows], y[rows], weight[rows], costs) if clearly else exact


def best_threshold(p: Floats, y: Floats, weight: Floats, costs: ErrorCosts) -> float:
    """Return the threshold of least cost; of equals, the nearest to what exact odds would give.

    Shapes: all (n,). Units: p and result 0..1.
    """
    order = np.argsort(p, kind="stable")
    p, y, weight = p[order], y[order], weight[order]
    no = np.concatenate([[0.0], np.cumsum(weight * y)]) * costs.false_negative
    right = np.concatenate([[0.0], np.cumsum(weight * (1 - y))])
    total = no + (right[-1] - right) * costs.false_positive
    edges = np.concatenate([[0.0], p, [1.0]])  # k rows are a no between edges k and k + 1
    apart = edges[:-1] < edges[1:]  # rows of one probability are never told apart
    apart[0] = True  # where all are a yes
    exact = exact_odds(costs)
    least = total[apart].min() + 1e-9 * max(1.0, float(total.max()))
    found = []
    for k in np.flatnonzero(apart & (total <= least)):
        low, high = float(edges[k]), float(edges[k + 1])
        at = exact if low < exact <= high else (low + high) / 2
        found.append((abs(at - exact), at))
    return min(found)[1]
