"""Fit one model: scikit-learn's estimators on rows that count in part, and their plain numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratchet.kernel.errors import InvalidInput
from ratchet.labels.heuristics.feature import Floats
from ratchet.policies.heuristic import LEAF, Logistic, Tree

LEAST_LEAF = 0.01  # the share of the weight that a leaf holds at least


class Candidate(NamedTuple):
    """A kind of model and how freely it may fit: a C, or a depth."""

    kind: Literal["logistic", "tree"]
    size: float

    def __str__(self) -> str:
        return f"{self.kind}, {'C' if self.kind == 'logistic' else 'depth'} {self.size:g}"


class Ready(NamedTuple):
    """Rows to train on, and the same in units of their own: less `middle`, by `scale`, sparse.

    Shapes: x, scaled (n, width); middle, scale (width,).
    """

    x: Floats
    scaled: Any
    middle: Floats
    scale: Floats


def ready(x: Floats, has_unit: NDArray[np.bool_]) -> Ready:
    """Return rows with the columns that have a unit of their own standardised.

    Shapes: x (n, width), has_unit (width,).
    """
    with wanted_packages():
        from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # it ships no types
    middle, scale, own = np.zeros(x.shape[1]), np.ones(x.shape[1]), x[:, has_unit]
    spread = own.std(axis=0)
    middle[has_unit], scale[has_unit] = own.mean(axis=0), np.where(spread > 1e-12, spread, 1.0)
    scaled = x.copy()
    scaled[:, has_unit] = (own - middle[has_unit]) / scale[has_unit]
    return Ready(x, csr_matrix(scaled), middle, scale)


def fit_model(
    candidate: Candidate, rows: Ready, y: Floats, weight: Floats, some: NDArray[Any], seed: int
) -> Logistic | Tree:
    """Fit one candidate on some of the rows, both classes weighing the same.

    Shapes: y, weight (n,), some (m,).
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.tree import DecisionTreeClassifier  # type: ignore[import-untyped]

    again, classes, counts = expanded(y[some], weight[some])
    total = counts.sum()
    for one in (0, 1):
        counts[classes == one] *= total / (2 * counts[classes == one].sum())
    if candidate.kind == "tree":
        tree = DecisionTreeClassifier(
            max_depth=int(candidate.size),
            min_weight_fraction_leaf=LEAST_LEAF,
            random_state=seed,
        )
        return tree_numbers(tree.fit(rows.x[some[again]], classes, sample_weight=counts))
    solver = LogisticRegression(C=candidate.size, max_iter=1000)
    solver.fit(rows.scaled[some[again]], classes, sample_weight=counts)
    return logistic_numbers(solver, rows.middle, rows.scale)


def expanded(y: Floats, weight: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return (row, class, weight) of each part of a row that counts."""
    yes, no = np.flatnonzero(weight * y), np.flatnonzero(weight * (1 - y))
    classes = np.repeat([1, 0], [len(yes), len(no)])
    counts = np.concatenate([(weight * y)[yes], (weight * (1 - y))[no]])
    return np.concatenate([yes, no]), classes, counts


def logistic_numbers(solver: Any, middle: Floats, scale: Floats) -> Logistic:
    """Return the numbers of a fitted LogisticRegression, over columns as they are given.

    Shapes: middle, scale (width,), what was taken off the columns and what they were divided by.
    """
    slopes = solver.coef_[0] / scale
    return Logistic(
        intercept=float(solver.intercept_[0]) - float(slopes @ middle),
        coefficients=tuple(map(float, slopes)),
    )


def tree_numbers(solver: Any) -> Tree:
    """Return the numbers of a fitted DecisionTreeClassifier of the classes 0 and 1."""
    grown = solver.tree_
    inner = grown.children_left != LEAF
    shares = grown.value[:, 0, 1] / grown.value[:, 0, :].sum(axis=1)
    return Tree(
        column=tuple(map(int, np.where(inner, grown.feature, LEAF))),
        threshold=tuple(map(float, np.where(inner, grown.threshold, 0.0))),
        left=tuple(map(int, grown.children_left)),
        right=tuple(map(int, grown.children_right)),
        value=tuple(map(float, np.clip(shares, 0.0, 1.0))),
    )


@contextmanager
def wanted_packages() -> Iterator[None]:
    """Say which extra to install where scikit-learn is missing.

    Raises: InvalidInput.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"training wants a package more: {error.name}", mend="pip install 'ratchet[train]'"
        ) from error
