"""Score: what a heuristic says of some columns, with numpy alone."""

import numpy as np
from numpy.typing import NDArray

from ratchet.labels.heuristics.feature import Floats, spans_of
from ratchet.policies.heuristic import LEAF, Heuristic, Logistic, Scorer, Tree


def sigmoid(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)), without overflow.

    Shapes: as given.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(z))
    out: Floats = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return out


def scores_of(model: Logistic | Tree, x: Floats) -> Floats:
    """Return what a model says before its calibration: a logit, or a share of the positive class.

    Shapes: x (n, width), result (n,).
    """
    if isinstance(model, Logistic):
        linear: Floats = x @ np.array(model.coefficients) + model.intercept
        return linear
    return np.array(model.value)[leaves_of(model, x)]


def leaves_of(tree: Tree, x: Floats) -> NDArray[np.intp]:
    """Return the leaf that each row falls into; columns are compared in single precision.

    Shapes: x (n, width), result (n,).
    Source: scikit-learn's trees, which hold columns in 32 bits and thresholds in 64.
    """
    column, threshold = np.array(tree.column), np.array(tree.threshold)
    left, right = np.array(tree.left), np.array(tree.right)
    narrow, rows = x.astype(np.float32), np.arange(len(x))
    at = np.zeros(len(x), dtype=np.intp)
    while (inner := column[at] != LEAF).any():
        goes_left = narrow[rows, column[at]] <= threshold[at]
        at = np.where(inner, np.where(goes_left, left[at], right[at]), at)
    return at


def probabilities(scorer: Scorer, x: Floats) -> Floats:
    """Return calibrated probabilities.

    Shapes: x (n, width), result (n,).
    """
    return sigmoid(scorer.slope * scores_of(scorer.model, x) + scorer.offset)


class Scoring:
    """A heuristic that is ready to score: its coefficients as one matrix."""

    def __init__(self, heuristic: Heuristic) -> None:
        self.heuristic = heuristic
        self.names = sorted(heuristic.scorers)
        self._scorers = [heuristic.scorers[name] for name in self.names]
        models = [s.model for s in self._scorers]
        linear = [m for m in models if isinstance(m, Logistic)]
        self._linear = [isinstance(m, Logistic) for m in models]
        self._weights = np.array([m.coefficients for m in linear])
        self._intercepts = np.array([m.intercept for m in linear])
        self._slopes = np.array([s.slope for s in self._scorers])
        self._offsets = np.array([s.offset for s in self._scorers])
        self._prices = np.array([heuristic.arms.get(name, 0.0) for name in self.names])

    def values(self, x: Floats) -> Floats:
        """Return the probability of `positive`, or the value of each arm, in order of name.

        Shapes: x (n, width), result (n, scorers).
        """
        raw = np.empty((len(x), len(self.names)))
        raw[:, self._linear] = x @ self._weights.T + self._intercepts if any(self._linear) else 0.0
        for i, scorer in enumerate(self._scorers):
            if not self._linear[i]:
                raw[:, i] = scores_of(scorer.model, x)
        return sigmoid(self._slopes * raw + self._offsets)

    def ranked(self, values: Floats) -> list[str]:
        """Return the decisions of one row, the best first; of equals, the first by name.

        Shapes: (scorers,).
        """
        h = self.heuristic
        if not h.arms:
            yes = float(values[0]) >= h.threshold
            return [h.positive, h.negative] if yes else [h.negative, h.positive]
        worth = values - h.cost_weight * self._prices
        return [self.names[i] for i in np.argsort(-worth, kind="stable")]

    def chosen(self, x: Floats) -> list[str]:
        """Return the best decision of each row.

        Shapes: x (n, width).
        """
        return [self.ranked(row)[0] for row in self.values(x)]


def explain(heuristic: Heuristic, scorer: Scorer, x: Floats) -> dict[str, float]:
    """Return what each feature adds to one score, on the scale of the calibrated logit.

    A tree adds, at each node, the change of share to the child it goes to.

    Shapes: x (width,). Source: Saabas 2014, for trees.
    """
    shares = _path_shares(scorer.model, x)
    spans = spans_of(heuristic.features)
    return {name: scorer.slope * float(shares[span].sum()) for name, span in spans.items()}


def base(scorer: Scorer) -> float:
    """Return the calibrated logit before any feature adds to it.

    Of a logistic model it is what all columns at 0 come to; of a tree, what its root says.
    """
    model = scorer.model
    raw = model.intercept if isinstance(model, Logistic) else model.value[0]
    return scorer.slope * raw + scorer.offset


def _path_shares(model: Logistic | Tree, x: Floats) -> Floats:
    if isinstance(model, Logistic):
        linear: Floats = x * np.array(model.coefficients)
        return linear
    out, at, narrow = np.zeros(len(x)), 0, x.astype(np.float32)
    while (column := model.column[at]) != LEAF:
        below = model.left if narrow[column] <= model.threshold[at] else model.right
        out[column] += model.value[below[at]] - model.value[at]
        at = below[at]
    return out
