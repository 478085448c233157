"""Threshold: from which probability on a yes costs least, by what errors cost."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ratchet.labels.heuristics.feature import Floats
from ratchet.labels.heuristics.settings import ErrorCosts

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]  # rows to learn from, and rows left out


def cost_at(p: Floats, y: Floats, weight: Floats, costs: ErrorCosts, threshold: float) -> float:
    """Return the mean cost of saying yes from a threshold on.

    Shapes: all (n,). Units: those of the costs, for one label.

    >>> one = np.ones(4)
    >>> cost_at(np.array([0.1, 0.4, 0.6, 0.9]), np.array([0.0, 1, 0, 1]), one, ErrorCosts(), 0.5)
    0.5
    """
    yes = p >= threshold
    wrong_yes = float((weight * (1 - y))[yes].sum()) * costs.false_positive
    wrong_no = float((weight * y)[~yes].sum()) * costs.false_negative
    return (wrong_yes + wrong_no) / float(weight.sum())


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
    total = 0.0
    for train, test in folds:
        chosen = best_threshold(p[train], y[train], weight[train], costs)
        here = cost_at(p[test], y[test], weight[test], costs, chosen)
        total += here * float(weight[test].sum())
    return total / float(weight.sum())


def best_threshold(p: Floats, y: Floats, weight: Floats, costs: ErrorCosts) -> float:
    """Return the threshold of least cost; of equals, the nearest to what exact odds would give.

    With exact probabilities a yes pays from falsePositive / (falsePositive + falseNegative) on.

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
    exact = costs.false_positive / (costs.false_positive + costs.false_negative)
    least = total[apart].min() + 1e-9 * max(1.0, float(total.max()))
    found = []
    for k in np.flatnonzero(apart & (total <= least)):
        low, high = float(edges[k]), float(edges[k + 1])
        at = exact if low < exact <= high else (low + high) / 2
        found.append((abs(at - exact), at))
    return min(found)[1]
